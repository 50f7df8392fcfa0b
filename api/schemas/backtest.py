"""Backtests at the edge: what is asked, and the job with its figures."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api.backtests.plan import Plan
from api.schemas.body import RequestInvalid
from api.schemas.jobs import shown_state
from api.schemas.listing import Page
from api.schemas.merchants import MerchantId
from api.schemas.policy import Percent, Points
from api.schemas.ruleset import Line, RuleBody
from engine.errors import Fault
from engine.jobs import Job, JobState
from engine.rules.source import MAX_RULES
from models.backtest import Health, Report

DAYS_MAX: Final = 400
DAYS: Final = 90
_DOCUMENT: Final[dict[str, Any]] = {
    "examples": [
        {"merchant_id": "shop-1", "rule": "Block if card_payments_1h >= 5 and amount_in_usd > 100"},
        {"merchant_id": "shop-1", "thresholds": {"review_at_percent": 10, "block_at_percent": 25}, "last_days": 180},
        {"merchant_id": "shop-1", "draft": "autumn", "from": "2026-08-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
    ]
}


class Thresholds(BaseModel):
    """Thresholds in place of the policy's; one that is left out stays, null never acts."""

    model_config = ConfigDict(extra="forbid")

    block_at_percent: Percent | None = None
    review_at_percent: Percent | None = None
    challenge_at_percent: Percent | None = None
    block_at_rule_score: Points | None = None
    review_at_rule_score: Points | None = None
    challenge_at_rule_score: Points | None = None


class BacktestBody(BaseModel):
    """What to compare with what is in force: a rule, a ruleset or thresholds, or one of the first two with thresholds.

    `health` compares nothing: it looks at the rules in force, one by one.

    Without `last_days`, `from` and `to` the last 90 days.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_DOCUMENT)

    merchant_id: MerchantId | None = Field(
        default=None, max_length=255, description="Whose payments; left out: the key's own merchant's."
    )
    last_days: Annotated[StrictInt, Field(ge=1, le=DAYS_MAX)] | None = Field(
        default=None, description="Up to now; in place of `from` and `to`."
    )
    since: AwareDatetime | None = Field(default=None, alias="from", description="RFC 3339: received from then on.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Received before then; left out: now.")
    rule: str | None = Field(
        default=None, pattern=r"^[^\x00]*$", max_length=100_000, description="A rule, as in a ruleset."
    )
    rule_id: Line | None = Field(
        default=None,
        max_length=64,
        description="A rule in force, in shadow or paused: what it does as a live one. With `rule`, which it replaces.",
    )
    rules: list[RuleBody] | None = Field(
        default=None, max_length=MAX_RULES, description="The merchant's whole ruleset, as it would be published."
    )
    switched_off: list[Line] | None = Field(
        default=None, max_length=MAX_RULES, description="With `rules`: the operator's default rules switched off."
    )
    draft: Line | None = Field(default=None, max_length=64, description="The merchant's draft of this name.")
    thresholds: Thresholds | None = None
    health: StrictBool = Field(
        default=False, description="In place of all these: how the rules in force did, one by one."
    )

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """From when and until when. Raises RequestInvalid."""
        if self.last_days is not None or (self.since is None and self.until is None):
            if self.since is not None or self.until is not None:
                raise _wrong("/last_days", "Send last_days, or from and to, not both.")
            return now - timedelta(days=self.last_days or DAYS), now
        until = now if self.until is None else _in_utc(self.until, "/to")
        since = _days_before(until) if self.since is None else _in_utc(self.since, "/from")
        if since >= min(until, now):
            raise _wrong("/from", "It is not before `to`, or not past: nothing was decided then.")
        if until - since > timedelta(days=DAYS_MAX):
            raise _wrong("/from", f"The period is longer than {DAYS_MAX} days: send a later time.")
        return since, until

    def asked(self) -> dict[str, Any]:
        """What was sent, as it is kept and shown."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"merchant_id"})


class ProgressShown(BaseModel):
    """How far it is."""

    model_config = ConfigDict(from_attributes=True)

    done: int
    total: int | None = Field(description="Null: nobody can say.")
    words: str = Field(description="What it does just now.")


class FailureShown(BaseModel):
    """Why it failed."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="Stable.")
    detail: str


class LiveShown(BaseModel):
    """What was in force when it was asked for: what it is compared with."""

    ruleset: str = Field(description="The hash that decisions name.")
    policy: str = Field(description="The policy's version.")


class BacktestListed(BaseModel):
    """A backtest without its figures."""

    id: str
    merchant_id: str
    test_mode: bool = Field(description="Whether payments of test mode are looked at: the key's own mode.")
    state: JobState
    is_cancel_wanted: bool = Field(description="It runs, and stops at its next check.")
    attempts: int = Field(description="How often it was begun; more than once where a process died.")
    progress: ProgressShown
    created_at: datetime
    created_by: str = Field(description="The id of the key.")
    started_at: datetime | None
    finished_at: datetime | None
    since: datetime | None = Field(serialization_alias="from", description="Null where it cannot be read any more.")
    until: datetime | None = Field(serialization_alias="to", description="Likewise.")
    asked: dict[str, Any] | None = Field(description="What was sent; null likewise.")
    live: LiveShown | None = Field(description="Null likewise.")
    rule_id: str | None = Field(description="The rule that `figures.matched` is about.")
    failure: FailureShown | None


class BacktestShown(BacktestListed):
    """A backtest."""

    figures: Report | None = Field(description="Of a comparison, once it succeeded. Money in US cents.")
    health: Health | None = Field(description="Of the rules in force, once it succeeded. Money in US cents.")


class BacktestList(Page):
    """Backtests, newest first."""

    data: list[BacktestListed]


def shown_job(job: Job, plan: Plan | None) -> dict[str, Any]:
    """The public fields of a backtest's job, its figures apart; None: what it compares cannot be read."""
    return {
        "id": job.id,
        "merchant_id": job.merchant_id,
        "test_mode": job.test_mode,
        **shown_state(job),
        "since": None if plan is None else plan.since,
        "until": None if plan is None else plan.until,
        "asked": None if plan is None else plan.asked,
        "live": None if plan is None else {"ruleset": plan.live_ruleset, "policy": plan.live_policy},
        "rule_id": None if plan is None else plan.rule_id,
    }


def shown_result(plan: Plan, result: bytes | None) -> dict[str, Any]:
    """The figures of a kept result, None where there is none yet."""
    read: dict[str, Any] | None = None if result is None else orjson.loads(result)
    return {"figures": None if plan.is_health else read, "health": read if plan.is_health else None}


def _in_utc(at: datetime, pointer: str) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise _wrong(pointer, "Its zone leads beyond the first or the last year: send a time in between.") from None


def _days_before(until: datetime) -> datetime:
    try:
        return until - timedelta(days=DAYS)
    except OverflowError:
        raise _wrong("/to", f"There are no {DAYS} days before it: send a later time, or `from` too.") from None


def _wrong(pointer: str, detail: str) -> RequestInvalid:
    return RequestInvalid(Fault(pointer=pointer, code="value_invalid", detail=detail))
