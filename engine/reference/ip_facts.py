"""What the editions of MaxMind's databases tell of the network around an address, in the words of IpFacts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from maxminddb.types import Record

from engine.features import Unknown, Value
from engine.reference.causes import NO_TABLE, NOT_FOUND
from engine.reference.ip_ranges import IpRange
from engine.reference.mmdb import Edition

CONNECTION_TYPES: Final = ("cable/dsl", "cellular", "corporate", "dialup", "satellite")
"""MaxMind's words for how an address is connected, in lower case as Radar has them."""
USER_TYPES: Final = (
    "business", "cafe", "cellular", "college", "consumer_privacy_network", "content_delivery_network", "dialup",
    "government", "hosting", "library", "military", "residential", "router", "school", "search_engine_spider",
    "traveler",
)  # fmt: skip
"""MaxMind's words for whose address it is."""
_RELAY_USERS, _HOSTED_USERS = "consumer_privacy_network", ("hosting", "content_delivery_network")
_CONFIDENCE_MAX: Final = 99


class IpFacts(NamedTuple):
    """What is known of the network around an address; each known, or unknown with its cause.

    `is_anonymous` says that it hides who is behind it: a VPN, Tor, a public or residential proxy; of the embedded
    lists, no relay that keeps the country (`is_privacy_relay`). `is_hosting` says that it is of a data centre, a
    content network or a VPN's. `anonymizer_confidence` is MaxMind's, 1-99 %; `static_score` its measure of how long an
    address keeps its user, 0-99.99; `risk` its IP risk score, 0.01-99.
    """

    kind: str | Unknown
    provider: str | Unknown
    asn: int | Unknown
    organization: str | Unknown
    isp: str | Unknown
    connection_type: str | Unknown
    user_type: str | Unknown
    is_public_proxy: bool | Unknown
    is_residential_proxy: bool | Unknown
    is_anonymous: bool | Unknown
    is_vpn: bool | Unknown
    is_tor: bool | Unknown
    is_hosting: bool | Unknown
    is_privacy_relay: bool | Unknown
    anonymizer_confidence: int | Unknown
    static_score: float | Unknown
    risk: float | Unknown

    @classmethod
    def unknown(cls, cause: Unknown) -> Self:
        """Nothing is known, for one cause."""
        return cls(*[cause] * len(cls._fields))

    @classmethod
    def of(cls, told: Mapping[str, Value | Unknown]) -> Self:
        """What was told by field; no table tells the others."""
        return cls(*[told.get(name, NO_TABLE) for name in cls._fields])  # type: ignore[arg-type]  # `told` is by field


Told = Mapping[str, Value | Unknown]
"""Values, or why they are unknown, by the field of IpFacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What an edition tells: the fields, and how from a record, None where the address is in none of its networks."""

    edition: Edition
    fields: tuple[str, ...]
    tell: Callable[[Record | None], Told]


_FLAGS: Final = {
    "is_anonymous": "is_anonymous",
    "is_vpn": "is_anonymous_vpn",
    "is_public_proxy": "is_public_proxy",
    "is_residential_proxy": "is_residential_proxy",
    "is_tor": "is_tor_exit_node",
    "is_hosting": "is_hosting_provider",
}


def _flags(record: Mapping[str, Any]) -> dict[str, Value | Unknown]:
    """The flags of the anonymous editions: MaxMind lists all that it knows to be so, and leaves out what is not."""
    return {field: record.get(key) is True for field, key in _FLAGS.items()}


def _anonymous(record: Record | None) -> Told:
    return _flags(_dict(record))


def _anonymous_plus(record: Record | None) -> Told:
    return _flags(_dict(record)) | _anonymizer(_dict(record))


def _risk(record: Record | None) -> Told:
    return {**_anonymous_plus(record), "risk": _number(_dict(record).get("ip_risk"))}


def _residential_proxy(record: Record | None) -> Told:
    return {"is_residential_proxy": bool(record)} | _anonymizer(_dict(record))


def _anonymizer(record: Mapping[str, Any]) -> dict[str, Value | Unknown]:
    confidence = record.get("anonymizer_confidence")
    return {
        "anonymizer_confidence": confidence
        if isinstance(confidence, int) and 0 < confidence <= _CONFIDENCE_MAX
        else NOT_FOUND,
        "provider": _text(record.get("provider_name")),
    }


def _isp(record: Record | None) -> Told:
    return _operator(_dict(record)) | {"isp": _text(_dict(record).get("isp"))}


def _asn(record: Record | None) -> Told:
    return _operator(_dict(record))


