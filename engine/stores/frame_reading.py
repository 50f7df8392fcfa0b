"""What was read of recorded decisions put together as a frame: filtered, numbered, with what became of the payments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from engine.decision import Action
from engine.features import Feature, FeatureType
from engine.ledger import PaymentName
from engine.payment import Stage
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.rules.columns import Codes, Column, Columns, Ints, Mask, Told, Truth
from engine.stores.frame_columns import (
    TEXTS,
    ArrowIds,
    arrow_type,
    column_of,
    encoded,
    fits,
    joined,
    kept,
    places_in,
    told_of,
    truth_of,
    unknown,
)
from engine.stores.frame_outcomes import Payments, authorized_of
from engine.stores.recorded_rows import ACTION, VERSIONS, in_turn
from engine.stores.segment_tables import FEATURE
from engine.stores.sql.counted import DECISION
from engine.stores.sql.tables import microseconds
from engine.test_values import TEST_VALUES

_ABOUT: Final = ("id", "merchant_id", "test_mode", "transaction_id", "at", ACTION)
_UNPROVEN: Final = ("U", "C", "D", "S", "I")
"""3-D Secure's results that prove nothing: what the request says beside them counts then."""
_MERCHANT_AT, _MODE_AT, _AT_US_AT = (DECISION.index(name) for name in ("merchant_id", "test_mode", "at_us"))


def _inner(name: str, type_: FeatureType) -> Feature:
    return Feature(name=name, type=type_, doc="", source="")


_OWN: Final = (
    _inner("stage", FeatureType.STRING),
    _inner("three_ds_status", FeatureType.STRING),
    _inner("is_3d_secure", FeatureType.BOOLEAN),
    _inner("card", FeatureType.STRING),
)
"""Features that a frame is made by, whoever asks for them."""


