"""A payment's identifiers, as it was decided with them: what one call puts in a list. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from engine.features import Value
from engine.lists.entry import EntryType
from engine.lists.screening import COMPARED


def identifiers_of(
    stages: Iterable[Mapping[str, Value]], types: Sequence[EntryType]
) -> tuple[tuple[EntryType, str], ...]:
    """The values of these types that the decisions of one payment were made with, each once; features by name."""
    found: dict[tuple[EntryType, str], None] = {}
    features = tuple(stages)
    for kind in types:
        for known in features:
            for name in COMPARED[kind]:
                value = known.get(name)
                if isinstance(value, str):
                    found[kind, value] = None
    return tuple(found)
