"""The feature catalogue: request fields, enrichments, velocities, score, in that order; then the merchant's own."""

from collections.abc import Sequence

from engine.custom import CustomField
from engine.enrichment import ENRICHMENTS
from engine.features import Catalog, Feature, FeatureType
from engine.velocity import VELOCITIES, Velocity

RISK_LEVELS = ("normal", "elevated", "highest", "not_assessed")

SCORE_FEATURES = (
    Feature(
        name="risk_score",
        type=FeatureType.NUMBER,
        unit="%",
        doc="The probability, in percent, that the payment would be reported as third-party fraud within 120 days.",
        source="score",
    ),
    Feature(
        name="risk_level",
        type=FeatureType.STRING,
        doc="The band of the merchant's policy in which the risk score falls.",
        source="score",
        values=RISK_LEVELS,
    ),
)

CATALOG = Catalog(
    (
        *(feature for enrichment in ENRICHMENTS for feature in enrichment.features),
        *(velocity.feature() for velocity in VELOCITIES),
        *SCORE_FEATURES,
    )
)


def catalog_of(declared: Sequence[CustomField]) -> Catalog:
    """The catalogue of a merchant with these custom fields.

    They stand last, with what is counted by them after them, so that a position of CATALOG is the same in every other.
    """
    if not declared:
        return CATALOG
    own = (*(each.feature() for each in declared), *(each.feature() for each in _counted_by(declared)))
    return Catalog((*CATALOG, *own))


def velocities_of(declared: Sequence[CustomField]) -> tuple[Velocity, ...]:
    """What is counted for a merchant with these custom fields: as for every merchant, then by its own keys."""
    return (*VELOCITIES, *_counted_by(declared))


def _counted_by(declared: Sequence[CustomField]) -> tuple[Velocity, ...]:
    return tuple(velocity for each in declared for velocity in each.velocities())
