"""The world's clock and decision ids: the Pipeline is handed both."""

import secrets
import time
from base64 import b32encode
from datetime import UTC, datetime

ULID_LENGTH = 26
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, UTC."""
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        """Nanoseconds of the machine's monotonic clock."""
        return time.perf_counter_ns()


class GivenClock(SystemClock):
    """A clock that an import sets to each payment's own time."""

    def __init__(self, start: datetime) -> None:
        """Begin at `start` (UTC)."""
        self._now = start

    def now(self) -> datetime:
        """The time last given."""
        return self._now

    def give(self, now: datetime) -> None:
        """Set the time."""
        self._now = now


def new_decision_id(at: datetime) -> str:
    """`dec_` + 48 bits of milliseconds + 80 random bits in Crockford's base 32 (a ULID in lower case).

    Ids sort by time, so a growing ledger appends to its index instead of scattering over it.
    """
    value = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    # A ULID's 128 bits are written as 130 with two zeros before them; base 32 takes whole bytes, so six follow.
    encoded = b32encode((value << 6).to_bytes(17, "big"))[:ULID_LENGTH]
    return "dec_" + encoded.translate(_CROCKFORD).decode("ascii")
