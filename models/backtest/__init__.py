"""Backtests: what a rule, a changed ruleset or other thresholds would have done with recorded payments."""

from models.backtest.figures import Report
from models.backtest.run import run, wanted_by
from models.backtest.setting import Setting

__all__ = ["Report", "Setting", "run", "wanted_by"]
