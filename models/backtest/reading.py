"""What a setting reads: its rules' conditions as trees, and the features and custom fields that are in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from engine.catalog import SCORE_FEATURES, velocities_of
from engine.features import Feature
from engine.recorded_frame import Wanted
from engine.rules import Ruleset
from engine.rules.parser import parse
from engine.rules.resolve import resolve
from engine.rules.tree import Condition, Custom, Name, nodes
from models.backtest.listing import features_compared
from models.backtest.setting import Setting

LADDER: Final = (
    "stage", "is_off_session", "is_recurring", "amount_in_usd", "three_ds_status", "has_liability_shift",
    *(feature.name for feature in SCORE_FEATURES),
)  # fmt: skip
"""The features that the ladder reads beside the rules."""
ENTITY: Final = "card"
"""Payments of one card are not independent of each other: intervals of money draw cards."""


def conditions(ruleset: Ruleset) -> tuple[Condition, ...]:
    """The condition of each compiled rule as a tree, in their order."""
    trees = [parse(compiled.text, ruleset.catalog.names()).tree for compiled in ruleset.compiled]
    assert all(tree is not None for tree in trees), "a compiled rule was parsed before"
    return tuple(tree.condition for tree in trees if tree is not None)


def reads(settings: Sequence[Setting]) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    """The features and the custom fields that backtests of these settings read: for `Wanted`.

    A feature that only some of the catalogues have is read by those.
    """
    features: dict[str, Feature] = {}
    custom: dict[str, None] = {}
    for setting in settings:
        catalog = setting.ruleset.catalog
        features |= {name: catalog[name] for name in (*LADDER, ENTITY, *features_compared(setting))}
        for condition in conditions(setting.ruleset):
            for node in nodes(resolve(condition, catalog)):
                if isinstance(node, Name):
                    features[catalog[node.name].name] = catalog[node.name]
                elif isinstance(node, Custom):
                    custom[node.name] = None
    return tuple(features.values()), tuple(custom)


def wanted_for(
    settings: Sequence[Setting], *, merchant_id: str | None, test_mode: bool, start: datetime, end: datetime
) -> Wanted:
    """What a backtest of these settings reads of a merchant's payments of a period, or of all merchants'.

    What a rule counts that was not kept then is counted for it.
    """
    features, custom = reads(settings)
    names = {feature.name for feature in features}
    velocities = {
        velocity.name: velocity
        for setting in settings
        for velocity in velocities_of(setting.policy.custom_fields, setting.ruleset.called)
        if velocity.name in names
    }
    return Wanted(
        merchant_id=merchant_id,
        test_mode=test_mode,
        start=start,
        end=end,
        features=features,
        custom=custom,
        velocities=tuple(velocities.values()),
    )
