"""What a backtest reads of a data folder: settings from their texts, and the recorded payments of a period."""

from collections.abc import Callable
from datetime import datetime

from api.wiring import OpenedHistory
from engine.catalog import ruleset_for
from engine.lists import OPERATOR, ListHistory
from engine.policy import policy_of
from engine.recorded_frame import RecordedFrame, Wanted
from engine.rules import read_source
from models.backtest import Setting, reads


class Reading:
    """The records of one merchant, or of all for the operator, with the lists as they were at a sequence."""

    def __init__(self, opened: OpenedHistory, merchant_id: str, lists_sequence: int) -> None:
        """`merchant_id` is OPERATOR for all merchants. Raises LedgerUnavailable."""
        self._frames, self._merchant_id = opened.frames, merchant_id
        self._lists = ListHistory(opened.lists).of(merchant_id, lists_sequence)
        self._list_names = opened.lists.names_ever()

    def setting(self, ruleset: str, policy: bytes) -> Setting:
        """The rules of a text (TOML) with a policy's content and the lists. Raises RulesInvalid or PolicyInvalid."""
        read = policy_of(policy)
        content, _ = read_source(ruleset, is_limited=False)
        compiled = ruleset_for(content, self._list_names, read.custom_fields)
        return Setting(ruleset=compiled, policy=read, lists=self._lists)

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
        features, custom = reads(settings)
        wanted = Wanted(
            merchant_id=None if self._merchant_id == OPERATOR else self._merchant_id,
            test_mode=test_mode,
            start=period[0],
            end=period[1],
            features=features,
            custom=custom,
        )
        return self._frames.read(wanted, progress)
