"""The kinds of jobs, as a plain mapping, and the program that does one."""

from collections.abc import Mapping
from typing import Final

from api.backtests.guard_work import blocked
from api.backtests.plan import GUARD
from api.backtests.plan import KIND as BACKTEST
from api.backtests.work import backtest
from api.job_process import Work, work

KINDS: Final[Mapping[str, Work]] = {BACKTEST: backtest, GUARD: blocked}


def main() -> None:
    """Do the job that standard input names."""
    work(KINDS, awaited={GUARD})
