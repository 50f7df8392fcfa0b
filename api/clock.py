"""The world's clock, and decision ids made from it."""

import secrets
from base64 import b32encode
from datetime import UTC, datetime

ULID_LENGTH = 26
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")


def utc_now() -> datetime:
    """The machine's time: what the edge stamps a payment with when it is received."""
    return datetime.now(UTC)


def new_decision_id(at: datetime) -> str:
    """`dec_` + 48 bits of milliseconds + 80 random bits in Crockford's base 32 (a ULID in lower case).

    Ids sort by time, so a growing ledger appends to its index instead of scattering over it.
    """
    value = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    # A ULID's 128 bits are written as 130 with two zeros before them; base 32 takes whole bytes, so six follow.
    encoded = b32encode((value << 6).to_bytes(17, "big"))[:ULID_LENGTH]
    return "dec_" + encoded.translate(_CROCKFORD).decode("ascii")
