"""The import: every row in the order of its time through the Pipeline that live payments go through."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from api.importing.mapping import ImportMapping
from api.importing.planning import TOO_LATE, Plan
from api.importing.preparing import Prepared, prepare
from api.importing.reading import Sheet
from api.importing.refusal import Refusal
from api.importing.tally import Tally
from engine.errors import IdempotencyKeyReused
from engine.ledger import Label, Labels, Ledger
from engine.payment import PaymentKey
from engine.pipeline import Answer, Pipeline
from engine.reference import Rates

IN_FLIGHT_MAX = 256
"""Decisions that wait for one commit: what the ledger takes in one transaction."""

LABELS_AT_ONCE = 2048

REUSED: Final = Refusal(
    code=IdempotencyKeyReused.code,
    field="/event/transaction_id",
    reason="This transaction id is recorded with other values: a second row of the same id, or the row or the mapping "
    "was changed since an earlier import.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be imported: the sheet by its mapping, in the planned order, but for the rows that come too late."""

    sheet: Sheet
    mapping: ImportMapping
    plan: Plan
    now: datetime
    late: frozenset[int] = frozenset()

    def rows(self) -> Iterator[tuple[int, Prepared | Refusal]]:
        """Each row prepared, or refused, one by one."""
        for at, index in self.plan.order:
            if index in self.late:
                yield index, TOO_LATE
            else:
                yield index, prepare(index, self.sheet.rows[index].cells, at, self.mapping, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Decides and records; `advance` is told of every few rows."""

    pipeline: Pipeline
    labels: Labels
    rates: Rates
    advance: Callable[[int], None]

    async def run(self, work: Work, tally: Tally) -> None:
        """Decide all rows and record their labels. Raises LedgerUnavailable; what was counted then is recorded.

        A label is recorded after its payment, so a kill between the two leaves a payment without its label; the next
        run finds the payment there and records the label.
        """
        rows = work.rows()
        waiting: list[Label] = []
        while batch := list(islice(rows, IN_FLIGHT_MAX)):
            prepared = [row for _, row in batch if isinstance(row, Prepared)]
            for index, row in batch:
                if isinstance(row, Refusal):
                    tally.refuse(index, row)
            # All start in this turn of the loop, in their order, and run to `append` without a pause: observed in
            # order, committed together.
            answers = await asyncio.gather(*(self._decide(row) for row in prepared))
            for row, answer in zip(prepared, answers, strict=True):
                self._count(row, answer, tally, waiting)
            if len(waiting) >= LABELS_AT_ONCE:
                self._record(waiting, tally)
            self.advance(len(batch))
        self._record(waiting, tally)

    async def _decide(self, row: Prepared) -> Answer | Refusal:
        try:
            return await self.pipeline.decide(row.call)
        except IdempotencyKeyReused:
            return REUSED

    def _count(self, row: Prepared, answer: Answer | Refusal, tally: Tally, waiting: list[Label]) -> None:
        if isinstance(answer, Refusal):
            tally.refuse(row.index, answer)
            return
        label = tally.checked(row, is_there=answer.is_replayed)
        at = tally.answered(row, answer.body, self.rates)
        assert answer.is_replayed or at == row.at, "a row is counted at its own time: rows were observed in order"
        if label is not None:
            waiting.append(label)

    def _record(self, waiting: list[Label], tally: Tally) -> None:
        tally.labelled(len(waiting), self.labels.record_labels(waiting))
        waiting.clear()


async def rehearse(work: Work, tally: Tally, ledger: Ledger | None, advance: Callable[[int], None]) -> None:
    """Check all rows and record nothing; `ledger` tells what is already there, where there is one."""
    seen: dict[PaymentKey, bytes] = {}
    for number, (index, row) in enumerate(work.rows(), start=1):
        if isinstance(row, Refusal):
            tally.refuse(index, row)
        else:
            known = seen.get(row.payment.key)
            if known is None and ledger is not None and (record := await ledger.find(row.payment.key, None)):
                known = record.fingerprint
            if known is not None and known != row.call.fingerprint:
                tally.refuse(index, REUSED)
            else:
                tally.checked(row, is_there=known is not None)
                seen[row.payment.key] = row.call.fingerprint
        if number % IN_FLIGHT_MAX == 0:
            advance(IN_FLIGHT_MAX)
