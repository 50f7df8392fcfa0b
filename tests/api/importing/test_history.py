"""`assay import --history`: rows get the features that deciding them one by one gives, and labels keep their dates."""

import asyncio
import csv
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from api.importing.history_writing import HistoryRefused, histories_held
from api.importing.mapping_file import bind_history
from api.settings import Settings
from api.wiring import assembled
from engine.catalog import CATALOG, velocities_of
from engine.decision import recorded_decision
from engine.features import Value
from engine.payment import EPOCH, MICROSECOND
from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, Observation, Status, StatusEvent, Velocity
from models.history import History, HistoryInvalid, catalog_with, histories_in
from tests.api.importing.desk import Desk

START = datetime(2026, 2, 1, tzinfo=UTC)
HEADING = "id,shop,time,amount,currency,email,ip,token,terminal,user"
MAPPING = """
[fields]
event.transaction_id = "id"
event.merchant_id = "shop"
event.time = "time"
order.amount = "amount"
order.currency = "currency"
email.address = "email"
device.ip_address = "ip"
credit_card.token = "token"
account.user_id = "user"
custom.terminal = { column = "terminal" }
"""
VALUE = "feature_"


def lines(seed: int, count: int) -> list[str]:
    """Random rows, crowded: the same cards, mailboxes and addresses at the same and at other shops and times."""
    drawn = random.Random(seed)
    rows = []
    for number in range(count):
        at = START + timedelta(seconds=drawn.choice((0, 1, 30)) + drawn.randrange(0, 40 * 86_400, 1800))
        rows.append(
            f"p{number},{drawn.choice(('tea', 'books'))},{at.isoformat()},{drawn.randrange(1, 90_000) / 100:.2f},"
            f"{drawn.choice(('EUR', 'USD', 'USD', 'XAF'))},{drawn.choice(('a@x.com', 'A+b@x.com', 'c@gmail.com', ''))},"
            f"{drawn.choice(('81.2.69.160', '2.125.160.216', ''))},tok_{drawn.randrange(5)},t{drawn.randrange(3)},u1"
        )
    return rows


def history_of(desk: Desk, name: str = "payments") -> History:
    return next(each for each in histories_in(desk.data) if each.name == name)


def rows_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
    return found


def kept(desk: Desk) -> list[dict[str, Any]]:
    return rows_of(history_of(desk).payments)


def decided(desk: Desk) -> dict[str, Mapping[str, Any]]:
    """The features of each payment as they were recorded."""
    return {
        record.key.transaction_id: dict(
            zip((each.name for each in CATALOG), recorded_decision(record.decision).values, strict=False)
        )
        for record in desk.records()
    }


def test_a_history_has_the_features_that_deciding_one_by_one_records(desk: Desk) -> None:
    """But for those of our own blocks: nothing is decided in a history, so nothing was blocked."""
    file = desk.payments(*lines(1, 100), heading=HEADING)
    desk.run(file, MAPPING)
    desk.run(file, MAPPING, "--history")
    recorded, names = decided(desk), [each.name for each in CATALOG if each.source != "score"]
    rows = kept(desk)
    assert len(rows) == len(recorded) > 60
    blocked = {each.name for each in VELOCITIES if each.status is Status.BLOCKED}
    for row in rows:
        of = recorded[row["transaction_id"]]
        differing = {name: (row[VALUE + name], of[name]) for name in names if row[VALUE + name] != of[name]}
        assert differing.keys() <= blocked, differing
        assert {row[VALUE + name] for name in blocked} <= {0, None}


EVENTS = """
[labels]
column = "label"
known_at = "known"
[labels.values]
cb = { kind = "chargeback", is_fraud = true }
fw = { kind = "fraud_warning", is_fraud = true }
ok = { kind = "cleared", is_fraud = false }
[outcomes]
column = "outcome"
at = "answered"
[outcomes.values]
paid = "authorized"
refused = "declined"
[refunds]
at = "refunded"
[[velocities]]
key = ["custom_terminal"]
window = "7d"
status = "disputed"
[[velocities]]
key = "custom_terminal"
window = "5d"
delay = "3d"
[[velocities]]
name = "user_mean"
key = ["customer"]
aggregate = "average"
of = "amount_in_usd"
window = "all"
where = { currency = "USD" }
"""


