"""What the kernel counts: a stream of payments and status events in columns, from Arrow or from what was recorded."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import AssayError
from engine.features import Value
from engine.velocity.counters import Recorded, StatusEvent
from engine.velocity.spec import Status

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PAYMENT: Final = -1
"""In `Stream.status`: the row is a payment."""
STATUSES: Final = tuple(Status)
"""In `Stream.status`: the row is an event by which a payment came to the status of this place."""


class StreamInvalid(AssayError):
    """Columns that are no stream: times that go back, a column that is missing, values that nobody can count."""

    code = "velocity_stream_invalid"


class NumberTooLarge(AssayError):
    """An amount, or a sum of amounts, that 64 bits do not hold."""

    code = "velocity_number_too_large"


@dataclass(frozen=True, slots=True)
class Values:
    """One feature of every row, as a number for each of its different values."""

    places: Ints
    """The place in `told` a row; -1 where it is unknown."""
    told: tuple[Value, ...] | pa.Array
    """The different values: in Arrow for as long as nobody asks for them."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.places)

    @property
    def values(self) -> Sequence[Value]:
        """The different values."""
        values: Sequence[Value] = self.told if isinstance(self.told, tuple) else self.told.to_pylist()
        return values

    def codes(self) -> Ints:
        """Numbers from 0 on that are equal where the values are; -1 is unknown."""
        return self.places

    def amounts(self) -> tuple[Ints, Mask]:
        """The values that are integers, and where they are; 0 elsewhere."""
        numbers = [value if isinstance(value, int) else None for value in self.values]
        known = np.array([*(number is not None for number in numbers), False], dtype=np.bool_)
        return _int64([*(int(number or 0) for number in numbers), 0])[self.places], known[self.places]

    def are(self, value: Value) -> Mask:
        """Where the feature is known and equal to the value."""
        places = np.array([each == value for each in self.values] + [False], dtype=np.bool_)
        return places[self.places]


@dataclass(frozen=True, slots=True)
class Amounts:
    """One feature of every row that is an integer, such as money."""

    values: Ints
    known: Mask

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.values)

    def codes(self) -> Ints:
        """Numbers from 0 on that are equal where the values are; -1 is unknown."""
        return np.where(self.known, np.unique(self.values, return_inverse=True)[1], -1)

    def amounts(self) -> tuple[Ints, Mask]:
        """The values, and where they are known; 0 elsewhere."""
        return np.where(self.known, self.values, 0), self.known

    def are(self, value: Value) -> Mask:
        """Where the feature is known and equal to the value."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        is_number = isinstance(value, int) and -(2**63) <= value < 2**63
        return self.known & (self.values == value) if is_number else np.zeros(len(self), dtype=np.bool_)


Column = Values | Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Payments and status events in the order of observation, one a row; times never go back, over all merchants.

    A payment stands once: the caller leaves out later stages and retries of it. An id that comes again after counters
    would have forgotten it is a new payment, and a row of its own. Events may repeat a payment's status: as in live
    counting the first counts. An event of a payment that has no row counts too.
    """

    at_us: Ints
    """Microseconds since the epoch."""
    status: npt.NDArray[np.int8]
    """PAYMENT, or the place in STATUSES."""
    merchant: Ints
    """A number for each merchant, from 0 on."""
    test_mode: Mask
    payment: Ints
    """A number for each payment id within its merchant and mode: an event has that of its payment."""
    features: Mapping[str, Column]
    """What velocities are made of. An event has the features of its payment's decision."""

    def __post_init__(self) -> None:
        """Refuse times that go back."""
        columns = (self.status, self.merchant, self.test_mode, self.payment, *self.features.values())
        assert all(len(column) == len(self.at_us) for column in columns), "the columns differ in length"
        back = np.flatnonzero(self.at_us[1:] < self.at_us[:-1])
        if len(back):
            raise StreamInvalid(f"Row {back[0] + 1} is earlier than the one before: sort by time of observation.")

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.at_us)

    @classmethod
    def from_arrow(cls, table: pa.Table, features: Collection[str]) -> "Stream":
        """Read a table with `at_us` and a column for each feature; nulls are unknown.

        `merchant_id`, `test_mode`, `payment_id` and `status` (null: a payment) may be absent where there is one
        merchant, live mode, or no event. Raises StreamInvalid where a column is missing or cannot be read.
        """
        missing = sorted({"at_us", *features} - set(table.column_names))
        if missing:
            raise StreamInvalid(f"There is no column {', '.join(missing)}.")
        rows, none = table.num_rows, np.zeros(table.num_rows, dtype=np.int64)
        told = {name: _encoded(table[name], name) for name in table.column_names if name in _ABOUT}
        for name in told.keys() - {"status"}:
            if (told[name].places < 0).any():
                raise StreamInvalid(f"Column {name} has a null: every row needs one.")
        status = np.full(rows, PAYMENT, dtype=np.int8)
        if "status" in told:
            places = np.array([*(_place(name) for name in told["status"].values), PAYMENT], dtype=np.int8)
            status = places[told["status"].places]
        merchant = told["merchant_id"].places if "merchant_id" in told else none
        mode = told["test_mode"].are(value=True) if "test_mode" in told else none.astype(np.bool_)
        payment = np.arange(rows, dtype=np.int64)
        if "payment_id" in told:
            ids = told["payment_id"].places
            payment = np.unique((ids * (merchant.max(initial=0) + 1) + merchant) * 2 + mode, return_inverse=True)[1]
        elif (status != PAYMENT).any():
            raise StreamInvalid("There are status events and no column payment_id to say of which payments.")
        return cls(
            at_us=_whole(table["at_us"], "at_us"),
            status=status,
            merchant=merchant,
            test_mode=mode,
            payment=payment,
            features={name: column_of(table[name], name) for name in features},
        )

    @classmethod
    def of(cls, recorded: Iterable[Recorded], features: Collection[str]) -> "Stream":
        """Put payments and events into columns, in the order given."""
        seen = [one if isinstance(one, StatusEvent) else one[1] for one in recorded]
        places = [STATUSES.index(one.status) if isinstance(one, StatusEvent) else PAYMENT for one in seen]
        return cls(
            at_us=_int64([one.at_us for one in seen]),
            status=np.array(places, dtype=np.int8),
            merchant=_numbered([one.merchant_id for one in seen])[0],
            test_mode=np.array([one.test_mode for one in seen], dtype=np.bool_),
            payment=_numbered([(one.merchant_id, one.test_mode, one.payment_id) for one in seen])[0],
            features={name: Values(*_numbered([one.values.get(name) for one in seen])) for name in features},
        )


