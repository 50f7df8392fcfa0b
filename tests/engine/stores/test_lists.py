"""The lists port, on SQLite and in memory: what is kept, and what comes back as of any sequence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import LedgerUnavailable, StoreInvalid
from engine.listing import loaded
from engine.lists import (
    OPERATOR,
    AllLists,
    Entry,
    EntryType,
    ListChange,
    ListHistory,
    ListName,
    ListStore,
    MerchantLists,
    NamedList,
    Terms,
)
from engine.stores.memory_lists import MemoryLists
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BLOCK = ListName(scope="shop-a", name="block")
TRUSTED = NamedList(list=ListName(scope="shop-a", name="trusted"), type=EntryType.CUSTOMER)


def entry(value: str, name: ListName = BLOCK, expires_at_us: int | None = None, reason: str | None = None) -> Entry:
    terms = Terms(expires_at_us=expires_at_us, reason=reason)
    return Entry(list=name, type=EntryType.CUSTOMER, value=value, terms=terms)


def put(*entries: Entry, removed: tuple[str, ...] = (), by: str = "key") -> ListChange:
    scope = entries[0].list.scope if entries else "shop-a"
    return ListChange(scope=scope, at=NOON, by=by, put=entries, removed=removed)


@pytest.fixture(params=["sql", "memory"])
def lists(request: pytest.FixtureRequest, store: Store) -> ListStore:
    return store.lists if request.param == "sql" else MemoryLists()


def values(lists: ListStore, name: ListName = BLOCK, as_of: int | None = None) -> list[str]:
    return [each.entry.value for each in lists.entries(name, as_of=as_of, limit=100)]


def test_each_change_has_the_next_sequence_and_its_author(lists: ListStore) -> None:
    assert dict(lists.apply(put(entry("a"), entry("b", reason="why"))).sequences) == {"shop-a": 1}
    other = ListName(scope=OPERATOR, name="block")
    assert dict(lists.apply(put(entry("x", other), by="another")).sequences) == {OPERATOR: 2}
    second, first = lists.entries(BLOCK, limit=10)
    assert (first.entry, second.entry) == (entry("a"), entry("b", reason="why"))
    assert (first.added.sequence, first.added.at, first.added.by, first.removed) == (1, NOON, "key", None)
    (operators,) = lists.entries(other, limit=10)
    assert (operators.added.sequence, operators.added.by) == (2, "another")


def test_what_is_removed_or_replaced_is_still_there_as_of_before(lists: ListStore) -> None:
    lists.apply(put(entry("a"), entry("b")))
    removed = lists.apply(put(removed=(entry("a").id, "ent_unknown")))
    assert list(removed.removed) == [entry("a")]
    lists.apply(put(entry("b", expires_at_us=5)))
    lists.apply(put(entry("a", reason="again")))
    assert values(lists) == ["a", "b"]
    assert [values(lists, as_of=sequence) for sequence in range(5)] == [[], ["b", "a"], ["b"], ["b"], ["a", "b"]]
    (_, before) = (each.entry.terms for each in lists.entries(BLOCK, as_of=4, limit=10))
    assert before == Terms(expires_at_us=5)
    (gone,) = (each for each in lists.entries(BLOCK, as_of=1, limit=10) if each.entry.value == "a")
    assert gone.removed is not None
    assert gone.removed.sequence == 2


def test_pages_go_back_from_the_newest_and_find_by_id(lists: ListStore) -> None:
    for value in "abcde":
        lists.apply(put(entry(value)))
    page = lists.entries(BLOCK, limit=2)
    assert [each.entry.value for each in page] == ["e", "d"]
    rest = lists.entries(BLOCK, before=page[-1].position, limit=10)
    assert [each.entry.value for each in rest] == ["c", "b", "a"]
    found = lists.entries(BLOCK, ids=[entry("c").id, entry("z").id], limit=10)
    assert [each.entry.value for each in found] == ["c"]
    assert not lists.entries(ListName(scope="shop-b", name="block"), limit=10)


def test_named_lists_come_and_go_with_what_is_in_them(lists: ListStore) -> None:
    lists.apply(ListChange(scope="shop-a", at=NOON, by="key", made=TRUSTED))
    lists.apply(put(entry("a", TRUSTED.list), entry("b", TRUSTED.list)))
    (named,) = lists.named("shop-a")
    assert (named.named, named.made.sequence, named.made.by) == (TRUSTED, 1, "key")
    dropped = lists.apply(ListChange(scope="shop-a", at=NOON, by="key", dropped=TRUSTED.list))
    assert {each.value for each in dropped.removed} == {"a", "b"}
    assert not lists.named("shop-a")
    assert not values(lists, TRUSTED.list)
    assert lists.names_ever() == {"trusted"}
    history = ListHistory(lists)
    assert history.of("shop-a", 2).named["trusted"].holds("a", 0)
    assert not history.of("shop-a", 3).named
    again = NamedList(list=TRUSTED.list, type=EntryType.EMAIL)
    lists.apply(ListChange(scope="shop-a", at=NOON, by="key", made=again))
    assert loaded(lists).of("shop-a").named["trusted"].type is EntryType.EMAIL


def test_what_expired_is_found(lists: ListStore) -> None:
    at_us = 1_000_000
    lists.apply(put(entry("a", expires_at_us=at_us), entry("b", expires_at_us=at_us + 1), entry("c")))
    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert [each.value for each in lists.expired(BLOCK, at)] == ["a"]


def test_many_entries_are_removed_at_once(lists: ListStore) -> None:
    entries = [entry(f"c-{number}") for number in range(1_200)]
    lists.apply(put(*entries))
    gone = lists.apply(put(removed=tuple(each.id for each in entries[:1_100])))
    assert len(list(gone.removed)) == 1_100
    assert len(lists.entries(BLOCK, limit=2_000)) == 100


def test_lists_survive_a_reopening(store: Store, tmp_path: Path) -> None:
    store.lists.apply(put(entry("a", reason="why")))
    store.lists.apply(ListChange(scope="shop-a", at=NOON, by="key", made=TRUSTED))
    store.close()
    again = open_store(tmp_path / "data")
    lists = loaded(again.lists).of("shop-a")
    assert (lists.sequence, set(lists.named), len(lists.screening)) == (2, {"trusted"}, 1)
    again.close()


def test_a_type_that_is_not_known_names_the_list_and_the_mend(store: Store) -> None:
    store.lists.apply(put(entry("a")))
    store.writer.driver.execute("UPDATE list_entries SET type = 'iban'")
    with pytest.raises(StoreInvalid, match=r"'block' of 'shop-a' holds the type 'iban'.*restore"):
        loaded(store.lists)


def test_what_is_not_durable_did_not_happen(store: Store) -> None:
    store.lists.apply(put(entry("a")))
    store.writer.driver.execute("PRAGMA query_only = on")
    with pytest.raises(LedgerUnavailable):
        store.lists.apply(put(entry("b")))
    store.writer.driver.execute("PRAGMA query_only = off")
    assert values(store.lists) == ["a"]
    assert dict(store.lists.apply(put(entry("c"))).sequences) == {"shop-a": 2}


KINDS = st.sampled_from((EntryType.CUSTOMER, EntryType.CIDR))
VALUES = {EntryType.CUSTOMER: st.sampled_from("abc"), EntryType.CIDR: st.sampled_from(("10.0.0.0/8", "10.1.0.0/16"))}
TERMS = st.builds(Terms, expires_at_us=st.none() | st.integers(0, 3))


@st.composite
def entries(draw: st.DrawFn, name: ListName) -> list[Entry]:
    kinds = draw(st.lists(KINDS, max_size=3))
    return [Entry(list=name, type=kind, value=draw(VALUES[kind]), terms=draw(TERMS)) for kind in kinds]


@st.composite
def changes(draw: st.DrawFn) -> ListChange:
    """A change of a built-in or a named list; the named one may be made, dropped, or used before it is made."""
    scope = draw(st.sampled_from((OPERATOR, "shop-a", "shop-b")))
    name = ListName(scope=scope, name=draw(st.sampled_from(("block", "allow", "named"))))
    named = ListName(scope=scope, name="named")
    at = NOON + timedelta(seconds=draw(st.integers(0, 9)))
    match draw(st.sampled_from(("made", "dropped", "entries", "entries", "entries"))):
        case "made":
            return ListChange(scope=scope, at=at, by="key", made=NamedList(list=named, type=draw(KINDS)))
        case "dropped":
            return ListChange(scope=scope, at=at, by="key", dropped=named)
        case _:
            put = {each.id: each for each in draw(entries(name))}
            gone = [each.id for each in draw(entries(name)) if each.id not in put]
            return ListChange(scope=scope, at=at, by="key", put=tuple(put.values()), removed=gone)


def is_sensible(change: ListChange, made: set[str]) -> bool:
    """As the service has it: a list is made once, and dropped or filled only while it is there."""
    if change.made is not None:
        return change.scope not in made
    needs_it = change.dropped is not None or (bool(change.put) and change.put[0].list.name == "named")
    return not needs_it or change.scope in made


def told(lists: MerchantLists) -> object:
    """All that a payment can tell of its lists."""
    asked = [(kind, value) for kind in VALUES for value in ("a", "b", "c", "10.1.2.3", "10.2.2.2")]
    return (
        lists.sequence,
        [
            (each.name, each.is_operators, kind, value, at_us, each.entries.found(kind, value, at_us))
            for each in lists.screening
            for kind, value in asked
            if kind in each.entries.types
            for at_us in (0, 2)
        ],
        {name: [each.holds(value, 1) for _, value in asked] for name, each in lists.named.items()},
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(wanted=st.lists(changes(), max_size=12), order=st.randoms(use_true_random=False))
def test_lists_rebuilt_as_of_any_sequence_are_those_that_were_in_force(
    wanted: list[ListChange], order: Random, store: Store
) -> None:
    # One folder for all examples: making one takes longer than the rest.
    store.writer.driver.executescript("DELETE FROM list_entries; DELETE FROM named_lists; DELETE FROM list_changes;")
    memory, in_force, made = MemoryLists(), AllLists(), set[str]()
    states = [in_force]
    for change in wanted:
        if not is_sensible(change, made):
            continue
        made = made | {change.scope} if change.made else made - {change.scope} if change.dropped else made
        in_force = in_force.changed(store.lists.apply(change))
        memory.apply(change)
        states.append(in_force)
    for kept in (store.lists, memory):
        history = ListHistory(kept)
        asked = [(merchant, at) for merchant in ("shop-a", "shop-b", "shop-c") for at in range(len(states))]
        for merchant, at in order.sample(asked, min(len(asked), 12)):
            was = states[at].of(merchant)
            # A decision records the newest change of its own merchant's lists, and is rebuilt by that.
            assert told(history.of(merchant, was.sequence)) == told(was)
        assert all(told(loaded(kept).of(each)) == told(in_force.of(each)) for each in ("shop-a", "shop-c"))


def test_a_list_that_was_dropped_and_made_again_between_two_sequences_is_there(store: Store) -> None:
    named = ListName(scope="shop-a", name="named")
    made = ListChange(scope="shop-a", at=NOON, by="key", made=NamedList(list=named, type=EntryType.CUSTOMER))
    dropped = ListChange(scope="shop-a", at=NOON, by="key", dropped=named)
    for kept in (store.lists, MemoryLists()):
        for change in (made, dropped, made):
            kept.apply(change)
        history = ListHistory(kept)
        assert [set(history.of("shop-a", sequence).named) for sequence in (1, 3, 2)] == [{"named"}, {"named"}, set()]
