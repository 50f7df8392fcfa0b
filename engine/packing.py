"""Features as a decision record holds them: JSON by catalogue position, what repeats said once.

A record is kept for every payment and most of its velocities are the same few numbers, so `[n, v]` stands for n times
v, and `[i]` for the text that stands at position i already. No value of a feature is a list.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, islice
from operator import itemgetter, ne
from typing import Any, Final

from engine.features import Catalog, FeatureType, Value

_COUNTED: Final = frozenset({FeatureType.INTEGER, FeatureType.MONEY})
_REFERENCE_LENGTH: Final = 5
"""A text that is no longer than this takes no more room than `[123]`."""
_PAIR: Final = 2
_TIMES_MAX: Final = 10_000
_SHAPES_MAX: Final = 1000
"""As many catalogues are in use at a time; each merchant that declares custom fields has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a catalogue has open texts, and its longest stretch of whole numbers, which is its velocities."""

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
    # What is one of few short words is never worth a reference.
    texts = (at for at, feature in enumerate(catalog) if feature.type is FeatureType.STRING and not feature.values)
    return Shape(texts=tuple(texts), start=best[0], stop=best[1])


def packed(values: Sequence[Value], shape: Shape) -> list[Any]:
    """The values in the order of the catalogue, as they are written. Each is of its feature's type, or unknown."""
    written: list[Any] = list(values)
    first: dict[str, int] = {}
    for position in shape.texts:
        text = written[position]
        if text is not None and len(text) > _REFERENCE_LENGTH:
            known = first.setdefault(text, position)
            if known != position:
                written[position] = [known]
    written[shape.start : shape.stop] = _runs(written[shape.start : shape.stop])
    return written


def _runs(counts: Sequence[Any]) -> list[Any]:
    """Whole numbers and unknowns, which are the same where they are equal, with runs of them as `[n, v]`."""
    written: list[Any] = []
    start = 0
    # Where one differs from the next, and the end: most do not differ, and are passed over without a step of ours.
    for stop in (*compress(range(1, len(counts)), map(ne, counts, islice(counts, 1, None))), len(counts)):
        times = stop - start
        if times > _PAIR:
            written.append([times, counts[start]])
        else:
            written += counts[start:stop]
        start = stop
    return written


def unpacked(written: Iterable[Any]) -> tuple[Value, ...]:
    """The values that `packed` wrote. Raises IndexError, TypeError or ValueError where it cannot have written them."""
    values: list[Value] = []
    for each in written:
        if each.__class__ is not list:
            values.append(each)
        elif len(each) == _PAIR:
            times, value = each
            if times > _TIMES_MAX:
                raise ValueError("a run is longer than any catalogue")
            values += [value] * times
        else:
            values.append(values[each[0]])
    return tuple(values)


def picker(positions: Sequence[int], shape: Shape) -> Callable[[Sequence[Any]], tuple[Value, ...]]:
    """Takes the values at some positions out of what `packed` wrote: where no run comes before, without unpacking all.

    What it gives raises as `unpacked` does.
    """
    if not positions:
        return lambda _written: ()
    get: Any = itemgetter(*positions) if len(positions) > 1 else lambda values: (values[positions[0]],)
    if max(positions) >= shape.start:
        return lambda written: get(unpacked(written))

    def pick(written: Sequence[Any]) -> tuple[Value, ...]:
        values: tuple[Any, ...] = get(written)
        if list in map(type, values):
            return tuple([written[each[0]] if each.__class__ is list else each for each in values])
        return values

    return pick
