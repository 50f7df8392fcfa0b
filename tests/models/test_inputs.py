"""Inputs: a payment alone and in columns comes to the same numbers, bit for bit."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import CATALOG
from engine.errors import ModelInvalid, ScoreInvalid
from engine.features import Catalog, Feature, FeatureType, Value
from models.inputs import Input, Inputs, _Coded
from models.inputs_file import inputs_of
from models.words import Said

_TEXT = st.none() | st.sampled_from(["NG", "ng", "\u0130", "\u0131", "\u00df", "US", ""]) | st.text(max_size=3)
_KINDS: dict[FeatureType, tuple[st.SearchStrategy[Value], Any]] = {
    FeatureType.BOOLEAN: (st.none() | st.booleans(), pa.bool_()),
    FeatureType.INTEGER: (st.none() | st.integers(-(2**63), 2**63 - 1), pa.int64()),
    FeatureType.MONEY: (st.none() | st.integers(-(2**63), 2**63 - 1), pa.int64()),
    FeatureType.NUMBER: (st.none() | st.floats(allow_nan=False, allow_infinity=False), pa.float64()),
    FeatureType.STRING: (_TEXT, pa.string()),
    FeatureType.COUNTRY: (_TEXT, pa.string()),
}
SMALL = Catalog(
    [
        *(Feature(name=f"of_{each}", type=each, doc="A test's.", source="test") for each in FeatureType),
        Feature(name="exact", type=FeatureType.STRING, doc="A test's.", source="test", case_sensitive=True),
    ]
)
CODES = {"NG": 0.1, "us": -2.5, "\u00df": 0.3}
SMALL_INPUTS = Inputs(
    [
        Input(feature=each.name, codes=CODES if each.type in (FeatureType.STRING, FeatureType.COUNTRY) else None,
              unseen=0.7)
        for each in SMALL
    ]
    + [Input(feature="of_number", per="of_integer"), Input(feature="of_money", per="of_number")],
    SMALL,
)  # fmt: skip


def chunked(values: list[Value], type_: Any, at: int) -> pa.ChunkedArray:
    """Two chunks, the way that tables put together have them."""
    return pa.chunked_array([pa.array(values[:at], type_), pa.array(values[at:], type_)])


@settings(max_examples=60)
@given(st.lists(st.tuples(*(_KINDS[each.type][0] for each in SMALL)), min_size=1, max_size=8), st.integers(0, 8))
def test_a_row_of_the_matrix_is_the_vector_bit_for_bit(rows: list[tuple[Value, ...]], at: int) -> None:
    columns = {
        each.name: chunked([row[place] for row in rows], _KINDS[each.type][1], min(at, len(rows)))
        for place, each in enumerate(SMALL)
    }
    matrix = SMALL_INPUTS.matrix(columns)
    assert matrix.tobytes() == np.array([SMALL_INPUTS.vector(row) for row in rows]).tobytes()


def test_numbers_beyond_64_bits_are_rounded_alike() -> None:
    wide = [2**70 + 1, None, 3]
    columns = {each.name: pa.nulls(3) for each in SMALL} | {"of_integer": pa.array(wide, pa.decimal128(38))}
    matrix = SMALL_INPUTS.matrix({name: pa.chunked_array([column]) for name, column in columns.items()})
    rows = [tuple(value if each.name == "of_integer" else None for each in SMALL) for value in wide]
    assert matrix.tobytes() == np.array([SMALL_INPUTS.vector(row) for row in rows]).tobytes()


def test_texts_of_a_dictionary_are_as_texts() -> None:
    column = pa.chunked_array([pa.array(["US", None, "ng"]).dictionary_encode(), pa.array(["x"]).dictionary_encode()])
    inputs = Inputs([Input(feature="ip_country", codes=CODES, unseen=9.0)], CATALOG)
    np.testing.assert_array_equal(inputs.matrix({"ip_country": column})[:, 0], [-2.5, np.nan, 0.1, 9.0])


def test_unknown_is_never_a_value() -> None:
    assert np.isnan(SMALL_INPUTS.vector((None,) * len(SMALL))).all()


def test_texts_ignore_case_unless_the_feature_tells_it_apart() -> None:
    codes = {"Ab": 1.5}
    inputs = Inputs([Input(feature="of_string", codes=codes), Input(feature="exact", codes=codes)], SMALL)
    values = dict.fromkeys(each.name for each in SMALL) | {"of_string": "AB", "exact": "AB"}
    assert inputs.vector(tuple(values.values())).tolist() == [1.5, 0.0]


def test_an_input_keeps_no_more_texts_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.inputs._MET_MAX", 3)
    coded = _Coded(SMALL_INPUTS.inputs[SMALL.position("of_string")], SMALL["of_string"])
    for text, code in [("ng", 0.1), ("nG", 0.1), (None, None), ("x", 0.7), ("US", -2.5), ("Ng", 0.1), ("", 0.7)] * 2:
        assert coded[text] == code
        assert len(coded) <= 3


def test_a_number_that_no_float_holds_is_no_score() -> None:
    with pytest.raises(ScoreInvalid):
        SMALL_INPUTS.vector(tuple(10**400 if each.name == "of_integer" else None for each in SMALL))


def test_names_groups_and_words_come_from_the_feature_unless_they_are_given() -> None:
    own = Said(known="{value} it is", special="", unknown="Nothing is known")
    inputs = Inputs(
        [
            Input(feature="ip_distinct_cards_10m"),
            Input(feature="ip_country", codes={"NG": 1}),
            Input(feature="ip_country", codes={"NG": 0.3}, name="ip_country_rate", group="place", said=own),
            Input(feature="order", codes={"x": 0.5}),
        ],
        CATALOG,
    )
    assert inputs.names == ("ip_distinct_cards_10m", "ip_country=ng", "ip_country_rate", "order")
    assert inputs.groups == ("ip_many_cards", "ip_location", "place", "order")
    assert inputs.features == ("ip_distinct_cards_10m", "ip_country", "order")
    assert inputs.inputs[2].said == own


def test_what_is_kept_is_read_back() -> None:
    kept = orjson.loads(orjson.dumps(SMALL_INPUTS.content()))
    again = inputs_of(kept, SMALL)
    assert again.inputs == SMALL_INPUTS.inputs
    assert again.content() == SMALL_INPUTS.content()


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([], "1 to 2,000 inputs"),
        ([Input(feature="moon_phase")], "no feature 'moon_phase'"),
        ([Input(feature="ip_country")], "it has codes"),
        ([Input(feature="local_hour", codes={"1": 1.0})], "it has no codes"),
        ([Input(feature="local_hour"), Input(feature="local_hour")], "one name"),
        ([Input(feature="ip_country", codes={})], "1 to 100,000 texts"),
        ([Input(feature="ip_country", codes={"NG": 1.0, "ng": 2.0})], "differ in case alone"),
        ([Input(feature="ip_country", codes={"NG": float("inf")})], "finite"),
        ([Input(feature="ip_country", codes={"NG": 1.0}, unseen=float("nan"))], "finite"),
        ([Input(feature="local_hour", monotone=2)], "-1, 0 or 1"),
    ],
)
def test_inputs_that_cannot_be_are_refused(inputs: list[Input], said: str) -> None:
    with pytest.raises(ModelInvalid, match=said):
        Inputs(inputs, CATALOG)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("feature", 1, "/inputs/0/feature"),
        ("name", "", "/inputs/0/name"),
        ("group", "x" * 501, "/inputs/0/group"),
        ("unseen", None, "/inputs/0/unseen"),
        ("unseen", True, "/inputs/0/unseen"),
        ("monotone", True, "/inputs/0/monotone"),
        ("codes", [["NG", 1.0], ["NG", 2.0]], "/inputs/0/codes/1/0"),
        ("codes", [["NG"]], "/inputs/0/codes/0"),
        ("codes", {"NG": 1.0}, "/inputs/0/codes"),
        ("codes", [["NG", "1"]], "/inputs/0/codes/0/1"),
        ("said", ["a", "b"], "/inputs/0/said"),
        ("said", ["{value!r}", "", "c"], "/inputs/0/said/0"),
        ("said", ["{value.__class__}", "", "c"], "/inputs/0/said/0"),
        ("said", ["a", "", "{"], "/inputs/0/said/2"),
        ("said", ["", "", "c"], "/inputs/0/said/0"),
    ],
)
def test_a_kept_input_that_is_wrong_is_named(name: str, value: object, where: str) -> None:
    kept = Inputs([Input(feature="ip_country", codes={"NG": 1.0})], CATALOG).content()
    kept[0][name] = value
    with pytest.raises(ModelInvalid, match=f"^{where}: "):
        inputs_of(kept, CATALOG)
