"""Labels: kept with the time they became known, each once, and only for payments that are recorded."""

from datetime import UTC, datetime
from pathlib import Path

from engine.ledger import LabelKind
from tests.api.importing.desk import MAPPING, Desk
from tests.api.importing.test_rejects import rejected

FIXTURES = Path("tests/fixtures/import").absolute()
REJECTED_ONCE = (
    "time_in_future",
    "time_invalid",
    "time_missing",
    "time_too_early",
    "row_shape",
    "amount_negative",
    "card_data_refused",
    "currency_unknown",
    "amount_invalid",
    "amount_decimals",
    "missing",
    "idempotency_key_reused",
)
LABELS = """
[labels]
column = "status"
known_at = "known"
[labels.values]
"cb" = { kind = "chargeback", is_fraud = true }
"ok" = "none"
"""


def test_delayed_labels_are_unknown_until_their_day(desk: Desk) -> None:
    summary = desk.run(FIXTURES / "delayed-labels.csv", FIXTURES / "delayed-labels.toml", *rejects(desk)).summary
    assert (summary["rows_read"], summary["decided"], summary["labels"]["recorded"]) == (42, 30, 7)
    days = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]
    assert [len(desk.labels(day)) for day in days] == [0, 1, 4, 7], "00:21 in Berlin is the day before in UTC"
    times = {record.key.transaction_id: record.at for record in desk.records()}
    delays = [(label.received_at - times[label.transaction_id]).days for label in desk.labels()]
    assert min(delays) >= 10
    assert max(delays) <= 60
    assert {label.kind for label in desk.labels()} == {
        LabelKind.CHARGEBACK,
        LabelKind.FRAUD_WARNING,
        LabelKind.CLEARED,
    }
    assert {label.source for label in desk.labels()} == {"acquirer"}


def test_the_fixture_has_every_kind_of_bad_row(desk: Desk) -> None:
    summary = desk.run(FIXTURES / "delayed-labels.csv", FIXTURES / "delayed-labels.toml", *rejects(desk)).summary
    assert summary["rejected_by_code"] == dict.fromkeys(REJECTED_ONCE, 1)
    assert summary["labels"]["rejected_by_code"] == dict.fromkeys(
        ["label_time_missing", "label_unknown", "label_time_order"], 1
    )
    assert set(summary["warnings_by_code"]) == {"ip_not_public", "country_unknown", "bin_too_short"}
    assert summary["unmapped_columns"] == ["note"]
    text = (desk.folder / "r.csv").read_text(encoding="utf-8")
    assert "4111 1111" not in text
    assert len([line for line in text.splitlines() if "The payment is recorded, its label is not." in line]) == 3


def test_again_records_no_label_twice(desk: Desk) -> None:
    arguments = FIXTURES / "delayed-labels.csv", FIXTURES / "delayed-labels.toml", *rejects(desk)
    desk.run(*arguments)
    outcome = desk.run(*arguments)
    again = outcome.summary
    assert outcome.stderr == "", "rows with faults of their own are not late"
    assert (again["already_there"], again["rejected"]) == (30, 12)
    assert (again["labels"]["recorded"], again["labels"]["already_there"]) == (0, 7)
    assert len(desk.labels()) == 7


def test_a_label_learnt_later_is_added_by_importing_again(desk: Desk) -> None:
    line = "l1,tea,2026-03-01T10:00:00Z,10.00,EUR,a@example.com"
    heading = "id,shop,time,amount,currency,email,status,known"
    desk.run(desk.payments(f"{line},ok,", heading=heading), MAPPING + LABELS)
    assert desk.labels() == []
    summary = desk.run(desk.payments(f"{line},cb,2026-04-01", heading=heading), MAPPING + LABELS).summary
    assert (summary["already_there"], summary["labels"]["recorded"]) == (1, 1)
    (label,) = desk.labels()
    assert label.occurred_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert label.received_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_no_label_without_its_payment(desk: Desk) -> None:
    line = "l2,tea,2026-03-01T10:00:00Z,10.00,EURO,a@example.com,cb,2026-04-01"
    heading = "id,shop,time,amount,currency,email,status,known"
    summary = desk.run(desk.payments(line, heading=heading), MAPPING + LABELS).summary
    assert (summary["rejected"], summary["labels"]["recorded"]) == (1, 0)
    assert desk.labels() == []
    assert len(rejected(desk.folder / "payments.csv.rejects.csv")) == 1


def rejects(desk: Desk) -> tuple[str, str]:
    return "--rejects", str(desk.folder / "r.csv")
