"""Ratios of two features as inputs: the same from one payment and from columns, unknown where there is none."""

from math import inf, nan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ModelInvalid
from engine.features import Catalog, Feature, FeatureType
from models.input_columns import ratios
from models.inputs import Input, Inputs
from models.inputs_file import inputs_of

CATALOG = Catalog(
    (
        Feature(name="amount", type=FeatureType.MONEY, doc="What is paid.", source="request", unit="USD"),
        Feature(name="usual", type=FeatureType.MONEY, doc="What is paid usually.", source="velocity", unit="USD"),
        Feature(name="ratio", type=FeatureType.NUMBER, doc="A number.", source="request"),
        Feature(name="country", type=FeatureType.COUNTRY, doc="A country.", source="request"),
    )
)
RATIOS = Inputs([Input(feature="amount", per="usual"), Input(feature="ratio", per="amount")], CATALOG)

whole = st.none() | st.integers(-(2**63), 2**63 - 1)
number = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(whole, whole, number), min_size=1, max_size=20))
def test_a_payment_and_a_column_give_the_same_bits(rows: list[tuple[int | None, int | None, float | None]]) -> None:
    amounts, usual, numbers = zip(*rows, strict=True)
    columns = {
        "amount": pa.chunked_array([pa.array(amounts, pa.int64())]),
        "usual": pa.chunked_array([pa.array(usual, pa.int64())]),
        "ratio": pa.chunked_array([pa.array(numbers, pa.float64())]),
    }
    one_by_one = np.array([RATIOS.vector((*row, "DE")) for row in rows])
    assert one_by_one.tobytes() == RATIOS.matrix(columns).tobytes()


def test_there_is_no_ratio_without_both_numbers_or_by_nothing() -> None:
    assert RATIOS.vector((1000, 250, 0.5, None)).tolist() == [4.0, 0.0005]
    for values in ((None, 250, None, None), (1000, None, None, None), (1000, 0, None, None)):
        assert np.isnan(RATIOS.vector(values)).all(), values
    found = ratios(np.array([1.0, nan, 1e308]), np.array([0.0, 1.0, 1e-308]))
    assert np.isnan(found).all()
    assert inf not in found


def test_a_ratio_says_both_values_and_is_read_back() -> None:
    assert RATIOS.names == ("amount/usual", "ratio/amount")
    assert RATIOS.features == ("amount", "usual", "ratio")
    assert RATIOS.inputs[0].said is not None
    assert RATIOS.inputs[0].said.known == "What is paid: {value}, beside {usual} (what is paid usually)"
    assert inputs_of(RATIOS.content(), CATALOG).inputs == RATIOS.inputs


@pytest.mark.parametrize(("feature", "per"), [("amount", "none"), ("amount", "country")])
def test_a_divisor_that_is_no_number_is_refused(feature: str, per: str) -> None:
    with pytest.raises(ModelInvalid, match=per):
        Inputs([Input(feature=feature, per=per)], CATALOG)
