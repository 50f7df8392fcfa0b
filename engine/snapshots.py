"""Snapshots: the bundle in force for each merchant, made of what all share, and of its policy, rules and lists.

It is swapped whole. What fails its checks is not activated, and every version is in the ledger before the first
decision names it (law 11).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial

from engine.bundles import Parts, bundle, lenient_operator
from engine.catalog import ruleset_for
from engine.decide import Snapshot
from engine.errors import (
    ApprovalRefused,
    Fault,
    PolicyChanged,
    PolicyInvalid,
    RulesetChanged,
    RulesetRefused,
    RulesInvalid,
)
from engine.in_force import InForce, counts_otherwise, in_force_of, uncountable_for
from engine.ledger import Ledger, VersionKind
from engine.lists import OPERATOR, AllLists, EntryType, ListName, MerchantLists
from engine.policy import Policies, Policy, PublishedPolicy
from engine.rules import Content, Ruleset
from engine.rulesets import Publication, PublishedRuleset, Rulesets, faults_of
from engine.score import Scorer

KeepVelocities = Callable[[str, Snapshot], Awaitable[None]]
"""Has the counters keep a snapshot's velocities for a merchant, filled from the ledger; they switch when it ends."""


class MerchantSnapshots:
    """The snapshots port. It belongs to one event loop: what is in force changes in one step of it."""

    def __init__(
        self,
        parts: Parts,
        *,
        ledger: Ledger,
        policies: Policies,
        rulesets: Rulesets,
        keep_velocities: KeepVelocities,
        lists: AllLists | None = None,
    ) -> None:
        """Put the parts, every merchant's newest policy, every ruleset and the lists in force.

        The counters keep the velocities of those already. Raises LedgerUnavailable.
        """
        self._ledger = ledger
        self._policies = policies
        self._rulesets = rulesets
        self._keep_velocities = keep_velocities
        self.changing = asyncio.Lock()
        """Held from before something is checked until it is in force: no list that its rules name goes meanwhile."""
        self._lists = AllLists() if lists is None else lists
        self._listed: dict[tuple[int, int], Snapshot] = {}
        self._kept: set[tuple[VersionKind, str]] = set()
        self._in_force = self._made(parts)
        self._keep_versions(self._in_force)

    @property
    def default(self) -> Snapshot:
        """The bundle of merchants without a policy or rules of their own."""
        return self._with(self._in_force.default, self._lists.shared)

    @property
    def parts(self) -> Parts:
        """What all merchants share now."""
        return self._in_force.parts

    @property
    def operator(self) -> Content:
        """The operator's rules in force: the published ones, else those of the parts."""
        return self._in_force.operator.content

    @property
    def own(self) -> Mapping[str, Snapshot]:
        """The bundles of merchants with a policy or rules of their own, without their lists."""
        return self._in_force.by_merchant

    @property
    def left_out(self) -> Mapping[str | None, str]:
        """By owner (None: the operator) why published rules are left out: those that do not check any more."""
        return self._in_force.left_out

    def of(self, merchant_id: str) -> Snapshot:
        """The bundle in force for the merchant; one call pins one."""
        snapshot = self._in_force.of(merchant_id)
        lists = self._lists.of(merchant_id)
        return snapshot if lists is snapshot.lists else self._with(snapshot, lists)

    @property
    def lists(self) -> AllLists:
        """The lists in force."""
        return self._lists

    def rules_naming(self, name: ListName) -> tuple[str, ...]:
        """The ids of the published rules that name a list: the operator's any merchant's may, another its own alone."""
        in_force = self._in_force
        concerned = in_force.every() if name.scope == OPERATOR else (in_force.of(name.scope),)
        return tuple(sorted({rule for each in concerned for rule in each.ruleset.naming(name.name)}))

    def list_names(self, owner: str | None) -> Mapping[str, EntryType]:
        """The lists that an owner's rules may name, without `@`, by type; None: the operator's may name its own."""
        if owner is None:
            return self._lists.operators_names()
        return {name: each.type for name, each in self._lists.of(owner).named.items()}

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

    def _put(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._listed = {}

    async def replace_parts(self, parts: Parts) -> None:
        """Put other parts in force for all merchants at once. Raises LedgerUnavailable; then nothing has changed."""
        async with self.changing:
            await self._activate(await asyncio.to_thread(self._made, parts), lambda: None)

    async def replace_scorer(self, scorer: Scorer | None, commit: Callable[[], None]) -> None:
        """Put another scorer in force for all merchants at once; `commit` makes durable that it is, and is called last.

        Raises LedgerUnavailable and what `commit` raises; then nothing has changed.
        """
        async with self.changing:
            await self._activate(self._in_force.with_scorer(scorer), commit)

    async def rehearse(self, merchant_id: str, policy: Policy, *, replaces: str | None = None) -> None:
        """Raise what `publish` would raise of such a policy, and change nothing."""
        self._require_stands(merchant_id, replaces)
        await asyncio.to_thread(self._with_policy, merchant_id, policy)

    async def publish(
        self, merchant_id: str, policy: Policy, *, at: datetime, by: str, replaces: str | None = None
    ) -> PublishedPolicy | None:
        """Keep a policy durably and put it in force: the merchant's newest version; None: it has the default still.

        `by` is the id of the key that publishes. `replaces` is the version that must stand until now, None any. Raises
        PolicyChanged, PolicyInvalid where the merchant's rules would not check with it, or LedgerUnavailable; then the
        policy before stays in force.
        """
        async with self.changing:
            before = self._policies.current(merchant_id)
            stands = self._require_stands(merchant_id, replaces)
            after = await asyncio.to_thread(self._with_policy, merchant_id, policy)
            published = PublishedPolicy(
                merchant_id=merchant_id,
                number=1 if before is None else before.number + 1,
                policy=policy,
                published_at=at,
                published_by=by,
            )
            await self._activate(after, lambda: None if stands == policy.version else self._policies.append(published))
        return self._policies.current(merchant_id)

    def rules_standing(self, owner: str | None) -> str:
        """The version of an owner's newest ruleset, in force or not yet; of one without the version of what holds."""
        newest = self._rulesets.newest(owner)
        if newest is not None:
            return newest.version
        return (self._in_force.parts.ruleset.content if owner is None else Content()).version

    async def rehearse_rules(self, owner: str | None, content: Content, *, replaces: str | None = None) -> Ruleset:
        """Raise what `publish_rules` would raise of such rules, and change nothing; the ruleset that would hold."""
        self._require_rules_stand(owner, replaces)
        after = await asyncio.to_thread(self._with_rules, owner, content)
        return after.operator if owner is None else after.of(owner).ruleset

    async def publish_rules(self, wanted: Publication, *, replaces: str | None = None) -> PublishedRuleset | None:
        """Keep a ruleset durably and, unless it awaits approval, put it in force: the owner's newest version.

        None: the owner has none, and what is wanted is what holds. `replaces` is the version that must stand until now
        (`rules_standing`), None any. What says the same as the newest is no new version, unless that awaits approval
        and this does not. Raises RulesetChanged, RulesInvalid, RulesetRefused or LedgerUnavailable; then what was in
        force stays.
        """
        owner = wanted.owner
        async with self.changing:
            newest = self._rulesets.newest(owner)
            is_same = self._require_rules_stand(owner, replaces) == wanted.content.version
            if is_same and (newest is None or newest.is_effective or wanted.awaits):
                return newest
            after = await asyncio.to_thread(self._with_rules, owner, wanted.content)
            published = wanted.numbered(1 if newest is None else newest.number + 1)
            if published.awaits:
                self._rulesets.append(published)
            else:
                await self._activate(after, lambda: self._rulesets.append(published))
        return published

    async def approve_rules(self, owner: str | None, number: int, *, at: datetime, by: str) -> PublishedRuleset:
        """Put a version that awaits approval in force; it must be the owner's newest, and another key's.

        Raises ApprovalRefused, RulesInvalid or RulesetRefused where it does not check any more, or LedgerUnavailable.
        """
        async with self.changing:
            newest = self._rulesets.newest(owner)
            if newest is None or newest.number != number:
                shown = "there is none" if newest is None else f"the newest is {newest.number}"
                raise ApprovalRefused(
                    f"Version {number} is not the newest of this ruleset ({shown}): look at that one."
                )
            if newest.is_effective:
                raise ApprovalRefused(f"Version {number} awaits no approval: it is in force.")
            if newest.published_by == by:
                raise ApprovalRefused("The key that published a version cannot approve it: another one must.")
            after = await asyncio.to_thread(self._with_rules, owner, newest.content)
            approved = replace(newest, approved_at=at, approved_by=by)
            await self._activate(after, lambda: self._rulesets.approve(approved))
        return approved

    async def _activate(self, after: InForce, commit: Callable[[], None]) -> None:
        """Put it in force: its versions kept, its velocities counted, then the commit, then the swap.

        Raises LedgerUnavailable, PolicyChanged or RulesetChanged. Whatever ends it before the swap, a cancelled task
        too, leaves what was in force, and has the counters keep its velocities again.
        """
        before = self._in_force
        await asyncio.to_thread(self._keep_versions, after)
        async with AsyncExitStack() as undoing:
            for merchant_id in after.by_merchant:
                if counts_otherwise(before.of(merchant_id), after.of(merchant_id)):
                    undoing.push_async_callback(self._keep_velocities, merchant_id, before.of(merchant_id))
                    await self._keep_velocities(merchant_id, after.of(merchant_id))
            # From here on nothing is awaited: no decision sees the counters switched and the snapshot not.
            commit()
            undoing.pop_all()
            self._put(after)

    def _require_stands(self, merchant_id: str, replaces: str | None) -> str:
        """The version of the merchant's newest policy. Raises PolicyChanged where it is another than is replaced."""
        newest = self._policies.current(merchant_id)
        stands = (Policy() if newest is None else newest.policy).version
        if replaces is not None and replaces != stands:
            raise PolicyChanged(f"The policy in force is {stands}, not {replaces}: look at it, then publish again.")
        return stands

    def _require_rules_stand(self, owner: str | None, replaces: str | None) -> str:
        """The version of the owner's newest ruleset. Raises RulesetChanged where it is another than is replaced."""
        stands, newest = self.rules_standing(owner), self._rulesets.newest(owner)
        if replaces is not None and replaces != stands:
            waits = "" if newest is None or newest.is_effective else ", which awaits approval"
            message = f"The newest version is {stands}{waits}, not {replaces}: look at it, then publish again."
            raise RulesetChanged(message)
        return stands

    def _made(self, parts: Parts) -> InForce:
        """Everything made of these parts, the newest policies and rulesets."""
        operator, published = parts.ruleset, self._rulesets.in_force(None)
        if published is None:
            return self._made_with(parts, operator, {})
        operator, said = lenient_operator(published.content, self.list_names(None))
        return self._made_with(parts, operator, {None: said} if said else {})

    def _made_with(self, parts: Parts, operator: Ruleset, left_out: Mapping[str | None, str]) -> InForce:
        own = {each.owner: each.content for each in self._rulesets.all_in_force() if each.owner is not None}
        policies = {each.merchant_id: each.policy for each in self._policies.all()}
        return in_force_of(parts, operator, policies, own, self.list_names, left_out)

    def _with_policy(self, merchant_id: str, policy: Policy) -> InForce:
        """What would be in force with this policy. Raises PolicyInvalid where the merchant's rules do not check."""
        in_force, own = self._in_force, self._rulesets.in_force(merchant_id)
        try:
            content = None if own is None else own.content
            snapshot = bundle(in_force.parts, in_force.operator, policy, content, self.list_names(merchant_id))
        except RulesInvalid as error:
            detail = f"The merchant's rules do not check with these custom fields: mend them first. {error}"
            raise PolicyInvalid(Fault(pointer="/custom_fields", code="breaks_rules", detail=detail)) from error
        return in_force.with_merchant(merchant_id, snapshot)

    def _with_rules(self, owner: str | None, content: Content) -> InForce:
        """What would be in force with these rules. Raises RulesInvalid or RulesetRefused with every fault."""
        in_force = self._in_force
        if owner is not None:
            current = self._policies.current(owner)
            policy = Policy() if current is None else current.policy
            _require_none(faults_of(owner, in_force.operator.content, content))
            made = bundle(in_force.parts, in_force.operator, policy, content, self.list_names(owner))
            _require_none(uncountable_for(owner, made.ruleset.content.rules, made.custom_fields))
            return in_force.with_merchant(owner, made)
        _require_none(faults_of(None, content, content))
        operator = ruleset_for(content, self.list_names(None))
        _require_none(uncountable_for(None, content.rules, ()))
        return self._made_with(in_force.parts, operator, {})

    def _keep_versions(self, in_force: InForce) -> None:
        """Have the ledger keep what decisions will name. Raises LedgerUnavailable."""
        for each in in_force.every():
            catalog, policy, versions, ruleset = each.catalog, each.policy, each.versions, each.ruleset
            self._keep_version(VersionKind.RULESET, ruleset.hash, partial(_text, ruleset))
            self._keep_version(VersionKind.CATALOG, catalog.fingerprint, catalog.content)
            self._keep_version(VersionKind.POLICY, policy.version, policy.content)
            if each.scorer is not None:
                self._keep_version(VersionKind.MODEL, each.scorer.id, each.scorer.content)
            self._keep_version(VersionKind.SNAPSHOT, versions.id, versions.content)

    def _keep_version(self, kind: VersionKind, version: str, content: Callable[[], bytes]) -> None:
        if (kind, version) not in self._kept:
            self._ledger.keep_version(kind, version, content())
            self._kept.add((kind, version))


def _text(ruleset: Ruleset) -> bytes:
    return ruleset.content.text().encode()


def _require_none(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise RulesetRefused(*faults)
