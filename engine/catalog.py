"""The feature catalogue of this installation: request fields, enrichments, velocities, score, in that order."""

from engine.enrichment import ENRICHMENTS
from engine.features import Catalog, Feature, FeatureType
from engine.velocity import VELOCITIES

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
