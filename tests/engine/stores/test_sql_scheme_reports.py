"""Schemes' reports on SQLite: each step once, with its label, matched by the outcome of its case, paged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.outcome import Outcome, OutcomeKind
from engine.scheme_report import CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind
from engine.stores.sql import Store, open_store, scheme_reports
from models.labels import label_after
from tests.engine.test_scheme_report import NOON, report

CHARGEBACK, WARNING = SchemeReportKind.CHARGEBACK, SchemeReportKind.FRAUD_WARNING
NewRecord = Callable[..., DecisionRecord]
NewOutcome = Callable[..., Outcome]


def numbered(number: int, **changes: Any) -> SchemeReport:
    fields = {"id": f"chb_{number:04}", "case_id": f"case-{number}", "transaction_id": f"tx-{number}"}
    return report(**(fields | changes))


async def page(store: Store, merchants: frozenset[str] | None = None, **asked: Any) -> list[tuple[str, bool]]:
    given = {"test_mode": False, "matched": None, "after": None, "limit": 1_000, **asked}
    kind = given.pop("kind", CHARGEBACK)
    found = await store.scheme_reports.page(kind, merchants, **given)
    return [(each.id, is_matched) for each, is_matched in found]


async def match(store: Store, record: NewRecord, outcome: NewOutcome, of: SchemeReport, number: int) -> None:
    decision = await store.ledger.append(record(number, transaction_id=of.transaction_id))
    made = outcome(number, decision, kind=OutcomeKind.DISPUTED, fingerprint=of.fingerprint)
    await store.outcomes.append(made)


async def test_a_report_is_read_as_it_was_recorded(store: Store) -> None:
    full = report(result=CaseResult.WON, stage=CaseStage.ARBITRATION, occurred_at=NOON + timedelta(microseconds=7))
    bare = numbered(2, kind=WARNING, stage=CaseStage.WARNING, reason_code=None, claim=Claim.THIRD_PARTY_FRAUD)
    await store.scheme_reports.append_reports([full, bare], [])
    assert await store.scheme_reports.of_case(CHARGEBACK, "m-1", "case-1", test_mode=False) == [full]
    assert await store.scheme_reports.of_case(WARNING, "m-1", "case-2", test_mode=False) == [bare]
    for other in [(WARNING, "m-1", False), (CHARGEBACK, "m-2", False), (CHARGEBACK, "m-1", True)]:
        assert await store.scheme_reports.of_case(other[0], other[1], "case-1", test_mode=other[2]) == []


async def test_a_step_stands_as_it_was_first_recorded(store: Store) -> None:
    first = report()
    await store.scheme_reports.append_reports([first], [])
    await store.scheme_reports.append_reports([replace(first, id="chb_2", amount_minor=1)], [])
    won = replace(first, id="chb_3", result=CaseResult.WON)
    await store.scheme_reports.append_reports([won], [])
    assert await store.scheme_reports.of_case(CHARGEBACK, "m-1", "case-1", test_mode=False) == [first, won]


async def test_labels_are_there_with_the_reports(store: Store) -> None:
    reports = [numbered(number) for number in range(600)]
    labels = [label for each in reports if (label := label_after([], each)) is not None]
    await store.scheme_reports.append_reports(reports, labels)
    assert list(store.labels.labels_as_of(NOON + timedelta(days=99))) == labels
    assert len(await page(store)) == 600


async def test_one_is_matched_once_its_case_is_an_outcome_of_its_payment(
    store: Store, record: NewRecord, outcome: NewOutcome
) -> None:
    first, later, other = numbered(1), numbered(1, id="chb_late", stage=CaseStage.REVERSAL), numbered(2)
    await store.scheme_reports.append_reports([first, later, other], [])
    assert set(store.scheme_reports.unmatched()) == {("m-1", False, "tx-1"), ("m-1", False, "tx-2")}
    await match(store, record, outcome, replace(first, transaction_id="tx-2"), 9)
    assert await store.scheme_reports.are_matched([first, later, other]) == [False] * 3, "another payment's outcome"
    await match(store, record, outcome, first, 10)
    assert await store.scheme_reports.are_matched([first, later, other]) == [True, True, False]
    assert set(store.scheme_reports.unmatched()) == {("m-1", False, "tx-2")}
    assert await store.scheme_reports.unmatched_of(("m-1", False, "tx-1")) == []
    assert await store.scheme_reports.unmatched_of(("m-1", False, "tx-2")) == [other]


async def test_pages_are_of_these_merchants_kind_and_mode(store: Store) -> None:
    reports = [
        numbered(1),
        numbered(2, merchant_id="m-2"),
        numbered(3, merchant_id="m-3"),
        numbered(4, test_mode=True),
        numbered(5, kind=WARNING, stage=CaseStage.WARNING),
        numbered(6),
    ]
    await store.scheme_reports.append_reports(reports, [])

    async def ids(merchants: set[str] | None, **asked: Any) -> list[str]:
        return [id_ for id_, _ in await page(store, None if merchants is None else frozenset(merchants), **asked)]

    assert await ids(None) == ["chb_0001", "chb_0002", "chb_0003", "chb_0006"]
    assert await ids({"m-1"}) == ["chb_0001", "chb_0006"]
    assert await ids({"m-1", "m-3"}) == ["chb_0001", "chb_0003", "chb_0006"]
    assert await ids({"m-9"}) == await ids(set()) == []
    assert await ids({"m-1"}, kind=WARNING) == ["chb_0005"]
    assert await ids({"m-1"}, test_mode=True) == ["chb_0004"]


@pytest.mark.parametrize("merchants", [None, frozenset({"m-1"}), frozenset({"m-1", "m-7"})])
async def test_pages_that_ask_for_the_unmatched_go_on_over_any_number_of_others(
    store: Store,
    record: NewRecord,
    outcome: NewOutcome,
    monkeypatch: pytest.MonkeyPatch,
    merchants: frozenset[str] | None,
) -> None:
    monkeypatch.setattr(scheme_reports, "ROWS_PER_STEP", 3)
    reports = [numbered(number) for number in range(20)]
    await store.scheme_reports.append_reports(reports, [])
    for number in {*range(20)} - {4, 11, 19}:
        await match(store, record, outcome, reports[number], number)
    unmatched = ["chb_0004", "chb_0011", "chb_0019"]
    assert [id_ for id_, _ in await page(store, merchants, matched=False)] == unmatched
    assert await page(store, merchants, matched=False, limit=1, after="chb_0004") == [("chb_0011", False)]
    assert len(await page(store, merchants, matched=True)) == 17
    assert len(await page(store, merchants)) == 20


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "chb_9999"},
        {"after": "chb_0001", "kind": WARNING},
        {"after": "chb_0001", "test_mode": True},
        {"after": "chb_0001", "merchants": frozenset({"m-2"})},
    ],
)
async def test_a_cursor_of_another_list_is_none(store: Store, asked: dict[str, Any]) -> None:
    await store.scheme_reports.append_reports([numbered(1)], [])
    with pytest.raises(ValueError, match=r"^$"):
        await page(store, **asked)


async def test_it_is_all_there_after_a_restart(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    await store.scheme_reports.append_reports([numbered(1)], [])
    store.close()
    again = open_store(tmp_path / "data")
    assert await page(again) == [("chb_0001", False)]
    again.close()
    with pytest.raises(LedgerUnavailable):
        await again.scheme_reports.append_reports([numbered(2)], [])


def test_the_reports_of_a_case_are_found_by_the_case(store: Store) -> None:
    """Else each chargeback reads all of its merchant's: 19 ms of the event loop where there are 55,000."""
    sql = scheme_reports._OF_CASE  # noqa: SLF001
    rows = store.writer.driver.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?")).fetchall()
    assert "case_id=?" in str(rows)
