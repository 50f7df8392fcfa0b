"""What a backtest reads of a data folder: settings from their texts, and the recorded payments of a period."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.wiring import opened_for_replay, opened_frames
from engine.catalog import ruleset_for
from engine.errors import VersionNotKept
from engine.ledger import Labels, Ledger, VersionKind
from engine.lists import OPERATOR, ListHistory, MerchantLists
from engine.policy import policy_of
from engine.recorded_frame import RecordedFrame, RecordedFrames
from engine.rules import read_source
from models.backtest import Setting, wanted_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The records of one merchant, or of all for the operator, with the lists as they were at a sequence."""

    frames: RecordedFrames
    ledger: Ledger
    labels: Labels
    merchant_id: str
    """OPERATOR: all merchants."""
    lists: MerchantLists
    list_names: frozenset[str]

    def kept(self, kind: VersionKind, version: str) -> bytes:
        """A version's content. Raises VersionNotKept."""
        content = self.ledger.version(kind, version)
        if content is None:
            raise VersionNotKept(f"The ledger does not keep the {kind} {version} that was in force: ask again.")
        return content

    def setting(self, ruleset: str, policy: bytes) -> Setting:
        """The rules of a text (TOML) with a policy's content and the lists. Raises RulesInvalid or PolicyInvalid."""
        read = policy_of(policy)
        content, _ = read_source(ruleset, is_limited=False)
        compiled = ruleset_for(content, self.list_names, read.custom_fields)
        return Setting(ruleset=compiled, policy=read, lists=self.lists)

    def frame(
        self,
        settings: tuple[Setting, ...],
        period: tuple[datetime, datetime],
        progress: Callable[[float], None],
        *,
        test_mode: bool,
    ) -> RecordedFrame:
        """The decisions of the period, from the first time until before the second, with all that the settings read.

        Raises LedgerUnavailable or StoreInvalid.
        """
        merchant_id = None if self.merchant_id == OPERATOR else self.merchant_id
        start, end = period
        wanted = wanted_for(settings, merchant_id=merchant_id, test_mode=test_mode, start=start, end=end)
        return self.frames.read(wanted, progress)


@contextmanager
def opened_reading(folder: Path, merchant_id: str, lists_sequence: int) -> Iterator[Reading]:
    """Open a folder's records without its lock. Raises StoreInvalid or LedgerUnavailable."""
    with opened_frames(folder) as (frames, ledger, labels), opened_for_replay(folder) as (_, lists):
        yield Reading(
            frames=frames,
            ledger=ledger,
            labels=labels,
            merchant_id=merchant_id,
            lists=ListHistory(lists).of(merchant_id, lists_sequence),
            list_names=lists.names_ever(),
        )
