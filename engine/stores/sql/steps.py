"""One merchant's recent decisions and outcomes, read in small steps: for the event loop, amid payments.

No index leads with the merchant and the order of observation: each decision would pay for it with a page of its own
written, and it is read only where a merchant declares a velocity key. So the indexes of all are walked, in short runs
between which the reader pauses; a run without entries of the merchant costs half a millisecond once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Engine

from engine.payment import MICROSECOND
from engine.stores.sql.sqlite import Reading, one_state
from engine.stores.sql.tables import DECISIONS, OUTCOMES

STEP_ENTRIES = 2_000
"""So many entries of an index are walked between two pauses."""

DECISION_ROW = tuple(column.name for column in DECISIONS.c if column.name != "position")
OUTCOME_ROW = tuple(column.name for column in OUTCOMES.c if column.name != "position")
_FIRST = -(2**63)
_LAST = 2**63 - 1
_NEXT_SEQUENCE = """
SELECT sequence FROM decisions INDEXED BY ix_decisions_observed
WHERE sequence > ? ORDER BY sequence LIMIT 1 OFFSET ?
"""
_NEWEST_DECISION = """
SELECT test_mode, max(at_us) FROM decisions INDEXED BY ix_decisions_observed
WHERE sequence > ? AND sequence <= ? AND merchant_id = ? GROUP BY test_mode
"""
_DECISIONS = f"""
SELECT {", ".join(DECISION_ROW)} FROM decisions INDEXED BY ix_decisions_observed
WHERE sequence > ? AND sequence <= ? AND merchant_id = ? AND at_us > CASE test_mode WHEN 0 THEN ? ELSE ? END
ORDER BY sequence, at_us
"""  # noqa: S608 - the names of columns, no input
_NEXT_RECEIPT = """
SELECT received_at_us FROM outcomes INDEXED BY ix_outcomes_received
WHERE received_at_us > ? ORDER BY received_at_us LIMIT 1 OFFSET ?
"""
_NEWEST_OUTCOME = """
SELECT test_mode, max(received_at_us) FROM outcomes INDEXED BY ix_outcomes_received
WHERE received_at_us > ? AND received_at_us <= ? AND merchant_id = ? GROUP BY test_mode
"""
_OUTCOMES = f"""
SELECT {", ".join(f"o.{name}" for name in OUTCOME_ROW)}, {", ".join(f"d.{name}" for name in DECISION_ROW)}
FROM outcomes AS o INDEXED BY ix_outcomes_received
CROSS JOIN decisions AS d ON d.id = o.decision_id
WHERE o.received_at_us > ? AND o.received_at_us <= ? AND o.merchant_id = ?
  AND o.received_at_us > CASE o.test_mode WHEN 0 THEN ? ELSE ? END
ORDER BY o.received_at_us, o.test_mode, o.position
"""  # noqa: S608 - the names of columns, no input


class _Run(NamedTuple):
    """Entries of an index behind one value and up to another, and the merchant's newest time among them by mode."""

    after: int
    until: int
    newest_us: Mapping[int, int]


def decisions_of(readers: Engine, merchant_id: str, window: timedelta) -> Iterator[Any]:
    """The rows of a merchant's decisions within `window` before its newest of the mode, in the order of observe.

    None is a run that gave none. Raises LedgerUnavailable.
    """
    with one_state(readers) as read:
        runs = list[_Run]()
        for run in _runs(read, _NEXT_SEQUENCE, _NEWEST_DECISION, merchant_id):
            if run.newest_us:
                runs.append(run)
            yield None
        since_us = _since_us(runs, window)
        for run in runs:
            if any(at_us > since_us[mode] for mode, at_us in run.newest_us.items()):
                yield from read(_DECISIONS, (run.after, run.until, merchant_id, since_us[0], since_us[1]))
            yield None


def outcomes_of(readers: Engine, merchant_id: str, window: timedelta) -> Iterator[Any]:
    """The rows of a merchant's outcomes within `window` before its newest of the mode, each with its decision's.

    The newest is of decisions and outcomes. None is a run that gave none. Raises LedgerUnavailable.
    """
    with one_state(readers) as read:
        of_decisions, runs = list[_Run](), list[_Run]()
        for kept, next_, newest in (
            (of_decisions, _NEXT_SEQUENCE, _NEWEST_DECISION),
            (runs, _NEXT_RECEIPT, _NEWEST_OUTCOME),
        ):
            for run in _runs(read, next_, newest, merchant_id):
                if run.newest_us:
                    kept.append(run)
                yield None
        since_us = _since_us([*of_decisions, *runs], window)
        for run in runs:
            if any(at_us > since_us[mode] for mode, at_us in run.newest_us.items()):
                yield from read(_OUTCOMES, (run.after, run.until, merchant_id, since_us[0], since_us[1]))
            yield None


def _runs(read: Reading, next_: str, newest: str, merchant_id: str) -> Iterator[_Run]:
    """The whole index, run by run. Entries of one value are in one run, however many they are."""
    after, is_last = _FIRST, False
    while not is_last:
        ends = next(read(next_, (after, STEP_ENTRIES)), None)
        until, is_last = (_LAST, True) if ends is None else (ends[0], False)
        rows: Iterator[tuple[int, int]] = read(newest, (after, until, merchant_id))
        yield _Run(after, until, dict(rows))
        after = until


def _since_us(runs: list[_Run], window: timedelta) -> Mapping[int, int]:
    """By mode, behind which time a row is wanted: the window is open at its far end, as a velocity's is."""
    newest_us: defaultdict[int, int] = defaultdict(int)
    for run in runs:
        for mode, at_us in run.newest_us.items():
            newest_us[mode] = max(at_us, newest_us[mode])
    return {mode: newest_us[mode] - window // MICROSECOND for mode in (0, 1)}
