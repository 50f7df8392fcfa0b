"""Snapshots: the bundle in force for each merchant, made of what all share and of the merchant's policy and lists.

It is swapped whole. What fails its checks is not activated, and every version is in the ledger before the first
decision names it (law 11).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from engine.catalog import read_ruleset
from engine.decide import Snapshot, snapshot_of
from engine.errors import LedgerUnavailable, PolicyChanged
from engine.ledger import Ledger, VersionKind
from engine.lists import NO_LISTS, AllLists, MerchantLists
from engine.policy import Policies, Policy, PublishedPolicy
from engine.reference import Reference
from engine.rules import Ruleset
from engine.score import Scorer

KeepVelocities = Callable[[str, Snapshot], Awaitable[None]]
"""Has the counters keep a snapshot's velocities for a merchant, filled from the ledger; they switch when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all merchants share. `ruleset` is the text compiled for the catalogue that every merchant has.

    `list_names` are the lists that it may name, without `@`, and the types of their entries.
    """

    ruleset: Ruleset
    ruleset_text: str
    list_names: Collection[str]
    scorer: Scorer | None
    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class _InForce:
    """Everything in force at one time but the lists; merchants of one policy share a snapshot."""

    parts: Parts
    default: Snapshot
    by_merchant: Mapping[str, Snapshot]

    def of_policy(self, policy: Policy) -> Snapshot | None:
        """The snapshot of this policy where it is in force for anybody."""
        every = (self.default, *self.by_merchant.values())
        return next((each for each in every if each.policy.version == policy.version), None)


class MerchantSnapshots:
    """The snapshots port. It belongs to one event loop: what is in force changes in one step of it."""

    def __init__(
        self,
        parts: Parts,
        *,
        ledger: Ledger,
        policies: Policies,
        keep_velocities: KeepVelocities,
        lists: AllLists | None = None,
    ) -> None:
        """Put the parts, every merchant's newest policy and the lists in force.

        The counters keep the velocities of those policies already. Raises LedgerUnavailable.
        """
        self._ledger = ledger
        self._policies = policies
        self._keep_velocities = keep_velocities
        self._changing = asyncio.Lock()
        self._in_force = self._made(parts)
        self._lists = AllLists() if lists is None else lists
        self._listed: dict[tuple[int, int], Snapshot] = {}

    @property
    def default(self) -> Snapshot:
        """The bundle of merchants without a policy of their own."""
        return self._with(self._in_force.default, self._lists.shared)

    @property
    def parts(self) -> Parts:
        """What all merchants share now."""
        return self._in_force.parts

    def of(self, merchant_id: str) -> Snapshot:
        """The bundle in force for the merchant; one call pins one."""
        in_force = self._in_force
        snapshot = in_force.by_merchant.get(merchant_id, in_force.default)
        lists = self._lists.of(merchant_id)
        return snapshot if lists is snapshot.lists else self._with(snapshot, lists)

    @property
    def lists(self) -> AllLists:
        """The lists in force."""
        return self._lists

    def rules_naming(self, list_name: str) -> tuple[str, ...]:
        """The ids of the rules in force that name a list."""
        return self.parts.ruleset.naming(list_name)

    def put_lists(self, lists: AllLists) -> None:
        """Put other lists in force for all merchants at once; what is under way has the snapshot that it took."""
        self._lists = lists
        self._listed = {}

    def _with(self, snapshot: Snapshot, lists: MerchantLists) -> Snapshot:
        """The snapshot with these lists, made once: by identity, for both are held as long as what is made of them."""
        if lists is snapshot.lists:
            return snapshot
        key = (id(snapshot), id(lists))
        made = self._listed.get(key)
        if made is None:
            made = self._listed[key] = replace(snapshot, lists=lists)
        return made

    def _put(self, in_force: _InForce) -> None:
        self._in_force = in_force
        self._listed = {}

    async def replace_parts(self, parts: Parts) -> None:
        """Put other parts in force for all merchants at once. Raises LedgerUnavailable; then nothing has changed."""
        async with self._changing:
            self._put(await asyncio.to_thread(self._made, parts))

    async def rehearse(self, merchant_id: str, policy: Policy, *, replaces: str | None = None) -> None:
        """Raise what `publish` would raise of such a policy, and change nothing."""
        self._require_stands(merchant_id, replaces)
        await asyncio.to_thread(_snapshot, self._in_force.parts, policy)

    async def publish(
        self, merchant_id: str, policy: Policy, *, at: datetime, by: str, replaces: str | None = None
    ) -> PublishedPolicy | None:
        """Keep a policy durably and put it in force: the merchant's newest version; None: it has the default still.

        `by` is the id of the key that publishes. `replaces` is the version that must stand until now, None any. Raises
        PolicyChanged or LedgerUnavailable; then the policy before stays in force.
        """
        async with self._changing:
            before = self._policies.current(merchant_id)
            stands = self._require_stands(merchant_id, replaces)
            snapshot = self._in_force.of_policy(policy)
            if snapshot is None:
                snapshot = await asyncio.to_thread(_snapshot, self._in_force.parts, policy)
                await asyncio.to_thread(self._keep_versions, snapshot)
            await self._keep_velocities(merchant_id, snapshot)
            # From here on nothing is awaited: no decision sees the counters switched and the policy not.
            if stands != policy.version:
                published = PublishedPolicy(
                    merchant_id=merchant_id,
                    number=1 if before is None else before.number + 1,
                    policy=policy,
                    published_at=at,
                    published_by=by,
                )
                try:
                    self._policies.append(published)
                except (LedgerUnavailable, PolicyChanged):
                    await self._keep_velocities(merchant_id, self.of(merchant_id))
                    raise
            by_merchant = MappingProxyType({**self._in_force.by_merchant, merchant_id: snapshot})
            self._put(replace(self._in_force, by_merchant=by_merchant))
        return self._policies.current(merchant_id)

    def _require_stands(self, merchant_id: str, replaces: str | None) -> str:
        """The version of the merchant's newest policy. Raises PolicyChanged where it is another than is replaced."""
        newest = self._policies.current(merchant_id)
        stands = (Policy() if newest is None else newest.policy).version
        if replaces is not None and replaces != stands:
            raise PolicyChanged(f"The policy in force is {stands}, not {replaces}: look at it, then publish again.")
        return stands

    def _made(self, parts: Parts) -> _InForce:
        """Everything made of these parts and the newest policies, with its versions in the ledger."""
        snapshots: dict[str, Snapshot] = {}
        for policy in (Policy(), *(published.policy for published in self._policies.all())):
            if policy.version not in snapshots:
                snapshots[policy.version] = _snapshot(parts, policy)
        self._ledger.keep_version(VersionKind.RULESET, parts.ruleset.hash, parts.ruleset_text.encode())
        if parts.scorer is not None:
            self._ledger.keep_version(VersionKind.MODEL, parts.scorer.id, parts.scorer.content())
        for snapshot in snapshots.values():
            self._keep_versions(snapshot)
        of_merchant = {each.merchant_id: snapshots[each.policy.version] for each in self._policies.all()}
        return _InForce(parts=parts, default=snapshots[Policy().version], by_merchant=MappingProxyType(of_merchant))

    def _keep_versions(self, snapshot: Snapshot) -> None:
        catalog, policy, versions = snapshot.catalog, snapshot.policy, snapshot.versions
        self._ledger.keep_version(VersionKind.CATALOG, catalog.fingerprint, catalog.content())
        self._ledger.keep_version(VersionKind.POLICY, policy.version, policy.content())
        self._ledger.keep_version(VersionKind.SNAPSHOT, versions.id, versions.content())


def _snapshot(parts: Parts, policy: Policy) -> Snapshot:
    """The bundle of these parts and this policy.

    The rules were checked with the catalogue of all, to which custom fields only add: so they check with any policy's.
    """
    ruleset = parts.ruleset
    if policy.custom_fields:
        ruleset = read_ruleset(parts.ruleset_text, parts.list_names, policy.custom_fields)
    return snapshot_of(ruleset=ruleset, lists=NO_LISTS, scorer=parts.scorer, policy=policy, reference=parts.reference)
