"""CSV in its dialects and Parquet in its types, to the same text."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.importing.reading import FileOptions, ImportFileInvalid, read_sheet
from tests.api.importing.desk import HEADING, MAPPING, Desk

EVERYTHING = FileOptions()


def test_dialects_read_alike(desk: Desk) -> None:
    expected = [("1", "Ä, B"), ("2", 'say "hi"\nthere')]
    files = {
        "plain": b'id,text\n1,"\xc3\x84, B"\n2,"say ""hi""\nthere"\n',
        "bom": b'\xef\xbb\xbfid,text\r\n1,"\xc3\x84, B"\r\n\r\n2,"say ""hi""\nthere"',
        "semicolon": b'id;"te,xt"\n1;\xc3\x84, B\n2;"say ""hi""\nthere"\n',
        "tab": b'id\ttext\n1\t\xc3\x84, B\n2\t"say ""hi""\nthere"\n',
    }
    for name, content in files.items():
        sheet = read_sheet(desk.file(name, content), EVERYTHING)
        assert [row.cells for row in sheet.rows] == expected, name
        assert sheet.columns[0] == "id"
    latin = desk.file("latin", 'id,text\n1,"Ä, B"\n'.encode("cp1252"))
    assert read_sheet(latin, FileOptions(encoding="cp1252")).rows[0].cells == expected[0]
    wide = desk.file("wide", 'id,text\n1,"Ä, B"\n'.encode("utf-16"))
    assert read_sheet(wide, FileOptions(encoding="utf-16")).rows[0].cells == expected[0]


def test_a_row_has_the_line_on_which_it_begins(desk: Desk) -> None:
    sheet = read_sheet(desk.file("a.csv", 'id,text\n1,"a\nb\nc"\n\n2,x\n'), EVERYTHING)
    assert [row.line for row in sheet.rows] == [2, 6]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id,name\n1,ok\n2,M\xfcller\n", ["line 3", "0xFC", "UTF-8", 'encoding = "cp1252"']),
        ("id,name\n1,ok\n".encode("utf-16"), ["line 1", 'encoding = "utf-16"']),
        (b'id,name\n1,"never closed\n2,b\n', ["line 3", "quotation mark"]),
        (b'id,name\n1,"a"b\n', ["line 2", "quotation mark"]),
        (b"id,name,id\n1,a,b\n", ["'id' more than once"]),
        (b"", ["is empty"]),
        (b"PK\x03\x04rest", ["Excel", "CSV UTF-8"]),
        (b"\x1f\x8brest", ["gzip"]),
        (b"PAR1 but not really", ["Parquet"]),
    ],
)
def test_a_file_at_fault_is_named_with_cause_and_mend(desk: Desk, content: bytes, words: list[str]) -> None:
    outcome = desk.run(desk.file("broken.csv", content))
    assert isinstance(outcome.error, ImportFileInvalid)
    for word in ["broken.csv", *words]:
        assert word in str(outcome.error)
    assert not desk.data.exists()


def test_a_file_that_is_not_there(desk: Desk) -> None:
    assert "No such file" in str(desk.run(desk.folder / "absent.csv").error)


def test_parquet_types_are_text_exactly(desk: Desk) -> None:
    at = datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    table = pa.table(
        {
            "int": pa.array([41111111, None]),
            "float": pa.array([7.53, 41111111.0]),
            "tiny": pa.array([1e-7, float("nan")]),
            "float32": pa.array([7.53, 0.1], pa.float32()),
            "decimal": pa.array([Decimal("12.50"), Decimal("1E+3")], pa.decimal128(10, 2)),
            "bool": pa.array([True, False]),
            "zoned": pa.array([at, None], pa.timestamp("ns", "UTC")),
            "naive": pa.array([datetime(2026, 3, 1), None], pa.timestamp("ms")),  # noqa: DTZ001  # naive on purpose
            "date": pa.array([date(2026, 3, 1), None]),
            "word": pa.array([" tea ", "tea"]).dictionary_encode(),
            "bytes": pa.array([b"tea", None]),
            "list": pa.array([[1, 2], None]),
        }
    )
    path = desk.folder / "a.parquet"
    pq.write_table(table, path)
    sheet = read_sheet(path, EVERYTHING)
    first, second = (dict(zip(sheet.columns, row.cells, strict=True)) for row in sheet.rows)
    assert first == {
        "int": "41111111",
        "float": "7.53",
        "tiny": "0.0000001",
        "float32": "7.53",
        "decimal": "12.50",
        "bool": "true",
        "zoned": "2026-03-01T10:00:00.123456+00:00",
        "naive": "2026-03-01T00:00:00",
        "date": "2026-03-01",
        "word": "tea",
        "bytes": "tea",
        "list": "[1, 2]",
    }
    assert (second["int"], second["float"], second["tiny"], second["decimal"]) == ("", "41111111", "", "1000.00")


def test_parquet_is_imported_as_csv_is(desk: Desk) -> None:
    path = desk.folder / "payments.parquet"
    rows = [
        ("p2", "tea", 11, 7.5, "EUR", None),
        ("p1", "tea", 10, 12.9, "EUR", "a@example.com"),
        ("", "tea", 9, 1, "EUR", ""),
    ]
    columns = list(zip(*rows, strict=True))
    columns[2] = tuple(datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in columns[2])
    pq.write_table(pa.table(dict(zip(HEADING.split(","), map(list, columns), strict=True))), path)
    outcome = desk.run(path)
    assert (outcome.summary["decided"], outcome.summary["rejected_by_code"]) == (2, {"missing": 1})
    assert [record.key.transaction_id for record in desk.records()] == ["p1", "p2"]
    rejected = Path(outcome.summary["rejects_file"]).read_text(encoding="utf-8-sig").splitlines()
    assert rejected[1].endswith(",3,missing,/event/transaction_id,Required.")


def test_ragged_rows_are_rejected_alone(desk: Desk) -> None:
    good = "r1,tea,2026-03-01T10:00:00Z,10.00,EUR,"
    outcome = desk.run(desk.payments(good, "r2,tea", good.replace("r1", "r3") + ",more"), MAPPING)
    assert (outcome.summary["decided"], outcome.summary["rejected_by_code"]) == (1, {"row_shape": 2})
