"""Features as a decision record holds them: JSON by catalogue position, what repeats said once.

A record is kept for every payment and most of its velocities are the same few numbers, so `[n, v]` stands for n times
v, `[i]` for the text that stands at position i already, and `["tfn"]` for true, false, unknown: flags that stand
together are a letter each. No value of a feature is a list.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, groupby, islice
from operator import itemgetter, ne
from typing import Any, Final

from engine.features import Catalog, FeatureType, Value

_COUNTED: Final = frozenset({FeatureType.INTEGER, FeatureType.MONEY})
_FLAGS: Final = frozenset({FeatureType.BOOLEAN})
_FLAG_OF: Final[Mapping[str, Value]] = {"t": True, "f": False, "n": None}
_LETTERS: Final = {flag: letter for letter, flag in _FLAG_OF.items()}
_REFERENCE_LENGTH: Final = 5
"""A text that is no longer than this takes no more room than `[123]`."""
_PAIR: Final = 2
_TIMES_MAX: Final = 10_000
_POSITIONS_MAX: Final = 1 << 30
_SHAPES_MAX: Final = 1000
"""As many catalogues are in use at a time; each merchant that declares custom fields has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a catalogue has open texts, and its longest stretches of flags and of whole numbers, its velocities."""

    texts: tuple[int, ...]
    flags: slice
    counts: slice

    @property
    def fixed(self) -> int:
        """Up to here what is written of a value stands at the value's own position."""
        return min((each.start for each in (self.flags, self.counts) if each.stop > each.start), default=_POSITIONS_MAX)


@lru_cache(maxsize=_SHAPES_MAX)
def shape_of(catalog: Catalog) -> Shape:
    """The shape by the features' types alone: they are what a kept catalogue tells of them."""
    # What is one of few short words is never worth a reference.
    texts = (at for at, feature in enumerate(catalog) if feature.type is FeatureType.STRING and not feature.values)
    return Shape(texts=tuple(texts), flags=_longest(catalog, _FLAGS), counts=_longest(catalog, _COUNTED))


def _longest(catalog: Catalog, types: Collection[FeatureType]) -> slice:
    """The longest stretch of features of these types."""
    best, begin = slice(0, 0), 0
    for is_one, stretch in groupby(catalog, lambda feature: feature.type in types):
        end = begin + len(list(stretch))
        if is_one and end - begin > best.stop - best.start:
            best = slice(begin, end)
        begin = end
    return best


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
    # The later stretch first, so that the earlier one still stands where it is.
    for stretch, pack in sorted(((shape.flags, _flags), (shape.counts, _runs)), key=_start, reverse=True):
        written[stretch] = pack(written[stretch])
    return written


def _start(of: tuple[slice, Any]) -> int:
    start: int = of[0].start
    return start


def _flags(flags: Sequence[Any]) -> list[Any]:
    return [["".join([_LETTERS[flag] for flag in flags])]] if len(flags) > 1 else list(flags)


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
        elif each[0].__class__ is str:
            values += _flags_of(each[0])
        else:
            values.append(values[each[0]])
    return tuple(values)


def _flags_of(letters: str) -> list[Value]:
    try:
        return [_FLAG_OF[letter] for letter in letters]
    except KeyError as error:
        raise ValueError("a flag is none of t, f and n") from error


def picker(positions: Sequence[int], shape: Shape) -> Callable[[Sequence[Any]], tuple[Value, ...]]:
    """Takes the values at some positions out of what `packed` wrote: where no run comes before, without unpacking all.

    What it gives raises as `unpacked` does.
    """
    if not positions:
        return lambda _written: ()
    get: Any = itemgetter(*positions) if len(positions) > 1 else lambda values: (values[positions[0]],)
    if max(positions) >= shape.fixed:
        return lambda written: get(unpacked(written))

    def pick(written: Sequence[Any]) -> tuple[Value, ...]:
        values: tuple[Any, ...] = get(written)
        if list in map(type, values):
            return tuple([written[each[0]] if each.__class__ is list else each for each in values])
        return values

    return pick