def _operator(record: Mapping[str, Any]) -> dict[str, Value | Unknown]:
    number, name = record.get("autonomous_system_number"), record.get("organization")
    return {
        "asn": number if isinstance(number, int) and number > 0 else NOT_FOUND,
        "organization": _text(name or record.get("autonomous_system_organization")),
    }


def _connection(record: Record | None) -> Told:
    return {"connection_type": _word(_dict(record).get("connection_type"), CONNECTION_TYPES)}


def _static_score(record: Record | None) -> Told:
    return {"static_score": _number(_dict(record).get("score"))}


def _enterprise(record: Record | None) -> Told:
    traits = _dict(_dict(record).get("traits"))
    user = _word(traits.get("user_type"), USER_TYPES)
    told = {
        **_operator(traits),
        "isp": _text(traits.get("isp")),
        "connection_type": _word(traits.get("connection_type"), CONNECTION_TYPES),
        "user_type": user,
        "is_privacy_relay": user if isinstance(user, Unknown) else user == _RELAY_USERS,
        "static_score": _number(traits.get("static_ip_score")),
    }
    # Other users' addresses may lie in a data centre all the same (a company's, a traveller's): that is not known.
    return told | {"is_hosting": True} if user in _HOSTED_USERS else told


def of_range(found: IpRange) -> Told:
    """What a network of the embedded lists tells. What is not said is not known: it may be that as well."""
    told: dict[str, Value | Unknown] = {"kind": found.kind, "provider": found.provider}
    if found.kind == "relay":
        return told | {"is_privacy_relay": True, "is_vpn": False, "is_anonymous": False}
    if found.kind == "tor":
        return told | {"is_tor": True, "is_anonymous": True, "is_privacy_relay": False}
    if found.kind == "vpn":
        return told | {"is_vpn": True, "is_anonymous": True, "is_hosting": True, "is_privacy_relay": False}
    return told | {"is_hosting": True}


RANGE_FIELDS: Final = (
    "kind", "provider", "is_anonymous", "is_vpn", "is_tor", "is_hosting", "is_privacy_relay",
)  # fmt: skip
"""What the embedded lists tell of."""


def _dict(record: object) -> Mapping[str, Any]:
    return record if isinstance(record, dict) else {}


def _text(value: object) -> str | Unknown:
    return value if isinstance(value, str) and value else NOT_FOUND


def _number(value: object) -> float | Unknown:
    return float(value) if isinstance(value, float | int) and 0 <= value <= 100 else NOT_FOUND  # noqa: PLR2004 - %


def _word(value: object, words: tuple[str, ...]) -> str | Unknown:
    """The word in lower case; one that the edition's publisher added since is unknown."""
    word = value.lower() if isinstance(value, str) else None
    return word if word is not None and word in words else NOT_FOUND


def _telling(
    kind: str, keys: tuple[str, ...], tell: Callable[[Record | None], Told], model: str | None = None
) -> Telling:
    """An edition whose records have one of these keys; `model` is the name of geoip2's method."""

    def holds(record: Record) -> bool:
        found = _dict(record)
        return any(key in part for part in (found, _dict(found.get("traits"))) for key in keys)

    edition = Edition(
        kind=kind,
        holds=holds,
        lacks=f"no record holds {' or '.join(keys)}, which {kind} has; download the database again",
        model=None if model is None else lambda reader: getattr(reader, model),
    )
    return Telling(edition=edition, fields=tuple(tell(None)), tell=tell)


_OPERATOR_KEYS: Final = ("autonomous_system_number", "organization", "isp")
TELLINGS: Final = (
    _telling("IP-Risk", ("ip_risk",), _risk),
    _telling("Anonymous-Plus", tuple(_FLAGS.values()), _anonymous_plus, "anonymous_plus"),
    _telling("Anonymous-IP", tuple(_FLAGS.values()), _anonymous, "anonymous_ip"),
    _telling("Residential-Proxy", ("provider_name", "anonymizer_confidence"), _residential_proxy),
    _telling("ISP", _OPERATOR_KEYS, _isp, "isp"),
    _telling("Connection-Type", ("connection_type",), _connection, "connection_type"),
    _telling("Enterprise", (*_OPERATOR_KEYS, "user_type", "country"), _enterprise, "enterprise"),
    _telling("ASN", _OPERATOR_KEYS, _asn, "asn"),
    _telling("Static-IP-Score", ("score",), _static_score),
)
"""What tells of networks; where two tell one thing, the first that knows it."""


def telling_of(kind: str) -> Telling | None:
    """What a database of this type tells of networks; None where it tells nothing of them."""
    return next((telling for telling in TELLINGS if telling.edition.kind in kind), None)