def told(seed: int, count: int) -> list[str]:
    """Random rows with what became of them: at once, days later, never; at times that other payments have too."""
    drawn = random.Random(seed)
    rows = []
    for line in lines(seed, count):
        at = datetime.fromisoformat(line.split(",")[2])
        later = [(at + timedelta(seconds=drawn.choice((0, 1800, 86_400 * 5)))).isoformat() for _ in range(3)]
        label = drawn.choice(("cb", "fw", "ok", "", ""))
        outcome = drawn.choice(("paid", "paid", "refused", ""))
        rows.append(f"{line},{label},{later[0]},{outcome},{later[1]},{drawn.choice(('', '', later[2]))}")
    return rows


@pytest.mark.parametrize("seed", [1, 2])
def test_what_became_of_payments_is_counted_as_counters_count_it_live(desk: Desk, seed: int) -> None:
    heading = f"{HEADING},label,known,outcome,answered,refunded"
    desk.run(desk.payments(*told(seed, 80), heading=heading), MAPPING + EVENTS, "--history")
    history = history_of(desk)
    rows = kept(desk)
    bound = bind_history(Path("map.toml"), tomllib.loads(MAPPING + EVENTS), tuple(heading.split(",")), None)[1]
    velocities = (*velocities_of(bound.declared), *bound.velocities)
    assert [each.name for each in history.features] == ["custom_terminal", *(each.name for each in bound.velocities)]
    counted = asyncio.run(counted_live(rows, desk, velocities))
    for row, values in zip(rows, counted, strict=True):
        differing = {
            each.name: (row[VALUE + each.name], value)
            for each, value in zip(velocities, values, strict=True)
            if row[VALUE + each.name] != value
        }
        assert not differing, row["transaction_id"]


async def counted_live(
    rows: Sequence[Mapping[str, Any]], desk: Desk, velocities: Sequence[Velocity]
) -> list[tuple[Value, ...]]:
    """What counters in memory answer that see the payments and their events one by one, in the order of time."""
    counters, found = MemoryCounters(velocities), []
    for _, _, seen in sorted(stream(rows, desk), key=itemgetter(0, 1)):
        if isinstance(seen, Observation):
            found.append((await counters.observe(seen)).values)
        else:
            await counters.record(seen)
    return found


