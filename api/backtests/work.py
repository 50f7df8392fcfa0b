"""A backtest done: the recorded payments read, the figures of both settings made. It reads the data folder alone."""

from dataclasses import dataclass
from datetime import datetime

from api.backtests.plan import Plan, plan_of
from api.job_process import Task, Tell
from api.wiring import opened_frames
from engine.catalog import catalog_of
from engine.errors import AssayError, VersionNotKept
from engine.jobs import Progress
from engine.ledger import Labels, Ledger, VersionKind
from engine.policy import policy_of
from engine.recorded_frame import RecordedFrames, Wanted
from engine.rules import parse_ruleset
from models.backtest import Report, Setting, reads, run

_READING = 60
"""Of a hundred steps; the others evaluate."""


class PeriodEmpty(AssayError):
    """No payment of the merchant was decided in the period."""

    code = "period_empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A folder's records, and whose are looked at."""

    frames: RecordedFrames
    ledger: Ledger
    labels: Labels
    merchant_id: str
    test_mode: bool


def backtest(task: Task, tell: Tell) -> Report:
    """Do the backtest that a task's arguments plan, with labels as they were known when it was asked for.

    Raises PeriodEmpty, VersionNotKept, StoreInvalid, LedgerUnavailable; RulesInvalid or PolicyInvalid where another
    version of Assay planned it.
    """
    plan = plan_of(task.arguments)
    with opened_frames(task.folder) as (frames, ledger, labels):
        opened = Opened(
            frames=frames, ledger=ledger, labels=labels, merchant_id=task.merchant_id, test_mode=task.test_mode
        )
        return figures(opened, plan, task.at, tell)


def figures(opened: Opened, plan: Plan, as_of: datetime, tell: Tell) -> Report:
    """The figures of a plan. Raises what `backtest` raises."""
    live = _setting(
        _kept(opened.ledger, VersionKind.RULESET, plan.live_ruleset).decode(),
        _kept(opened.ledger, VersionKind.POLICY, plan.live_policy),
    )
    candidate = live
    if plan.ruleset is not None or plan.policy is not None:
        ruleset = live.ruleset.content.text() if plan.ruleset is None else plan.ruleset
        policy = live.policy.content() if plan.policy is None else plan.policy.encode()
        candidate = _setting(ruleset, policy)
    features, custom = reads((live, candidate))
    wanted = Wanted(
        merchant_id=opened.merchant_id,
        test_mode=opened.test_mode,
        start=plan.since,
        end=plan.until,
        features=features,
        custom=custom,
    )
    frame = opened.frames.read(wanted, lambda share: tell(_reading(share)))
    if not frame.columns.rows:
        raise PeriodEmpty(
            f"No payment of {opened.merchant_id} was decided from {plan.since:%Y-%m-%d %H:%M} until "
            f"{plan.until:%Y-%m-%d %H:%M} UTC: give another period."
        )
    rows = frame.columns.rows
    return run(
        frame,
        opened.labels,
        live=live,
        candidate=candidate,
        as_of=as_of,
        rule_id=plan.rule_id,
        progress=lambda share: tell(_evaluating(share, rows)),
    )


def _setting(ruleset: str, policy: bytes) -> Setting:
    read = policy_of(policy)
    parsed = parse_ruleset(ruleset, catalog_of(read.custom_fields), (), is_limited=False)
    return Setting(ruleset=parsed, policy=read)


def _kept(ledger: Ledger, kind: VersionKind, version: str) -> bytes:
    content = ledger.version(kind, version)
    if content is None:
        raise VersionNotKept(f"The ledger does not keep the {kind} {version} that was in force: ask again.")
    return content


def _reading(share: float) -> Progress:
    return Progress(done=round(_READING * share), total=100, words="reading the recorded payments")


def _evaluating(share: float, rows: int) -> Progress:
    done = _READING + round((100 - _READING) * share)
    return Progress(done=done, total=100, words=f"evaluating the rules on {rows:,} decisions")