_ABOUT: Final = ("merchant_id", "test_mode", "payment_id", "status")


def _numbered(keys: Sequence[Hashable]) -> tuple[Ints, tuple[Any, ...]]:
    """Number what is equal alike, from 0 on; None is -1."""
    numbers: dict[Hashable, int] = {}
    found = [-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys]
    return np.array(found, dtype=np.int64), tuple(numbers)


def _int64(numbers: Sequence[int]) -> Ints:
    try:
        return np.array(numbers, dtype=np.int64)
    except OverflowError:
        raise NumberTooLarge(f"{max(numbers, key=abs)} does not fit into 64 bits.") from None


def column_of(array: pa.ChunkedArray, name: str) -> Column:
    """A column of Arrow's as the kernel takes it; null is unknown. Raises StreamInvalid or NumberTooLarge."""
    if not pa.types.is_integer(array.type):
        return _encoded(array, name)
    known = pc.is_valid(array).to_numpy()
    return Amounts(_whole(pc.fill_null(array, 0), name), known)


def _whole(array: pa.ChunkedArray, name: str) -> Ints:
    if array.null_count or not pa.types.is_integer(array.type):
        raise StreamInvalid(f"Column {name} is not whole numbers without a null.")
    try:
        whole: Ints = array.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        raise NumberTooLarge(f"Column {name} has a number that does not fit into 64 bits.") from None
    return whole


def _encoded(array: pa.ChunkedArray, name: str) -> Values:
    """Number the values of a column."""
    if pa.types.is_dictionary(array.type):
        array = array.unify_dictionaries()
        if array.num_chunks and _is_proper(array.chunk(0).dictionary):
            return _numbered_by(array.combine_chunks())
        array = array.cast(array.type.value_type)
    try:
        return _numbered_by(array.dictionary_encode().combine_chunks())
    except pa.ArrowNotImplementedError:
        raise StreamInvalid(f"Column {name} has values of a type that cannot be counted by: {array.type}.") from None


def _is_proper(dictionary: pa.Array) -> bool:
    """Whether a dictionary says each value once, and nothing unknown."""
    return not dictionary.null_count and len(dictionary.unique()) == len(dictionary)


def _numbered_by(array: pa.DictionaryArray | pa.ChunkedArray) -> Values:
    whole = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    places: Ints = pc.fill_null(whole.indices.cast(pa.int64()), -1).to_numpy()
    return Values(places, whole.dictionary)


def _place(name: Value) -> int:
    if name not in STATUSES:
        raise StreamInvalid(f"There is no status {name!r}; there are {', '.join(STATUSES)}.")
    return STATUSES.index(Status(str(name)))
