"""What facts that are told afterwards share: they are past, and name a payment by its id."""

from datetime import datetime, timedelta

from api.schemas.findings import Findings, Wrong
from api.schemas.values import EARLIEST, Reader, instant
from engine.payment import ID_LENGTH_MAX

_CLOCK_SKEW = timedelta(days=1)
_TIME_WRONG = Wrong("time_invalid", "Not a time. Send RFC 3339, such as 2026-11-23T17:00:00Z.")
_NOT_PAST = Wrong("out_of_range", "Send a time from 1995 on that is past.")


def past(received_at: datetime) -> Reader:
    """A reader of times that are past: a fact that is dated wrongly would stay so for ever."""
    latest = received_at + _CLOCK_SKEW

    def read(value: str) -> datetime | Wrong:
        found = instant(value)
        if not isinstance(found, datetime):
            return _TIME_WRONG
        return found if EARLIEST <= found <= latest else _NOT_PAST

    return read


def note_id(value: str, pointer: str, findings: Findings) -> None:
    """Note what makes a text unfit as an id."""
    if len(value) > ID_LENGTH_MAX:
        findings.note(pointer, Wrong("too_long", f"At most {ID_LENGTH_MAX} characters."))
    elif not value.isprintable():
        findings.note(pointer, Wrong("control_character", "Remove control characters such as NUL."))
