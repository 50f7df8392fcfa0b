"""A backtest done: the recorded payments read, the figures of both settings made. It reads the data folder alone."""

from datetime import datetime
from typing import Final

from api.backtests.plan import Plan, plan_of
from api.backtests.reading import opened_reading
from api.job_process import Task, Tell
from engine.errors import AssayError
from engine.jobs import Progress
from engine.ledger import Labels, VersionKind
from engine.recorded_frame import RecordedFrame
from models.backtest import Health, Report, Setting, health, run

_READING: Final = 60
"""Of a hundred steps; the others evaluate."""


class PeriodEmpty(AssayError):
    """No payment of the merchant was decided in the period."""

    code = "period_empty"


def backtest(task: Task, tell: Tell) -> Report | Health:
    """Do the backtest that a task's arguments plan, with labels as they were known when it was asked for.

    Raises PlanUnreadable, PeriodEmpty, VersionNotKept, StoreInvalid, LedgerUnavailable; RulesInvalid or PolicyInvalid
    where another version of Assay planned it.
    """
    plan = plan_of(task.arguments)
    with opened_reading(task.folder, task.merchant_id, plan.lists_sequence) as reading:
        live = reading.setting(
            reading.kept(VersionKind.RULESET, plan.live_ruleset).decode(),
            reading.kept(VersionKind.POLICY, plan.live_policy),
        )
        candidate = live
        if plan.ruleset is not None or plan.policy is not None:
            ruleset = live.ruleset.content.text() if plan.ruleset is None else plan.ruleset
            policy = live.policy.content() if plan.policy is None else plan.policy.encode()
            candidate = reading.setting(ruleset, policy)
        period = plan.since, plan.until
        frame = reading.frame((live, candidate), period, lambda share: tell(_reading(share)), test_mode=task.test_mode)
        if not frame.columns.rows:
            raise PeriodEmpty(
                f"No payment of {task.merchant_id} was decided from {plan.since:%Y-%m-%d %H:%M} until "
                f"{plan.until:%Y-%m-%d %H:%M} UTC: give another period."
            )
        return _figures(frame, reading.labels, (live, candidate), plan, task.at, tell)


def _figures(
    frame: RecordedFrame,
    labels: Labels,
    settings: tuple[Setting, Setting],
    plan: Plan,
    as_of: datetime,
    tell: Tell,
) -> Report | Health:
    (live, candidate), rows = settings, frame.columns.rows

    def progress(share: float) -> None:
        tell(_evaluating(share, rows))

    if plan.is_health:
        return health(frame, labels, live=live, as_of=as_of, progress=progress)
    return run(
        frame,
        labels,
        live=live,
        candidate=candidate,
        as_of=as_of,
        rule_id=plan.rule_id,
        progress=progress,
    )


def _reading(share: float) -> Progress:
    return Progress(done=round(_READING * share), total=100, words="reading the recorded payments")


def _evaluating(share: float, rows: int) -> Progress:
    done = _READING + round((100 - _READING) * share)
    return Progress(done=done, total=100, words=f"evaluating the rules on {rows:,} decisions")
