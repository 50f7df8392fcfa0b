"""How far a data folder's ledger reaches: what counters that outlive the process are compared with."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.stores.sql.sqlite import connect_reader, unavailable
from engine.stores.sql.store import DATABASE_NAME

_SEQUENCE = "SELECT max(sequence) FROM decisions INDEXED BY ix_decisions_observed"
_LAST = "SELECT id FROM {} ORDER BY position DESC LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The newest sequence, 0 where there is none, and the decision and outcome that were recorded last."""

    sequence: int
    decision_id: str
    outcome_id: str


def extent(folder: Path) -> Extent:
    """How far the ledger reaches now; a server may write meanwhile. Raises LedgerUnavailable."""
    try:
        with closing(connect_reader(folder / DATABASE_NAME)) as driver:
            (sequence,) = driver.execute(_SEQUENCE).fetchone()
            decision, outcome = (driver.execute(_LAST.format(each)).fetchone() for each in ("decisions", "outcomes"))
    except sqlite3.Error as error:
        raise unavailable(error) from error
    return Extent(
        sequence=sequence or 0,
        decision_id="" if decision is None else decision[0],
        outcome_id="" if outcome is None else outcome[0],
    )
