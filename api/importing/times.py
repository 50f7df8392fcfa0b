"""Times as a merchant's file writes them, to UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from api.importing.refusal import Refusal
from engine.payment import EPOCH

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No card payment on the web is older; what is, is a number of seconds read as milliseconds, or a zero."""

FUTURE_MAX = timedelta(minutes=2)
ISO, EPOCH_SECONDS, EPOCH_MILLISECONDS = "iso", "epoch_s", "epoch_ms"
FORMATS = (ISO, EPOCH_SECONDS, EPOCH_MILLISECONDS)

_MICROSECONDS = {EPOCH_SECONDS: 1_000_000, EPOCH_MILLISECONDS: 1_000}
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,9})?")
_MILLISECOND_DIGITS = 12
"""Seconds since 1970 need so many only after the year 5138."""

_MIXED_UP = "The file may hold seconds where the mapping says milliseconds, or the other way round; see [time] format."


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFormat:
    """How times are written: `iso`, `epoch_s`, `epoch_ms` or a strptime format; `zone` holds where none is written."""

    format: str = ISO
    zone: tzinfo = UTC

    def read(self, text: str, field: str, now: datetime) -> datetime | Refusal:
        """The time in UTC, from 2000 to two minutes past `now`; else why not."""
        if not text:
            return Refusal(
                code="time_missing", field=field, reason="There is no time here, and without one it has no place."
            )
        try:
            at = self._parsed(text)
        except ValueError:
            return Refusal(code="time_invalid", field=field, reason=self._mend(text))
        except OverflowError:
            return Refusal(code="time_invalid", field=field, reason=f"Beyond all calendars. {_MIXED_UP}")
        if at < EARLIEST:
            return Refusal(code="time_too_early", field=field, reason=f"Before the year 2000. {_MIXED_UP}")
        if at > now + FUTURE_MAX:
            reason = f"More than 2 minutes in the future. Check the zone. {_MIXED_UP}"
            return Refusal(code="time_in_future", field=field, reason=reason)
        return at

    def _parsed(self, text: str) -> datetime:
        if self.format in _MICROSECONDS:
            if not _NUMBER.fullmatch(text):
                raise ValueError
            return EPOCH + timedelta(microseconds=int(Decimal(text) * _MICROSECONDS[self.format]))
        moment = self._written(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)

    def _written(self, text: str) -> datetime:
        if self.format == ISO:
            return datetime.fromisoformat(text)
        return datetime.strptime(text, self.format)  # noqa: DTZ007  # the zone is given where it is missing

    def _mend(self, text: str) -> str:
        if self.format in _MICROSECONDS:
            return f'Not a number, as [time] format = "{self.format}" wants; leave the format out for ISO 8601.'
        if _NUMBER.fullmatch(text):
            is_fine = len(text.partition(".")[0]) >= _MILLISECOND_DIGITS
            guess = EPOCH_MILLISECONDS if is_fine else EPOCH_SECONDS
            return f'A number, not a date; write format = "{guess}" under [time] if it counts since 1970.'
        if self.format == ISO:
            return 'Not ISO 8601, such as 2026-11-23T17:00:00Z; give another way under [time], as "%d/%m/%Y %H:%M".'
        return f'Not a time as [time] format = "{self.format}" describes it.'
