import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ReferenceInvalid
from engine.reference import bins
from engine.reference.bins import EMBEDDED_BINS, BinRecord, BinTable
from engine.reference.source import read_source

HEADING = "BIN,Brand,Type,Category,Issuer,isoCode2\n"
Write = Callable[[str], Path]


@pytest.fixture(scope="module")
def embedded() -> BinTable:
    return BinTable.load()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(rows: str) -> Path:
        path = tmp_path / "own.csv"
        path.write_text(HEADING + rows, encoding="utf-8")
        return path

    return written


def test_every_row_is_there(embedded: BinTable) -> None:
    assert embedded.rows == 337_265
    assert embedded.version == "bins_ccby4_venelinkochev 337265 rows 7b10eef51ae5"


def test_a_whole_record(embedded: BinTable) -> None:
    assert embedded.lookup("42424242") == BinRecord(
        prefix="424242",
        brand="visa",
        funding="credit",
        prepaid=False,
        commercial=False,
        category="CLASSIC",
        issuer="STRIPE PAYMENTS UK, LTD.",
        country="GB",
        is_own=False,
    )


def test_what_the_table_leaves_empty_is_unknown(embedded: BinTable) -> None:
    record = embedded.lookup("222101")
    assert record == BinRecord(
        prefix="222101",
        brand="mastercard",
        funding="debit",
        prepaid=None,
        commercial=None,
        category=None,
        issuer=None,
        country=None,
        is_own=False,
    )


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("378282", ("amex", "credit", False)),
        ("364364", ("diners", "credit", False)),
        ("607000", ("rupay", "debit", False)),
        ("405878", ("visa", "prepaid", True)),
        ("230117", ("mastercard", "prepaid", True)),
        ("230316", ("mastercard", "credit", None)),  # MIXED PRODUCT
        ("506699", ("elo", "debit", None)),  # FOOD CARD
        ("374364", ("amex", "charge", None)),
        ("324000", (None, "debit", False)),  # LOCAL BRAND
    ],
)
def test_values_are_normalised(
    embedded: BinTable, prefix: str, expected: tuple[str | None, str | None, bool | None]
) -> None:
    record = embedded.lookup(prefix)
    assert record is not None
    assert (record.brand, record.funding, record.prepaid) == expected


def test_kosovo_is_a_country(embedded: BinTable) -> None:
    record = embedded.lookup("403876")
    assert record is not None
    assert record.country == "XK"


@pytest.mark.parametrize(
    "text", ["", "4", "42424", "424242424", "42424a", " 424242", "٤٢٤٢٤٢", "000000", "99999999", "-42424"]
)
def test_what_is_not_known_or_no_bin_is_none(embedded: BinTable, text: str) -> None:
    assert embedded.lookup(text) is None


def test_the_longest_prefix_wins(write: Write) -> None:
    table = BinTable.load(
        write(
            "42424242,MASTERCARD,DEBIT,,,FR\n"
            "4242424,JCB/MIR,CREDIT,,,DE\n"
            "424243,VISA/DANKORT,,,,dk\n"
            "00000012,CHINA UNION PAY/UZCARD,PREPAID,,,\n"
        )
    )

    def found(prefix: str) -> tuple[str, str | None, str | None] | None:
        record = table.lookup(prefix)
        return None if record is None else (record.prefix, record.brand, record.country)

    assert found("42424242") == ("42424242", "mastercard", "FR")
    assert found("42424243") == ("4242424", "jcb", "DE")
    assert found("4242424") == ("4242424", "jcb", "DE")
    assert found("42424111") == ("424241", "visa", "US")
    assert found("424242") == ("424242", "visa", "GB")
    assert found("424243") == ("424243", "visa", "DK")
    assert found("00000012") == ("00000012", "unionpay", None)
    assert found("0000001") is None
    assert table.rows == 337_269
    assert table.version.startswith("own 4 rows ")
    assert table.version.endswith(" over bins_ccby4_venelinkochev 337265 rows 7b10eef51ae5")


def test_an_overriding_row_holds_whole(write: Write) -> None:
    record = BinTable.load(write("424242,,,,,\n")).lookup("42424242")
    assert record == BinRecord(
        prefix="424242",
        brand=None,
        funding=None,
        prepaid=None,
        commercial=None,
        category=None,
        issuer=None,
        country=None,
        is_own=True,
    )


