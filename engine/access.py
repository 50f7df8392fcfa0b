"""API keys: who may ask what for which merchants. Only a hash of the secret is ever kept."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a key allows; a route without a scope does not start."""

    DECISIONS_WRITE = "decisions:write"
    DECISIONS_READ = "decisions:read"
    DECISIONS_EXPLAIN = "decisions:explain"
    OUTCOMES_WRITE = "outcomes:write"
    LABELS_WRITE = "labels:write"
    KEYS_WRITE = "keys:write"
    POLICIES_WRITE = "policies:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    BACKTESTS_WRITE = "backtests:write"
    LISTS_READ = "lists:read"
    LISTS_WRITE = "lists:write"
    MODELS_READ = "models:read"
    MODELS_WRITE = "models:write"
    INSTALLATION_WRITE = "installation:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as kept: `assay_live_<id>_<secret>` or `assay_test_<id>_<secret>` is shown once and never again.

    `merchants` None means all merchants of the installation (a gateway's key). Times are UTC.
    """

    id: str
    name: str
    secret_sha256: bytes
    test_mode: bool
    scopes: frozenset[Scope]
    merchants: frozenset[str] | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def opens_with(self, secret: str, now: datetime) -> bool:
        """Whether the secret is this key's and the key is in force; the comparison takes constant time."""
        is_secret = hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), self.secret_sha256)
        is_expired = self.expires_at is not None and self.expires_at <= now
        return is_secret and not is_expired and self.revoked_at is None

    def acts_for(self, merchant_id: str) -> bool:
        """Whether the key may act for the merchant."""
        return self.merchants is None or merchant_id in self.merchants

    def covers_merchants(self, merchants: frozenset[str] | None) -> bool:
        """Whether it acts for all of these, None being all of the installation."""
        return self.merchants is None or (merchants is not None and merchants <= self.merchants)

    def covers_mode(self, test_mode: bool) -> bool:  # noqa: FBT001 - the field's own type
        """Whether a key of this mode lies within it: its own mode, and test within live for all merchants."""
        return self.test_mode == test_mode or (self.merchants is None and not self.test_mode)

    def governs(self, other: "ApiKey") -> bool:
        """Whether it may see and revoke the other, given the scope: any other is to it as if it were not there."""
        return self.covers_merchants(other.merchants) and self.covers_mode(other.test_mode)


class ApiKeys(Protocol):
    """Where keys are kept."""

    def add_key(self, key: ApiKey) -> None:
        """Keep a new key durably."""

    def revoke_key(self, key_id: str, at: datetime) -> bool:
        """Revoke; False where there is no such key in force. Effective at the next request of this process."""

    def key(self, key_id: str) -> ApiKey | None:
        """The key of this id, from memory: it is asked for at each request."""

    def all(self) -> Sequence[ApiKey]:
        """All keys, oldest first."""
