"""The lists in force: of one merchant as a decision sees them, and of all as they change. Immutable, swapped whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from engine.lists.entries import Entries, Keyed, TypedEntries
from engine.lists.entry import BUILT_IN, OPERATOR, Entry, EntryType, ListName, NamedList, Terms
from engine.rules import Lists
from engine.rules.closure import NamedEntries

_NO_ENTRIES: Final = Entries()
_NOTHING_NAMED: Final[Lists] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What changed from one sequence to a later one. Removals come first: what was extended is removed and put.

    `sequences` are the newest of each scope that changed.
    """

    sequences: Mapping[str, int] = field(default_factory=dict)
    made: Sequence[NamedList] = ()
    dropped: Sequence[ListName] = ()
    removed: Iterable[Entry] = ()
    put: Iterable[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLists:
    """The lists of one scope: entries by name (built-in ones are there once something was in them)."""

    sequence: int = 0
    entries: Mapping[str, Entries] = field(default_factory=dict)
    named: Mapping[str, TypedEntries] = field(default_factory=dict)


NO_SCOPE_LISTS: Final = ScopeLists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """A built-in list that has entries: an allow or a block list, the operator's or the merchant's."""

    name: str
    is_operators: bool
    entries: Entries


class MerchantLists:
    """The lists that one merchant's payments meet: the operator's and the merchant's own.

    `sequence` is that of the newest change of any of them; 0 where there never was one.
    """

    __slots__ = ("named", "screening", "sequence")

    def __init__(self, operators: ScopeLists, own: ScopeLists, sequence: int | None = None) -> None:
        """Put both together; names are given once, so none hides another."""
        self.sequence = max(operators.sequence, own.sequence) if sequence is None else sequence
        self.named: Mapping[str, TypedEntries] = {**operators.named, **own.named}
        self.screening = tuple(
            Screening(name=name, is_operators=lists is operators, entries=entries)
            for lists in (operators, own)
            for name in BUILT_IN
            if len(entries := lists.entries.get(name, _NO_ENTRIES))
        )

    def at(self, at_us: int) -> Lists:
        """The named lists as rules ask them for a payment of this time (microseconds since the epoch)."""
        return _At(self.named, at_us) if self.named else _NOTHING_NAMED


NO_LISTS: Final = MerchantLists(NO_SCOPE_LISTS, NO_SCOPE_LISTS)


class AllLists:
    """The lists of an installation. `of` gives merchants without lists of their own one and the same object."""

    __slots__ = ("_by_merchant", "_scopes", "shared")

    def __init__(
        self,
        scopes: Mapping[str, ScopeLists] = MappingProxyType({}),
        by_merchant: Mapping[str, MerchantLists] = MappingProxyType({}),
        shared: MerchantLists = NO_LISTS,
    ) -> None:
        """`scopes` by merchant id, OPERATOR being the operator's, and what was put together of them."""
        self._scopes = scopes
        self._by_merchant = by_merchant
        self.shared = shared

    def of(self, merchant_id: str) -> MerchantLists:
        """The lists that a merchant's payments meet."""
        return self._by_merchant.get(merchant_id, self.shared)

    def scope(self, scope: str) -> ScopeLists:
        """The lists of one scope."""
        return self._scopes.get(scope, NO_SCOPE_LISTS)

    def names(self) -> frozenset[str]:
        """The names of all named lists, of every scope."""
        return frozenset(name for lists in self._scopes.values() for name in lists.named)

    def operators_names(self) -> Mapping[str, EntryType]:
        """The operator's named lists, which the rules of all merchants may name, and their types."""
        return {name: each.type for name, each in self.scope(OPERATOR).named.items()}

    def entries(self) -> int:
        """How many entries there are in all lists."""
        return sum(len(each) for lists in self._scopes.values() for each in lists.entries.values())

    def changed(self, delta: Delta) -> "AllLists":
        """The lists after the changes; of scopes that did not change nothing is made anew."""
        removed, put = _by_list(delta)
        made: dict[str, list[NamedList]] = {}
        for each in delta.made:
            made.setdefault(each.list.scope, []).append(each)
        dropped = {(each.scope, each.name) for each in delta.dropped}
        scopes = dict(self._scopes)
        for scope, sequence in delta.sequences.items():
            before = self.scope(scope)
            types = {name: lists.type for name, lists in before.named.items()}
            types |= {each.list.name: each.type for each in made.get(scope, ())}
            entries = dict(before.entries)
            for name in {of for owner, of in (*removed, *put) if owner == scope}:
                entries[name] = entries.get(name, _NO_ENTRIES).changed(
                    removed.get((scope, name), ()), put.get((scope, name), {})
                )
            # One that was dropped and made again since is there.
            is_dropped = {name for owner, name in dropped if owner == scope} - {
                each.list.name for each in made.get(scope, ())
            }
            entries = {name: each for name, each in entries.items() if len(each) and name not in is_dropped}
            scopes[scope] = ScopeLists(
                sequence=sequence,
                entries=entries,
                named={
                    name: TypedEntries(kind, entries.get(name, _NO_ENTRIES))
                    for name, kind in types.items()
                    if name not in is_dropped
                },
            )
        return self._with(scopes, delta.sequences.keys())

    def _with(self, scopes: Mapping[str, ScopeLists], changed: Iterable[str]) -> "AllLists":
        operators, has_changed = scopes.get(OPERATOR, NO_SCOPE_LISTS), OPERATOR in changed
        shared = MerchantLists(operators, NO_SCOPE_LISTS) if has_changed else self.shared
        # What the operator changed changes for everybody.
        anew = [scope for scope in (scopes if has_changed else changed) if scope != OPERATOR]
        made = {scope: MerchantLists(operators, scopes[scope]) for scope in anew}
        return AllLists(scopes, {**self._by_merchant, **made}, shared)


def _by_list(
    delta: Delta,
) -> tuple[dict[tuple[str, str], list[Keyed]], dict[tuple[str, str], dict[Keyed, Terms]]]:
    removed: dict[tuple[str, str], list[Keyed]] = {}
    for each in delta.removed:
        removed.setdefault((each.list.scope, each.list.name), []).append((each.type, each.value))
    put: dict[tuple[str, str], dict[Keyed, Terms]] = {}
    for each in delta.put:
        put.setdefault((each.list.scope, each.list.name), {})[each.type, each.value] = each.terms
    return removed, put


class _At(Mapping[str, NamedEntries]):
    """Named lists at the time of one payment: what expired by then holds nothing."""

    __slots__ = ("_at_us", "_named")

    def __init__(self, named: Mapping[str, TypedEntries], at_us: int) -> None:
        self._named, self._at_us = named, at_us

    def __getitem__(self, name: str) -> NamedEntries:
        return _EntriesAt(self._named[name], self._at_us)

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


class _EntriesAt:
    __slots__ = ("_at_us", "_entries")

    def __init__(self, entries: TypedEntries, at_us: int) -> None:
        self._entries, self._at_us = entries, at_us

    def holds(self, value: str) -> bool:
        return self._entries.holds(value, self._at_us)
