"""The kinds of jobs, as a plain mapping, and the program that does one."""

import os
from collections.abc import Mapping
from typing import Any, Final

from api.backtests.guard_work import blocked
from api.backtests.plan import GUARD
from api.backtests.plan import KIND as BACKTEST
from api.backtests.work import backtest
from api.job_process import Task, Tell, Work, work
from api.learning.plan import COMPARE, EVALUATE, TRAIN


def _leave_a_core() -> None:
    """Have scikit-learn's threads leave a core to the decisions, and sleep while they wait for each other.

    OpenMP reads this when it is loaded. Threads that spin on a core that the server needs would hold up both.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


# Learning loads scikit-learn, which a backtest, and who waits for the guard, should not wait for.
def _train(task: Task, tell: Tell) -> dict[str, Any]:
    _leave_a_core()
    from api.learning.work import train_model  # noqa: PLC0415 - see above

    return train_model(task, tell)


def _evaluate(task: Task, tell: Tell) -> dict[str, Any]:
    _leave_a_core()
    from api.learning.work import evaluate_model  # noqa: PLC0415 - see above

    return evaluate_model(task, tell)


def _compare(task: Task, tell: Tell) -> dict[str, Any]:
    _leave_a_core()
    from api.learning.work import compare_models  # noqa: PLC0415 - see above

    return compare_models(task, tell)


KINDS: Final[Mapping[str, Work]] = {
    BACKTEST: backtest,
    GUARD: blocked,
    TRAIN: _train,
    EVALUATE: _evaluate,
    COMPARE: _compare,
}


def main() -> None:
    """Do the job that standard input names."""
    work(KINDS, awaited={GUARD})
