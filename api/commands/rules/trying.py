"""A backtest from the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from api.commands.following import Shown, ended, why
from api.commands.options import settings_with
from api.local import caller_of
from engine.errors import AssayError
from engine.jobs import JobState

_CALL: Final = "/v1/backtests"


class BacktestFailed(AssayError):
    """The backtest has no figures: it failed, or was cancelled."""

    code = "backtest_failed"


def done(data: Path | None, wanted: Mapping[str, Any]) -> Shown:
    """The backtest once it succeeded. Raises BacktestFailed; CallFailed where it was refused."""
    settings = settings_with(data=data)
    with caller_of(settings, ("backtests",)) as client:
        shown = ended(client, settings.data, _CALL, wanted, _CALL)
    if shown["state"] != JobState.SUCCEEDED:
        raise BacktestFailed(why(shown))
    return shown


def period(days: int | None, since: str | None, until: str | None) -> dict[str, Any]:
    """The period as the API takes it; a day begins at its midnight, UTC."""
    given = {"last_days": days, "from": _instant(since), "to": _instant(until)}
    return {name: value for name, value in given.items() if value is not None}


def _instant(text: str | None) -> str | None:
    is_day = text is not None and len(text) == len("2026-11-23")
    return f"{text}T00:00:00Z" if is_day else text
