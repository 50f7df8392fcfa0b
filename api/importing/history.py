"""The import of history: every row gets the features that it would have had live, and nothing is decided.

Enrichments come row by row through the code that live payments go through, velocities afterwards in columns.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from api.importing.history_counting import counted, specification, velocities_fingerprint
from api.importing.history_events import Happened, happened, label_event
from api.importing.history_rows import Kept
from api.importing.history_writing import HistoryRefused, write_history
from api.importing.importing import REUSED, Work
from api.importing.mapping_history import HistoryMapping
from api.importing.preparing import Prepared
from api.importing.refusal import Refusal
from api.importing.tally import Tally
from engine.catalog import CATALOG, catalog_of, velocities_of
from engine.enrichment import enrich
from engine.features import Catalog
from engine.payment import Payment
from engine.reference import Reference
from engine.velocity import Velocity
from models.history import History

ADVANCE_ROWS = 256


@dataclass(slots=True, kw_only=True)
class HistoryTally:
    """What is counted beside the rows: events by kind, labels by what they say, and refused events."""

    events: Counter[str] = field(default_factory=Counter)
    labels: int = 0
    frauds: int = 0
    events_refused: list[tuple[int, Refusal]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Historian:
    """Reads the work's rows as history. `advance` is told of every few rows."""

    name: str
    mapping: HistoryMapping
    reference: Reference
    advance: Callable[[int], None]

    @property
    def velocities(self) -> tuple[Velocity, ...]:
        """All that is counted: for every merchant, by the declared keys, the mapping's own."""
        return (*velocities_of(self.mapping.declared), *self.mapping.velocities)

    @property
    def catalog(self) -> Catalog:
        """The features of a history's rows."""
        own = (velocity.feature() for velocity in self.mapping.velocities)
        return Catalog((*catalog_of(self.mapping.declared), *own))

    def keep(self, work: Work, tally: Tally, more: HistoryTally) -> Kept:
        """Check all rows in the order of their times, and give those that stand with their enrichments.

        An equal row again is left out as there already; another one of a known transaction id is refused.
        """
        kept = Kept(self.name, [each.feature() for each in self.mapping.declared])
        seen: dict[tuple[str, str], bytes] = {}
        done = 0
        for index, row in work.rows():
            done += 1
            if done % ADVANCE_ROWS == 0:
                self.advance(ADVANCE_ROWS)
            if isinstance(row, Refusal):
                tally.refuse(index, row)
                continue
            key = (row.payment.merchant_id, row.payment.transaction_id)
            if key not in seen:
                seen[key] = row.call.fingerprint
                self._keep(kept, row, work, tally, more)
            elif seen[key] == row.call.fingerprint:
                tally.checked(row, is_there=True)
            else:
                tally.refuse(index, REUSED)
        self.advance(done % ADVANCE_ROWS)
        return kept

    def _keep(self, kept: Kept, row: Prepared, work: Work, tally: Tally, more: HistoryTally) -> None:
        label = tally.checked(row, is_there=False)
        events = [*self._events(row, work, more), *([told] if (told := label_event(row.label)) else [])]
        kept.add(row, (*enrich(row.payment, self.reference)[0].values(), *self._custom(row.payment)), events, label)
        more.events.update(str(each.status) for each in events)
        more.labels += label is not None
        more.frauds += label is not None and label.is_fraud

    def _events(self, row: Prepared, work: Work, more: HistoryTally) -> list[Happened]:
        cells = work.sheet.rows[row.index].cells
        events = []
        for each in happened(cells, row.at, self.mapping, work.now):
            if isinstance(each, Refusal):
                more.events_refused.append((row.index, each))
            else:
                events.append(each)
        return events

    def _custom(self, payment: Payment) -> tuple[Any, ...]:
        return tuple(each.value(payment.custom) for each in self.mapping.declared)

    def write(self, kept: Kept, data: Path, source: Mapping[str, Any]) -> History:
        """Count velocities and put the history in force. Raises HistoryRefused, NumberTooLarge or OSError."""
        if not kept.rows:
            raise HistoryRefused("No row can be kept, so there is no history; the rejects file says why.")
        payments = kept.payments()
        numbers = counted(kept, payments, self.velocities)
        labels = kept.labels()
        return write_history(data, self.name, payments, numbers, labels, self._facts(source))

    def _facts(self, source: Mapping[str, Any]) -> dict[str, Any]:
        catalog = self.catalog
        own = Catalog(each for each in catalog if each.name not in CATALOG)
        return {
            "created_at": datetime.now(UTC).isoformat(),
            **source,
            "catalog": catalog.fingerprint,
            "features": orjson.loads(own.content()),
            "velocities": {
                "fingerprint": velocities_fingerprint(self.velocities),
                "own": [specification(each) for each in self.mapping.velocities],
            },
            "reference": dict(self.reference.versions()),
        }
