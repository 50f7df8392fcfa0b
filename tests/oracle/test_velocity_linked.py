"""What is linked, in memory and in columns, against the oracle: every number of generated streams equal."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stores import memory_linked
from engine.velocity import Count, Distinct, Status, Total, spec
from engine.velocity.batch import linked
from engine.velocity.spec import FirstSeen, Linked, NewPairs, Shared
from tests.oracle.test_velocity_batch import by_kernel, by_oracle, static
from tests.oracle.test_velocity_oracle import dropping, run
from tests.oracle.velocity_oracle import (
    ACTIONS,
    EVERYTHING,
    SCOPES,
    SECOND,
    Step,
    stream_of,
    velocity,
)

IDS = ("card", "email", "ip_address")
LINKED = (
    velocity("linked_payments", IDS, Linked(Count(), "5s"), "5s"),
    velocity("linked_total", IDS, Linked(Total("amount_in_usd"), "5s"), "5s"),
    velocity("linked_cards", IDS, Linked(Distinct("card"), "5s"), "5s"),
    velocity("linked_first", IDS, Linked(FirstSeen(), "5s"), "5s"),
    velocity("linked_new_pairs", IDS, Linked(NewPairs(), "5s"), "5s"),
    velocity("linked_shared", IDS, Linked(Shared(), "5s"), "5s"),
    velocity("linked_declined_cards", IDS, Linked(Distinct("card"), "5s"), "8s", Status.DECLINED),
    velocity("linked_declined", IDS, Linked(Count(), "5s"), "5s", Status.DECLINED),
    velocity("linked_blocked_total", IDS, Linked(Total("amount_in_usd"), "5s"), "8s", Status.BLOCKED),
    velocity("linked_disputed_first", IDS, Linked(FirstSeen(), "5s"), "20s", Status.DISPUTED),
    velocity("linked_emails_20s", ("email", "card"), Linked(Distinct("email"), "20s"), "20s"),
    velocity("linked_shared_20s", ("email", "card"), Linked(Shared(), "20s"), "20s"),
)
"""What is linked: every figure, of payments and of events, by other kinds and times."""


def dense(seed: int) -> list[Step]:
    """A stream of some cards, e-mail addresses and lines, where many are linked, and some taken back."""
    made = Random(seed)
    few = made.choice((3, 5, 8))
    ids = {"card": "c", "email": "e", "ip_address": "i"}
    return [
        Step(
            action=made.choice((*ACTIONS, *("observe",) * 12)),
            wait_us=made.choice((0, 0, 0, 1, SECOND // 8, SECOND // 8, SECOND // 4, 3 * SECOND)),
            scope=made.choice((SCOPES[0], SCOPES[0], SCOPES[0], SCOPES[0], SCOPES[2])),
            values={
                **{name: f"{letter}{made.randrange(few)}" for name, letter in ids.items() if made.random() < 0.7},
                "amount_in_usd": made.choice((0, 250, 99_999, None)),
            },
            back=made.choice((0, 0, 0, 0, 1, 2, 3, 5, 8)),
            status=made.choice((Status.DECLINED, Status.BLOCKED, Status.DISPUTED)),
            supersedes=made.choice((0, 0, 0, 0, 1, 2, 4)),
        )
        for _ in range(60)
    ]


DENSE = st.builds(dense, st.integers(min_value=0, max_value=2**32))
BOUNDS = st.sampled_from(((32, 32, 12), (3, 32, 12), (32, 2, 12), (32, 32, 1), (4, 3, 2)))
"""Ids, payments of each, different ids that share one: those in force, and such as few payments reach."""
_NAMES = ("LINKED_IDS_MAX", "LINKED_LATEST", "LINKED_SHARED_MAX")
_MODULES = (spec, memory_linked, linked)


def _bound(bounds: Sequence[int]) -> None:
    for module, (name, value) in product(_MODULES, zip(_NAMES, bounds, strict=True)):
        setattr(module, name, value)


@contextmanager
def bounded(bounds: Sequence[int]) -> Iterator[None]:
    """The bounds of the search, in every form."""
    kept = [getattr(spec, name) for name in _NAMES]
    _bound(bounds)
    try:
        yield
    finally:
        _bound(kept)


@given(DENSE, BOUNDS)
@settings(max_examples=25)
def test_what_is_linked_in_memory_is_the_oracles(stream: list[Step], bounds: tuple[int, int, int]) -> None:
    with bounded(bounds):
        asyncio.run(run(LINKED, stream_of(stream)))


@given(DENSE, BOUNDS, st.sampled_from((1, 2, 5)))
@settings(max_examples=12)
def test_beside_all_else_and_dropped_early_it_is_so_too(
    stream: list[Step], bounds: tuple[int, int, int], limit: int
) -> None:
    """Its groups hold more for others then, in other forms, and what identifies may be what changes."""
    with bounded(bounds), dropping(limit):
        asyncio.run(run((*EVERYTHING, *LINKED), stream_of(stream)))


@given(DENSE, BOUNDS)
@settings(max_examples=25)
def test_what_is_linked_in_columns_is_the_oracles(stream: list[Step], bounds: tuple[int, int, int]) -> None:
    with bounded(bounds):
        kept, rows = by_oracle(LINKED, static(stream))
        assert by_kernel(LINKED, kept) == rows
