"""What the kernel reads: Arrow columns, and what is recorded, as one stream; and what it refuses."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from engine.velocity import Count, Distinct, Observation, Recorded, Status, StatusEvent, Total, Velocity
from engine.velocity.batch import NumberTooLarge, Stream, StreamInvalid, numbers

SECOND = 1_000_000
VELOCITIES = (
    Velocity(name="card_count", key=("card",), aggregate=Count(), window="10s", doc="x"),
    Velocity(name="card_total", key=("card",), aggregate=Total("amount"), window="10s", doc="x"),
    Velocity(name="amount_cards", key=("amount",), aggregate=Distinct("card"), window="all", doc="x"),
    Velocity(name="is_guest_count", key=("is_guest",), aggregate=Count(), window="all", doc="x"),
    Velocity(name="rate_7", key=("card",), aggregate=Count(), window="all", doc="x", where=(("rate", 0.5),)),
    Velocity(name="card_declined", key=("card",), aggregate=Count(), window="10s", doc="x", status=Status.DECLINED),
)
FEATURES = {name for each in VELOCITIES for name in each.inputs}
COLUMNS: dict[str, list[Any]] = {
    "merchant_id": ["a", "a", "b", "a", "a", "b", "a"],
    "test_mode": [False, False, False, False, True, False, False],
    "payment_id": ["1", "2", "1", "1", "1", "3", "4"],
    "status": [None, None, None, "declined", None, None, None],
    "at_us": [0, 1, 1, 2, 3, 4, 5],
    "card": ["x", "x", "x", "x", "x", "x", "x"],
    "amount": [7, None, 7, 7, 7, -5, 7],
    "is_guest": [True, False, True, True, None, True, True],
    "rate": [0.5, 0.5, 2.0, 0.5, None, 0.5, 0.5],
}
ROWS = [
    (0, 0, 0, 0, 0, 0),
    (1, 7, None, 0, 1, 0),
    (0, 0, 0, 0, 0, 0),
    (0, 0, 0, None, 0, 0),
    (1, 7, 0, 1, 0, 0),
    (2, 7, 1, 1, 2, 1),
]
"""What the six payments read, in the order of VELOCITIES."""


def table(**changed: Any) -> pa.Table:
    return pa.table(COLUMNS | changed)


def read(columns: pa.Table) -> list[tuple[Any, ...]]:
    return numbers(Stream.from_arrow(columns, FEATURES), VELOCITIES).rows()


def test_a_table_is_read_as_a_stream() -> None:
    assert read(table()) == ROWS


@pytest.mark.parametrize("make", [lambda t: t.slice(0, 3), lambda t: t.slice(3)], ids=["start", "end"])
def test_a_part_of_a_table_is_read_as_that_part(make: Any) -> None:
    part = make(table())
    again = pa.table({name: column.to_pylist() for name, column in zip(part.column_names, part.columns, strict=True)})
    assert read(part) == read(again.cast(part.schema))


def test_chunks_and_dictionaries_are_values_too() -> None:
    whole = table()
    chunked = pa.concat_tables([whole.slice(0, 2), whole.slice(2)])
    assert read(chunked) == ROWS
    encoded = chunked.set_column(chunked.column_names.index("card"), "card", chunked["card"].dictionary_encode())
    assert read(encoded) == ROWS
    # A dictionary may say one value twice.
    twice = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, 1, 0, 1, 0]), pa.array(["x", "x"]))
    assert read(table(card=twice)) == ROWS


def test_what_is_recorded_is_read_as_a_stream() -> None:
    seen = list[Recorded]()
    for row in table().to_pylist():
        values = {name: row[name] for name in FEATURES}
        named = {name: row[name] for name in ("merchant_id", "test_mode", "payment_id", "at_us")}
        if row["status"]:
            seen.append(StatusEvent(**named, values=values, status=Status(row["status"])))
        else:
            seen.append((len(seen), Observation(**named, values=values)))
    assert numbers(Stream.of(seen, FEATURES), VELOCITIES).rows() == ROWS


def test_one_merchants_payments_need_no_more_than_times_and_features() -> None:
    stream = Stream.from_arrow(pa.table({"at_us": [0, 1], "card": ["x", "x"]}), {"card"})
    assert numbers(stream, VELOCITIES[:1]).rows() == [(0,), (1,)]


def test_nothing_is_a_stream() -> None:
    schema = table().schema
    empty = pa.table({name: pa.array([], type=schema.field(name).type) for name in schema.names})
    assert read(empty) == []
    assert numbers(Stream.of([], FEATURES), VELOCITIES).rows() == []
    only_event = table().slice(3, 1)
    assert read(only_event) == []


def test_the_numbers_are_a_table() -> None:
    found = numbers(Stream.from_arrow(table(), FEATURES), VELOCITIES).table()
    assert found.column_names == [each.name for each in VELOCITIES]
    assert found.schema.types == [pa.int64()] * len(VELOCITIES)
    assert found["amount_cards"].to_pylist() == [row[2] for row in ROWS]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (table().drop_columns(["card"]), "no column card"),
        (table().drop_columns(["payment_id"]), "payment_id"),
        (table(status=["lost"] + [None] * 6), "no status 'lost'"),
        (table(at_us=[0, 1, 2, 3, 4, 5, 4]), "Row 6 is earlier"),
        (table(at_us=[0, 1, 2, 3, 4, 5, None]), "at_us"),
        (table(at_us=[0.5] * 7), "at_us"),
        (table(card=[{"a": 1}] * 7), "card"),
        (table(merchant_id=[None] + ["a"] * 6), "merchant_id has a null"),
        (table(test_mode=[None] + [True] * 6), "test_mode has a null"),
        (table(payment_id=[None] + ["1"] * 6), "payment_id has a null"),
    ],
    ids=["feature", "payment_id", "status", "back", "null", "fraction", "struct", "merchant", "mode", "id"],
)
def test_what_is_no_stream_is_refused(columns: pa.Table, says: str) -> None:
    with pytest.raises(StreamInvalid, match=says):
        read(columns)


def test_amounts_over_64_bits_are_refused() -> None:
    with pytest.raises(NumberTooLarge, match="amount"):
        read(table(amount=pa.array([2**63] * 7, type=pa.uint64())))
    one = Observation(payment_id="1", merchant_id="a", test_mode=False, at_us=0, values={"amount": 2**63})
    with pytest.raises(NumberTooLarge):
        numbers(Stream.of([(1, one), (2, replace(one, payment_id="2"))], FEATURES), VELOCITIES)


def test_a_dictionary_may_hold_null_and_unsigned_places() -> None:
    places = pa.array([0, 0, 0, 1, 0, None, 0], type=pa.int8())
    held = pa.DictionaryArray.from_arrays(places, pa.array(["x", None]))
    plain = table(card=["x", "x", "x", None, "x", None, "x"])
    assert read(table(card=held)) == read(plain)
    unsigned = pa.DictionaryArray.from_arrays(pa.array([0, 0, 0, 0, 0, None, 0], type=pa.uint8()), pa.array(["x"]))
    assert read(table(card=unsigned)) == read(table(card=["x", "x", "x", "x", "x", None, "x"]))
