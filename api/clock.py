"""The world's clock, and decision ids made from it."""

import secrets
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's time: what the edge stamps a payment with when it is received."""
    return datetime.now(UTC)


def new_decision_id(at: datetime) -> str:
    """`dec_`, 48 bits of milliseconds and 80 random bits, in hexadecimal.

    Ids sort by time, so a growing ledger appends to its index instead of scattering over it.
    """
    return f"dec_{int(at.timestamp() * 1000):012x}{secrets.token_hex(10)}"
