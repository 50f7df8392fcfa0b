"""Enrichments that are computed of the same few fields of a payment, as one: what they gave is held beside the tables.

A payment is evaluated again at its later stages, and most shoppers come back with the e-mail address, addresses, phone,
card and device they had: then all that these tell is one look-up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_CAUSES_MAX: Final = 1_000
_Key = tuple[Any, ...]
_Read = tuple[tuple[int, str], ...]
"""The features that others read: where each stands among the values, and its name."""


class Settled(NamedTuple):
    """What a profile gave: never changed, for it is held."""

    values: tuple[Value, ...]
    """By its features."""
    causes: Mapping[str, str]
    """Why values are unknown, where more is to be said than that the request left them out."""


class Steps:
    """Enrichments that are computed for each payment, one after the other."""

    __slots__ = ("_steps", "enrichments")

    def __init__(self, enrichments: Sequence[Enrichment], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment reads."""
        self.enrichments = tuple(enrichments)
        self._steps = tuple((each.compute, _places((each,), read)) for each in enrichments)

    def take(
        self, payment: Payment, reference: Reference, known: dict[str, Value], found: list[Value | Unknown]
    ) -> None:
        """Put the values behind those `found`, the unknown ones with their causes.

        `known` has what earlier ones told, by feature, and is told what others read of these.
        """
        for compute, read in self._steps:
            given = compute(payment, reference, known)
            found += given
            if read:
                _tell(known, read, given)


class Part:
    """Steps that are held together, under all the fields that their enrichments read."""

    __slots__ = ("_key", "_read", "_steps", "enrichments", "name")

    def __init__(self, name: str, enrichments: Sequence[Enrichment], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment reads."""
        self.name = name
        self.enrichments = tuple(enrichments)
        self._steps = Steps(enrichments, read)
        self._read = _places(enrichments, read)
        self._key = _key_of(self.enrichments)

    def take(
        self, payment: Payment, reference: Reference, known: dict[str, Value], found: list[Value | Unknown]
    ) -> None:
        """As Steps do, with what it gave for another payment with the same fields, where that is held."""
        answers, key = reference.answers[self.name], self._key(payment, known)
        held: Computed | None = answers.asked(key)
        if held is None:
            begun = len(found)
            self._steps.take(payment, reference, known, found)
            answers.hold(key, tuple(found[begun:]))
        else:
            found += held
            _tell(known, self._read, held)


class Profile:
    """Steps and parts that are held together, under all the fields that their enrichments read.

    Where one field is another than before, the parts that do not read it still have their answers.
    """

    __slots__ = ("_causes", "_key", "_members", "_read", "_values_read", "enrichments", "name")

    def __init__(self, name: str, members: Sequence[Steps | Part], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment outside reads."""
        self.name = name
        self.enrichments: tuple[Enrichment, ...] = tuple(each for member in members for each in member.enrichments)
        self._members = tuple(members)
        places = _places(self.enrichments, read)
        self._read = tuple(name for _, name in places)
        self._values_read = itemgetter(*(at for at, _ in places))
        self._causes = Causes(self.enrichments)
        self._key = _key_of(self.enrichments)

    def settled(self, payment: Payment, reference: Reference, known: dict[str, Value]) -> Settled:
        """What its members give, computed anew or held; `known` is told what others read of it."""
        answers, key = reference.answers[self.name], self._key(payment, known)
        settled: Settled | None = answers.asked(key)
        if settled is None:
            return answers.hold(key, self._settled(payment, reference, known))
        known.update(zip(self._read, self._values_read(settled.values), strict=True))
        return settled

    def _settled(self, payment: Payment, reference: Reference, known: dict[str, Value]) -> Settled:
        found: list[Any] = []
        for member in self._members:
            member.take(payment, reference, known, found)
        causes = self._causes.taken(found)
        return Settled(tuple(found), causes)


class Causes:
    """Why values are unknown, taken from among the values of some enrichments.

    What is equal is one mapping: shoppers are many, and few are unknown in a way of their own.
    """

    __slots__ = ("_held", "_names")

    def __init__(self, enrichments: Iterable[Enrichment]) -> None:
        self._names: Final = names_of(enrichments)
        self._held: dict[tuple[int | str, ...], Mapping[str, str]] = {}

    def taken(self, values: list[Any]) -> Mapping[str, str]:
        """The causes by the features' names; where one stood, nothing but None stays. Never to be changed."""
        places = [at for at, value in enumerate(values) if type(value) is Unknown]
        causes = [values[at].cause for at in places]
        for at in places:
            values[at] = None
        held, key = self._held, (*places, *causes)
        if (found := held.get(key)) is None:
            found = dict(zip([self._names[at] for at in places], causes, strict=True))
            if len(held) < _CAUSES_MAX:
                held[key] = found
        return found


def names_of(enrichments: Iterable[Enrichment]) -> tuple[str, ...]:
    """The names of their features."""
    return tuple(feature.name for each in enrichments for feature in each.features)


def _places(enrichments: Iterable[Enrichment], read: frozenset[str]) -> _Read:
    return tuple((at, name) for at, name in enumerate(names_of(enrichments)) if name in read)


def _tell(known: dict[str, Value], read: _Read, given: Computed) -> None:
    for at, name in read:
        value: Any = given[at]
        known[name] = None if type(value) is Unknown else value


def _key_of(enrichments: Sequence[Enrichment]) -> Callable[[Payment, Mapping[str, Value]], _Key]:
    """What takes all that the enrichments read out of a payment and of what is known before them."""
    unnamed = [each.topic for each in enrichments if each.fields is None]
    assert not unnamed, f"what is held names its fields: {unnamed}"
    of_payment = attrgetter(*dict.fromkeys(field for each in enrichments for field in each.fields or ()))
    own = frozenset(names_of(enrichments))
    names = tuple(dict.fromkeys(name for each in enrichments for name in each.reads if name not in own))
    if not names:
        return lambda payment, _known: of_payment(payment)
    of_known = itemgetter(*names)
    return lambda payment, known: (of_payment(payment), of_known(known))
