"""What card schemes report: checked against its case, recorded with its label, and counted once its payment is known.

A report whose payment is not known waits for it. A case is one outcome of its payment, made of its first report: so
velocities count it at the time that it was learnt, a restart counts it again, and whatever a crash left undone between
report and outcome is found by looking for reports that have none.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from engine.deadline import REPORT_SECONDS, durable_within
from engine.errors import CaseContradicted, DeadlineExceeded, Fault, LedgerUnavailable
from engine.feedback import Feedback, Report
from engine.ledger import DecisionRecord, Label, Ledger, PaymentName, SchemeReports
from engine.outcome import Outcome, OutcomeKind
from engine.payment import PaymentKey
from engine.receipt import ReceiptTimes
from engine.scheme_report import SchemeReport, SchemeReportKind, contradictions, same_step

AT_ONCE: Final = 50
"""So many payments' cases are matched together: they share commits, and other calls have their turn between."""

_OUTCOMES: Final = {
    SchemeReportKind.CHARGEBACK: OutcomeKind.DISPUTED,
    SchemeReportKind.FRAUD_WARNING: OutcomeKind.FRAUD_WARNING,
}
_Case = tuple[SchemeReportKind, str, bool, str]

LabelAfter = Callable[[Sequence[SchemeReport], SchemeReport], Label | None]
"""The label that a report adds to its case's earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What stands after a report: itself, or the one that told the same step before.

    `decision` is the first of its payment; None where the payment is not known yet.
    """

    report: SchemeReport
    is_new: bool
    decision: DecisionRecord | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """What stands for each report and whether it is new, and the labels that the new ones make."""

    standing: list[tuple[SchemeReport, bool]]
    labels: list[Label]

    @property
    def new(self) -> list[SchemeReport]:
        return [report for report, is_new in self.standing if is_new]