def stream(rows: Sequence[Mapping[str, Any]], desk: Desk) -> Iterator[tuple[datetime, bool, Observation | StatusEvent]]:
    """Payments, and behind those of the same time what was learnt, read from the file itself."""
    file = csv.DictReader((desk.folder / "payments.csv").read_text(encoding="utf-8").splitlines())
    cells = {each["id"]: each for each in file}
    for row in rows:
        known = {name.removeprefix(VALUE): value for name, value in row.items() if name.startswith(VALUE)}
        who: dict[str, Any] = {
            "payment_id": row["transaction_id"], "merchant_id": row["merchant_id"], "test_mode": False, "values": known
        }  # fmt: skip
        yield row["at"], False, Observation(**who, at_us=microseconds(row["at"]))
        cell = cells[row["transaction_id"]]
        for status, at in (
            ({"paid": Status.AUTHORIZED, "refused": Status.DECLINED}.get(cell["outcome"]), cell["answered"]),
            (Status.REFUNDED if cell["refunded"] else None, cell["refunded"]),
            ({"cb": Status.DISPUTED, "fw": Status.FRAUD_WARNING}.get(cell["label"]), cell["known"]),
        ):
            if status is not None:
                when = datetime.fromisoformat(at)
                yield when, True, StatusEvent(**who, status=status, at_us=microseconds(when))


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def test_facts_and_labels_stand_as_the_file_has_them(desk: Desk) -> None:
    heading = f"{HEADING},label,known,outcome,answered,refunded"
    file = desk.payments(
        "p2,tea,2026-02-02T10:00:00Z,5.00,EUR,a@x.com,,tok_1,t1,u1,cb,2026-03-01T00:00:00Z,refused,,",
        "p1,tea,2026-02-01T10:00:00Z,7.00,EUR,a@x.com,,tok_1,t1,u1,ok,2026-03-02T00:00:00Z,paid,,2026-02-05T00:00:00Z",
        "p3,tea,2026-02-03T10:00:00Z,5.00,EUR,a@x.com,,tok_1,t1,u1,,,,,",
        heading=heading,
    )
    summary = desk.run(file, MAPPING + EVENTS, "--history", "--name", "last-year").summary
    assert (summary["kept"], summary["labels"], summary["frauds"]) == (3, 2, 1)
    assert summary["events"] == {"declined": 1, "disputed": 1, "authorized": 1, "refunded": 1}
    history = history_of(desk, "last-year")
    history.check()
    rows = rows_of(history.payments)
    assert [(row["transaction_id"], row["id"], row["authorized"]) for row in rows] == [
        ("p1", "last-year-2", True), ("p2", "last-year-1", False), ("p3", "last-year-3", None)
    ]  # fmt: skip
    assert {(row["merchant_id"], row["stage"], row["action"], row["source"]) for row in rows} == {
        ("tea", "pre_auth", None, "last-year")
    }
    labels = [
        (each["transaction_id"], each["kind"], each["is_fraud"], each["received_at"])
        for each in rows_of(history.labels)
    ]
    assert labels == [
        ("p1", "cleared", False, datetime(2026, 3, 2, tzinfo=UTC)),
        ("p2", "chargeback", True, datetime(2026, 3, 1, tzinfo=UTC)),
    ]
    assert (history.manifest["rows"], history.manifest["payments"]["rows"], history.manifest["labels"]["rows"]) == (
        3,
        3,
        2,
    )
    assert catalog_with([history])["user_mean"].unit == "USD"


def test_labels_may_be_known_so_long_after_the_payment(desk: Desk) -> None:
    labels = '[labels]\ncolumn = "label"\nknown_after = "30d"\n'
    after = f'{MAPPING}{labels}[labels.values]\ncb = {{ kind = "chargeback", is_fraud = true }}\n'
    fresh = (datetime.now(UTC) - timedelta(days=29)).isoformat()
    rows = [f"p{at},tea,{time},7.00,EUR,a@x.com,,tok_1,t1,u1,cb" for at, time in enumerate((START.isoformat(), fresh))]
    desk.run(desk.payments(*rows, heading=f"{HEADING},label"), after, "--history")
    known = rows_of(history_of(desk).labels)
    assert [(each["transaction_id"], each["received_at"]) for each in known] == [("p0", START + timedelta(days=30))]


GOOD = "p1,tea,2026-02-01T10:00:00Z,7.00,EUR,a@x.com,,tok_1,t1,u1"


def test_wrong_rows_leave_the_others(desk: Desk) -> None:
    file = desk.payments(
        GOOD,
        GOOD,
        GOOD.replace("7.00", "8.00"),
        GOOD.replace("p1", "p2").replace("EUR", "EURO"),
        GOOD.replace("p1", "p3").replace("2026-02-01T10:00:00Z", "soon"),
        GOOD.replace("p1", "p4"),
        heading=HEADING,
    )
    outcome = desk.run(file, MAPPING, "--history")
    summary = outcome.summary
    assert (summary["rows_read"], summary["kept"], summary["already_there"], summary["rejected"]) == (6, 2, 1, 3)
    assert summary["rejected_by_code"] == {"time_invalid": 1, "idempotency_key_reused": 1, "currency_unknown": 1}
    rejects = Path(summary["rejects_file"]).read_text(encoding="utf-8")
    assert [line.split(",")[0] for line in rejects.splitlines()[1:]] == ["p1", "p2", "p3"]
    assert [row["transaction_id"] for row in kept(desk)] == ["p1", "p4"]


