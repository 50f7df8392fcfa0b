"""What is linked with a payment, slowly and plainly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from engine.features import Value
from engine.velocity import Observation, StatusEvent, spec

Seen = Observation | StatusEvent


@dataclass(slots=True)
class Component:
    """What is linked with a payment: the payments, the ids that lead to them, and those that many share."""

    payments: list[Seen] = field(default_factory=list)
    followed: list[tuple[str, Value]] = field(default_factory=list)
    shared: int = 0
    new_pairs: int = 0


def component(key: Sequence[str], within_us: int, now: Observation, payments: Sequence[Seen]) -> Component:
    """The sentences of Linked, one after the other."""
    start, found = now.at_us - within_us, Component()
    inside = [each for each in payments if start < each.at_us <= now.at_us]
    ids = [(kind, now.values[kind]) for kind in key if now.values.get(kind) is not None]
    latest = [latest_of(one, inside) for one in ids]
    for one, other in combinations(range(len(ids)), 2):
        if latest[one] and latest[other]:
            both = (
                each for each in (*latest[one], *latest[other]) if is_of(ids[one], each) and is_of(ids[other], each)
            )
            found.new_pairs += not any(True for _ in both)
    looked_at = 0
    while looked_at < min(len(ids), spec.LINKED_IDS_MAX):
        followed, having = ids[looked_at], latest_of(ids[looked_at], inside)
        looked_at += 1
        others = [kind for kind in key if kind != followed[0]]
        if any(different(kind, having) > spec.LINKED_SHARED_MAX for kind in others):
            found.shared += 1
            continue
        found.followed.append(followed)
        for each in having:
            if not any(each is known for known in found.payments):
                found.payments.append(each)
            for kind in key:
                if each.values.get(kind) is not None and (kind, each.values[kind]) not in ids:
                    ids.append((kind, each.values[kind]))
    return found


def latest_of(one: tuple[str, Value], payments: Sequence[Seen]) -> list[Seen]:
    """The latest payments with an id, the latest first."""
    return [each for each in payments if is_of(one, each)][-spec.LINKED_LATEST :][::-1]


def is_of(one: tuple[str, Value], seen: Seen) -> bool:
    return seen.values.get(one[0]) == one[1]


def different(kind: str, payments: Sequence[Seen]) -> int:
    return len({each.values.get(kind) for each in payments} - {None})
