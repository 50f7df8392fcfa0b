"""Rulesets in this process's memory: for measuring without a disk, and for tests."""

from collections.abc import Sequence

from engine.errors import RulesetChanged
from engine.rulesets import Draft, PublishedRuleset


class MemoryRulesets:
    """Keeps rulesets and drafts as the port says, durability apart: they end with the process."""

    def __init__(self) -> None:
        self._versions: dict[str | None, list[PublishedRuleset]] = {}
        self._drafts: dict[tuple[str | None, str], Draft] = {}

    def in_force(self, owner: str | None) -> PublishedRuleset | None:
        """The newest effective version."""
        return next((each for each in reversed(self._versions.get(owner, ())) if each.is_effective), None)

    def newest(self, owner: str | None) -> PublishedRuleset | None:
        """The newest version."""
        versions = self._versions.get(owner)
        return None if versions is None else versions[-1]

    def all_in_force(self) -> Sequence[PublishedRuleset]:
        """The version in force of every owner that has one."""
        return [found for owner in self._versions if (found := self.in_force(owner)) is not None]

    def append(self, published: PublishedRuleset) -> None:
        """Keep a version. Raises RulesetChanged where its number is taken."""
        versions = self._versions.setdefault(published.owner, [])
        if published.number <= len(versions):
            raise RulesetChanged(f"Version {published.number} of this ruleset was published meanwhile.")
        versions.append(published)

    def approve(self, approved: PublishedRuleset) -> None:
        """Keep that a version was approved, once. Raises RulesetChanged."""
        kept = self.find(approved.owner, approved.number)
        if kept is None or kept.is_effective:
            raise RulesetChanged(f"Version {approved.number} of this ruleset awaits no approval any more.")
        self._versions[approved.owner][approved.number - 1] = approved

    def find(self, owner: str | None, number: int) -> PublishedRuleset | None:
        """The version of this number."""
        return next((each for each in self._versions.get(owner, ()) if each.number == number), None)

    def history(self, owner: str | None, *, before: int | None, limit: int) -> Sequence[PublishedRuleset]:
        """At most `limit` versions with numbers below `before`, newest first."""
        wanted = [each for each in self._versions.get(owner, ()) if before is None or each.number < before]
        return wanted[::-1][:limit]

    def save_draft(self, draft: Draft) -> None:
        """Keep a draft in place of the owner's of this name."""
        self._drafts[draft.owner, draft.name] = draft

    def remove_draft(self, owner: str | None, name: str) -> bool:
        """Remove a draft; whether there was one."""
        return self._drafts.pop((owner, name), None) is not None

    def draft(self, owner: str | None, name: str) -> Draft | None:
        """The owner's draft of this name."""
        return self._drafts.get((owner, name))

    def drafts(self, owner: str | None) -> Sequence[Draft]:
        """The owner's drafts by name."""
        return sorted((each for each in self._drafts.values() if each.owner == owner), key=lambda each: each.name)
