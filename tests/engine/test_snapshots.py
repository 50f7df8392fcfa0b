"""Publishing rules: what is in force for whom and when, and what leaves everything as it was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.bundles import Parts
from engine.catalog import CATALOG
from engine.custom import CustomField, CustomType
from engine.decide import Snapshot
from engine.decision import RuleAction, RuleMode
from engine.errors import (
    ApprovalRefused,
    CountersUnavailable,
    LedgerUnavailable,
    ListInUse,
    PolicyInvalid,
    RulesetChanged,
    RulesetRefused,
    RulesInvalid,
)
from engine.ledger import VersionKind
from engine.listing import Listing
from engine.lists import AllLists, EntryType, ListName, NamedList
from engine.policy import Policy
from engine.rules import Content, Declared, parse_ruleset
from engine.rulesets import Publication, PublishedRuleset
from engine.snapshots import MerchantSnapshots
from engine.stores.memory_ledger import MemoryLedger
from engine.stores.memory_lists import MemoryLists
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.memory_rulesets import MemoryRulesets

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FILE = """
[[rule]]
id = "default"
name = "Default"
text = "Review if cvc_check = 'fail'"
reason = "r"

[[rule]]
id = "must"
name = "Must"
mandatory = true
text = "Block if cvc_check = 'fail' and amount_in_usd > 5000"
reason = "r"
"""
TIER = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True)


def rule(name: str, text: str = "Block if is_recurring", **fields: Any) -> Declared:
    return Declared(label=f"rule {name}", id=name, name=name, text=text, reason="r", **fields)


def content(*rules: Declared, off: tuple[str, ...] = ()) -> Content:
    return Content(rules=rules, switched_off=off)


class Shelf:
    """Snapshots over stores in memory; `kept` is what the counters were told to keep."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.ledger, self.policies, self.rulesets = MemoryLedger(), MemoryPolicies(), MemoryRulesets()
        self.kept: list[tuple[str, int]] = []
        self.filling: Callable[[str], Awaitable[None]] | None = None
        self.parts = Parts(
            ruleset=parse_ruleset(FILE, CATALOG, ()),
            scorer=snapshot.scorer,
            reference=snapshot.reference,
        )
        self.open()

    def open(self) -> None:
        self.snapshots = MerchantSnapshots(
            self.parts,
            ledger=self.ledger,
            policies=self.policies,
            rulesets=self.rulesets,
            keep_velocities=self._keep,
        )

    async def _keep(self, merchant_id: str, snapshot: Snapshot) -> None:
        await asyncio.sleep(0)
        self.kept.append((merchant_id, len(snapshot.velocities)))
        if self.filling is not None:
            await self.filling(merchant_id)

    async def publish(
        self, owner: str | None, wanted: Content, *, by: str = "key", replaces: str | None = None, **fields: Any
    ) -> PublishedRuleset | None:
        publication = Publication(owner=owner, content=wanted, at=NOON, by=by, **fields)
        return await self.snapshots.publish_rules(publication, replaces=replaces)

    def ids(self, merchant_id: str) -> list[str]:
        return [each.id for each in self.snapshots.of(merchant_id).ruleset.rules]

    def state(self) -> Sequence[object]:
        """All that a refusal must leave as it was."""
        every = (self.snapshots.default, self.snapshots.of("shop-a"), self.snapshots.of("shop-b"))
        return [each.versions.id for each in every], self.rulesets.newest("shop-a"), self.rulesets.newest(None)


@pytest.fixture
def shelf(snapshot: Snapshot) -> Shelf:
    return Shelf(snapshot)


async def test_a_merchants_rules_are_its_own_and_in_the_ledger(shelf: Shelf) -> None:
    published = await shelf.publish("shop-a", content(rule("own"), off=("default",)), note="first")
    assert published is not None
    assert (published.number, published.note, published.published_by) == (1, "first", "key")
    assert (shelf.ids("shop-a"), shelf.ids("shop-b")) == (["must", "own"], ["default", "must"])
    ruleset = shelf.snapshots.of("shop-a").ruleset
    kept = shelf.ledger.version(VersionKind.RULESET, ruleset.hash)
    assert kept is not None
    assert parse_ruleset(kept.decode(), CATALOG, ()).rules == ruleset.rules
    versions = shelf.snapshots.of("shop-a").versions
    assert versions.ruleset == ruleset.hash
    assert shelf.ledger.version(VersionKind.SNAPSHOT, versions.id) == versions.content()


