"""Whatever text is given for a rule: it is checked or its faults are told, in bounded work, and never an error of ours.

Work is counted in calls that the interpreter makes, which no neighbour on the machine changes; and timed by the
processor's time of this thread, which pauses of others do not add to.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Final

from api.check.rule_texts import rule_texts
from engine.catalog import CATALOG, catalog_of
from engine.features import Features, FeatureType, Value
from engine.rules import check_rule
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.parser import parse

MILLISECONDS_MAX: Final = 50.0
STEPS_MAX: Final = 400_000
"""Calls for one text: nearly twice what a rule of 4 KB takes that is nothing but commas, the worst found."""
LIST_NAMES: Final = ("risky",)
_AGAIN: Final = 3
"""What takes too long is timed so often, and the shortest counts: garbage is collected at anybody's cost."""
_ROWS: Final = 4
_SHOWN_CHARACTERS: Final = 200
_NS_PER_MS: Final = 1e6


@dataclass(slots=True, kw_only=True)
class Found:
    """What was tried, and what was not as it should be."""

    texts: int = 0
    valid: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By the code of the first fault."""
    steps_max: int = 0
    milliseconds_max: float = 0.0
    slowest: str = ""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """What is no diagnostic, or too much work: the fault and the text, cut short."""


def check(count: int, seed: int, tell: Callable[[], None] = lambda: None) -> Found:
    """Try so many texts; the same for one seed. `tell` is called after each."""
    found, random = Found(), Random(seed)  # noqa: S311 - made-up texts
    for text in islice(rule_texts(random), count):
        found.texts += 1
        _try(found, text, random)
        tell()
    return found


def _try(found: Found, text: str, random: Random) -> None:
    try:
        codes, steps = counted(lambda: [each.code.value for each in check_rule(text, CATALOG, LIST_NAMES)])
        if not codes:
            found.valid += 1
            _evaluate(text, random)
        else:
            found.refused[codes[0]] += 1
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        found.failures.append((f"{type(error).__name__}: {error}", text[:_SHOWN_CHARACTERS]))
        return
    found.steps_max = max(found.steps_max, steps)
    if steps > STEPS_MAX:
        found.failures.append((f"{steps} steps", text[:_SHOWN_CHARACTERS]))
    spent = milliseconds(text)
    if spent > MILLISECONDS_MAX:
        spent = min(milliseconds(text) for _ in range(_AGAIN))
    if spent > found.milliseconds_max:
        found.milliseconds_max, found.slowest = spent, text[:_SHOWN_CHARACTERS]
    if spent > MILLISECONDS_MAX:
        found.failures.append((f"{spent:.1f} ms", text[:_SHOWN_CHARACTERS]))


def counted(work: Callable[[], list[str]]) -> tuple[list[str], int]:
    """What some work gives, and how many calls it made, of Python's functions and of those in C."""
    steps = 0

    def step(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        result = work()
    finally:
        sys.setprofile(before)
    return result, steps


def milliseconds(text: str) -> float:
    """The processor's time that checking a text takes."""
    started = time.thread_time_ns()
    check_rule(text, CATALOG, LIST_NAMES)
    return (time.thread_time_ns() - started) / _NS_PER_MS


def _evaluate(text: str, random: Random) -> None:
    """What checks can be compiled, and answers for any payment."""
    tree = parse(text, CATALOG.names()).tree
    assert tree is not None, "it has no faults"
    catalog = catalog_of((), counted_in(tree.condition, CATALOG))
    compiled = compile_condition(tree.condition, catalog)
    for _ in range(_ROWS):
        features = Features(catalog, tuple(_value(random, each.type) for each in catalog))
        outcome = compiled((*features.values, {}), {})
        assert outcome is None or isinstance(outcome, bool), f"{outcome!r} is no answer"


def _value(random: Random, type_: FeatureType) -> Value:
    if random.randrange(3) == 0:
        return None
    match type_:
        case FeatureType.BOOLEAN:
            return random.random() < 0.5  # noqa: PLR2004 - as often as not
        case FeatureType.NUMBER:
            return round(random.uniform(-5, 120), 2)
        case FeatureType.STRING:
            return random.choice(("a", "US", "424242", "mailinator.com", "x y", ""))
        case FeatureType.COUNTRY:
            return random.choice(("US", "DE", "GB"))
        case _:
            return random.choice((0, 1, 100, 1250, 2**70))
