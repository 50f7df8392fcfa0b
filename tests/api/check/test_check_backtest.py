"""Backtests equal what was decided live, on twenty thousand payments."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from api.bench.fifty_rules import fifty_rules
from api.bench.long_ledger import make_ledger
from api.check.backtest import check
from api.clock import utc_now
from api.wiring import segments_written
from api.wiring.measuring import opened_history
from engine.stores.sql import SqlLedger
from engine.stores.sql.compression import RecordPart, compressed

PAYMENTS, DECIDED = 20_000, 2_500


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decided under fifty rules; the last days are in the tail."""
    folder = tmp_path_factory.mktemp("check") / "data"
    ruleset = folder.parent / "rules.toml"
    ruleset.write_text(fifty_rules())
    now = utc_now()
    asyncio.run(make_ledger(folder, PAYMENTS, DECIDED, 5, now, ruleset))
    segments_written(folder, now - timedelta(days=3), lambda _: None)
    return folder


def test_backtests_equal_what_was_decided_live(ledger: Path) -> None:
    found = check(ledger)
    assert (found.decisions, found.same, found.different, found.left_out) == (PAYMENTS, PAYMENTS, 0, 0), found.shown
    assert found.results == PAYMENTS * 50


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (b'"three_ds":true', b'"three_ds":false', "three_ds"),
        (b'"action":"review"', b'"action":"allow"', "action"),
        (b'"rules":"ff', b'"rules":"ft', "rules"),
    ],
)
def test_a_decision_that_says_otherwise_is_found(ledger: Path, old: bytes, new: bytes, difference: str) -> None:
    """The check can fail: one record that was tampered with is named."""
    with opened_history(ledger) as (store, _):
        record = next(each for each in reversed(list(store.recent(timedelta(days=1)))) if old in each.decision)
        rewrite(store, record.id, record.decision.replace(old, new))
        found = check(ledger)
        rewrite(store, record.id, record.decision)
    assert found.shown == [(record.id, difference)]
    assert found.same == PAYMENTS - 1


def rewrite(store: SqlLedger, decision_id: str, decision: bytes) -> None:
    # Nothing of ours changes a record: the tests reach behind it.
    kept = compressed(RecordPart.DECISION, decision)
    with store._writer.transaction() as connection:  # noqa: SLF001
        connection.exec_driver_sql("UPDATE decisions SET decision = ? WHERE id = ?", (kept, decision_id))