async def test_what_was_published_is_in_force_after_a_restart(shelf: Shelf) -> None:
    await shelf.publish("shop-a", content(rule("own")))
    await shelf.publish(None, content(rule("operators", mandatory=True)))
    before = shelf.state()
    shelf.open()
    assert shelf.state() == before
    assert shelf.ids("shop-a") == ["operators", "own"]


async def test_the_operators_rules_reach_every_merchant_at_once(shelf: Shelf) -> None:
    await shelf.publish("shop-a", content(rule("default")))
    await shelf.publish(None, content(rule("default", "Review if is_recurring"), rule("next")))
    assert (shelf.ids("shop-a"), shelf.ids("shop-b")) == (["default", "next"], ["default", "next"])
    first = [shelf.snapshots.of(shop).ruleset.rules[0].action for shop in ("shop-a", "shop-b")]
    assert first == [RuleAction.BLOCK, RuleAction.REVIEW]
    await shelf.snapshots.replace_parts(shelf.parts)
    assert shelf.ids("shop-b") == ["default", "next"], "the file is the operator's until another is published"


async def test_of_two_who_publish_at_once_one_is_told(shelf: Shelf) -> None:
    stands = shelf.snapshots.rules_standing("shop-a")
    wanted = [shelf.publish("shop-a", content(rule(name)), replaces=stands) for name in ("one", "two")]
    done = await asyncio.gather(*wanted, return_exceptions=True)
    assert [type(each) for each in done] == [PublishedRuleset, RulesetChanged]
    assert shelf.snapshots.rules_standing("shop-a") in str(done[1])
    assert shelf.ids("shop-a") == ["default", "must", "one"]


async def test_the_same_again_is_no_new_version(shelf: Shelf) -> None:
    first = await shelf.publish("shop-a", content(rule("a"), rule("b")))
    assert await shelf.publish("shop-a", content(rule("b"), rule("a"))) == first
    assert await shelf.publish("shop-b", content()) is None
    assert await shelf.publish(None, shelf.parts.ruleset.content) is None
    assert shelf.rulesets.newest(None) is None


@pytest.mark.parametrize(
    ("owner", "wanted", "error"),
    [
        ("shop-a", content(rule("x", "Block if amout_in_usd > 5")), RulesInvalid),
        ("shop-a", content(rule("x", "Block if custom_tier = 'gold'")), RulesInvalid),
        ("shop-a", content(rule("x", "Blok", mode=RuleMode.DRAFT)), RulesInvalid),
        ("shop-a", content(rule("must")), RulesetRefused),
        ("shop-a", content(off=("must",)), RulesetRefused),
        (None, content(off=("default",)), RulesetRefused),
        (None, content(rule("x", "Review if is_recurring", mandatory=True)), RulesInvalid),
    ],
)
async def test_what_does_not_check_changes_nothing(
    shelf: Shelf, owner: str | None, wanted: Content, error: type[Exception]
) -> None:
    await shelf.publish("shop-a", content(rule("own")))
    before = shelf.state()
    for refused in (shelf.publish(owner, wanted), shelf.snapshots.rehearse_rules(owner, wanted)):
        with pytest.raises(error):
            await refused
    assert shelf.state() == before


