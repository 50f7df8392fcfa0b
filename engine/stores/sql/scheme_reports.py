"""Reports of card schemes on SQLite: append-only, each step of a case once."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, and_, bindparam, exists, func, literal_column, select
from sqlalchemy.dialects.sqlite import insert

from engine.ledger import Label, PaymentName
from engine.scheme_report import CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind
from engine.stores.sql.group_commit import BATCH_ROWS_MAX, GroupCommit
from engine.stores.sql.labels import SqlLabels
from engine.stores.sql.sqlite import PointReader, compiled, reader_engine, streamed
from engine.stores.sql.tables import OUTCOMES, SCHEME_REPORTS, instant, microseconds
from engine.stores.sql.writer import Row, Writer

_TABLE = SCHEME_REPORTS.c
_ROW = tuple(column.name for column in _TABLE if column.name != "position")
_CASE = ("merchant_id", "test_mode", "kind", "case_id")
_PAYMENT = ("merchant_id", "test_mode", "transaction_id")
_IS_MATCHED = exists().where(
    *(OUTCOMES.c[name] == _TABLE[name] for name in _PAYMENT), OUTCOMES.c.fingerprint == _TABLE.fingerprint
)
_COLUMNS = select(*(_TABLE[name] for name in _ROW))
_NEW = insert(SCHEME_REPORTS).values({name: bindparam(name) for name in _ROW})
_INSERT = compiled(_NEW.on_conflict_do_nothing(), *_ROW)


def _given(*names: str) -> Any:  # noqa: ANN401 - a clause of any kind
    return and_(*(_TABLE[name] == bindparam(name) for name in names))


_IN_ORDER = literal_column("+scheme_reports.position", Integer)
"""The plus keeps SQLite from an index in this order, by which it would read all reports of a merchant for one case."""
_OF_CASE = compiled(_COLUMNS.where(_given(*_CASE)).order_by(_IN_ORDER), *_CASE)
_UNMATCHED_OF = compiled(_COLUMNS.where(_given(*_PAYMENT), ~_IS_MATCHED).order_by(_TABLE.position), *_PAYMENT)
_UNMATCHED = compiled(select(*(_TABLE[name] for name in _PAYMENT)).where(~_IS_MATCHED))
_MATCHED = compiled(select(_IS_MATCHED.label("is_matched")).where(_TABLE.id == bindparam("id")), "id")
_PLACE = compiled(
    select(_TABLE.position, _TABLE.merchant_id, _TABLE.test_mode, _TABLE.kind).where(_TABLE.id == bindparam("id")), "id"
)
_NEWEST = compiled(select(func.max(_TABLE.position)))
_PAGED_BY = ("test_mode", "kind")


def _page(*names: str) -> str:
    """So many rows behind a place, matched or not: which are wanted is told apart outside, in bounded steps."""
    return compiled(
        select(_TABLE.position, _IS_MATCHED.label("is_matched"), *(_TABLE[name] for name in _ROW))
        .where(_given(*names), _TABLE.position > bindparam("after"), _TABLE.position <= bindparam("newest"))
        .order_by(_TABLE.position)
        .limit(bindparam("limit"))
        .offset(bindparam("offset")),
        *(*names, "after", "newest", "limit", "offset"),
    )


_PAGE_OF_ALL, _PAGE_OF_ONE = _page(*_PAGED_BY), _page("merchant_id", *_PAGED_BY)
ROWS_PER_STEP = 200
"""Rows read between two pauses: a millisecond or two of the event loop."""
_LOOK_UPS_PER_TURN = 50


class SqlSchemeReports:
    """The port of schemes' reports on SQLite. It belongs to one event loop."""

    def __init__(self, labels: SqlLabels, writer: Writer, group: GroupCommit, reader: PointReader, file: Path) -> None:
        """`labels` takes those that follow from reports; `file` is read over connections that cannot write."""
        self._labels = labels
        self._writer = writer
        self._group = group
        self._reader = reader
        self._readers = reader_engine(file)

    async def append_reports(self, reports: Sequence[SchemeReport], labels: Sequence[Label]) -> None:
        """Record labels, then reports: where the first fail nothing stands. Raises LedgerUnavailable."""
        await self._labels.append_labels(labels)
        for start in range(0, len(reports), BATCH_ROWS_MAX):
            rows = [_row_of(report) for report in reports[start : start + BATCH_ROWS_MAX]]
            await self._group.append(_INSERT, rows, _taken)

    def record_all(self, reports: Sequence[SchemeReport], labels: Sequence[Label]) -> None:
        """As `append_reports` for a history, in transactions of their own. It waits for the disk.

        Raises LedgerUnavailable; then no report was recorded.
        """
        self._labels.record_labels(labels)
        if rows := [_row_of(report) for report in reports]:
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(_INSERT, rows)

    async def of_case(
        self, kind: SchemeReportKind, merchant_id: str, case_id: str, *, test_mode: bool
    ) -> Sequence[SchemeReport]:
        """The reports of a case, in the order of receipt. Raises LedgerUnavailable."""
        return [_report_of(row) for row in self._reader.rows(_OF_CASE, (merchant_id, test_mode, kind.value, case_id))]

    async def unmatched_of(self, name: PaymentName) -> Sequence[SchemeReport]:
        """The reports of a payment that are not matched, in the order of receipt. Raises LedgerUnavailable."""
        return [_report_of(row) for row in self._reader.rows(_UNMATCHED_OF, name)]

    def unmatched(self) -> Iterator[PaymentName]:
        """Every payment that unmatched reports are of; one may come again. Raises LedgerUnavailable."""
        for merchant_id, test_mode, transaction_id in streamed(self._readers, _UNMATCHED, ()):
            yield merchant_id, bool(test_mode), transaction_id

    async def are_matched(self, reports: Sequence[SchemeReport]) -> Sequence[bool]:
        """Whether each of these is matched. Raises LedgerUnavailable."""
        found = []
        for report in reports:
            row = self._reader.row(_MATCHED, (report.id,))
            found.append(row is not None and bool(row[0]))
            if len(found) % _LOOK_UPS_PER_TURN == 0:
                # A look-up takes 20 us of the event loop: other calls have their turn between.
                await asyncio.sleep(0)
        return found

    async def page(
        self,
        kind: SchemeReportKind,
        merchants: Collection[str] | None,
        *,
        test_mode: bool,
        matched: bool | None,
        after: str | None,
        limit: int,
    ) -> Sequence[tuple[SchemeReport, bool]]:
        """At most `limit` reports behind the one of the id `after`, each with whether it is matched.

        Raises LedgerUnavailable, and ValueError where `after` is none of these merchants', kind and mode.
        """
        place = 0 if after is None else self._place(after, kind, merchants, test_mode=test_mode)
        given: tuple[object, ...] = (test_mode, kind.value)
        statement = _PAGE_OF_ALL
        if merchants is not None and len(merchants) == 1:
            statement, given = _PAGE_OF_ONE, (*merchants, *given)
        newest = self._reader.row(_NEWEST, ())[0] or 0
        found: list[tuple[SchemeReport, bool]] = []
        while len(found) < limit:
            rows = self._reader.rows(statement, (*given, place, newest, ROWS_PER_STEP, 0))
            for row in rows:
                report, is_matched = _report_of(row[2:]), bool(row[1])
                is_theirs = merchants is None or report.merchant_id in merchants
                if is_theirs and matched in {None, is_matched}:
                    found.append((report, is_matched))
            if len(rows) < ROWS_PER_STEP:
                break
            place = rows[-1][0]
            await asyncio.sleep(0)
        return found[:limit]

    def _place(self, id_: str, kind: SchemeReportKind, merchants: Collection[str] | None, *, test_mode: bool) -> int:
        row = self._reader.row(_PLACE, (id_,))
        if row is None or (bool(row[2]), row[3]) != (test_mode, kind):
            raise ValueError
        if merchants is not None and row[1] not in merchants:
            raise ValueError
        place: int = row[0]
        return place


