"""What counters are filled from, read from the tables without what they have no use for: answers, fingerprints."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from engine.errors import LedgerUnavailable
from engine.stores.sql.compression import decompressed, unreadable
from engine.stores.sql.sqlite import reader_engine, streamed

Scope = tuple[str, bool]
"""A merchant's id, and whether it is test mode."""

DECISION: Final = (
    "position", "id", "merchant_id", "test_mode", "transaction_id", "at_us", "sequence", "counted_at_us",
)  # fmt: skip
"""The columns of a decision as they are read here; the recorded decision and the payment follow."""
OUTCOME: Final = (
    "position", "decision_id", "merchant_id", "test_mode", "transaction_id", "kind", "received_at_us",
)  # fmt: skip
"""Those of an outcome."""
_NAMES_AT_ONCE: Final = 500
_ID: Final = DECISION.index("id")

# In SQLite's own words, as in ledger.py: INDEXED BY makes it walk the index alone.
_NEWEST_DECISIONS = """
SELECT merchant_id, test_mode, max(at_us) FROM decisions INDEXED BY ix_decisions_observed
GROUP BY merchant_id, test_mode
"""
_NEWEST_OUTCOMES = """
SELECT merchant_id, test_mode, max(received_at_us) FROM outcomes INDEXED BY ix_outcomes_received
GROUP BY merchant_id, test_mode
"""
_DECISIONS = f"SELECT {', '.join(DECISION)}, decision, {{payment}} FROM decisions"  # noqa: S608 - names of columns
_DECISIONS_BEHIND = f"{_DECISIONS} WHERE position > ?"
_DECISIONS_NAMED = f"{_DECISIONS} WHERE id IN ({{names}})"
_OUTCOMES_BEHIND = f"SELECT {', '.join(OUTCOME)} FROM outcomes WHERE position > ?"  # noqa: S608 - as above


class SqlCounted:
    """Reads a data folder's database for whoever fills counters at once. Every method raises LedgerUnavailable."""

    def __init__(self, file: Path) -> None:
        """`file` is read over connections that cannot write."""
        self._readers = reader_engine(file)

    def newest_decisions(self) -> dict[Scope, int]:
        """When the newest decision of each merchant and mode was received, in microseconds since the epoch."""
        return self._newest(_NEWEST_DECISIONS)

    def newest_outcomes(self) -> dict[Scope, int]:
        """As `newest_decisions`, of outcomes."""
        return self._newest(_NEWEST_OUTCOMES)

    def decisions(self) -> int:
        """How many decisions there are."""
        return sum(count for (count,) in streamed(self._readers, "SELECT count(*) FROM decisions", ()))

    def outcomes(self) -> int:
        """How many outcomes there are."""
        return sum(count for (count,) in streamed(self._readers, "SELECT count(*) FROM outcomes", ()))

    def decisions_behind(self, position: int, *, with_payments: bool) -> Iterator[Sequence[Any]]:
        """The decisions committed behind a position: DECISION, the decision, and the payment where it is asked for."""
        statement = _DECISIONS_BEHIND.format(payment="payment" if with_payments else "NULL")
        return map(_decision, streamed(self._readers, statement, (position,)))

    def decisions_named(self, ids: Sequence[str], *, with_payments: bool) -> Iterator[Sequence[Any]]:
        """As `decisions_behind`, those of these ids."""
        left = iter(ids)
        while some := tuple(islice(left, _NAMES_AT_ONCE)):
            names = ", ".join("?" * len(some))
            statement = _DECISIONS_NAMED.format(payment="payment" if with_payments else "NULL", names=names)
            yield from map(_decision, streamed(self._readers, statement, some))

    def outcomes_behind(self, position: int) -> Iterator[Sequence[Any]]:
        """The outcomes committed behind a position: OUTCOME."""
        return streamed(self._readers, _OUTCOMES_BEHIND, (position,))

    def _newest(self, statement: str) -> dict[Scope, int]:
        rows = streamed(self._readers, statement, ())
        return {(merchant_id, bool(test_mode)): at_us for merchant_id, test_mode, at_us in rows}


def _decision(row: Sequence[Any]) -> Sequence[Any]:
    """A row of a decision with what was compressed as it was. Raises LedgerUnavailable where it is damaged."""
    *about, decision, payment = row
    try:
        return (*about, decompressed(decision), None if payment is None else decompressed(payment))
    except LedgerUnavailable as error:
        raise unreadable(row[_ID], error) from error
