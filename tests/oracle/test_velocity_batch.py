"""The columnar kernel against a slow and plainly right oracle, over generated streams: every number equal."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Value
from engine.velocity import (
    VELOCITIES,
    Aggregate,
    Count,
    Distinct,
    Observation,
    Recorded,
    Status,
    StatusEvent,
    Total,
    Velocity,
)
from engine.velocity.batch import NumberTooLarge, Stream, numbers
from engine.velocity.spec import Average, FirstSeen, LastSeen, Maximum, Minimum, VelocityScope
from tests.oracle.velocity_oracle import EVERYTHING, SCOPES, SECOND, Oracle, Step, steps, stream_of, velocity

Rows = list[tuple[Value, ...]]


def static(stream: Sequence[Step]) -> list[Observation | StatusEvent]:
    """What is over when training begins: what was observed and recorded; nothing is read, taken back or superseded."""
    kept = [replace(step, action="record" if step.action in ("record", "retract") else "observe") for step in stream]
    return [seen for _, seen in stream_of([replace(step, supersedes=0) for step in kept])]


def busy(seed: int, length: int) -> list[Observation | StatusEvent]:
    """A stream of few keys and short waits, in which every window holds something; `length` steps."""
    made, seen, at_us = Random(seed), list[Observation | StatusEvent](), 1_000 * SECOND
    statuses = [*[Status.DECLINED] * 3, Status.BLOCKED, Status.AUTHORIZED]
    for number in range(length):
        at_us += made.choice((0, 0, 1, SECOND // 2, SECOND, SECOND, 3 * SECOND, 7 * SECOND))
        values: dict[str, Value] = {
            "card": made.choice(("c1", "c1", "c1", "c2", "c2", None)),
            "email": made.choice(("e1", "e1", "e2", "e3", "e4", None)),
            "ip_address": made.choice(("i1", "i1", "i2", None)),
            "amount_in_usd": made.choice((0, 1, -3, 250, 99_999, None)),
        }
        merchant_id, test_mode = made.choice((SCOPES[0], SCOPES[0], SCOPES[0], *SCOPES))
        named: dict[str, Any] = {"merchant_id": merchant_id, "test_mode": test_mode, "payment_id": f"p{number}"}
        if seen and made.random() < 0.45:
            of = seen[-made.randint(1, min(len(seen), 12))]
            named = {"merchant_id": of.merchant_id, "test_mode": of.test_mode, "payment_id": of.payment_id}
        if seen and made.random() < 0.4:
            seen.append(StatusEvent(**named, at_us=at_us, values=values, status=made.choice(statuses)))
        else:
            seen.append(Observation(**named, at_us=at_us, values=values))
    return seen


BUSY = st.builds(busy, st.integers(min_value=0, max_value=2**32), st.integers(min_value=10, max_value=90))


def by_oracle(velocities: Sequence[Velocity], seen: Sequence[Observation | StatusEvent]) -> tuple[list[Recorded], Rows]:
    """The stream without payments that came before, and what each payment of it reads."""
    oracle, kept, rows = Oracle(velocities), list[Recorded](), Rows()
    for one in seen:
        if isinstance(one, StatusEvent):
            oracle.record(one)
            kept.append(one)
            continue
        if not oracle.is_remembered(one, one.at_us):
            # An id that comes again once it is forgotten: a history names each payment once.
            continue
        reading = oracle.observe(one)
        if reading.is_counted:
            kept.append((reading.sequence, one))
            rows.append(reading.values)
    return kept, rows


def by_kernel(velocities: Sequence[Velocity], stream: Sequence[Recorded], **options: Any) -> Rows:
    names = {name for each in velocities for name in each.inputs}
    return numbers(Stream.of(stream, names), velocities, **options).rows()


def compare(velocities: Sequence[Velocity], stream: Sequence[Step]) -> None:
    kept, rows = by_oracle(velocities, static(stream))
    assert by_kernel(velocities, kept) == rows


@given(steps(least=15))
@settings(max_examples=200)
def test_every_number_is_the_oracles(stream: list[Step]) -> None:
    compare(EVERYTHING, stream)


@given(BUSY)
@settings(max_examples=150)
def test_every_number_of_a_busy_stream_is_the_oracles(seen: list[Observation | StatusEvent]) -> None:
    kept, rows = by_oracle(EVERYTHING, seen)
    assert by_kernel(EVERYTHING, kept) == rows


@given(steps(second=600 * SECOND))
def test_every_number_of_the_default_set_is_the_oracles(stream: list[Step]) -> None:
    compare(VELOCITIES, stream)


FEATURES = ("card", "email", "ip_address", "amount_in_usd")
AGGREGATES: tuple[Aggregate, ...] = (
    Count(),
    FirstSeen(),
    LastSeen(),
    *(Distinct(name) for name in FEATURES),
    *(each("amount_in_usd") for each in (Total, Average, Minimum, Maximum)),
)
LENGTHS = ("1s", "3s", "7s", "21s")
"""As long as the waits between steps, so that times often stand at the very edge of a window."""


@st.composite
def velocities(draw: st.DrawFn) -> list[Velocity]:
    """Any that may be specified over these features; several of one key, so that they share what is sorted."""
    keys = draw(st.lists(st.lists(st.sampled_from(FEATURES), min_size=1, max_size=3, unique=True), min_size=1))
    made = []
    for number in range(draw(st.integers(min_value=1, max_value=8))):
        key = tuple(draw(st.sampled_from(keys)))
        since = draw(st.sampled_from((None, None, Status.AUTHORIZED)))
        others = [name for name in FEATURES if name not in key]
        aggregate = draw(st.sampled_from(AGGREGATES))
        if isinstance(aggregate, Distinct):
            aggregate = Distinct(draw(st.sampled_from(others)))
        where = draw(st.sampled_from(((), (), (("ip_address", "i1"),), (("amount_in_usd", 250.0), ("email", "e1")))))
        made.append(
            velocity(
                f"v{number}",
                key,
                aggregate,
                draw(st.sampled_from((*LENGTHS, "all"))),
                draw(st.sampled_from((None, None, Status.DECLINED, Status.BLOCKED))),
                delay=None if since else draw(st.sampled_from((None, *LENGTHS))),
                where=where,
                scope=draw(st.sampled_from(VelocityScope)),
                since=since,
            )
        )
    return made


@given(velocities(), BUSY)
@settings(max_examples=200)
def test_any_velocity_is_the_oracles(specified: list[Velocity], seen: list[Observation | StatusEvent]) -> None:
    # An id is remembered by what is kept beside these too, else it might come again at every step.
    kept, rows = by_oracle([*specified, EVERYTHING[0]], seen)
    assert by_kernel([*specified, EVERYTHING[0]], kept) == rows
    some = [each[:-1] for each in rows]
    assert by_kernel(specified, kept, kept=[*specified, EVERYTHING[0]]) == some


@given(velocities(), BUSY)
@settings(max_examples=150)
def test_what_is_told_of_a_payment_before_it_came_does_not_count_for_it(
    specified: list[Velocity], seen: list[Observation | StatusEvent]
) -> None:
    """As above, but with events of payments some steps ahead."""
    for place, one in enumerate(seen):
        if isinstance(one, StatusEvent):
            of = seen[min(place + 1 + place % 5, len(seen) - 1)]
            named = {"payment_id": of.payment_id, "merchant_id": of.merchant_id, "test_mode": of.test_mode}
            seen[place] = replace(one, **named)  # type: ignore[arg-type]
    kept, rows = by_oracle([*specified, *EVERYTHING], seen)
    assert by_kernel([*specified, *EVERYTHING], kept) == rows


@given(BUSY, st.integers(min_value=0, max_value=90))
def test_what_comes_later_changes_no_earlier_number(seen: list[Observation | StatusEvent], length: int) -> None:
    kept, _ = by_oracle(EVERYTHING, seen)
    whole, before = by_kernel(EVERYTHING, kept), by_kernel(EVERYTHING, kept[:length])
    assert before == whole[: len(before)]
    assert len(before) == sum(not isinstance(one, StatusEvent) for one in kept[:length])


@given(BUSY)
@settings(max_examples=20)
def test_threads_change_no_number(seen: list[Observation | StatusEvent]) -> None:
    kept, rows = by_oracle(EVERYTHING, seen)
    assert by_kernel(EVERYTHING, kept, jobs=2) == rows


HUGE = (2**62, 2**63 - 1, -(2**63), -1, 7)
OF_AMOUNTS = (
    velocity("total", ("card",), Total("amount_in_usd"), "3s"),
    velocity("average", ("card",), Average("amount_in_usd"), "3s"),
    velocity("least", ("card",), Minimum("amount_in_usd"), "3s"),
    velocity("most", ("card",), Maximum("amount_in_usd"), "3s"),
)


@given(BUSY, st.lists(st.sampled_from(HUGE), min_size=1))
def test_huge_amounts_are_exact_or_refused(seen: list[Observation | StatusEvent], amounts: list[int]) -> None:
    seen = [
        replace(one, values={**one.values, "amount_in_usd": amounts[number % len(amounts)]})
        for number, one in enumerate(seen)
    ]
    kept, rows = by_oracle(OF_AMOUNTS, seen)
    fits = all(
        value is None or -(2**63) <= value < 2**63 for row in rows for value in row if not isinstance(value, str)
    )
    try:
        assert by_kernel(OF_AMOUNTS, kept) == rows
    except NumberTooLarge:
        assert not fits
    else:
        assert fits
