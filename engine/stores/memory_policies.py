"""Policies in this process's memory: for measuring without a disk, and for tests."""

from collections.abc import Sequence

from engine.errors import PolicyChanged
from engine.policy import PublishedPolicy


class MemoryPolicies:
    """Keeps policies as the port says, durability apart: they end with the process."""

    def __init__(self) -> None:
        self._versions: dict[str, list[PublishedPolicy]] = {}

    def current(self, merchant_id: str) -> PublishedPolicy | None:
        """The newest version."""
        versions = self._versions.get(merchant_id)
        return None if versions is None else versions[-1]

    def all(self) -> Sequence[PublishedPolicy]:
        """The newest version of every merchant that has one."""
        return [versions[-1] for versions in self._versions.values()]

    def append(self, published: PublishedPolicy) -> None:
        """Keep a version. Raises PolicyChanged where its number is taken."""
        versions = self._versions.setdefault(published.merchant_id, [])
        if published.number <= len(versions):
            raise PolicyChanged(f"Version {published.number} of this policy was published meanwhile.")
        versions.append(published)

    def history(self, merchant_id: str, *, before: int | None, limit: int) -> Sequence[PublishedPolicy]:
        """At most `limit` versions with numbers below `before`, newest first."""
        wanted = [each for each in self._versions.get(merchant_id, ()) if before is None or each.number < before]
        return wanted[::-1][:limit]
