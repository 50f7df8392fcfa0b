"""API keys: making them, and finding the one in force that a text opens."""

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from engine.access import ApiKey, ApiKeys, Scope

KeyOf = Callable[[str], ApiKey | None]
"""Gives the key of an id."""

SHOWN_MODE = {False: "live", True: "test"}

_KEY = re.compile(r"assay_(live|test)_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_key(
    *,
    name: str,
    test_mode: bool,
    scopes: frozenset[Scope],
    merchants: frozenset[str] | None,
    expires_in: timedelta | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown once and kept nowhere. 256 random bits need no slow hash."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    key = ApiKey(
        id=key_id,
        name=name,
        secret_sha256=hashlib.sha256(secret.encode()).digest(),
        test_mode=test_mode,
        scopes=scopes,
        merchants=merchants,
        created_at=now,
        expires_at=None if expires_in is None else now + expires_in,
    )
    return key, f"assay_{SHOWN_MODE[test_mode]}_{key_id}_{secret}"


def key_in_force(keys: ApiKeys, text: str) -> ApiKey | None:
    """The key that this text opens; None where it is no key's, or of one that is expired or revoked."""
    return key_opened(keys.key, text)


def key_opened(key_of: KeyOf, text: str) -> ApiKey | None:
    """As `key_in_force`, of keys that are not where a server keeps them."""
    match = _KEY.fullmatch(text)
    key = None if match is None else key_of(match[2])
    if match is None or key is None or SHOWN_MODE[key.test_mode] != match[1]:
        return None
    return key if key.opens_with(match[3], datetime.now(UTC)) else None
