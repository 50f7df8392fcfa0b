"""Dataset: one row a payment in the order of receipt, with what was known then and what is known of it by now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.payment import EPOCH, MICROSECOND
from models.dataset.asked import Asked
from models.dataset.manifest import Manifest

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

FEATURE: Final = "feature_"
"""Before a feature's name: a feature of the same name as a fact (`stage`) is no fact."""
RECORDED: Final = "recorded"
"""The source of rows that were decided here; of others it is the name of the imported history."""

TIME: Final = pa.timestamp("us", tz="UTC")
TEXT: Final = pa.dictionary(pa.int32(), pa.string())
"""Texts are held once: a row has a place among the different ones."""

FACTS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("transaction_id", pa.string()),
        pa.field("merchant_id", TEXT),
        pa.field("test_mode", pa.bool_()),
        pa.field("at", TIME),
        pa.field("stage", TEXT),
        pa.field("action", TEXT),
        pa.field("authorized", pa.bool_()),
        pa.field("probability", pa.float64()),
        pa.field("source", TEXT),
    ]
)
"""What happened. `stage`, and every feature, is of the payment's first decision; `action` is the strictest of all of
its stages. `authorized` is false where the issuer declined; `probability` is what was answered then. Null: unknown, as
`action` and `probability` are of imported payments."""
LABELS: Final = pa.schema(
    [
        pa.field("is_fraud", pa.bool_()),
        pa.field("label_kind", TEXT),
        pa.field("label_known_at", TIME),
        pa.field("maturity", pa.float64()),
        pa.field("is_censored", pa.bool_()),
        pa.field("entity", pa.int64()),
    ]
)
"""What is known of it. `is_fraud` is null where no label is; `maturity` is the share of the fraud labels of its age
that has come; `is_censored` says that no label can be expected; `entity` is one number for payments that share a
card, an e-mail address or a device."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Dataset:
    """Payments to learn from: FACTS, LABELS and `feature_<name>` columns, as `models.dataset.build` makes them."""

    table: pa.Table
    manifest: Manifest
    events: pa.Table
    """All that was said of the rows by `manifest.as_of`, in the order in which it became known: `row` (int64), `kind`,
    `is_fraud`, `received_at`. The labels of the table follow from them; see `models.dataset.as_known`."""
    asked: Asked

    def __len__(self) -> int:
        """How many payments."""
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        counts, as_of = self.manifest.counts, self.manifest.as_of.isoformat()
        return f"<Dataset: {len(self):,} payments, {counts.frauds:,} frauds, {len(self.names)} features, as of {as_of}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The features that there are."""
        return tuple(name.removeprefix(FEATURE) for name in self.table.column_names if name.startswith(FEATURE))

    @property
    def at_us(self) -> Ints:
        """When each was received, in microseconds since the epoch."""
        return microseconds_of(self.table["at"])

    @property
    def maturity(self) -> Numbers:
        """Of the fraud labels that ever come, the share that has come at a row's age."""
        found: Numbers = self.table["maturity"].to_numpy()
        return found

    @property
    def entity(self) -> Ints:
        """One number for payments that share a card, an e-mail address or a device."""
        found: Ints = self.table["entity"].to_numpy()
        return found

    @property
    def is_censored(self) -> Mask:
        """Where no label can be expected, and so none means nothing."""
        found: Mask = self.table["is_censored"].to_numpy()
        return found

    @property
    def is_fraud(self) -> Mask:
        """Where a label says fraud."""
        found: Mask = pc.fill_null(self.table["is_fraud"], fill_value=False).to_numpy()
        return found

    @property
    def is_labelled(self) -> Mask:
        """Where there is a label, either way."""
        found: Mask = self.table["is_fraud"].is_valid().to_numpy()
        return found

    def features(self, names: Iterable[str]) -> Mapping[str, pa.ChunkedArray]:
        """Some features' columns by name, null where unknown; KeyError where there is no such feature.

        Money is in hundredths, as it is held; texts are dictionaries.
        """
        return {name: self.table[FEATURE + name] for name in names}

    def frame(self) -> "pd.DataFrame":
        """All columns for pandas: unknown is NA, money in main units, features without their prefix.

        A feature that is named as a fact is (`stage`) is left out: the fact says the same.
        """
        from models.dataset.frame import frame_of  # noqa: PLC0415 - pandas takes a second to load

        return frame_of(self)


def microseconds_of(column: pa.ChunkedArray) -> Ints:
    """Times in microseconds since the epoch; none is null."""
    found: Ints = column.cast(pa.int64()).to_numpy()
    return found


def microseconds(at: datetime) -> int:
    """A time in microseconds since the epoch."""
    return (at - EPOCH) // MICROSECOND