class SchemeFeedback:
    """Takes reports, in whatever order and however late or early they come. Every store is handed in."""

    def __init__(
        self,
        *,
        reports: SchemeReports,
        ledger: Ledger,
        feedback: Feedback,
        times: ReceiptTimes,
        label_after: LabelAfter,
        render: Callable[[Outcome, SchemeReport], bytes],
        budget_seconds: float = REPORT_SECONDS,
    ) -> None:
        """`times` is the Pipeline's own; `render` makes the answer's bytes of a case's outcome.

        Raises LedgerUnavailable where it cannot be read what waits.
        """
        self._reports = reports
        self._ledger = ledger
        self._feedback = feedback
        self._times = times
        self._label_after = label_after
        self._render = render
        self._budget_seconds = budget_seconds
        self._recording = asyncio.Lock()
        self._matching: set[asyncio.Future[None]] = set()
        # Hashes: a million names would take ten times the memory. One that is met by chance is looked up in vain.
        self._waiting = {hash(name) for name in reports.unmatched()}

    @property
    def waiting(self) -> int:
        """How many payments are waited for."""
        return len(self._waiting)

    async def report(self, reports: Sequence[tuple[str, SchemeReport]]) -> Sequence[Told]:
        """Record reports, each named by its place in the request: all of them, or, where one is wrong, none.

        Their receipt time is taken here; a step that was told before stands as it was told. Raises CaseContradicted,
        or LedgerUnavailable where nothing is known to be recorded; DeadlineExceeded: it may be recorded yet.
        """
        return await durable_within(self._take(reports), lambda: self._budget_seconds)

    def arrived(self, record: DecisionRecord) -> None:
        """Match what waits for a payment that was just recorded; nearly always nothing does."""
        if self._waiting and hash(_payment_of(record.key)) in self._waiting:
            task = asyncio.ensure_future(self._match_arrived(_payment_of(record.key), record.at))
            self._matching.add(task)
            task.add_done_callback(self._matching.discard)

    async def catch_up(self, now: datetime) -> None:
        """Match all that waits and whose payment is known: what an import brought, or a crash left undone.

        `now` is the receipt time. Raises LedgerUnavailable or DeadlineExceeded.
        """
        await self._match_all(list(dict.fromkeys(self._reports.unmatched())), now)

    async def settled(self) -> None:
        """Wait until what arrived is matched, or known not to be."""
        while self._matching:
            await asyncio.wait(tuple(self._matching))

    async def _take(self, reports: Sequence[tuple[str, SchemeReport]]) -> list[Told]:
        # One after the other: between looking at a case and recording its next step nobody else records one.
        async with self._recording:
            received = self._received(reports)
            judged = await self._judged(received)
            # First said to wait, then looked for: a payment that arrives meanwhile is seen by the one or the other.
            self._waiting.update(hash(_payment_of(report)) for report in judged.new)
            if judged.new:
                await self._reports.append_reports(judged.new, judged.labels)
        names = list(dict.fromkeys(_payment_of(report) for report, _ in judged.standing))
        decisions = await self._match_all(names, received[0][1].received_at)
        return [
            Told(report=report, is_new=is_new, decision=decisions[_payment_of(report)])
            for report, is_new in judged.standing
        ]

    def _received(self, reports: Sequence[tuple[str, SchemeReport]]) -> list[tuple[str, SchemeReport]]:
        """The reports at one receipt time: none of their labels is before one that was listed already."""
        scopes = {(each.merchant_id, each.test_mode): each.received_at for _, each in reports}
        at = max(self._times.peek(merchant, came, test_mode=mode) for (merchant, mode), came in scopes.items())
        for merchant_id, test_mode in scopes:
            self._times.take(merchant_id, at, test_mode=test_mode)
        return [(pointer, replace(report, received_at=at)) for pointer, report in reports]

    async def _judged(self, reports: Sequence[tuple[str, SchemeReport]]) -> _Judged:
        """What stands for each report, and what follows from the new ones. Raises CaseContradicted."""
        cases: dict[_Case, list[SchemeReport]] = {}
        judged, faults = _Judged([], []), list[Fault]()
        for pointer, report in reports:
            name = (report.kind, report.merchant_id, report.test_mode, report.case_id)
            if name not in cases:
                known = await self._reports.of_case(*name[:2], name[3], test_mode=report.test_mode)
                cases[name] = list(known)
            case = cases[name]
            faults += [
                Fault(pointer=f"{pointer}/{each.field}", code="case_contradicted", detail=each.detail)
                for each in contradictions(case, report)
            ]
            standing = same_step(case, report)
            judged.standing.append((standing or report, standing is None))
            if standing is None:
                label = self._label_after(case, report)
                judged.labels.extend(() if label is None else (label,))
                case.append(report)
        if faults:
            raise CaseContradicted(*faults)
        return judged

    async def _match_all(self, names: Sequence[PaymentName], at: datetime) -> dict[PaymentName, DecisionRecord | None]:
        decisions: dict[PaymentName, DecisionRecord | None] = {}
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            decisions |= zip(some, await asyncio.gather(*(self._match(name, at) for name in some)), strict=True)
            await asyncio.sleep(0)
        return decisions

    async def _match_arrived(self, name: PaymentName, at: datetime) -> None:
        # It waits on, for the payment's next stage or the next start.
        with suppress(LedgerUnavailable, DeadlineExceeded):
            await self._match(name, at)

    async def _match(self, name: PaymentName, at: datetime) -> DecisionRecord | None:
        """Make each case that waits for a payment an outcome of its first decision; that, where there is one."""
        merchant_id, test_mode, transaction_id = name
        decisions = await self._ledger.of_transaction(merchant_id, transaction_id, test_mode=test_mode)
        if not decisions:
            return None
        for report in await self._reports.unmatched_of(name):
            await self._feedback.report(self._outcome(decisions[0], report, at))
        self._waiting.discard(hash(name))
        return decisions[0]

    def _outcome(self, decision: DecisionRecord, report: SchemeReport, at: datetime) -> Report:
        said = {
            "amount_minor": report.amount_minor,
            "case_id": report.case_id,
            "claim": report.claim,
            "currency": report.currency,
            "network": report.network,
            "reason_code": report.reason_code,
        }
        return Report(
            decision=decision,
            kind=_OUTCOMES[report.kind],
            occurred_at=report.occurred_at,
            received_at=at,
            fingerprint=report.fingerprint,
            details=orjson.dumps(said),
            render=lambda outcome: self._render(outcome, report),
        )


def _payment_of(named: PaymentKey | SchemeReport) -> PaymentName:
    return (named.merchant_id, named.test_mode, named.transaction_id)