def _taken(_: int | None) -> None:
    """Whether a row is new is not asked: who appends looked before, and nobody else appends meanwhile."""


def _row_of(report: SchemeReport) -> Row:
    return (
        report.id,
        report.kind.value,
        report.merchant_id,
        report.test_mode,
        report.transaction_id,
        report.case_id,
        report.stage.value,
        report.is_settled,
        None if report.result is None else report.result.value,
        report.network,
        report.reason_code,
        report.claim.value,
        report.amount_minor,
        report.currency,
        microseconds(report.occurred_at),
        microseconds(report.received_at),
        report.fingerprint,
    )


def _report_of(row: Any) -> SchemeReport:  # noqa: ANN401 - a driver's row has no type
    id_, kind, merchant_id, test_mode, transaction_id, case_id, stage, _, result, network, reason_code = row[:11]
    claim, amount_minor, currency, occurred_at_us, received_at_us = row[11:16]
    return SchemeReport(
        id=id_,
        kind=SchemeReportKind(kind),
        merchant_id=merchant_id,
        test_mode=bool(test_mode),
        transaction_id=transaction_id,
        case_id=case_id,
        stage=CaseStage(stage),
        result=None if result is None else CaseResult(result),
        network=network,
        reason_code=reason_code,
        claim=Claim(claim),
        amount_minor=amount_minor,
        currency=currency,
        occurred_at=instant(occurred_at_us),
        received_at=instant(received_at_us),
    )
