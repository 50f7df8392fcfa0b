"""What a data set is made of: said beside it, so that a model can name what it learnt from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from models.maturity import Maturity


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFact:
    """One feature of the rows."""

    name: str
    type: str
    fingerprint: str
    """Of its shape alone: another one of the same name means something else."""
    known: int
    """In how many rows it is known."""
    is_backfilled: bool
    """It was counted anew where a payment's own catalogue lacked it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFact:
    """An imported history among the rows."""

    name: str
    payments_sha256: str
    labels_sha256: str
    rows: int
    lacking: tuple[str, ...]
    """Features that the history does not have: unknown in its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows there are of what."""

    rows: int
    recorded: int
    imported: int
    frauds: int
    """Rows that a label calls fraud."""
    cleared: int
    """Rows that a label calls none."""
    immature: int
    """Rows without a label that are too young for most labels to have come, and not censored."""
    blocked: int
    """Rows that are censored because we blocked the payment."""
    declined: int
    """Rows that are censored because the issuer declined it."""
    challenged: int
    """Rows that are censored because we asked for 3-D Secure and nobody reported anything."""
    set_aside: int
    """Payments that did not go through and have a label all the same: it is not learnt from."""
    contradictory: int
    """Payments that some labels call fraud and others not: the standing one of `models.labels` was taken."""
    duplicates: int
    """Rows of a history that were left out, because the payment is recorded, or in a newer history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Where a data set comes from, and what is in it. Times are UTC."""

    as_of: datetime
    """Labels and outcomes are those that were known then."""
    start: datetime
    end: datetime
    """The first moment left out."""
    merchant_id: str | None
    """None: all merchants."""
    test_mode: bool
    catalog: str
    """The fingerprint of the catalogue that the features are of."""
    features: tuple[FeatureFact, ...]
    histories: tuple[HistoryFact, ...]
    counts: Counts
    maturity: Maturity
    fingerprint: str
    """SHA-256 of all rows: the same for the same rows, wherever they were read from."""

    def plain(self) -> Mapping[str, Any]:
        """In JSON's types."""
        said: Mapping[str, Any] = orjson.loads(self.content())
        return said

    def content(self) -> bytes:
        """As JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)
