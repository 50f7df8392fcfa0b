"""Which features are never learnt from, and why."""

from typing import Final

from engine.features import Feature

NAMING: Final = frozenset(
    {
        "customer", "email", "email_normalized", "phone_normalized", "card", "cardholder_name", "ip_address",
        "ip_normalized", "ip_network", "user_agent", "device", "order", "billing_address", "billing_city",
        "billing_postal", "shipping_address", "shipping_building", "shipping_city", "shipping_postal",
    }
)  # fmt: skip
"""Features that name someone, or one thing of theirs: what they did is learnt from, not who they are."""
SCORED: Final = "score"
"""The source of features that come of a score: a model does not learn from what it said."""


def not_learnt_from(feature: Feature) -> str | None:
    """Why a model never learns from a feature, as half a sentence; None where it may."""
    if feature.source == SCORED:
        return "it comes of the score"
    if feature.name in NAMING:
        return "it names someone"
    return None
