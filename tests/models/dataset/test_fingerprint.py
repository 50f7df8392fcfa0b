"""A fingerprint is of what is in a table, and of nothing else."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from models.dataset.fingerprint import fingerprint_of
from models.dataset.table import TEXT

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["a", "b", "ab", "", "ä"])),
        st.one_of(st.none(), st.integers(-5, 5)),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.floats(allow_nan=False)),
    ),
    max_size=12,
)
KINDS = (pa.string(), pa.int64(), pa.bool_(), pa.float64())
Rows = list[tuple[str | None, int | None, bool | None, float | None]]


def table(rows: Rows) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * 4
    return pa.table([pa.array(each, kind) for each, kind in zip(columns, KINDS, strict=True)], names=list("tibf"))


@given(ROWS, ROWS)
def test_two_tables_have_one_fingerprint_where_they_hold_the_same(one: Rows, other: Rows) -> None:
    is_same = [repr(row) for row in one] == [repr(row) for row in other]
    assert (fingerprint_of(table(one)) == fingerprint_of(table(other))) is is_same


@given(ROWS, st.integers(0, 12))
def test_how_a_table_is_cut_and_numbered_does_not_matter(rows: Rows, cut: int) -> None:
    whole = table(rows)
    pieces = [table(rows[:cut]), table(rows[cut:])]
    texts = pa.chunked_array([chunk for piece in pieces for chunk in piece["t"].dictionary_encode().chunks], TEXT)
    coded = pa.concat_tables(pieces).set_column(0, "t", texts)
    assert fingerprint_of(coded) == fingerprint_of(whole)


def test_texts_that_no_row_has_do_not_matter() -> None:
    coded = pa.DictionaryArray.from_arrays(pa.array([3, None, 1, 3], pa.int32()), pa.array(["x", "b", "y", "a"]))
    plain = pa.table({"t": pa.array(["a", None, "b", "a"])})
    assert fingerprint_of(pa.table({"t": coded})) == fingerprint_of(plain)


def test_what_stands_under_an_unknown_does_not_matter() -> None:
    values = pa.array([1, 2, 3], mask=None)
    hidden = pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\x05"), values.buffers()[1]])
    assert fingerprint_of(pa.table({"a": hidden})) == fingerprint_of(pa.table({"a": pa.array([1, None, 3])}))


def test_a_wide_sum_and_the_names_count() -> None:
    wide = pa.table({"a": pa.array([2**70, None], pa.decimal128(38))})
    other = pa.table({"a": pa.array([2**70 + 1, None], pa.decimal128(38))})
    assert len({fingerprint_of(each) for each in (wide, other, wide.rename_columns(["b"]))}) == 3
