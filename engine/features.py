"""Features: the declared, named, typed values known about one payment at decision time.

A catalogue fixes each feature's position, so that rules and scorers compiled against it read a value by index.
None means unknown, with a cause; it never turns into 0, False or "".
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import orjson

Value = bool | int | float | str | None
"""A feature's value: see FeatureType for how each type is held; None is unknown."""

NOT_PROVIDED = "not_provided"
"""The cause of an unknown when nothing else is said: the request did not carry it."""


class FeatureType(StrEnum):
    """How a value is held and compared."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    """A float."""
    MONEY = "money"
    """An integer of hundredths of the unit (USD cents): exact. Rules and answers write it in main units, 12.50."""
    STRING = "string"
    COUNTRY = "country"
    """ISO 3166-1 alpha-2, upper case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A declared feature.

    `unit` is the field's own ("USD", "minutes", "payments", "%"), empty where there is none. `source` says where the
    value comes from: `request /device/ip_address`, `enrichment ip`, `velocity`, `score`. `aliases` are other names
    that rules may use (Radar's). `case_sensitive` strings are compared as they stand; others ignore case.
    `values` lists all that a closed string feature can be, empty where open.

    What models and their reasons read, as documentation and no part of the catalogue's fingerprint: `direction` is 1
    where more of it never lowers the risk of fraud, -1 where it never raises it, 0 where neither is sure. `reason` is
    the group of features that measure the same, which speaks as one; empty: the feature speaks for itself. `says` is
    what is said of a known value (`{value}` is it, other features stand by their names), `denies` of False.
    """

    name: str
    type: FeatureType
    doc: str
    source: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    case_sensitive: bool = False
    values: tuple[str, ...] = ()
    direction: int = 0
    reason: str = ""
    says: str = ""
    denies: str = ""

    def __post_init__(self) -> None:
        """Refuse a direction that is none."""
        assert self.direction in (-1, 0, 1), f"feature {self.name} has the direction {self.direction}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What an enrichment gives for a value that it cannot know, and why (`not_found`, `geo`, `ambiguous`)."""

    cause: str


class Catalog:
    """All features of an installation, in a fixed order. Immutable."""

    __slots__ = ("_positions", "features", "fingerprint")

    def __init__(self, features: Iterable[Feature]) -> None:
        """Number the features; two of one name, or an alias of two, is our bug."""
        self.features = tuple(features)
        self._positions: dict[str, int] = {}
        for position, feature in enumerate(self.features):
            for name in (feature.name, *feature.aliases):
                assert name not in self._positions, f"feature {name} is declared twice"
                self._positions[name] = position
        shape = orjson.dumps([_shape(feature) for feature in self.features])
        self.fingerprint = hashlib.sha256(shape).hexdigest()[:16]

    def __len__(self) -> int:
        """How many features there are."""
        return len(self.features)

    def __iter__(self) -> Iterator[Feature]:
        """The features in order."""
        return iter(self.features)

    def __contains__(self, name: object) -> bool:
        """Whether a feature or an alias has this name."""
        return name in self._positions

    def __getitem__(self, name: str) -> Feature:
        """The feature of this name or alias; KeyError where there is none."""
        return self.features[self._positions[name]]

    def position(self, name: str) -> int:
        """The index of a feature's value in `Features.values`; KeyError where there is no such name."""
        return self._positions[name]

    def content(self) -> bytes:
        """The catalogue as the ledger keeps it (JSON): what each position of a recorded decision means."""
        return orjson.dumps([_shape(feature) | {"doc": feature.doc} for feature in self.features])

    def names(self) -> tuple[str, ...]:
        """Every name and alias, for "did you mean"."""
        return tuple(self._positions)


def _shape(feature: Feature) -> dict[str, object]:
    """What a value and a compiled rule mean: all but the words about them. The fingerprint names this."""
    return {
        "name": feature.name,
        "type": feature.type,
        "unit": feature.unit,
        "aliases": feature.aliases,
        "case_sensitive": feature.case_sensitive,
        "values": feature.values,
    }


_NO_CAUSES: Mapping[str, str] = MappingProxyType({})


class Features:
    """The values known about one payment, by catalogue position, and the cause of each unknown. Immutable."""

    __slots__ = ("catalog", "causes", "values")

    def __init__(self, catalog: Catalog, values: tuple[Value, ...], causes: Mapping[str, str] = _NO_CAUSES) -> None:
        """`causes` names only the unknowns whose cause is other than `not_provided`."""
        assert len(values) == len(catalog), f"{len(values)} values for {len(catalog)} features"
        self.catalog = catalog
        self.values = values
        self.causes = causes

    def __getitem__(self, name: str) -> Value:
        """The value of a feature by name or alias; None is unknown."""
        return self.values[self.catalog.position(name)]

    def __eq__(self, other: object) -> bool:
        """Equal where catalogue, values and causes are."""
        return (
            isinstance(other, Features)
            and self.catalog.fingerprint == other.catalog.fingerprint
            and self.values == other.values
            and dict(self.causes) == dict(other.causes)
        )

    __hash__ = None  # type: ignore[assignment]

    def cause(self, name: str) -> str | None:
        """Why a value is unknown; None where it is known."""
        if self[name] is not None:
            return None
        return self.causes.get(self.catalog[name].name, NOT_PROVIDED)

    def replaced(self, replacements: Mapping[str, Value]) -> "Features":
        """The same features with some values set, as the score's are before the rules read them."""
        values = list(self.values)
        for name, value in replacements.items():
            values[self.catalog.position(name)] = value
        return Features(self.catalog, tuple(values), self.causes)
