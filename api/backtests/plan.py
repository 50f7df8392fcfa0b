"""What a backtest compares over which payments, as its job keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from engine.errors import AssayError
from engine.jobs import UNREADABLE

KIND: Final = "backtest"
GUARD: Final = "guard"
"""Of the process that publishing asks; it is no job."""


class PlanUnreadable(AssayError):
    """A plan that another version of Assay wrote, or that is damaged."""

    code = UNREADABLE.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is compared. Times are UTC.

    The live setting is named by versions that the ledger keeps: so a job that waits, or is done again, compares with
    what was in force when it was asked for. `ruleset` and `policy` are the candidate's contents; None: the live one's.
    """

    asked: Mapping[str, Any]
    """The request, less what names the merchant."""
    since: datetime
    until: datetime
    """The first moment left out."""
    live_ruleset: str
    live_policy: str
    lists_sequence: int
    """Of the lists in force, which both settings have."""
    ruleset: str | None
    policy: str | None
    rule_id: str | None
    """The rule whose payments are looked at; None: all that change their action."""
    is_health: bool = False
    """Whether there is no candidate: the rules in force are looked at, one by one."""

    def content(self) -> bytes:
        """It as JSON, which `plan_of` reads back once it is read."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps(said)


def plan_of(said: Any) -> Plan:  # noqa: ANN401 - a document that was kept may hold anything
    """The plan of its JSON, read. Raises PlanUnreadable."""
    try:
        times = {name: datetime.fromisoformat(said[name]) for name in ("since", "until")}
        return Plan(**{**said, **times})
    except (ValueError, TypeError, KeyError) as error:
        raise PlanUnreadable(UNREADABLE.detail) from error
