"""The rejects file: the rows as they were, a line, a code and a reason; no card data, no formulas of ours."""

import csv
from pathlib import Path

from api.importing.reading import ImportFileInvalid
from api.importing.rejects import REMOVED
from tests.api.importing.desk import HEADING, MAPPING, Desk

GOOD = "g1,tea,2026-03-01T10:00:00Z,10.00,EUR,a@example.com"
BAD = "b1,tea,2026-03-01T10:00:00Z,10.00,EURO,a@example.com"
CARD = "4111 1111 1111 1111"


def rejected(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_is_given_back_with_its_line_and_reason(desk: Desk) -> None:
    outcome = desk.run(desk.payments(GOOD, BAD))
    path = desk.folder / "payments.csv.rejects.csv"
    assert outcome.summary["rejects_file"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    (row,) = rejected(path)
    assert list(row) == [*HEADING.split(","), "row", "code", "field", "reason"]
    assert (row["id"], row["row"], row["code"], row["field"]) == ("b1", "3", "currency_unknown", "/order/currency")
    assert row["reason"] == "Use an ISO 4217 alphabetic code such as USD."


def test_there_is_no_file_where_nothing_was_rejected(desk: Desk) -> None:
    path = desk.folder / "payments.csv.rejects.csv"
    desk.run(desk.payments(BAD))
    assert path.exists()
    assert desk.run(desk.payments(GOOD)).summary["rejects_file"] is None
    assert not path.exists()


def test_a_mended_rejects_file_is_imported_by_the_same_mapping(desk: Desk) -> None:
    desk.run(desk.payments(BAD))
    path = desk.folder / "payments.csv.rejects.csv"
    mended = path.read_text(encoding="utf-8-sig").replace("EURO", "EUR")
    outcome = desk.run(desk.file("mended.csv", mended))
    assert outcome.summary["decided"] == 1
    assert outcome.summary["unmapped_columns"] == []
    again = desk.run(desk.file("mended.csv", mended.replace("10.00", "ten")))
    assert again.summary["rejected_by_code"] == {"amount_invalid": 1}
    (row,) = rejected(desk.folder / "mended.csv.rejects.csv")
    assert list(row)[-4:] == ["row", "code", "field", "reason"]
    assert len(row) == len(HEADING.split(",")) + 4


def test_card_data_is_not_written_anew(desk: Desk) -> None:
    mapping = MAPPING + 'credit_card.token = "token"\n'
    lines = [
        f"c1,tea,2026-03-01T10:00:00Z,10.00,EUR,a@example.com,{CARD},,",
        f"c2,tea,2026-03-01T10:00:00Z,10.00,EURO,a@example.com,tok_1,{CARD},",
        "c3,tea,2026-03-01T10:00:00Z,10.00,EURO,a@example.com,tok_1,,737",
        "c4,tea,2026-03-01T10:00:00Z,10.00,EUR,a@example.com,1234567890123,,",
    ]
    outcome = desk.run(desk.payments(*lines, heading=f"{HEADING},token,note,cvv"), mapping)
    assert outcome.summary["rejected_by_code"] == {"card_data_refused": 2, "currency_unknown": 2}
    text = (desk.folder / "payments.csv.rejects.csv").read_text(encoding="utf-8")
    assert "1111" not in text
    assert "737" not in text
    assert "1234567890123" not in text
    assert [row["token"] == REMOVED for row in rejected(desk.folder / "payments.csv.rejects.csv")] == [1, 0, 0, 1]
    assert "1111" not in outcome.stdout + outcome.stderr


def test_what_the_check_of_a_security_code_said_is_given_back(desk: Desk) -> None:
    mapping = MAPPING + 'credit_card.cvv_result = "CVV"\n'
    line = "c1,tea,2026-03-01T10:00:00Z,10.00,EURO,a@example.com,"
    desk.run(desk.payments(f"{line}M", f"{line}737", heading=f"{HEADING},CVV"), mapping)
    assert [row["CVV"] for row in rejected(desk.folder / "payments.csv.rejects.csv")] == ["M", REMOVED]


def test_our_own_cells_are_no_formulas_and_theirs_are_given_back(desk: Desk) -> None:
    mapping = MAPPING + '"custom.=cmd" = "note"\n'
    formula = "=HYPERLINK(1)"
    outcome = desk.run(desk.payments(f"{BAD},{formula}", heading=f"{HEADING},note"), mapping)
    assert outcome.summary["rejected"] == 1
    (row,) = rejected(desk.folder / "payments.csv.rejects.csv")
    assert row["note"] == formula
    assert not any(row[name].startswith(("=", "+", "-", "@")) for name in ("row", "code", "field", "reason"))


def test_columns_of_the_same_names_are_kept(desk: Desk) -> None:
    desk.run(desk.payments(f"{BAD},SUMMER", heading=f"{HEADING},code"))
    (row,) = rejected(desk.folder / "payments.csv.rejects.csv")
    assert (row["code"], row["reject_code"]) == ("SUMMER", "currency_unknown")


def test_the_rejects_file_is_written_as_the_source_is(desk: Desk) -> None:
    lines = f"{HEADING};name".replace(",", ";"), f"{BAD};Müller".replace(",", ";")
    source = desk.file("export.csv", "\r\n".join(lines).encode("cp1252"))
    mapping = MAPPING + '[file]\nencoding = "cp1252"\ndelimiter = ";"\n'
    desk.run(source, mapping)
    path = desk.folder / "export.csv.rejects.csv"
    assert "Müller;2;currency_unknown" in path.read_bytes().decode("cp1252")
    mended = desk.file("mended.csv", path.read_bytes().replace(b"EURO", b"EUR"))
    assert desk.run(mended, mapping).summary["decided"] == 1


def test_nothing_else_is_overwritten(desk: Desk) -> None:
    notes = desk.file("notes.txt", "precious")
    file = desk.payments(BAD)
    for place in (notes, file, desk.folder / "absent" / "r.csv", desk.folder):
        outcome = desk.run(file, MAPPING, "--rejects", str(place))
        assert isinstance(outcome.error, ImportFileInvalid)
        assert "--rejects PATH" in str(outcome.error)
    assert notes.read_text(encoding="utf-8") == "precious"
    assert not desk.data.exists()