def test_an_outcome_that_is_wrong_leaves_its_payment(desk: Desk) -> None:
    heading = f"{HEADING},label,known,outcome,answered,refunded"
    rows = [
        f"{GOOD},,,lost,,",
        f"{GOOD.replace('p1', 'p2')},,,paid,2026-01-01T00:00:00Z,",
        f"{GOOD.replace('p1', 'p3')},,,,,soon",
    ]
    summary = desk.run(desk.payments(*rows, heading=heading), MAPPING + EVENTS, "--history").summary
    assert summary["events_rejected_by_code"] == {
        "outcome_unknown": 1, "outcome_time_order": 1, "outcome_time_invalid": 1
    }  # fmt: skip
    assert (summary["kept"], summary["events"]) == (3, {})


def test_a_name_is_taken_once_and_a_file_is_learnt_from_once(desk: Desk) -> None:
    file = desk.payments(GOOD, heading=HEADING)
    desk.run(file, MAPPING, "--history")
    again = desk.run(file, MAPPING, "--history").error
    assert isinstance(again, HistoryRefused)
    assert "add --replace" in str(again)
    other = desk.run(file, MAPPING, "--history", "--name", "other").error
    assert "--name payments --replace" in str(other)
    first = history_of(desk)
    desk.run(desk.payments(GOOD, GOOD.replace("p1", "p2"), heading=HEADING), MAPPING, "--history", "--replace")
    second = history_of(desk)
    assert second.manifest["rows"] == 2
    assert {path.name for path in second.folder.iterdir()} == {
        "manifest.json",
        second.payments.name,
        second.labels.name,
    }
    with pytest.raises(HistoryInvalid, match="cannot be read"):
        first.check()


def test_what_a_killed_import_left_is_no_history_and_goes_with_the_next(desk: Desk) -> None:
    folder = desk.data / "history" / "payments"
    folder.mkdir(parents=True)
    for name in ("payments.parquet.part", "payments-0123456789ab.parquet", "manifest.json.part"):
        (folder / name).write_bytes(b"half")
    assert histories_in(desk.data) == ()
    desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history")
    assert len(list(folder.iterdir())) == 3
    history_of(desk).check()


def test_an_import_that_breaks_off_leaves_the_history_before_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history")
    before = history_of(desk)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.importing.history_writing.orjson.dumps", full)
    file = desk.payments(GOOD, GOOD.replace("p1", "p2"), heading=HEADING)
    with pytest.raises(OSError, match="No space left"):
        desk.run(file, MAPPING, "--history", "--replace")
    assert history_of(desk) == before
    before.check()


def test_it_works_beside_a_running_server_and_not_beside_another_import(desk: Desk) -> None:
    with assembled(Settings(data=desk.data)):
        desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history")
    assert len(kept(desk)) == 1
    with histories_held(desk.data):
        error = desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history", "--name", "b", "--replace").error
    assert isinstance(error, HistoryRefused)


def test_a_dry_run_checks_and_leaves_no_trace(desk: Desk) -> None:
    outcome = desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history", "--dry-run")
    assert (outcome.summary["dry_run"], outcome.summary["kept"], outcome.summary["history"]) == (True, 1, None)
    assert not desk.data.exists()


def test_no_row_is_no_history(desk: Desk) -> None:
    outcome = desk.run(desk.payments(GOOD.replace("EUR", "EURO"), heading=HEADING), MAPPING, "--history")
    assert isinstance(outcome.error, HistoryRefused)
    assert histories_in(desk.data) == ()


@pytest.mark.parametrize("name", ["../up", "A", "", "-x", "x" * 65])
def test_a_name_is_a_plain_one(desk: Desk, name: str) -> None:
    error = desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history", "--name", name).error
    assert isinstance(error, HistoryRefused)


def test_the_summary_for_people_says_where_it_is(desk: Desk) -> None:
    said = desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history", as_json=False).stdout
    assert "History to learn from" in said
    assert f"History 'payments' in {desk.data / 'history' / 'payments'}" in said


def test_a_manifest_that_is_none_is_named(desk: Desk) -> None:
    desk.run(desk.payments(GOOD, heading=HEADING), MAPPING, "--history")
    manifest = history_of(desk).folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 1', '"format": 2'), encoding="utf-8")
    with pytest.raises(HistoryInvalid, match="newer version"):
        histories_in(desk.data)
    manifest.write_text("{}", encoding="utf-8")
    with pytest.raises(HistoryInvalid, match="is not the manifest"):
        histories_in(desk.data)
