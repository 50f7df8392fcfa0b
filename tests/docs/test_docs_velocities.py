"""docs/velocities.md: the example is played to the real counters and to the oracle, and the tables are the code's."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from api.velocities_page import markdown
from engine.enrichment import enrich
from engine.features import FeatureType, Value
from engine.payment import Card, Contact, Device, Email, Order, Payment, Processing
from engine.pipeline import observation
from engine.reference import load_reference
from engine.stores.memory import MemoryCounters
from engine.velocity import DISPUTES, HISTORIES, VELOCITIES, Observation, Status, StatusEvent, Velocity
from tests.docs.documents import blocks, check_generated, part, read
from tests.oracle.velocity_oracle import Oracle

PAGE = "docs/velocities.md"
TO_COME = tuple(velocity for velocity in HISTORIES if velocity not in VELOCITIES)
BY_NAME = {velocity.name: velocity for velocity in (*VELOCITIES, *TO_COME)}
LAST = "E"
MINUTES_A_COLUMN = 10 / 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the example's story."""

    minute: int
    payment: str
    does: str
    """`payment`, `again` or a status."""
    card: str
    email: str
    order: str
    amount_minor: int


def cells_of(table: str) -> list[list[str]]:
    rows = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def tables() -> tuple[str, str]:
    story, reads = re.findall(r"(?:^\|.*\n)+", part(read(PAGE), "example"), re.MULTILINE)
    return story, reads


def story() -> Iterator[Line]:
    for at, what, card, email, order, dollars in cells_of(tables()[0]):
        hour, minute = map(int, at.split(":"))
        words = what.split()
        is_payment = words[0] == "payment"
        yield Line(
            minute=60 * (hour - 12) + minute,
            payment=words[1] if is_payment else words[0],
            does=words[-1] if words[-1] != words[1] or not is_payment else "payment",
            card=card,
            email=email,
            order=order,
            amount_minor=round(float(dollars) * 100) if dollars else 0,
        )


def payment(line: Line) -> Payment:
    return Payment(
        transaction_id=line.payment,
        merchant_id="shop",
        at=datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(minutes=line.minute),
        order=Order(amount_minor=line.amount_minor, currency="USD"),
        card=Card(token=f"tok_{line.card}"),
        email=Email(address=line.email),
        shipping=Contact(country="GB", postal="SW1Y 4JH", address=f"{1 + (line.payment == LAST)} St James's Square"),
        device=Device(ip_address="81.2.69.160"),
        processing=Processing(attempt_of=None if line.order == line.payment else line.order),
    )


def seen() -> list[Observation | StatusEvent]:
    """The story as counters see it."""
    reference, made = load_reference(), dict[str, Observation]()
    told: list[Observation | StatusEvent] = []
    for line in story():
        if line.does in ("payment", "again"):
            one = observation(given := payment(line), enrich(given, reference)[0])
            made.setdefault(line.payment, one)
            told.append(one)
        else:
            at_us = payment(line).at_us
            values = made[line.payment].values
            told.append(
                StatusEvent(
                    payment_id=line.payment,
                    merchant_id="shop",
                    test_mode=False,
                    status=Status(line.does),
                    at_us=at_us,
                    values=values,
                )
            )
    return told


async def by_memory() -> dict[str, Value]:
    """What the real counters read at the last payment."""
    counters, values = MemoryCounters(VELOCITIES), tuple[Value, ...]()
    for one in seen():
        if isinstance(one, StatusEvent):
            await counters.record(one)
        else:
            values = (await counters.observe(one)).values
    return dict(zip((velocity.name for velocity in VELOCITIES), values, strict=True))


def by_oracle() -> dict[str, Value]:
    """What the oracle reads, of what is to come as well."""
    oracle, values = Oracle((*VELOCITIES, *TO_COME)), tuple[Value, ...]()
    for one in seen():
        if isinstance(one, StatusEvent):
            oracle.record(one)
        else:
            values = oracle.observe(one).values
    return dict(zip(BY_NAME, values, strict=True))


def shown(velocity: Velocity, value: Value) -> str:
    if value is None:
        return "unknown"
    if velocity.aggregate.type is FeatureType.MONEY:
        assert isinstance(value, int)
        return f"{value / 100:.2f}"
    return str(value)


def said() -> dict[str, str]:
    return {name.strip("`"): value for name, value, _ in cells_of(tables()[1])}


def test_the_numbers_of_the_example_are_the_counters() -> None:
    counted = asyncio.run(by_memory())
    named = {name: value for name, value in said().items() if name in counted}
    assert len(named) >= 10
    assert named == {name: shown(BY_NAME[name], counted[name]) for name in named}


def test_the_numbers_of_the_example_are_the_oracles() -> None:
    counted = by_oracle()
    assert said() == {name: shown(BY_NAME[name], counted[name]) for name in said()}


def test_the_example_shows_every_clause_that_surprises() -> None:
    assert {"unknown", "0"} <= set(said().values())
    assert [line.payment for line in story() if line.does == "again"] == ["C"]
    assert {line.does for line in story()} == {"payment", "again", "declined", "authorized"}
    assert [line.payment for line in story()][-1] == LAST


def test_the_drawing_stands_where_the_story_says() -> None:
    (drawing,) = [block.text for block in blocks(part(read(PAGE), "example")) if not block.language]
    ticks, payments, learnt = (
        next(line for line in drawing.splitlines() if mark in line) for mark in ("|", " A  ", "learnt")
    )
    first = ticks.index("|")
    for line in story():
        column = first + round(line.minute / MINUTES_A_COLUMN)
        if line.does == "payment":
            assert payments[column] == line.payment
        elif line.does != "again":
            words = f"{line.payment} {line.does}"
            assert abs(learnt.index(words) - column) <= 1, words
    window = next(line for line in drawing.splitlines() if "(=" in line)
    assert (window.index("("), window.index("]")) == (first, ticks.rindex("|"))


def test_a_burst_is_seen_one_by_one() -> None:
    """`0, 1, 2 ... 49`, as the page says."""
    assert "0, 1, 2 ... 49" in read(PAGE)

    async def burst() -> list[Value]:
        counters = MemoryCounters(VELOCITIES)
        (one, *_) = (each for each in seen() if isinstance(each, Observation))
        many = [
            Observation(payment_id=f"p{n}", merchant_id="shop", test_mode=False, at_us=one.at_us, values=one.values)
            for n in range(50)
        ]
        readings = await asyncio.gather(*(counters.observe(each) for each in many))
        position = [velocity.name for velocity in VELOCITIES].index("card_payments_10m")
        return [reading.values[position] for reading in readings]

    assert sorted(value for value in asyncio.run(burst()) if isinstance(value, int)) == list(range(50))


@pytest.mark.parametrize(
    ("marker", "velocities"),
    [("velocities", VELOCITIES), ("velocities to come", TO_COME)],
    ids=("kept", "to come"),
)
def test_a_table_is_fresh(marker: str, velocities: tuple[Velocity, ...]) -> None:
    check_generated(PAGE, marker, markdown(velocities))


def test_the_longest_window_is_the_one_that_is_said() -> None:
    longest = max(velocity.window_us or 0 for velocity in VELOCITIES) // 86_400_000_000
    assert f"the longest window in use, {longest} days in the set below" in " ".join(read(PAGE).split())


def test_disputes_are_named_nowhere_yet() -> None:
    assert not [velocity.name for velocity in DISPUTES if velocity.name in read(PAGE)]
