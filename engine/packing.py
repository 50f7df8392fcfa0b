"""Features as a decision record holds them: JSON by catalogue position, what repeats said once.

A record is kept for every payment and most of its velocities are the same few numbers, so `[n, v]` stands for n times
v, and `[i]` for the text that stands at position i already. No value of a feature is a list.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from engine.features import Catalog, FeatureType, Value

_COUNTED: Final = frozenset({FeatureType.INTEGER, FeatureType.MONEY})
_REFERENCE_LENGTH: Final = 5
"""A text that is no longer than this takes no more room than `[123]`."""
_RUN: Final = re.compile(rb"(?<=[\[,])(null|[0-9]+)(?:,\1){2,}(?=[,\]])")
_PAIR: Final = 2
_SHAPES_MAX: Final = 1000
"""As many catalogues are in use at a time; each merchant that declares custom fields has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a catalogue has texts, and its longest stretch of whole numbers, which is its velocities."""

    texts: tuple[int, ...]
    start: int
    stop: int


@lru_cache(maxsize=_SHAPES_MAX)
def shape_of(catalog: Catalog) -> Shape:
    """The shape by the features' types alone: they are what a kept catalogue tells of them."""
    best, begin = (0, 0), 0
    for position, feature in enumerate(catalog):
        if feature.type not in _COUNTED:
            begin = position + 1
        elif position + 1 - begin > best[1] - best[0]:
            best = (begin, position + 1)
    texts = tuple(position for position, feature in enumerate(catalog) if feature.type is FeatureType.STRING)
    return Shape(texts=texts, start=best[0], stop=best[1])


def packed(values: Sequence[Value], shape: Shape) -> orjson.Fragment:
    """The values in the order of the catalogue, as a part of JSON."""
    written: list[Any] = list(values)
    first: dict[Value, int] = {}
    for position in shape.texts:
        text = written[position]
        if text.__class__ is str and len(text) > _REFERENCE_LENGTH:
            known = first.setdefault(text, position)
            if known != position:
                written[position] = [known]
    start, stop = shape.start, shape.stop
    parts = (
        orjson.dumps(written[:start])[1:-1],
        _RUN.sub(_run, orjson.dumps(written[start:stop]))[1:-1],
        orjson.dumps(written[stop:])[1:-1],
    )
    return orjson.Fragment(b"[%b]" % b",".join([part for part in parts if part]))


def _run(match: re.Match[bytes]) -> bytes:
    whole, value = match[0], match[1]
    return b"[%d,%b]" % ((len(whole) + 1) // (len(value) + 1), value)


def unpacked(written: Iterable[Any]) -> tuple[Value, ...]:
    """The values that `packed` wrote. Raises IndexError or TypeError where they cannot have been written by it."""
    values: list[Value] = []
    for each in written:
        if each.__class__ is not list:
            values.append(each)
        elif len(each) == _PAIR:
            values += [each[1]] * each[0]
        else:
            values.append(values[each[0]])
    return tuple(values)
