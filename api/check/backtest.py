"""Backtests give what was given live: every recorded decision again from columns, rule by rule and as settled.

The bundle that decided is put together from what the ledger keeps, as for a replay; then all rows are evaluated
together.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from api.wiring import opened_for_replay, opened_frames
from engine.catalog import CATALOG
from engine.errors import AssayError
from engine.ledger import Ledger
from engine.lists import ListHistory, ListStore
from engine.lists.screening import COMPARED
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.reference import Rates, Reference, TimeZones
from engine.replay import Replay, ScorerOf
from models.backtest import Setting, reads
from models.backtest.settling import Evaluating, settled
from models.scorer_file import scorers_of

SHOWN_MAX: Final = 20
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_FALSE, _UNKNOWN, _TRUE = b"fut"


class BundleNotKept(AssayError):
    """What decided cannot be put together from the ledger, so nothing can be compared."""

    code = "bundle_not_kept"


@dataclass(slots=True, kw_only=True)
class Found:
    """What a check found. Of the differences the first are kept whole, all are counted by what differs first."""

    decisions: int = 0
    results: int = 0
    """Results of rules that were compared."""
    same: int = 0
    left_out: int = 0
    """Decisions on payments that others replaced: no backtest looks at them."""
    fields: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[str, str]] = field(default_factory=list)

    @property
    def different(self) -> int:
        """How many decisions did not come out as they were recorded."""
        return self.fields.total()

    def note(self, decision_id: str, difference: str) -> None:
        """Count a difference."""
        self.fields[difference] += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append((decision_id, difference))


class Said(NamedTuple):
    """What a recorded decision says: the bundle, what was settled, a letter a rule."""

    versions_id: str
    lists_sequence: int
    action: str
    three_ds: bool
    rules: bytes


def check(folder: Path, progress: Callable[[str], None] = lambda _: None) -> Found:
    """Compare every recorded decision of a data folder with what columns make of it; `progress` hears what is done.

    Raises StoreInvalid, LedgerUnavailable or BundleNotKept.
    """
    found = Found()
    with opened_frames(folder) as (frames, ledger, _), opened_for_replay(folder) as (_, store):
        progress("reading the ledger")
        said = {each.id: _said(each.decision) for each in ledger.between(_EARLIEST, _LATEST)}
        found.decisions = len(said)
        settings = _settings(ledger, store, {each.versions_id for each in said.values()}, scorers_of(folder))
        lists = ListHistory(store)
        features, custom = reads(tuple(settings.values()))
        # Which lists there were is found row by row: whatever any of them is compared with.
        features = (*features, *(CATALOG[name] for names in COMPARED.values() for name in names))
        for test_mode in (False, True):
            progress(f"comparing {'test' if test_mode else 'live'} mode")
            wanted = Wanted(
                merchant_id=None,
                test_mode=test_mode,
                start=_EARLIEST,
                end=_LATEST,
                features=features,
                custom=custom,
            )
            _compare(found, frames.read(wanted), said, settings, lists)
    found.left_out = found.decisions - found.same - found.different
    return found


def _said(decision: bytes) -> Said:
    record = orjson.loads(decision)
    rules = record["rules"].lower().encode()
    return Said(record["versions"], record.get("lists", 0), record["action"], record.get("three_ds", False), rules)


def _settings(ledger: Ledger, lists: ListStore, versions: set[str], scorer_of: ScorerOf) -> dict[str, Setting]:
    """What decided, by the versions that decisions name."""
    tables = Reference(ip=None, bins=None, rates=Rates.load(), time_zones=TimeZones.load())
    replay = Replay(ledger, scorer_of, tables, lists)
    settings = {}
    for versions_id in versions:
        snapshot = replay.snapshot(versions_id)
        if isinstance(snapshot, AssayError):
            raise BundleNotKept(f"The bundle {versions_id} cannot be put together: {snapshot}")
        settings[versions_id] = Setting(ruleset=snapshot.ruleset, policy=snapshot.policy)
    return settings


def _compare(
    found: Found, frame: RecordedFrame, said: Mapping[str, Said], settings: Mapping[str, Setting], lists: ListHistory
) -> None:
    ids = frame.ids.at(range(frame.columns.rows))
    rows: dict[tuple[str, str, int], list[int]] = {}
    for row, id_ in enumerate(ids):
        decision = said[id_]
        merchant = frame.merchants[frame.merchant[row]] if decision.lists_sequence else ""
        rows.setdefault((merchant, decision.versions_id, decision.lists_sequence), []).append(row)
    # A merchant's lists are rebuilt in rising order.
    for (merchant, versions_id, sequence), own in sorted(rows.items(), key=lambda item: (item[0][0], item[0][2])):
        setting = replace(settings[versions_id], lists=lists.of(merchant, sequence))
        _compare_bundle(found, frame.these(np.array(own, dtype=np.int64)), [said[ids[row]] for row in own], setting)


def _compare_bundle(found: Found, frame: RecordedFrame, said: Sequence[Said], setting: Setting) -> None:
    """Compare the decisions that one bundle made."""
    evaluating = Evaluating(frame)
    made, letters = settled(evaluating, setting), _letters(evaluating, setting)
    ids = frame.ids.at(range(frame.columns.rows))
    for row, recorded in enumerate(said):
        found.results += len(recorded.rules)
        if recorded.rules != letters[row].tobytes():
            found.note(ids[row], "rules")
        elif recorded.action != ACTIONS[made.action[row]]:
            found.note(ids[row], "action")
        elif recorded.three_ds != made.three_ds[row]:
            found.note(ids[row], "three_ds")
        else:
            found.same += 1


def _letters(evaluating: Evaluating, setting: Setting) -> npt.NDArray[np.uint8]:
    """A row a decision, a letter a rule."""
    results = [result for _, result in evaluating.results(setting)]
    letters = np.full((evaluating.frame.columns.rows, len(results)), _UNKNOWN, dtype=np.uint8)
    for place, result in enumerate(results):
        letters[result.true, place] = _TRUE
        letters[result.false, place] = _FALSE
    return letters