async def test_a_rule_of_a_merchant_reads_its_declared_field_and_keeps_it_declared(shelf: Shelf) -> None:
    wanted = content(rule("gold", "Allow if custom_tier = 'gold' and custom_tier_payments_1h < 5"))
    await shelf.snapshots.publish("shop-a", Policy(custom_fields=(TIER,)), at=NOON, by="key")
    await shelf.publish("shop-a", wanted)
    assert "gold" in shelf.ids("shop-a")
    before = shelf.state()
    for policy in (Policy(), Policy(custom_fields=(CustomField(name="tier", type=CustomType.NUMBER),))):
        for refused in (
            shelf.snapshots.publish("shop-a", policy, at=NOON, by="key"),
            shelf.snapshots.rehearse("shop-a", policy),
        ):
            with pytest.raises(PolicyInvalid) as raised:
                await refused
            (fault,) = raised.value.faults
            assert (fault.pointer, fault.code) == ("/custom_fields", "breaks_rules")
            assert "rule gold, within its text" in fault.detail
    assert shelf.state() == before
    await shelf.publish("shop-a", content())
    await shelf.snapshots.publish("shop-a", Policy(), at=NOON, by="key")
    assert shelf.snapshots.of("shop-a") is shelf.snapshots.default


async def test_what_awaits_approval_decides_nothing_until_another_key_approves(shelf: Shelf) -> None:
    await shelf.publish("shop-a", content(rule("one")))
    waiting = await shelf.publish("shop-a", content(rule("two")), awaits=True, by="author")
    assert waiting is not None
    assert shelf.ids("shop-a") == ["default", "must", "one"]
    for number, by, said in (
        (2, "author", "cannot approve it"),
        (1, "other", "is not the newest"),
        (3, "other", "is not the newest"),
    ):
        with pytest.raises(ApprovalRefused, match=said):
            await shelf.snapshots.approve_rules("shop-a", number, at=NOON, by=by)
    with pytest.raises(RulesetChanged, match="awaits approval"):
        await shelf.publish("shop-a", content(rule("three")), replaces=content(rule("one")).version)
    shelf.open()
    assert shelf.ids("shop-a") == ["default", "must", "one"]
    approved = await shelf.snapshots.approve_rules("shop-a", 2, at=NOON, by="other")
    assert (approved.approved_by, approved.is_effective, shelf.ids("shop-a")[-1]) == ("other", True, "two")
    with pytest.raises(ApprovalRefused, match="awaits no approval"):
        await shelf.snapshots.approve_rules("shop-a", 2, at=NOON, by="other")
    with pytest.raises(ApprovalRefused, match="there is none"):
        await shelf.snapshots.approve_rules("shop-b", 1, at=NOON, by="other")


async def test_a_roll_back_holds_though_the_same_content_awaits_approval(shelf: Shelf) -> None:
    for name in ("one", "two"):
        await shelf.publish("shop-a", content(rule(name)))
    waiting = await shelf.publish("shop-a", content(rule("one")), awaits=True, by="author")
    assert await shelf.publish("shop-a", content(rule("one")), awaits=True, by="author") == waiting
    assert shelf.ids("shop-a")[-1] == "two"
    back = await shelf.publish("shop-a", content(rule("one")), restores=1)
    assert back is not None
    assert (back.number, back.is_effective, shelf.ids("shop-a")[-1]) == (4, True, "one")
    assert await shelf.publish("shop-a", content(rule("one")), restores=1) == back
    with pytest.raises(ApprovalRefused, match="is not the newest"):
        await shelf.snapshots.approve_rules("shop-a", 3, at=NOON, by="other")


async def test_what_does_not_check_any_more_is_not_approved(shelf: Shelf) -> None:
    await shelf.publish("shop-a", content(rule("next")), awaits=True, by="author")
    await shelf.publish(None, content(rule("next", mandatory=True)))
    with pytest.raises(RulesetRefused):
        await shelf.snapshots.approve_rules("shop-a", 1, at=NOON, by="other")
    assert shelf.rulesets.in_force("shop-a") is None


