"""Enrichments: what the request itself and the reference tables tell about a payment, one file a topic."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from engine.enrichment.address import ADDRESS
from engine.enrichment.amount import AMOUNT
from engine.enrichment.bin import BIN
from engine.enrichment.checks import CHECKS
from engine.enrichment.clock import CLOCK
from engine.enrichment.countries import COUNTRY_RELATIONS
from engine.enrichment.currency import CURRENCY
from engine.enrichment.device import DEVICE
from engine.enrichment.distances import DISTANCES
from engine.enrichment.email import EMAIL
from engine.enrichment.enrichment import Enrichment
from engine.enrichment.expiry import EXPIRY
from engine.enrichment.identity import IDENTITY
from engine.enrichment.ip import IP
from engine.enrichment.mail_exchange import MAIL_EXCHANGE
from engine.enrichment.names import NAMES
from engine.enrichment.network import NETWORK
from engine.enrichment.order import ORDER
from engine.enrichment.part import Causes, Part, Profile, Steps
from engine.enrichment.phone import PHONE, PHONE_RELATIONS
from engine.enrichment.postal import POSTAL
from engine.enrichment.request import REQUEST
from engine.enrichment.unusable import mended, whole
from engine.features import FeatureType, Value
from engine.payment import Payment
from engine.reference import Reference

__all__ = ["ENRICHED", "ENRICHMENTS", "PARTS", "Enrichment", "Named", "enrich", "enriched_row"]

ENRICHMENTS: tuple[Enrichment, ...] = (
    REQUEST,
    IDENTITY,
    EMAIL,
    MAIL_EXCHANGE,
    PHONE,
    ADDRESS,
    POSTAL,
    AMOUNT,
    BIN,
    CHECKS,
    EXPIRY,
    ORDER,
    IP,
    NETWORK,
    COUNTRY_RELATIONS,
    PHONE_RELATIONS,
    DISTANCES,
    CURRENCY,
    CLOCK,
    NAMES,
    DEVICE,
)
"""In the order of the catalogue; `PARTS` is that of evaluation."""


_HELD: Final[Mapping[str, tuple[Enrichment, ...]]] = {
    "shopper": (EMAIL, PHONE, BIN, NAMES),
    "addresses": (ADDRESS, POSTAL),
}
"""What a payment has in common with the last of its shopper, with the last to its address."""
_BESIDE: Final = (IP, NETWORK, COUNTRY_RELATIONS, PHONE_RELATIONS, DISTANCES, CURRENCY, DEVICE)
"""What the device tells, and how all lies to each other. Payments that are alike in what one of these reads are mostly
alike in the whole profile: asking whether there was one would cost as much as it saves."""
_PROFILE: Final = (IDENTITY, MAIL_EXCHANGE, *chain.from_iterable(_HELD.values()), *_BESIDE)
"""What its later stages have in common with it too, and its shopper's next payment from the same device."""


def _read(enrichments: Iterable[Enrichment]) -> frozenset[str]:
    return frozenset(name for each in enrichments for name in each.reads)


def _parts() -> tuple[Profile, Steps]:
    read, of_each = _read(ENRICHMENTS), [each for each in ENRICHMENTS if each not in _PROFILE]
    held = tuple(Part(name, enrichments, read) for name, enrichments in _HELD.items())
    members: list[Steps | Part] = [Steps((IDENTITY, MAIL_EXCHANGE), read), *held, Steps(_BESIDE, read)]
    return (Profile("profile", members, _read(of_each)), Steps(of_each, read))


PARTS: Final = _parts()
"""All enrichments in the order of evaluation: those of what is held, and those that are computed for each payment."""
_SETTLED, _COMPUTED = PARTS
_COMPUTED_CAUSES: Final = Causes(_COMPUTED.enrichments)

_FOUND: Final = tuple(feature for part in PARTS for each in part.enrichments for feature in each.features)
_DECLARED: Final = tuple(feature for enrichment in ENRICHMENTS for feature in enrichment.features)
ENRICHED: Final = tuple(sorted(_DECLARED, key=lambda feature: feature.type is FeatureType.BOOLEAN))
"""All features of enrichments, as they stand in the catalogue: flags last, where a record packs them as one text."""
_ARRANGED: Final = itemgetter(*(_FOUND.index(feature) for feature in ENRICHED))
_NAMES: Final = tuple(feature.name for feature in ENRICHED)


_POSITIONS: Final = {name: position for position, name in enumerate(_NAMES)}


def enrich(payment: Payment, reference: Reference) -> tuple[dict[str, Value], dict[str, str]]:
    """Every enrichment's values by feature name, in catalogue order, and the causes of unknowns that have one."""
    row, causes = enriched_row(payment, reference)
    return dict(zip(_NAMES, row, strict=True)), causes


def enriched_row(payment: Payment, reference: Reference) -> tuple[tuple[Value, ...], dict[str, str]]:
    """The values alone, by the position of ENRICHED, and the causes."""
    if payment.unusable:
        payment = whole(payment)
    known: dict[str, Value] = {}
    settled = _SETTLED.settled(payment, reference, known)
    found: list[Any] = []
    _COMPUTED.take(payment, reference, known, found)
    causes = {**settled.causes, **_COMPUTED_CAUSES.taken(found)}
    row = _ARRANGED((*settled.values, *found))
    if payment.unusable:
        causes = {**_untold(payment, reference, row), **causes}
    return row, causes


def _untold(payment: Payment, reference: Reference, row: tuple[Value, ...]) -> dict[str, str]:
    """The causes of what would be known, or not for another cause, had nothing been dropped."""
    usable, cause = mended(payment)
    told, causes = enriched_row(usable, reference)
    dropped = {each for _, each in payment.unusable}
    return {
        name: causes[name] if causes.get(name) in dropped else cause
        for name, value, usual in zip(_NAMES, row, told, strict=True)
        if value is None and (usual is not None or name in causes)
    }


class Named(Mapping[str, Value]):
    """An enriched row by the names of its features: of more than two hundred, counters ask for fifteen."""

    __slots__ = ("_row",)

    def __init__(self, row: tuple[Value, ...]) -> None:
        """The row is that of `enriched_row`."""
        self._row = row

    def __getitem__(self, name: str) -> Value:
        """The value of a feature; KeyError where no enrichment gives it."""
        return self._row[_POSITIONS[name]]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as of any mapping
        """The value of a feature; the default where no enrichment gives it."""
        position = _POSITIONS.get(name)
        return default if position is None else self._row[position]

    def __iter__(self) -> Iterator[str]:
        """The names in catalogue order."""
        return iter(_NAMES)

    def __len__(self) -> int:
        """How many there are."""
        return len(_NAMES)
