"""What is packed is read back, every value of its own type, and is no longer than what it stands for."""

import hashlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features import Catalog, Feature, FeatureType, Value
from engine.packing import WORDS, packed, picker, shape_of, unpacked

AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
)
VALUES: dict[FeatureType, st.SearchStrategy[Any]] = {
    FeatureType.BOOLEAN: st.booleans(),
    FeatureType.INTEGER: st.sampled_from((0, 0, 0, 1, 3, 35, 10**12)),
    FeatureType.NUMBER: st.sampled_from((0.0, 0.5, 1e300)),
    FeatureType.MONEY: st.sampled_from((0, 0, 350, 45_544)),
    FeatureType.STRING: st.sampled_from((AGENT, "", "a", "long enough", '0,0,0,0,"0,0', "\u00fc,null,null,null")),
    FeatureType.COUNTRY: st.just("GB"),
}


def catalog_of(types: list[FeatureType]) -> Catalog:
    return Catalog(
        Feature(name=f"f{number}", type=type_, doc="For the tests.", source="test")
        for number, type_ in enumerate(types)
    )


@st.composite
def rows(draw: st.DrawFn) -> tuple[Catalog, tuple[Value, ...]]:
    parts = draw(st.lists(st.tuples(st.sampled_from(FeatureType), st.integers(1, 12)), max_size=8))
    types = [type_ for type_, times in parts for _ in range(times)]
    return catalog_of(types), tuple(draw(st.one_of(st.none(), VALUES[type_])) for type_ in types)


@given(rows())
def test_what_was_packed_is_read_back_to_the_byte(row: tuple[Catalog, tuple[Value, ...]]) -> None:
    catalog, values = row
    written = orjson.dumps({"features": packed(values, shape_of(catalog))})
    read = unpacked(orjson.loads(written)["features"])
    # As bytes: 0, 0.0 and false are equal to Python.
    assert orjson.dumps(read) == orjson.dumps(values)
    assert len(written) <= len(orjson.dumps({"features": values}))


@given(rows(), st.data())
def test_what_is_picked_is_what_is_unpacked(row: tuple[Catalog, tuple[Value, ...]], data: st.DataObject) -> None:
    catalog, values = row
    positions = data.draw(st.lists(st.integers(0, max(0, len(values) - 1)), max_size=4 if values else 0))
    picked = picker(positions, shape_of(catalog))(packed(values, shape_of(catalog)))
    assert orjson.dumps(picked) == orjson.dumps([values[position] for position in positions])


def test_unknowns_that_stand_together_are_said_once() -> None:
    catalog = catalog_of([FeatureType.STRING] * 9)
    values = (None, None, "GB", None, None, None, "DE", None, None)
    assert orjson.dumps(packed(values, shape_of(catalog))) == b'[null,null,"GB",[3,null],"DE",null,null]'


def test_what_repeats_is_said_once() -> None:
    counts, texts = [FeatureType.INTEGER] * 9, [FeatureType.STRING] * 3
    catalog = catalog_of([*texts, *counts, FeatureType.NUMBER])
    values = ("ada@example.com", "short", "ada@example.com", 7, 0, 0, 0, 0, None, None, None, 71, 0.5)
    assert orjson.dumps(packed(values, shape_of(catalog))) == (
        b'["ada@example.com","short",[0],7,[4,0],[3,null],71,0.5]'
    )


def test_a_frequent_word_is_its_place() -> None:
    catalog = catalog_of([FeatureType.STRING] * 4)
    values = ("pass", "Mobile Safari", "passes", "purchase")
    written = packed(values, shape_of(catalog))
    assert written == [[-7], [-(WORDS.index("Mobile Safari") + 1)], "passes", [-1]]
    assert unpacked(written) == values
    assert picker((3, 1, 2), shape_of(catalog))(written) == ("purchase", "Mobile Safari", "passes")


def test_words_keep_their_places() -> None:
    """Records name them by place: behind the last may come more, and then the number here."""
    assert len(set(WORDS)) == len(WORDS) == 222
    assert hashlib.sha256(" ".join(WORDS[:171]).encode()).hexdigest()[:12] == "3b79ed5f4b9a"
    assert min(map(len, WORDS)) >= 3


def test_a_plain_list_is_read_as_it_stands() -> None:
    assert unpacked([1, "a", None, True, 0.5]) == (1, "a", None, True, 0.5)


def test_flags_that_stand_together_are_a_letter_each() -> None:
    catalog = catalog_of([FeatureType.STRING, *[FeatureType.BOOLEAN] * 3, FeatureType.INTEGER])
    values = ("GB", True, None, False, 1)
    written = packed(values, shape_of(catalog))
    assert orjson.dumps(written) == b'["GB",["h"],1]'
    assert picker((0,), shape_of(catalog))(written) == ("GB",)
    assert picker((0, 3, 4), shape_of(catalog))(written) == ("GB", False, 1)


@pytest.mark.parametrize(
    ("agent", "written"),
    [(AGENT, [-1, "~a~e~b138~c"]), (f"{AGENT} ~a", f"{AGENT} ~a"), ("Mozilla/5.0 (short)", "Mozilla/5.0 (short)")],
)
def test_what_all_browsers_say_is_cut_short(agent: str, written: str | list[Any]) -> None:
    catalog = catalog_of([FeatureType.STRING, FeatureType.STRING, FeatureType.INTEGER, *[FeatureType.NUMBER] * 4])
    row = packed((agent, agent, 1, None, None, None, 0.5), shape_of(catalog))
    assert row == [written, [0], 1, [3, None], 0.5]
    assert unpacked(row) == (agent, agent, 1, None, None, None, 0.5)
    assert picker((0, 1), shape_of(catalog))(row) == (agent, agent)


@pytest.mark.parametrize("written", [[["tX"]], [[-1, 5]], [[5]], [["A"]], [["a", "b"]], [[10**12, 0]], [[-(10**6)]]])
def test_what_nobody_packed_is_refused(written: list[Any]) -> None:
    with pytest.raises((IndexError, TypeError, ValueError)):
        unpacked(written)
