"""Reports of card schemes in this process's memory, for a history that is played before it is written."""

from collections.abc import Collection, Iterator, Sequence

from engine.ledger import Label, PaymentName
from engine.scheme_report import SchemeReport, SchemeReportKind, same_step
from engine.stores.memory_ledger import MemoryOutcomes

_Case = tuple[SchemeReportKind, str, bool, str]


class MemorySchemeReports:
    """Keeps reports and the labels that follow as their port says, durability apart: they end with the process."""

    def __init__(self, outcomes: MemoryOutcomes) -> None:
        """`outcomes` are those that the cases become."""
        self.reports: list[SchemeReport] = []
        self.labels: list[Label] = []
        self._outcomes = outcomes
        self._cases: dict[_Case, list[SchemeReport]] = {}
        self._of_payment: dict[PaymentName, list[SchemeReport]] = {}

    async def append_reports(self, reports: Sequence[SchemeReport], labels: Sequence[Label]) -> None:
        """Record; a step that is recorded already stays as it is."""
        self.labels.extend(labels)
        for report in reports:
            scope = (report.merchant_id, report.test_mode)
            case = self._cases.setdefault((report.kind, *scope, report.case_id), [])
            if same_step(case, report) is None:
                case.append(report)
                self.reports.append(report)
                self._of_payment.setdefault((*scope, report.transaction_id), []).append(report)

    async def of_case(
        self, kind: SchemeReportKind, merchant_id: str, case_id: str, *, test_mode: bool
    ) -> Sequence[SchemeReport]:
        """The reports of a case, in the order of receipt."""
        return tuple(self._cases.get((kind, merchant_id, test_mode, case_id), ()))

    async def unmatched_of(self, name: PaymentName) -> Sequence[SchemeReport]:
        """The reports of a payment that are not matched, in the order of receipt."""
        reports = self._of_payment.get(name, ())
        return [report for report in reports if not self._is_matched(report)]

    def unmatched(self) -> Iterator[PaymentName]:
        """Every payment that unmatched reports are of; one may come again."""
        for report in self.reports:
            if not self._is_matched(report):
                yield report.merchant_id, report.test_mode, report.transaction_id

    async def are_matched(self, reports: Sequence[SchemeReport]) -> Sequence[bool]:
        """Whether each of these is matched."""
        return [self._is_matched(report) for report in reports]

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

        Raises ValueError where `after` is none of these merchants', kind and mode.
        """
        theirs = [
            report
            for report in self.reports
            if (report.kind, report.test_mode) == (kind, test_mode)
            and (merchants is None or report.merchant_id in merchants)
        ]
        start = 0 if after is None else [report.id for report in theirs].index(after) + 1
        found = [(report, self._is_matched(report)) for report in theirs[start:]]
        return [each for each in found if matched in {None, each[1]}][:limit]

    def _is_matched(self, report: SchemeReport) -> bool:
        name = (report.merchant_id, report.test_mode, report.transaction_id)
        return self._outcomes.holds(name, report.fingerprint)
