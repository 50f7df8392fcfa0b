"""The tables `[[velocities]]` of a mapping: velocities of the shop's own, in the words of the specification.

One that a rule's function can count too, and that is given no name, gets the name that the function gives it: live it
is then the same feature as soon as a rule of the merchant's counts it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from api.importing.checker import Checker, nearest
from engine.catalog import velocity_of
from engine.features import Catalog, Feature, FeatureType, Value
from engine.rules import Counted
from engine.rules.counted import COUNT, DISTINCT, FUNCTIONS, OF_AMOUNTS, is_seen, told_apart
from engine.velocity import Status, Velocity
from engine.velocity.spec import ALL_TIME, VelocityScope, is_length, length_us

VELOCITIES_MAX: Final = 200
KEY_FEATURES_MAX: Final = 4
_WORDS: Final = ("name", "key", "aggregate", "of", "window", "delay", "status", "where", "scope", "since", "doc")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_LONGEST_US: Final = length_us("365d")
_STATUSES: Final = tuple(str(status) for status in Status if status is not Status.BLOCKED)
_SCOPES: Final = tuple(map(str, VelocityScope))
_US_PER_SECOND: Final = 1_000_000


def velocities_of_mapping(checker: Checker, document: Mapping[str, Any], catalog: Catalog) -> tuple[Velocity, ...]:
    """The mapping's velocities over the features of a catalogue; mistakes are the checker's."""
    given = document.get("velocities", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        checker.fault("velocities", "write each velocity under a line [[velocities]] of its own")
        return ()
    if len(given) > VELOCITIES_MAX:
        checker.fault("velocities", f"at most {VELOCITIES_MAX} of them")
        return ()
    found: dict[str, Velocity] = {}
    for number, table in enumerate(given, start=1):
        velocity = _Reader(checker, f"velocities[{number}]", table, catalog).velocity()
        if velocity is None:
            continue
        if velocity.name in found or velocity.name in catalog:
            checker.fault(f"velocities[{number}].name", f"there is a feature {velocity.name} already")
        found[velocity.name] = velocity
    return tuple(found.values())


class _Reader:
    """Reads one table and collects what is wrong with it."""

    def __init__(self, checker: Checker, place: str, table: Mapping[str, Any], catalog: Catalog) -> None:
        self._checker, self._place, self._table, self._catalog = checker, place, table, catalog

    def velocity(self) -> Velocity | None:
        """The velocity; None where there was a mistake."""
        before = len(self._checker.faults)
        self._checker.known(self._table, self._place, _WORDS)
        key, function = self._key(), self._one_of("aggregate", FUNCTIONS, COUNT)
        measured = self._measured(function, key)
        window, delay = self._lengths()
        status, since = self._one_of("status", _STATUSES), self._one_of("since", _STATUSES)
        scope, where = self._one_of("scope", _SCOPES, _SCOPES[0]), self._where()
        name, doc = (self._checker.text(self._table, self._place, word) for word in ("name", "doc"))
        if since and (delay or since == status):
            self._fault("since", "goes neither with a delay nor with the same status")
        if name and not _NAME.fullmatch(name):
            self._fault("name", "lower-case letters, digits and _, a letter first, at most 100")
        if not name and (where or since):
            self._fault("name", "required where there is a filter or a start anew")
        if len(self._checker.faults) > before:
            return None
        counted = Counted(
            function=function,
            measured=measured,
            by=tuple(sorted(key)),
            within_seconds=None if window == ALL_TIME else length_us(window) // _US_PER_SECOND,
            status=status or None,
            scope=scope,
            delay_seconds=length_us(delay) // _US_PER_SECOND if delay else 0,
        )
        return _velocity(counted, name, doc, where, since)

    def _fault(self, word: str, cause: str) -> None:
        self._checker.fault(f"{self._place}.{word}", cause)

    def _one_of(self, word: str, words: tuple[str, ...], default: str = "") -> str:
        said = self._checker.text(self._table, self._place, word) or default
        if said and said not in words:
            mend = nearest(said, words) or f"; write one of {', '.join(words)}"
            self._fault(word, f"no such word{mend}")
        return said

    def _key(self) -> tuple[str, ...]:
        given = self._table.get("key", [])
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list) or not 1 <= len(names) <= KEY_FEATURES_MAX:
            self._fault("key", f'required: 1 to {KEY_FEATURES_MAX} features that payments share, such as ["card"]')
            return ()
        found = [self._told("key", name) for name in names]
        if len({each.name for each in found if each}) < len(found) and all(found):
            self._fault("key", "names a feature twice")
        return tuple(each.name for each in found if each is not None)

    def _told(self, word: str, name: object) -> Feature | None:
        feature = told_apart(str(name), self._catalog)
        if feature is None:
            seen = [each.name for each in self._catalog if told_apart(each.name, self._catalog) is not None]
            self._fault(word, f"no text feature that counters see is named {name!r}{nearest(str(name), seen)}")
        return feature

    def _measured(self, function: str, key: tuple[str, ...]) -> Feature | None:
        of = self._checker.text(self._table, self._place, "of")
        if function == DISTINCT:
            told = self._told("of", of)
            if told is not None and told.name in key:
                self._fault("of", "is part of the key, so there is one value alone")
            return told
        if function in OF_AMOUNTS:
            feature = self._named(of)
            if feature is None or feature.type is not FeatureType.MONEY:
                self._fault("of", f"required: the amount of which the {function} is made, such as amount_in_usd")
                return None
            return feature
        if of:
            self._fault("of", f"a {function} is of payments themselves; leave it out")
        return None

    def _lengths(self) -> tuple[str, str]:
        window, delay = (self._checker.text(self._table, self._place, word) for word in ("window", "delay"))
        if window != ALL_TIME and not is_length(window):
            self._fault("window", f'required: such as "10m", "24h" or "30d", at most "365d"; or "{ALL_TIME}"')
        elif delay and not is_length(delay):
            self._fault("delay", 'such as "7d": how long ago the window ends')
        elif delay and window != ALL_TIME and length_us(window) + length_us(delay) > _LONGEST_US:
            self._fault("window", "with its delay longer than 365d")
        return window, delay

    def _where(self) -> tuple[tuple[str, Value], ...]:
        table = self._table.get("where", {})
        if not isinstance(table, dict):
            self._fault("where", "write a table, such as { is_prepaid = true }")
            return ()
        for name, value in table.items():
            feature = self._named(name)
            if feature is None or feature.name != name:
                self._fault(f"where.{name}", f"no feature that counters see{nearest(name, self._seen())}")
            elif not _is_of(feature.type, value):
                self._fault(f"where.{name}", f"is a {feature.type}")
        return tuple(table.items())

    def _named(self, name: str) -> Feature | None:
        """The feature of this name that counters see."""
        return self._catalog[name] if name in self._catalog and is_seen(self._catalog[name]) else None

    def _seen(self) -> list[str]:
        return [each.name for each in self._catalog if is_seen(each)]


def _velocity(counted: Counted, name: str, doc: str, where: tuple[tuple[str, Value], ...], since: str) -> Velocity:
    made = velocity_of(counted)
    return Velocity(
        name=name or made.name,
        key=made.key,
        aggregate=made.aggregate,
        window=made.window,
        doc=doc or made.doc.replace("Asked for by a rule.", "Of the shop's own."),
        status=made.status,
        delay=made.delay,
        where=where,
        scope=made.scope,
        since=Status(since) if since else None,
    )


def _is_of(type_: FeatureType, value: object) -> bool:
    if type_ is FeatureType.BOOLEAN:
        return isinstance(value, bool)
    if type_ in (FeatureType.STRING, FeatureType.COUNTRY):
        return isinstance(value, str)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number if type_ is FeatureType.NUMBER else is_number and isinstance(value, int)