@dataclass(frozen=True, slots=True)
class Read:
    """Some rows of one file, or of one catalogue, and how to get their payments."""

    columns: Mapping[str, pa.ChunkedArray]
    rows: int
    payments: Callable[[], Sequence[bytes]]
    numbers: Mapping[str, Column]
    """The features that are no texts, as numpy has them."""
    succeeded: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading: what is wanted, and what is read for it."""

    wanted: Wanted
    features: Mapping[str, Feature]

    @classmethod
    def of(cls, wanted: Wanted) -> "Reading":
        """With the features that a frame is made by beside those asked for."""
        return cls(wanted=wanted, features={each.name: each for each in (*_OWN, *wanted.features)})

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the features."""
        return tuple(self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (*_ABOUT, *([VERSIONS] if self.wanted.velocities else []), *(FEATURE + name for name in self.features))

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of them that few different texts may stand in."""
        return (
            "merchant_id",
            ACTION,
            VERSIONS,
            *(FEATURE + each.name for each in self.features.values() if each.type in TEXTS),
        )

    def is_wanted(self, row: Sequence[Any]) -> bool:
        """Whether a row of the ledger is of the merchant, mode and period."""
        wanted = self.wanted
        return (
            (wanted.merchant_id is None or row[_MERCHANT_AT] == wanted.merchant_id)
            and bool(row[_MODE_AT]) is wanted.test_mode
            and microseconds(wanted.start) <= row[_AT_US_AT] < microseconds(wanted.end)
        )

    def of_table(self, table: pa.Table, payments: Callable[[], Sequence[bytes]]) -> Read:
        """What was read, with all of the work that is done table by table: in a reader's thread."""
        columns, rows = dict(zip(table.column_names, table.columns, strict=True)), table.num_rows
        numbers = {
            name: _numbers(columns, rows, each) for name, each in self.features.items() if each.type not in TEXTS
        }
        return Read(columns, rows, payments, numbers, _succeeded(columns, rows, payments))

    def frame(
        self, read: Sequence[Read], outcomes: Iterable[pa.Table], superseded: Iterable[PaymentName]
    ) -> tuple[RecordedFrame, tuple[Codes, Sequence[str]]]:
        """Put together what was read; beside it by which versions each row was decided, where that is asked for."""
        custom = _Custom(self.wanted.custom)
        for each in read:
            custom.add(each)
        about = {
            "merchant_id": _stacked(read, "merchant_id", _TEXT),
            "test_mode": _stacked(read, "test_mode", pa.bool_()),
            "at": _stacked(read, "at", pa.int64()),
            "transaction_id": _stacked(read, "transaction_id", pa.string()),
        }
        keep = self._kept(about, superseded)
        rows = int(keep.sum())
        take = _taker(keep)

        def column(feature: Feature) -> Column:
            if feature.type in TEXTS:
                return column_of(take(_texts(read, feature)), feature)
            return joined([each.numbers[feature.name] for each in read], keep, feature)

        merchants, names = _merchants(take(about["merchant_id"]))
        transaction_ids = take(about["transaction_id"])
        columns = Columns(
            rows=rows,
            features=dict(zip(self.features, in_turn(column, self.features.values()), strict=True)),
            custom=custom.columns(keep),
        )
        true, false = (kept([np.zeros(0, np.bool_), *(each.succeeded[side] for each in read)], keep) for side in (0, 1))
        versions = encoded(take(_stacked(read, VERSIONS, _TEXT)))
        authorized = authorized_of(
            outcomes,
            Payments(transaction_ids, merchants, names, test_mode=self.wanted.test_mode),
            until=self.wanted.outcomes_until,
        )
        frame = RecordedFrame(
            wanted=self.wanted,
            columns=columns,
            ids=ArrowIds(take(_stacked(read, "id", pa.string()))),
            transaction_ids=ArrowIds(transaction_ids),
            payment=_payments(transaction_ids, merchants, columns.told("stage")),
            merchants=names,
            merchant=merchants,
            at_us=take(about["at"]).to_numpy(),
            action=_actions(take(_stacked(read, ACTION, _TEXT))),
            three_ds_succeeded=Truth(true, false),
            is_declined=authorized.false,
            authorized=None if self.wanted.outcomes_until is None else authorized,
            is_forced=_forced(columns, test_mode=self.wanted.test_mode),
        )
        return frame, versions

    def _kept(self, about: Mapping[str, pa.ChunkedArray], superseded: Iterable[PaymentName]) -> Mask:
        """Which rows are of the period, mode and merchant, and were not replaced."""
        wanted, at = self.wanted, about["at"].to_numpy()
        keep: Mask = (at >= microseconds(wanted.start)) & (at < microseconds(wanted.end))
        keep &= about["test_mode"].to_numpy() == wanted.test_mode
        codes, names = encoded(about["merchant_id"])
        merchants = list(names)
        if wanted.merchant_id is not None:
            place = merchants.index(wanted.merchant_id) if wanted.merchant_id in merchants else -2
            keep &= codes == place
        gone: dict[str, list[str]] = {}
        for merchant_id, test_mode, transaction_id in superseded:
            if test_mode is wanted.test_mode and merchant_id in merchants:
                gone.setdefault(merchant_id, []).append(transaction_id)
        for merchant_id, ids in gone.items():
            is_gone = pc.is_in(about["transaction_id"], value_set=pa.array(ids, pa.string())).to_numpy()
            keep &= ~(is_gone & (codes == merchants.index(merchant_id)))
        return keep


_TEXT: Final = pa.dictionary(pa.int32(), pa.string())


def _taker(keep: Mask) -> Callable[[pa.ChunkedArray], pa.ChunkedArray]:
    if keep.all():
        return lambda column: column
    mask = pa.array(keep)
    return lambda column: column.filter(mask)


def _stacked(read: Iterable[Read], name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column of all in one type; null where one has it not."""
    chunks: list[pa.Array] = []
    for each in read:
        chunks += _chunks(each.columns.get(name), each.rows, kind)
    return pa.chunked_array(chunks, kind)


def _chunks(column: pa.ChunkedArray | None, rows: int, kind: pa.DataType) -> list[pa.Array]:
    if column is None:
        return [pa.nulls(rows, kind)]
    if column.type == kind:
        return list(column.chunks)
    if pa.types.is_dictionary(kind):
        return list(column.cast(pa.string()).dictionary_encode().chunks)
    return list(column.cast(kind).chunks)


def _texts(read: Sequence[Read], feature: Feature) -> pa.ChunkedArray:
    """A feature's texts; unknown where it was recorded in another type, as under another catalogue."""
    chunks: list[pa.Array] = []
    for each in read:
        chunks += _chunks(_fitting(each.columns, feature), each.rows, _TEXT)
    return pa.chunked_array(chunks, _TEXT)


def _numbers(columns: Mapping[str, pa.ChunkedArray], rows: int, feature: Feature) -> Column:
    """A feature that is no text in one table; unknown where it was recorded in another type."""
    column = _fitting(columns, feature)
    if column is None:
        return unknown(rows, feature)
    kind = arrow_type(feature.type)
    return column_of(column if column.type == kind or pa.types.is_decimal(column.type) else column.cast(kind), feature)


def _fitting(columns: Mapping[str, pa.ChunkedArray], feature: Feature) -> pa.ChunkedArray | None:
    column = columns.get(FEATURE + feature.name)
    return column if column is not None and fits(column.type, feature.type) else None


def _merchants(column: pa.ChunkedArray) -> tuple[Any, tuple[str, ...]]:
    codes, names = encoded(column)
    return codes, tuple(names)


def _actions(column: pa.ChunkedArray) -> Any:  # noqa: ANN401 - small whole numbers
    codes, names = encoded(column)
    places = np.array([ACTIONS.index(Action(name)) for name in names] or [0], dtype=np.int8)
    return places[codes]


def _payments(transaction_ids: pa.ChunkedArray, merchants: Any, stage: Told) -> Ints:  # noqa: ANN401 - codes
    """A number for each payment. A stage is recorded once, so two rows before authorization are two payments."""
    numbers = np.arange(len(merchants), dtype=np.int64)
    later = np.flatnonzero(~stage.among((Stage.PRE_AUTH.value,)).true)
    if not len(later):
        return numbers
    some = _plain(transaction_ids.take(pa.array(later)).unique())
    names = places_in(transaction_ids, some)
    staged = np.flatnonzero(names >= 0)
    keys = names[staged] * (int(merchants.max(initial=0)) + 1) + merchants[staged]
    _, first, places_of = np.unique(keys, return_index=True, return_inverse=True)
    numbers[staged] = staged[first][places_of]
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _succeeded(columns: Mapping[str, pa.ChunkedArray], rows: int, payments: Callable[[], Sequence[bytes]]) -> Truth:
    """`was_3d_secure_successful` as the request said it: as recorded where no status came, else by the payment."""
    status = told_of(pa.chunked_array(_chunks(columns.get(FEATURE + "three_ds_status"), rows, _TEXT), _TEXT))
    kind = pa.bool_()
    recorded = truth_of(pa.chunked_array(_chunks(columns.get(FEATURE + "is_3d_secure"), rows, kind), kind))
    is_silent = ~status.known
    true, false = recorded.true & is_silent, recorded.false & is_silent
    unproven = np.flatnonzero(status.among(_UNPROVEN).true).tolist()
    if unproven:
        sent = payments()
        for row in unproven:
            said = orjson.loads(sent[row]).get("card", {}).get("was_3d_secure_successful")
            true[row], false[row] = said is True, said is False
    return Truth(true, false)


class _Custom:
    """Custom fields, collected table by table."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._places: dict[str, dict[tuple[type, Any], int]] = {name: {} for name in self._names}
        self._codes: dict[str, list[int]] = {name: [] for name in self._names}

    def add(self, read: Read) -> None:
        """The rows of one more table."""
        if not self._names:
            return
        for payment in read.payments():
            sent = orjson.loads(payment).get("custom", {}) if b'"custom"' in payment else {}
            for name in self._names:
                value, places = sent.get(name), self._places[name]
                # 1, 1.0 and true are equal to Python, and not the same to a rule.
                self._codes[name].append(-1 if value is None else places.setdefault((type(value), value), len(places)))

    def columns(self, keep: Mask) -> dict[str, Told]:
        """The fields of the rows that are kept."""
        return {
            name: Told(np.array(self._codes[name], dtype=np.int64)[keep], [value for _, value in self._places[name]])
            for name in self._names
        }


def _plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _forced(columns: Columns, *, test_mode: bool) -> Mask:
    """Which rows a test value decided."""
    if not test_mode:
        return np.zeros(columns.rows, dtype=np.bool_)
    return columns.told("card").among([value.name for value in TEST_VALUES]).true
