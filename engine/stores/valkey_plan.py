"""What Valkey keeps for a list of velocities: shared structures, and from which each velocity is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import inf
from typing import Final

from engine.features import Value
from engine.velocity import Count, Distinct, Status, Total, Velocity
from engine.velocity.spec import Average, FirstSeen, LastSeen, Linked, Maximum, Minimum, VelocityScope

PAYMENTS: Final = "payment"
"""The stream of payments; the others are named after their statuses."""
TOKEN_BYTES: Final = 12
"""A value is known by so much of its digest: of a thousand million, no two are alike but once in 10^11."""
_UNKNOWN: Final = bytes(TOKEN_BYTES)
_SLACK_MS: Final = 3_600_000
"""Keys outlive their last use for so long, in which clocks may differ."""
_TURNS: Final = 8
"""One addition in so many trims its key (structures.lua), each structure at another: no payment trims them all."""
_NETWORK_SLACK_US: Final = 3_600_000_000
"""So much later than needed is dropped what several merchants share, each with a time of its own."""

_Literal = bool | int | str | bytes | Sequence["_Literal"] | Mapping[str, "_Literal"]


@dataclass(slots=True, kw_only=True)
class _Structure:
    """What is held of one stream, scope and filter by key. One that several velocities need meets all their needs."""

    number: int
    """Among all of the plan's, from 1 on: it names the structure, so the shorter the better."""
    stream: str
    is_network: bool
    where: tuple[tuple[int, bytes], ...]
    """The place of an input, and the token looked for."""
    key: int
    """The place of its key's inputs among those of all, from 1 on."""
    more: dict[str, int]
    """What else tells it apart: the amount or value, and the pair's place among the items."""
    span_us: int = 0
    """So long ago lies what is still looked at."""
    forever: bool = False
    holds_last: bool = False
    has_base: bool = False
    counted: list[int] = field(default_factory=list)
    """The places of the velocities that are how many it holds in a window up to now, from the longest window on."""
    read: list[int] = field(default_factory=list)
    """Those of the others."""

    def need(self, span_us: int, *, forever: bool = False, holds_last: bool = False, has_base: bool = False) -> None:
        """Hold so much more."""
        self.span_us = max(self.span_us, span_us)
        self.forever |= forever
        self.holds_last |= holds_last
        self.has_base |= has_base

    def literal(self, remembered_us: int) -> Mapping[str, _Literal]:
        """For the scripts; what lasts for ever is not folded while a payment can still be taken back."""
        span_us = max(self.span_us, remembered_us) if self.forever else self.span_us
        return {
            "id": str(self.number),
            "turn": self.number % _TURNS,
            "stream": self.stream,
            "network": self.is_network,
            "where": self.where,
            "key": self.key,
            "span_us": span_us,
            "keep_us": span_us + (_NETWORK_SLACK_US if self.is_network else 0),
            "expires_ms": _expires_ms(span_us),
            "forever": self.forever,
            "holds_last": self.holds_last,
            "has_base": self.has_base,
            "counted": self.counted,
            "read": self.read,
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The features that rows hold, and those that are amounts."""

    row: tuple[str, ...]
    amounts: tuple[str, ...]
    told_apart_by: int
    """So many of the row, the first, are of keys and of values told apart."""

    @staticmethod
    def of(velocities: Sequence[Velocity]) -> "_Inputs":
        kept = [(*each.key, *_told_apart(each)) for each in velocities]
        first = dict.fromkeys(name for names in kept for name in names)
        looked_for = (name for each in velocities for name, _ in each.where)
        amounts = (each.aggregate.measured for each in velocities if not _told_apart(each))
        return _Inputs(
            row=tuple(dict.fromkeys((*first, *looked_for))),
            amounts=tuple(dict.fromkeys(name for names in amounts for name in names)),
            told_apart_by=len(first),
        )


@dataclass(slots=True)
class _Structures:
    """The structures of each kind, each once, in the order in which they were first needed."""

    inputs: _Inputs
    kinds: dict[str, dict[str, _Structure]] = field(
        default_factory=lambda: {"items": {}, "sums": {}, "amounts": {}, "values": {}}
    )
    keys: dict[tuple[int, ...], int] = field(default_factory=dict)
    """The inputs of every key, and its place among them."""

    def of(
        self,
        kind: str,
        velocity: Velocity,
        stream: str,
        names: Iterable[str],
        where: Sequence[tuple[str, Value]],
        **more: int,
    ) -> tuple[int, _Structure]:
        """The structure of a kind, and its place among those of the kind, from 1 on."""
        row = self.inputs.row
        is_network = velocity.scope is VelocityScope.NETWORK
        keys, filters = sorted(set(names)), sorted((name, token(value)) for name, value in where)
        told = {
            name: (self.inputs.amounts if name == "amount" else row)[place - 1]
            for name, place in more.items()
            if name != "pair"
        }
        said = repr((kind, stream, is_network, keys, filters, told))
        known = self.kinds[kind]
        if said not in known:
            known[said] = _Structure(
                number=sum(map(len, self.kinds.values())) + 1,
                stream=stream,
                is_network=is_network,
                where=tuple((row.index(name) + 1, looked_for) for name, looked_for in filters),
                key=self.keys.setdefault(tuple(row.index(name) + 1 for name in keys), len(self.keys) + 1),
                more=more,
            )
        return list(known).index(said) + 1, known[said]


@dataclass(frozen=True)
class ValkeyPlan:
    """Velocities, as the scripts know them."""

    velocities: tuple[Velocity, ...]
    beside: tuple[Velocity, ...] = ()
    """What is counted of the same payments elsewhere: they are remembered alike."""

    def __post_init__(self) -> None:
        """Refuse what cannot be told apart."""
        assert self.velocities, "there is nothing to count"
        assert len({each.name for each in self.velocities}) == len(self.velocities), "two velocities have one name"

    @cached_property
    def counted(self) -> tuple[Velocity, ...]:
        """The velocities that the scripts count: what is linked is found in this process's memory alone."""
        return tuple(each for each in self.velocities if not isinstance(each.aggregate, Linked))

    @cached_property
    def inputs(self) -> _Inputs:
        """What an observation's values are read for."""
        return _Inputs.of(self.counted)

    @cached_property
    def remembers_us(self) -> dict[str, int]:
        """For how long the items of each stream are known by their payment's id.

        Where all velocities of a status are of all time, an event is remembered as long as its payment is.
        """
        every = (*self.velocities, *self.beside)
        longest = max(map(_reach_us, every))
        remembered = {PAYMENTS: longest}
        for status in Status:
            if any(status in (each.status, each.since) for each in self.counted):
                of_status = [_reach_us(each) for each in every if status in (each.status, each.since)]
                remembered[status.value] = max(of_status) or longest
        return remembered

    @cached_property
    def lua(self) -> str:
        """The plan as the scripts have it before them."""
        structures = _Structures(self.inputs)
        velocities: list[Mapping[str, _Literal]] = [{}] * len(self.counted)
        for place in sorted(range(len(velocities)), key=self._brevity):
            velocity = self.counted[place]
            structure, velocities[place] = _velocity(velocity, structures)
            (structure.counted if _is_plain(velocity) else structure.read).append(place + 1)
        kinds = {
            kind: [each.literal(self.remembers_us[each.stream]) for each in known.values()]
            for kind, known in structures.kinds.items()
        }
        plan: dict[str, _Literal] = {
            "remembers_us": self.remembers_us,
            "expires_ms": _expires_ms(max(self.remembers_us.values())),
            "told_apart_by": self.inputs.told_apart_by,
            "amount_count": len(self.inputs.amounts),
            "velocities": velocities,
            "keys": list(structures.keys),
            "kinds": list(structures.kinds),
            **kinds,
        }
        return f"local PLAN = {_lua(plan)}\n"

    def _brevity(self, place: int) -> float:
        window_us = self.counted[place].window_us
        return -inf if window_us is None else -window_us


def token(value: Value) -> bytes:
    """What a value is known by; equal values have one: True is 1, and so is 1.0."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = value.encode() if isinstance(value, str) else b"\0" + repr(+value).encode()
    return blake2b(said, digest_size=TOKEN_BYTES).digest()


def _is_plain(velocity: Velocity) -> bool:
    """Whether it is no more than how many are held in a window up to now."""
    is_count = isinstance(velocity.aggregate, Count | Distinct) and velocity.window_us is not None
    is_own = velocity.scope is not VelocityScope.NETWORK
    return is_count and is_own and velocity.delay_us == 0 and velocity.since is None


def _velocity(velocity: Velocity, structures: _Structures) -> tuple[_Structure, Mapping[str, _Literal]]:
    """From which structure it is read, and how; the structure holds what is needed from here on."""
    stream = PAYMENTS if velocity.status is None else velocity.status.value
    is_ever = velocity.window_us is None
    reach_us = (velocity.window_us or 0) + velocity.delay_us
    own = (velocity, stream, velocity.key, velocity.where)
    inputs = structures.inputs
    match velocity.aggregate:
        case Count() | FirstSeen() | LastSeen():
            _, each = structures.of("items", *own)
            is_last = isinstance(velocity.aggregate, LastSeen)
            each.need(reach_us, forever=is_ever, holds_last=is_ever and is_last, has_base=is_ever and not is_last)
        case Distinct(value=value):
            pair_names = (*velocity.key, value)
            pair, items = structures.of("items", velocity, stream, pair_names, velocity.where)
            items.need(reach_us, forever=is_ever, holds_last=is_ever)
            _, each = structures.of("values", *own, value=inputs.row.index(value) + 1, pair=pair)
            each.need(reach_us, forever=is_ever)
        case Total(amount=amount) | Average(amount=amount) | Minimum(amount=amount) | Maximum(amount=amount):
            kind = "sums" if isinstance(velocity.aggregate, Total | Average) else "amounts"
            _, each = structures.of(kind, *own, amount=inputs.amounts.index(amount) + 1)
            each.need(reach_us, forever=is_ever)
    read: dict[str, _Literal] = {
        "aggregate": _AGGREGATES[type(velocity.aggregate)],
        "delay_us": velocity.delay_us,
    }
    if velocity.window_us is not None:
        read["window_us"] = velocity.window_us
    if velocity.since is not None:
        read["since"], resets = structures.of("items", velocity, velocity.since.value, velocity.key, ())
        resets.need(reach_us, forever=is_ever, holds_last=is_ever)
    return each, read


_AGGREGATES: Final[Mapping[type, str]] = {
    Count: "count",
    Total: "sum",
    Average: "sum",
    Minimum: "least",
    Maximum: "most",
    Distinct: "values",
    FirstSeen: "first",
    LastSeen: "last",
}


def _told_apart(velocity: Velocity) -> tuple[str, ...]:
    return velocity.aggregate.measured if isinstance(velocity.aggregate, Distinct) else ()


def _reach_us(velocity: Velocity) -> int:
    return 0 if velocity.window_us is None else velocity.window_us + velocity.delay_us


def _expires_ms(span_us: int) -> int:
    return span_us // 1_000 + _SLACK_MS


def _bytes_literal(value: bytes) -> str:
    return '"' + "".join(f"\\{byte:03}" for byte in value) + '"'


_LITERALS: Final[Mapping[type, Callable[..., str]]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    str: lambda value: _bytes_literal(value.encode()) if not value.isidentifier() else f'"{value}"',
    bytes: _bytes_literal,
}


def _lua(value: _Literal) -> str:
    """A literal of the scripts' language."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}={_lua(each)}" for name, each in value.items()) + "}"
    if type(value) in _LITERALS:
        return _LITERALS[type(value)](value)
    assert isinstance(value, Sequence), f"{value!r} is no literal"
    return "{" + ",".join(map(_lua, value)) + "}"
