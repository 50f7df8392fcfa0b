"""What stands before a publication: how much of last week's payments the rules would block."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from api.backtests.plan import GUARD
from api.backtests.turns import Turns
from api.clock import utc_now
from api.job_process import Task, line_of
from api.jobs import PROGRAM, Child
from engine.decide import Snapshot
from engine.decision import RuleAction, RuleMode
from engine.ledger import Ledger
from engine.lists import OPERATOR
from engine.rules import Ruleset

PERIOD: Final = timedelta(days=7)
PAYMENTS_MIN: Final = 20
"""Of fewer payments a share says nothing."""
TIME_MAX_SECONDS: Final = 25.0
"""The commands wait for half a minute for an answer: so long it takes with the wait for its turn."""
REMEMBERED_MAX: Final = 64

_Asked = tuple[str | None, str, str, int, date]
"""Owner, ruleset, policy, sequence of the lists, day: of the same the same figures are told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockGuard:
    """The guard of publishing. It is asked in a process of its own, one at a time: decisions go on meanwhile.

    `in_force` gives the bundle of an owner; None is the operator, whose rules are looked at over all merchants.
    """

    folder: Path
    ledger: Ledger
    in_force: Callable[[str | None], Snapshot]
    now: Callable[[], datetime] = utc_now
    _turns: Turns = field(default_factory=Turns)
    _remembered: OrderedDict[_Asked, dict[str, object] | None] = field(default_factory=OrderedDict)

    async def __call__(self, owner: str | None, ruleset: Ruleset) -> Mapping[str, object] | None:
        """Figures where the ruleset would block too many, or where that could not be told; else None.

        Raises GuardBusy where too many publications, or another one of the owner, are being looked at.
        """
        live = self.in_force(owner)
        if not _may_block_more(live.ruleset, ruleset):
            return None
        if not await self.ledger.holds_many(owner, PAYMENTS_MIN, test_mode=False):
            return None
        asked = (owner, ruleset.hash, live.policy.version, live.lists.sequence, self.now().date())
        if asked in self._remembered:
            return self._remembered[asked]
        until = asyncio.get_running_loop().time() + TIME_MAX_SECONDS
        async with self._turns.taken(owner):
            return await self._looked(owner, ruleset, live, asked, until)

    async def _looked(
        self, owner: str | None, ruleset: Ruleset, live: Snapshot, asked: _Asked, until: float
    ) -> Mapping[str, object] | None:
        try:
            child = await Child.start(PROGRAM, line_of(GUARD, self._task(owner, ruleset, live)))
        except OSError as error:
            return _untold(error.strerror or "no process could be started")
        try:
            await asyncio.wait([child.listening], timeout=until - asyncio.get_running_loop().time())
        finally:
            await child.end()
        if child.result is None:
            return _untold("it took too long" if child.failure is None else child.failure.detail)
        found: dict[str, object] | None = orjson.loads(child.result)
        self._remembered[asked] = found
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return found

    def _task(self, owner: str | None, ruleset: Ruleset, live: Snapshot) -> Task:
        now = self.now()
        arguments: dict[str, Any] = {
            "ruleset": ruleset.content.text(),
            "policy": live.policy.content().decode(),
            "lists_sequence": live.lists.sequence,
            "since": (now - PERIOD).isoformat(),
            "until": now.isoformat(),
        }
        whose = OPERATOR if owner is None else owner
        return Task(folder=self.folder, merchant_id=whose, test_mode=False, arguments=arguments, at=now)


def _untold(cause: str) -> Mapping[str, object]:
    return {"cause": f"how much of last week's payments it would block could not be told ({cause})"}


def _may_block_more(before: Ruleset, after: Ruleset) -> bool:
    """Whether a block rule is new, changed or acts now, or an allow rule is gone, changed or acts no more."""
    old, new = ({rule for rule in ruleset.rules if rule.mode is not RuleMode.SHADOW} for ruleset in (before, after))
    return any(rule.action is RuleAction.BLOCK for rule in new - old) or any(
        rule.action is RuleAction.ALLOW for rule in old - new
    )
