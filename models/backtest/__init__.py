"""Backtests: what a rule, a changed ruleset or other thresholds would have done with recorded payments."""

from models.backtest.figures import Report
from models.backtest.guard import Guarded, guard
from models.backtest.health import Health, health
from models.backtest.reading import reads, wanted_for
from models.backtest.run import RuleNotFound, run
from models.backtest.setting import Setting

__all__ = ["Guarded", "Health", "Report", "RuleNotFound", "Setting", "guard", "health", "reads", "run", "wanted_for"]
