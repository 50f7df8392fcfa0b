"""`assay chargebacks`: the same by a running server and by the folder's lock."""

import csv
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from api.bench.installation import start_server
from api.cli import app
from api.client import Caller, CallFailed, Reply
from api.importing import reports
from api.importing.checker import MappingInvalid
from api.importing.reading import FileOptions, ImportFileInvalid, read_sheet
from api.importing.reports import ReportsImporter, ReportsTally
from api.importing.reports_mapping import bind_reports
from api.operator import operator_key
from api.settings import Settings
from api.wiring import assembled
from engine.scheme_report import SchemeReportKind

HEADING = "merchant_id,transaction_id,case_id,network,stage,result,reason_code,amount,currency,occurred_at\n"
MAP = """
[fields]
transaction_id = "Order"
case_id = "Case"
merchant_id = { constant = "tea" }
network = "Scheme"
stage = "Step"
reason_code = "Code"
amount = "Betrag"
currency = "Cur"
occurred_at = "Date"

[values.stage]
"1st CB" = "chargeback"
RR = "reversal"

[time]
format = "%d.%m.%Y"
zone = "Europe/Berlin"
"""


@pytest.fixture(scope="module", params=["server", "lock"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("chargebacks") / "data"
    folder.mkdir(mode=0o700)
    if request.param == "lock":
        yield folder
        return
    server = start_server(folder)
    yield folder
    server.stop()


def run(folder: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["chargebacks", *words, "--data", str(folder)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def imported(folder: Path, file: Path, *words: str, code: int = 0) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(run(folder, "import", str(file), "--json", *words, code=code).stdout)
    return summary


def listed(folder: Path, merchant: str, *words: str) -> list[dict[str, Any]]:
    page = json.loads(run(folder, "list", "--merchant", merchant, "--json", *words).stdout)
    data: list[dict[str, Any]] = page["data"]
    return data


def line(merchant: str, number: int, **changes: str) -> str:
    cells = {
        "merchant_id": merchant,
        "transaction_id": f"tx-{number}",
        "case_id": f"case-{number}",
        "network": "visa",
        "stage": "",
        "result": "",
        "reason_code": "10.4",
        "amount": "49.90",
        "currency": "USD",
        "occurred_at": "2025-11-20",
    }
    return ",".join((cells | changes).values()) + "\n"


def test_three_wrong_rows_do_not_stop_the_others(folder: Path, tmp_path: Path) -> None:
    wrong: dict[int, dict[str, str]] = {
        7: {"network": "acme"},
        400: {"amount": "49.901"},
        999: {"occurred_at": "2099-01-01"},
    }
    rows = [line("many", number, **wrong.get(number, {})) for number in range(1_000)]
    file = tmp_path / "cases.csv"
    file.write_text(HEADING + "".join(rows))
    summary = imported(folder, file, code=1)
    assert (summary["rows_read"], summary["new"], summary["unmatched"], summary["rejected"]) == (1000, 997, 997, 3)
    assert set(summary["rejected_by_code"]) == {"value_unknown", "amount_invalid", "time_in_future"}
    with Path(summary["rejects_file"]).open(newline="") as rejects:
        told = [(row["row"], row["field"], row["code"], row["case_id"]) for row in csv.DictReader(rejects)]
    assert told == [
        ("9", "/network", "value_unknown", "case-7"),
        ("402", "/amount", "amount_invalid", "case-400"),
        ("1001", "/occurred_at", "time_in_future", "case-999"),
    ]
    again = imported(folder, file, code=1)
    assert (again["new"], again["repeated"], again["rejected"]) == (0, 997, 3)


def test_the_mended_rejects_are_imported_alone(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(HEADING + line("mended", 1) + line("mended", 2, currency="USS"))
    rejects = Path(imported(folder, file, code=1)["rejects_file"])
    rejects.write_text(rejects.read_text().replace("USS", "USD"))
    assert imported(folder, rejects, "--rejects", str(tmp_path / "r.csv"))["new"] == 1
    assert [each["case_id"] for each in listed(folder, "mended")] == ["case-1", "case-2"]


def test_a_row_that_contradicts_is_rejected_and_the_others_stand(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    steps = [
        line("odd", 1),
        line("odd", 1, stage="arbitration", result="won", occurred_at="2025-11-21"),
        line("odd", 1, stage="arbitration", result="lost", occurred_at="2025-11-21"),
        line("odd", 2, reason_code="99.9"),
        line("odd", 1, amount="1.00"),
    ]
    file.write_text(HEADING + "".join(steps))
    summary = imported(folder, file, code=1)
    assert (summary["new"], summary["rejected_by_code"]) == (3, {"case_contradicted": 2})
    assert summary["warnings_by_code"] == {"reason_code_unknown": 1}
    assert "2 rejected" in run(folder, "import", str(file), code=1).stdout


def test_a_mapping_names_columns_values_and_times(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text("decimal_comma = true\n" + MAP)
    file = tmp_path / "acquirer.csv"
    file.write_text(
        "Order;Case;Scheme;Step;Code;Betrag;Cur;Date\n"
        "A1;C1;VISA;1st CB;10.4;1.249,50;EUR;20.11.2025\nA1;C1;VISA;RR;;1.249,50;EUR;21.11.2025\n"
    )
    assert imported(folder, file, "--mapping", str(tmp_path / "map.toml"))["new"] == 2
    first, second = listed(folder, "tea")
    assert (first["amount_minor"], first["stage"], first["occurred_at"]) == (
        124950,
        "chargeback",
        "2025-11-19T23:00:00+00:00",
    )
    assert second["stage"] == "reversal"


def test_fraud_warnings_have_a_file_of_their_own(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "tc40.csv"
    file.write_text(
        "Transaction ID,Case-ID,network,amount_minor,currency,occurred_at,is_withdrawn\n"
        "w1,wc1,visa,4990,USD,2025-11-20,\nw1,wc1,visa,4990,USD,2025-11-21,yes\n"
    )
    assert imported(folder, file, "--warnings", "--merchant", "warned")["new"] == 2
    assert [each["is_withdrawn"] for each in listed(folder, "warned", "--warnings")] == [False, True]
    assert "withdrawn" in run(folder, "list", "--merchant", "warned", "--warnings").stdout


def test_what_waits_is_listed(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(HEADING + line("waiting", 1))
    imported(folder, file)
    assert len(listed(folder, "waiting", "--unmatched")) == 1
    assert listed(folder, "waiting", "--matched") == []


def test_card_data_is_written_nowhere_again(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    number = "4242424242424242"
    file.write_text(HEADING.strip() + ",card_number\n" + line("careless", 1, currency="USS").strip() + f",{number}\n")
    rejects = Path(imported(folder, file, code=1)["rejects_file"])
    assert number not in rejects.read_text()


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("transaction_id,case_id,network,amount,currency,occurred_at", "fields.merchant_id: required"),
        ("merchant_id,case_id,network,amount,currency,occurred_at", "fields.transaction_id: required"),
        ("merchant_id,transaction_id,case_id,network,currency,occurred_at", "fields.amount: required"),
    ],
)
def test_a_file_that_lacks_a_column_says_which(tmp_path: Path, heading: str, said: str) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(heading + "\n")
    refused = run(tmp_path / "data", "import", str(file), code=1)
    assert isinstance(refused.exception, MappingInvalid)
    assert said in str(refused.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[fields]\nstag = "Step"', "did you mean 'stage'?"),
        ('[values.networks]\nV = "visa"', "[fields] does not give this field"),
        ('[field]\nstage = "Step"', "no such key"),
    ],
)
def test_a_mapping_that_does_not_check_names_the_key(tmp_path: Path, text: str, said: str) -> None:
    mapping, file = tmp_path / "map.toml", tmp_path / "cases.csv"
    mapping.write_text(text)
    file.write_text(HEADING)
    refused = run(tmp_path / "data", "import", str(file), "--mapping", str(mapping), code=1)
    assert said in str(refused.exception)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    refused = run(tmp_path / "data", "import", str(tmp_path / "none.csv"), code=1)
    assert isinstance(refused.exception, ImportFileInvalid)


class Busy(Caller):
    """Answers as it is told to."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers, self.bodies = list(answers), list[bytes]()

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        assert (method, path, headers) == ("POST", "/v1/chargebacks", {})
        self.bodies.append(body or b"")
        status, answer = self.answers.pop(0)
        return Reply(status=status, headers={}, body=json.dumps(answer).encode())


def importer(file: Path, caller: Busy, waited: list[float]) -> tuple[ReportsImporter, ReportsTally]:
    file.write_text(HEADING + line("busy", 1))
    sheet = read_sheet(file, FileOptions())
    mapping = bind_reports(SchemeReportKind.CHARGEBACK, file, {}, sheet.columns, None)
    made = ReportsImporter(
        kind=SchemeReportKind.CHARGEBACK,
        caller=caller,
        mapping=mapping,
        now=datetime.now(UTC),
        advance=lambda _: None,
        pause=waited.append,
    )
    return made, ReportsTally()


TAKEN = (201, {"new": 1, "repeated": 0, "unmatched": 1, "warnings": []})
BUSY = (503, {"code": "overloaded", "detail": "Try again."})


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    waited: list[float] = []
    caller = Busy(BUSY, BUSY, TAKEN)
    made, tally = importer(tmp_path / "cases.csv", caller, waited)
    made.run(read_sheet(tmp_path / "cases.csv", FileOptions()), tally)
    assert (tally.new, len(waited), len(set(caller.bodies))) == (1, 2, 1)


def test_a_server_that_stays_busy_ends_the_import_and_says_why(tmp_path: Path) -> None:
    made, tally = importer(tmp_path / "cases.csv", Busy(*[BUSY] * reports.TRIES), [])
    with pytest.raises(CallFailed, match="Try again") as failed:
        made.run(read_sheet(tmp_path / "cases.csv", FileOptions()), tally)
    assert (failed.value.problem_code, tally.new, tally.refused) == ("overloaded", 0, [])


def test_what_an_import_of_history_left_waiting_is_matched_by_the_next_server(tmp_path: Path) -> None:
    """The payments lie before what was learnt of them: counted amid the import, it would have been known too early."""
    folder, file = tmp_path / "data", tmp_path / "cases.csv"
    folder.mkdir(mode=0o700)
    file.write_text(HEADING + line("late", 1))
    imported(folder, file)
    with assembled(Settings(data=folder), is_live=False) as assembly, TestClient(create_app(assembly)) as client:
        client.headers["Authorization"] = f"Bearer {operator_key(folder)}"
        event = {"transaction_id": "tx-1", "merchant_id": "late"}
        paid = client.post("/v1/decisions", json={"event": event, "order": {"amount_minor": 4990, "currency": "USD"}})
        assert paid.status_code == 200, paid.text
    assert len(listed(folder, "late", "--unmatched")) == 1
    server = start_server(folder)
    for _ in range(2_000):
        if listed(folder, "late", "--matched"):
            break
        time.sleep(0.005)
    else:
        pytest.fail("it was never matched")
    server.stop()