@pytest.mark.parametrize(
    "rows", ['"999998","VISA","Prepaid","","Own, Bank","GB"\n', '\n999998,visa,PREPAID,,"Own, Bank",gb']
)
def test_spreadsheets_quote_and_windows_ends_lines(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADING + rows).replace("\n", "\r\n").encode())
    assert BinTable.load(path).lookup("999998") == BinRecord(
        prefix="999998",
        brand="visa",
        funding="prepaid",
        prepaid=True,
        commercial=None,
        category=None,
        issuer="Own, Bank",
        country="GB",
        is_own=True,
    )


def test_rows_need_not_be_sorted(write: Write) -> None:
    table = BinTable.load(write("999998,VISA,,,,\n999990,JCB,,,,\n999995,ELO,,,,\n"))
    found = [table.lookup(prefix) for prefix in ("999990", "999995", "999998")]
    assert [record and record.brand for record in found] == ["jcb", "elo", "visa"]


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("99999,VISA,,,,", "BIN '99999' is not 6 to 8 digits"),
        ("999999999,VISA,,,,", "is not 6 to 8 digits"),
        ("99999x,VISA,,,,", "BIN '99999x' is not 6 to 8 digits"),
        ("٩٩٩٩٩٩,VISA,,,,", "is not 6 to 8 digits"),
        ("999999,VISA,,,", "5 columns instead of 6"),
        ("999999", "2 columns instead of 6"),
        ("999999,VISA,,,,,", "7 columns instead of 6"),
        ('999999,VISA,,,"open,US', "unexpected end of data"),
        ("999999,VISA,GOLD,,,US", "Type 'GOLD' is not credit, debit"),
        ("999999,VISA,CREDIT,,,UK", "isoCode2 'UK' is not an ISO 3166-1"),
        ("999998,JCB,,,,", "BIN 999998 stands in line 2 already"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(write: Write, row: str, cause: str) -> None:
    with pytest.raises(ReferenceInvalid, match=rf"own\.csv, line 4: .*{cause}"):
        BinTable.load(write(f"999998,VISA,,,,\n\n{row}\n"))


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("424242,VISA,,,,\n", encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match="line 1: the heading is not BIN,Brand"):
        BinTable.load(path)
    path.write_bytes((HEADING + "999998,VISA,,,Caf\xe9,").encode("latin-1"))
    with pytest.raises(ReferenceInvalid, match=r"own\.csv, line 2: not UTF-8"):
        BinTable.load(path)
    packed = tmp_path / "own.csv.xz"
    packed.write_bytes(lzma.compress(HEADING.encode())[:-10])
    with pytest.raises(ReferenceInvalid, match="not an xz file"):
        BinTable.load(packed)
    with pytest.raises(ReferenceInvalid, match="cannot be read"):
        BinTable.load(tmp_path / "none.csv")


def test_a_new_overlay_takes_the_place_of_the_one_before(write: Write, embedded: BinTable) -> None:
    """A reload reads the operator's file alone: as if all had been loaded anew."""
    first = BinTable.load(write("42424242,VISA,DEBIT,,A,US\n"))
    assert first.lookup("42424242") != embedded.lookup("42424242")
    changed = write("55555555,VISA,DEBIT,,A,US\n")
    again, anew = first.again(changed), BinTable.load(changed)
    assert (again.version, again.rows) == (anew.version, anew.rows)
    assert again.lookup("55555555") == anew.lookup("55555555") != embedded.lookup("55555555")
    assert again.lookup("42424242") == embedded.lookup("42424242")


def test_the_embedded_table_is_sound_and_read_as_any_other() -> None:
    """All rows by the way that checks each, beside the quick one that reads when it is asked."""
    source = read_source(EMBEDDED_BINS)
    quick = bins._shipped(source)  # noqa: SLF001 - the two ways are held against each other
    (checked,) = bins._parse(source, is_own=False)  # noqa: SLF001 - same
    assert (quick.length, quick.prefixes, len(quick.facts)) == (6, checked.prefixes, len(checked.facts))
    assert all(quick.find(f"{each:06}") == checked.find(f"{each:06}") for each in quick.prefixes[::7])
