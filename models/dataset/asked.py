"""What a data set is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from engine.catalog import CATALOG
from engine.errors import DatasetInvalid
from engine.features import Catalog, Feature
from engine.velocity import VELOCITIES, Velocity

IDENTIFIERS: Final = ("card", "email_normalized", "device")
"""What payments of one entity share, the strongest first."""
NETWORK: Final = "card_brand"
"""By whose ways labels come sooner or later."""
SCORE: Final = "risk_score"

_SCORES: Final = "score"
"""The source of what a scorer said: never a feature to learn from, or a model would learn what the last one thought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which payments, and what is read of them. Times are aware.

    A new feature that is no velocity is unknown in payments that were decided before it was there.
    """

    start: datetime
    end: datetime
    """The first moment left out."""
    as_of: datetime
    """Labels and outcomes are read as they were known then; payments received later are left out."""
    merchant_id: str | None = None
    """None: all merchants."""
    test_mode: bool = False
    catalog: Catalog = CATALOG
    """Whose features are read, but for those of the score."""
    velocities: Sequence[Velocity] = VELOCITIES
    """Those of the catalogue: counted anew where they were not kept."""

    def __post_init__(self) -> None:
        """Refuse a period that holds nothing."""
        if any(each.tzinfo is None for each in (self.start, self.end, self.as_of)):
            raise DatasetInvalid("start, end and as_of are times with a zone, such as 2026-05-01T00:00:00Z.")
        if self.start >= self.end:
            raise DatasetInvalid(f"start ({self.start.isoformat()}) comes before end ({self.end.isoformat()}).")
        for name in ("start", "end", "as_of"):
            object.__setattr__(self, name, getattr(self, name).astimezone(UTC))

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the rows: the catalogue's in its order, and behind them those that rows are made by."""
        own = tuple(each for each in self.catalog if each.source != _SCORES)
        return (*own, *(CATALOG[name] for name in (*IDENTIFIERS, NETWORK) if name not in self.catalog))