async def test_what_is_not_durable_leaves_the_rules_before_in_force(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.publish("shop-a", content(rule("own")))
    await shelf.publish("shop-b", content(rule("own")), awaits=True, by="author")
    before = shelf.state()

    def fail(published: object) -> None:
        raise LedgerUnavailable(f"no space for {published}")

    with monkeypatch.context() as broken:
        broken.setattr(shelf.rulesets, "append", fail)
        broken.setattr(shelf.rulesets, "approve", fail)
        refusals: tuple[Callable[[], Any], ...] = (
            lambda: shelf.publish("shop-a", content(rule("other"))),
            lambda: shelf.publish(None, content(rule("other"))),
            lambda: shelf.snapshots.approve_rules("shop-b", 1, at=NOON, by="other"),
        )
        for refused in refusals:
            with pytest.raises(LedgerUnavailable):
                await refused()
    assert shelf.state() == before


async def test_rules_that_no_longer_check_are_left_out_alone(shelf: Shelf) -> None:
    # As where a newer version of Assay has another name for a feature.
    gone = "Block if feature_of_an_older_version > 5"
    shelf.rulesets.append(
        Publication(owner="shop-a", content=content(rule("own"), rule("old", gone)), at=NOON, by="key").numbered(1)
    )
    shelf.rulesets.append(
        Publication(owner=None, content=content(rule("theirs"), rule("older", gone)), at=NOON, by="key").numbered(1)
    )
    shelf.open()
    assert (shelf.ids("shop-a"), shelf.ids("shop-b")) == (["own", "theirs"], ["theirs"])
    assert dict(shelf.snapshots.left_out) == {"shop-a": "old (unknown_name)", None: "older (unknown_name)"}
    await shelf.publish("shop-a", content(rule("own")))
    assert dict(shelf.snapshots.left_out) == {None: "older (unknown_name)"}


async def test_merchants_of_equal_rules_and_policy_share_a_snapshot(shelf: Shelf) -> None:
    for shop in ("shop-a", "shop-b"):
        await shelf.publish(shop, content(rule("own")))
    assert shelf.snapshots.of("shop-a") is shelf.snapshots.of("shop-b")
    shelf.open()
    assert shelf.snapshots.of("shop-a") is shelf.snapshots.of("shop-b")
    await shelf.publish("shop-b", content())
    assert shelf.snapshots.of("shop-b") is shelf.snapshots.default
    assert shelf.kept == [], "rules alone make nobody count anew"


COUNTS = "Block if count(by: card, within: 90m) > 3"


async def test_a_list_stays_while_rules_that_name_it_come_in_force(shelf: Shelf) -> None:
    named = NamedList(list=ListName(scope="shop-a", name="vip"), type=EntryType.CUSTOMER)
    snapshots = shelf.snapshots
    listing = Listing(
        MemoryLists(),
        AllLists(),
        put=snapshots.put_lists,
        rules_naming=snapshots.rules_naming,
        rules_changing=snapshots.changing,
    )
    await listing.create(named, at=NOON, by="key")
    dropping: list[asyncio.Task[None]] = []

    async def drop(_: str) -> None:
        dropping.append(asyncio.create_task(listing.drop(named.list, at=NOON, by="key")))
        await asyncio.wait(dropping, timeout=0.2)

    shelf.filling = drop
    await shelf.publish("shop-a", content(rule("vip", "Allow if customer in @vip"), rule("counts", COUNTS)))
    with pytest.raises(ListInUse, match="vip"):
        await dropping[0]
    assert set(snapshots.list_names("shop-a")) == {"vip"}
    await shelf.publish("shop-a", content())
    await listing.drop(named.list, at=NOON, by="key")


@pytest.mark.parametrize("error", [CountersUnavailable("away"), asyncio.CancelledError(), KeyError("a fault")])
async def test_whatever_ends_a_publication_has_the_counters_keep_what_they_kept(
    shelf: Shelf, error: BaseException
) -> None:
    for shop in ("shop-a", "shop-b"):
        await shelf.snapshots.publish(shop, Policy(custom_fields=(TIER,)), at=NOON, by="key")
    before, state = dict(shelf.kept), shelf.state()
    failures = [error]

    async def fail(merchant_id: str) -> None:
        if merchant_id == list(shelf.snapshots.own)[1] and failures:
            raise failures.pop()

    shelf.filling = fail
    own = [
        Publication(owner=shop, content=content(rule("counts", COUNTS)), at=NOON, by="key").numbered(1)
        for shop in ("shop-a", "shop-b")
    ]
    for each in own:
        shelf.rulesets.append(each)
    with pytest.raises(type(error)):
        await shelf.snapshots.replace_parts(shelf.parts)
    assert (failures, dict(shelf.kept)) == ([], before)
    assert shelf.state()[0] == state[0]
