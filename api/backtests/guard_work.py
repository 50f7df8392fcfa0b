"""The guard's figures made: what a ruleset would block of last week's payments. It reads the data folder alone."""

from datetime import datetime
from typing import Any

from api.backtests.guarding import PAYMENTS_MIN
from api.backtests.reading import opened_reading
from api.job_process import Task, Tell
from models.backtest import guard
from models.backtest.figures import Share


def blocked(task: Task, _: Tell) -> dict[str, Any] | None:
    """Figures to be confirmed where the task's ruleset would block too many; None where it would not.

    Raises StoreInvalid or LedgerUnavailable.
    """
    asked = task.arguments
    with opened_reading(task.folder, task.merchant_id, asked["lists_sequence"]) as reading:
        candidate = reading.setting(asked["ruleset"], asked["policy"].encode())
        period = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["until"])
        frame = reading.frame((candidate,), period, lambda _: None, test_mode=task.test_mode)
        found = guard(frame, candidate)
    if found.payments < PAYMENTS_MIN or not found.is_asked:
        return None
    return {
        "payments": found.payments,
        "blocked_percent": _percent(found.blocked),
        "blocked_today_percent": _percent(found.blocked_live),
        "rules": {rule_id: _percent(found.rules[rule_id]) for rule_id in found.too_many},
    }


def _percent(share: Share) -> float:
    return round(100 * (share.value or 0.0), 1)
