"""Listing: what is durable is in force, and nothing else; room is bounded."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from engine.errors import LedgerUnavailable, ListExists, ListInUse, ListsInvalid
from engine.listing import Listing, Taking, loaded
from engine.lists import OPERATOR, AllLists, Entry, EntryType, ListChange, ListName, NamedList, Terms
from engine.payment import EPOCH, MICROSECOND
from engine.stores.memory_lists import MemoryLists

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BLOCK = ListName(scope="shop-a", name="block")
TRUSTED = NamedList(list=ListName(scope=OPERATOR, name="trusted"), type=EntryType.CUSTOMER)


class Desk:
    """A listing over a store in memory, and what it put in force."""

    def __init__(self) -> None:
        self.store = MemoryLists()
        self.in_force: list[AllLists] = []
        self.named_by: dict[str, tuple[str, ...]] = {}
        self.listing = Listing(
            self.store,
            AllLists(),
            put=self.in_force.append,
            rules_naming=lambda name: self.named_by.get(name.name, ()),
            rules_changing=asyncio.Lock(),
        )

    async def add(self, *values: str, at: datetime = NOON, expires_at: datetime | None = None) -> tuple[Taking, ...]:
        expires_at_us = None if expires_at is None else (expires_at - EPOCH) // MICROSECOND
        terms = Terms(expires_at_us=expires_at_us)
        entries = [Entry(list=BLOCK, type=EntryType.DEVICE, value=value, terms=terms) for value in values]
        return (await self.listing.add(BLOCK, entries, at=at, by="key")).takings

    def values(self) -> set[str]:
        return {each.entry.value for each in self.store.entries(BLOCK, limit=100)}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_is_kept_is_put_in_force_once(desk: Desk) -> None:
    assert await desk.add("a", "b", "a") == (Taking.ADDED, Taking.ADDED, Taking.UNCHANGED)
    assert await desk.add("a") == (Taking.UNCHANGED,)
    (lists,) = desk.in_force
    assert lists is desk.listing.lists
    assert lists.of("shop-a").sequence == loaded(desk.store).of("shop-a").sequence == 1


async def test_what_could_not_be_kept_is_not_in_force(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(change: ListChange) -> NoReturn:
        raise LedgerUnavailable(f"no disk for {change.scope}")

    monkeypatch.setattr(desk.store, "apply", fail)
    with pytest.raises(LedgerUnavailable):
        await desk.add("a")
    assert not desk.in_force


async def test_calls_at_once_are_one_after_another(desk: Desk) -> None:
    takings = await asyncio.gather(*(desk.add("same", f"own-{number}") for number in range(20)))
    assert sum(each[0] is Taking.ADDED for each in takings) == 1
    assert len(desk.values()) == 21
    assert desk.listing.lists.entries() == 21


async def test_what_expired_makes_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.listing.LIST_ENTRIES_MAX", 3)
    await desk.add("old", "older", expires_at=NOON + timedelta(hours=1))
    await desk.add("good")
    with pytest.raises(ListsInvalid, match="remove some"):
        await desk.add("new")
    assert desk.values() == {"old", "older", "good"}
    # What is in the list takes no room again.
    assert await desk.add("old", expires_at=NOON + timedelta(hours=2)) == (Taking.UPDATED,)
    await desk.add("new", at=NOON + timedelta(hours=1))
    assert desk.values() == {"old", "good", "new"}
    assert desk.listing.lists.entries() == 3


async def test_an_installation_has_room_for_so_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.listing.ENTRIES_MAX", 2)
    await desk.add("a", "b")
    with pytest.raises(ListsInvalid, match="all lists together"):
        await desk.add("c")


async def test_a_list_that_rules_name_is_not_deleted(desk: Desk) -> None:
    await desk.listing.create(TRUSTED, at=NOON, by="key")
    with pytest.raises(ListExists):
        await desk.listing.create(TRUSTED, at=NOON, by="key")
    assert set(desk.listing.lists.of("anybody").named) == {"trusted"}
    desk.named_by["trusted"] = ("rule-1", "rule-2")
    with pytest.raises(ListInUse, match="rule-1, rule-2"):
        await desk.listing.drop(TRUSTED.list, at=NOON, by="key")
    desk.named_by.clear()
    await desk.listing.drop(TRUSTED.list, at=NOON, by="key")
    assert not desk.listing.lists.of("anybody").named


async def test_removing_what_is_not_there_changes_nothing(desk: Desk) -> None:
    await desk.add("a")
    (entry,) = desk.store.entries(BLOCK, limit=2)
    assert await desk.listing.remove(BLOCK, ["ent_none"], at=NOON, by="key") == 0
    other = ListName(scope="shop-b", name="block")
    assert await desk.listing.remove(other, [entry.entry.id], at=NOON, by="key") == 0
    assert len(desk.in_force) == 1
    assert await desk.listing.remove(BLOCK, [entry.entry.id], at=NOON, by="key") == 1
    assert not desk.values()
