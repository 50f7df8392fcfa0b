"""`assay import` as a merchant meets it: decided, rejected with a reason, never twice."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring import assembled
from engine.catalog import CATALOG
from engine.decision import recorded_decision
from engine.errors import DataFolderInUse
from tests.api.importing.desk import MAPPING, Desk

AFTER = "x2,tea,2026-03-01T10:10:00Z,20.00,EUR,b@example.com"
BEFORE = "x1,tea,2026-03-01T10:00:00Z,10.00,EUR,b@example.com"
BETWEEN = "x3,tea,2026-03-01T10:05:00Z,15.00,EUR,b@example.com"


def test_rows_are_counted_in_the_order_of_their_times(desk: Desk) -> None:
    outcome = desk.run(desk.payments(AFTER, BEFORE, BETWEEN))
    assert (outcome.summary["decided"], outcome.summary["rejected"]) == (3, 0)
    records = desk.records()
    assert [record.key.transaction_id for record in records] == ["x1", "x3", "x2"]
    assert [record.at for record in records] == [datetime(2026, 3, 1, 10, minute, tzinfo=UTC) for minute in (0, 5, 10)]
    seen = [recorded_decision(record.decision).features(CATALOG)["email_payments_1h"] for record in records]
    assert seen == [0, 1, 2]


def test_again_counts_nothing_twice(desk: Desk) -> None:
    file = desk.payments(BEFORE, AFTER)
    desk.run(file)
    again = desk.run(file)
    assert (again.summary["decided"], again.summary["already_there"], again.summary["rejected"]) == (0, 2, 0)
    assert sum(cell["payments"] for row in again.summary["actions"].values() for cell in row.values()) == 2
    assert len(desk.records()) == 2


def test_a_row_that_changed_is_rejected(desk: Desk) -> None:
    desk.run(desk.payments(BEFORE, AFTER))
    again = desk.run(desk.payments(BEFORE, AFTER.replace("20.00", "21.00")))
    assert again.summary["rejected_by_code"] == {"idempotency_key_reused": 1}
    assert again.summary["already_there"] == 1


def test_the_same_id_twice_in_a_file(desk: Desk) -> None:
    outcome = desk.run(desk.payments(BEFORE, BEFORE, BETWEEN.replace("x3", "x1")))
    assert (outcome.summary["decided"], outcome.summary["already_there"]) == (1, 1)
    assert outcome.summary["rejected_by_code"] == {"idempotency_key_reused": 1}


def test_time_does_not_go_back(desk: Desk) -> None:
    desk.run(desk.payments(BEFORE, AFTER))
    other = BETWEEN.replace("tea", "books")
    outcome = desk.run(desk.payments(BETWEEN, BEFORE, other))
    assert outcome.summary["rejected_by_code"] == {"time_before_newest": 1}
    assert (outcome.summary["already_there"], outcome.summary["decided"]) == (1, 1), "another merchant has its own time"
    assert "1 of 3 rows are older than their merchant's newest" in outcome.stderr


TRANSLATED = """
[values.event.merchant_id]
tea = "tea "
[values.event.transaction_id]
x1 = " x1"
"""


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_whose_row_is_late_is_told_by_the_request_not_the_cell(desk: Desk, options: tuple[str, ...]) -> None:
    desk.run(desk.payments(BEFORE, AFTER), MAPPING + TRANSLATED)
    outcome = desk.run(desk.payments(BEFORE, BETWEEN), MAPPING + TRANSLATED, *options)
    assert outcome.summary["rejected_by_code"] == {"time_before_newest": 1}
    assert (outcome.summary["already_there"], outcome.summary["decided"]) == (1, 0), "the recorded row is found"
    assert len(desk.records()) == 2


def test_a_dry_run_counts_and_leaves_no_trace(desk: Desk) -> None:
    file = desk.payments(BEFORE, BEFORE, BETWEEN.replace("x3", "x1"), AFTER.replace("EUR", "EURO"))
    outcome = desk.run(file, MAPPING, "--dry-run")
    assert (outcome.summary["decided"], outcome.summary["already_there"]) == (1, 1)
    assert outcome.summary["rejected_by_code"] == {"currency_unknown": 1, "idempotency_key_reused": 1}
    assert not desk.data.exists()


def test_a_dry_run_knows_what_is_there_beside_a_server(desk: Desk) -> None:
    desk.run(desk.payments(BEFORE, AFTER))
    with assembled(Settings(data=desk.data)):
        outcome = desk.run(desk.payments(BEFORE, BETWEEN, AFTER.replace("20.00", "1.00")), MAPPING, "--dry-run")
    assert (outcome.summary["decided"], outcome.summary["already_there"]) == (0, 1)
    assert outcome.summary["rejected_by_code"] == {"time_before_newest": 1, "idempotency_key_reused": 1}
    assert len(desk.records()) == 2


def test_a_folder_in_use_is_refused_clearly(desk: Desk) -> None:
    with assembled(Settings(data=desk.data)):
        outcome = desk.run(desk.payments(BEFORE))
    assert isinstance(outcome.error, DataFolderInUse)
    assert "stop it or import into another --data folder" in str(outcome.error)


def test_a_limit_takes_the_earliest(desk: Desk) -> None:
    file = desk.payments(AFTER, BETWEEN, BEFORE)
    first = desk.run(file, MAPPING, "--limit", "2")
    assert (first.summary["decided"], first.summary["left_out_by_limit"]) == (2, 1)
    rest = desk.run(file)
    assert (rest.summary["decided"], rest.summary["already_there"]) == (1, 2)


def test_the_merchant_as_an_option(desk: Desk) -> None:
    mapping = MAPPING.replace('event.merchant_id = "shop"\n', "")
    missing = desk.run(desk.payments(BEFORE), mapping)
    assert "--merchant ID" in str(missing.error)
    outcome = desk.run(desk.payments(BEFORE), mapping, "--merchant", "shop-9")
    assert desk.records()[0].key.merchant_id == "shop-9"
    assert outcome.summary["unmapped_columns"] == ["shop"]
    assert "leave out --merchant" in str(desk.run(desk.payments(BEFORE), MAPPING, "--merchant", "x").error)


def test_the_aws_sample(desk: Desk, shared_data: Path) -> None:
    file = shared_data / "schema" / "aws_fraud_detector_transaction_2K_coldstart.csv"
    mapping = Path("docs/examples/aws-fraud-detector.toml").absolute()
    rejects = desk.folder / "rejects.csv"
    summary = desk.run(file, mapping, "--rejects", str(rejects)).summary
    assert summary["rows_read"] == 1_611
    assert summary["decided"] + summary["rejected"] == 1_611
    assert summary["rejected_by_code"] == {"currency_unknown": 98}
    assert summary["warnings_by_code"]["amount_rounded"] == 171
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 99
    labels = desk.labels()
    assert len(labels) == summary["labels"]["recorded"] == 759
    times = {record.key.transaction_id: record.at for record in desk.records()}
    assert all(times[label.transaction_id] == label.occurred_at == label.received_at for label in labels)
    table = [cell["payments"] for row in summary["actions"].values() for cell in row.values()]
    assert sum(table) == 1_513
    assert summary["suspicious"]["reasons"]


@pytest.mark.parametrize("as_json", [True, False])
def test_the_summary(desk: Desk, *, as_json: bool) -> None:
    outcome = desk.run(desk.payments(BEFORE, AFTER.replace("EUR", "EURO")), MAPPING, as_json=as_json)
    if as_json:
        assert json.loads(outcome.stdout) == outcome.summary
        return
    for words in (
        "currency_unknown",
        "payments.csv.rejects.csv",
        "challenge",
        "unlabelled",
        "The most suspicious: dec_",
    ):
        assert words in outcome.stdout
