"""Where an IP address is: the embedded DB-IP table of countries, or the operator's own MaxMind database of places."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from maxminddb.types import Record

from engine.errors import ReferenceInvalid
from engine.features import Unknown
from engine.iso import COUNTRIES
from engine.reference.causes import NO_TABLE, NOT_FOUND
from engine.reference.ip_address import public_ip
from engine.reference.mmdb import Edition, Mmdb
from engine.reference.source import EMBEDDED
from engine.reference.table import EMBEDDED_MAX_AGE_DAYS, OPERATORS_OWN, TableInfo

EMBEDDED_IP_COUNTRIES: Final = EMBEDDED / "dbip-country.mmdb"

_LATITUDE_MAX, _LONGITUDE_MAX, _RADIUS_MAX_KM = 90, 180, 20_038
"""Half of the equator is as far as two places can be apart."""


class IpPlace(NamedTuple):
    """Where an address is; each part known, or unknown with its cause.

    `country` is where it is used and `registered_country` where its network's owner is registered (ISO 3166-1 alpha-2),
    `state` the first-level subdivision (ISO 3166-2 without the country: CA, ENG), `city` its English name. The
    coordinates are the middle, in degrees, of the circle of `accuracy_radius_km` in which the address is likely to be.
    """

    country: str | Unknown
    registered_country: str | Unknown
    state: str | Unknown
    city: str | Unknown
    postal: str | Unknown
    latitude: float | Unknown
    longitude: float | Unknown
    accuracy_radius_km: int | Unknown
    time_zone: str | Unknown
    """IANA's name, such as America/New_York."""

    @classmethod
    def unknown(cls, cause: Unknown) -> Self:
        """Nothing is known, for one cause."""
        return cls(*[cause] * len(cls._fields))


class IpLocations:
    """A GeoIP2-shaped database of countries or cities: Country, City or Enterprise; see Mmdb for `version`, `built`."""

    __slots__ = ("_is_of_cities", "_knows_owners", "_mmdb", "built", "info", "version")

    def __init__(self, mmdb: Mmdb) -> None:
        """Take an open database that knows countries."""
        is_embedded = mmdb.path == EMBEDDED_IP_COUNTRIES
        self._mmdb = mmdb
        self._is_of_cities = knows_cities(mmdb.kind)
        self._knows_owners = not mmdb.kind.startswith("DBIP")
        self.version = mmdb.version
        self.built = mmdb.built
        self.info = TableInfo(
            name="ip",
            what="IP network to country, city and coordinates" if self._is_of_cities else "IP network to country",
            version=mmdb.version,
            built=mmdb.built,
            # A search tree of n nodes ends in n + 1 networks, those of which nothing is known among them.
            rows=mmdb.networks,
            source="DB-IP Lite country" if is_embedded else OPERATORS_OWN,
            licence="CC BY 4.0" if is_embedded else OPERATORS_OWN,
            attribution="IP Geolocation by DB-IP (https://db-ip.com)" if is_embedded else "",
            max_age_days=EMBEDDED_MAX_AGE_DAYS,
        )

    @classmethod
    def load(cls, path: Path = EMBEDDED_IP_COUNTRIES) -> Self:
        """Open a database and try it. Raises ReferenceInvalid where it is no sound one, or knows no countries."""

        def edition(kind: str) -> Edition:
            if (found := location_edition(kind)) is not None:
                return found
            raise ReferenceInvalid(
                f"{path}: a database of type {kind!r} does not know countries; give a GeoIP2 or GeoLite2 Country, City "
                "or Enterprise database, or leave the setting out for the embedded one"
            )

        return cls(Mmdb.load(path, edition))

    def country(self, address: str) -> str | None:
        """Give the ISO 3166-1 alpha-2 country where the address is used; None where unknown. Never raises."""
        country = self.place(address).country
        return None if isinstance(country, Unknown) else country

    def place(self, address: str) -> IpPlace:
        """Where an address is: IPv4 or IPv6 text; an IPv4 address within an IPv6 one is looked up. Never raises.

        What is no public address says why; what leads into a broken record that loading did not meet is unknown.
        """
        found = public_ip(address)
        if isinstance(found, Unknown):
            return IpPlace.unknown(found)
        record = self._mmdb.record(found.text)
        known = record if isinstance(record, dict) else {}
        return _place_of(known) if self._is_of_cities else _country_of(known, knows_owners=self._knows_owners)


def _place_of(record: Mapping[str, Any]) -> IpPlace:
    location, subdivisions = _part(record, "location"), record.get("subdivisions")
    first = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else None
    return IpPlace(
        # No falling back to `registered_country`: that is where the network's owner is registered, not where it is
        # used, and a wrong country makes a false mismatch with the card's.
        country=_country(_part(record, "country")),
        registered_country=_country(_part(record, "registered_country")),
        state=_text(first.get("iso_code") if isinstance(first, dict) else None),
        city=_text(_part(_part(record, "city"), "names").get("en")),
        postal=_text(_part(record, "postal").get("code")),
        latitude=_degrees(location.get("latitude"), _LATITUDE_MAX),
        longitude=_degrees(location.get("longitude"), _LONGITUDE_MAX),
        accuracy_radius_km=_kilometres(location.get("accuracy_radius")),
        time_zone=_text(location.get("time_zone")),
    )


_UNTOLD: Final = (NO_TABLE,) * (len(IpPlace._fields) - 2)
_COUNTRIES_TOLD: Final[tuple[str | Unknown, ...]] = (*COUNTRIES, NOT_FOUND)
_COUNTRY_ALONE: Final = {told: IpPlace(told, NO_TABLE, *_UNTOLD) for told in _COUNTRIES_TOLD}
"""What a database of countries that knows no owners tells: one of these."""


def _country_of(record: Mapping[str, Any], *, knows_owners: bool) -> IpPlace:
    """What a database of countries tells."""
    country = _country(_part(record, "country"))
    if not knows_owners:
        return _COUNTRY_ALONE[country]
    return IpPlace(country, _country(_part(record, "registered_country")), *_UNTOLD)


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _country(part: Mapping[str, Any]) -> str | Unknown:
    """Codes that are no country (EU, AP) are unknown."""
    code = part.get("iso_code")
    return code if isinstance(code, str) and code in COUNTRIES else NOT_FOUND


def _text(value: object) -> str | Unknown:
    return value if isinstance(value, str) and value else NOT_FOUND


def _degrees(value: object, most: int) -> float | Unknown:
    return float(value) if isinstance(value, float | int) and -most <= value <= most else NOT_FOUND


def _kilometres(value: object) -> int | Unknown:
    return value if isinstance(value, int) and 0 < value <= _RADIUS_MAX_KM else NOT_FOUND


def _holds_country(record: Record) -> bool:
    return isinstance(record, dict) and not isinstance(_country(_part(record, "country")), Unknown)


_LACKS: Final = (
    "no record holds country.iso_code; convert it to the GeoIP2 shape "
    "(deploy/reference/convert_dbip_country.py shows how)"
)
_EDITIONS: Final = (
    Edition(kind="Enterprise", holds=_holds_country, lacks=_LACKS, model=lambda reader: reader.enterprise),
    Edition(kind="City", holds=_holds_country, lacks=_LACKS, model=lambda reader: reader.city),
    Edition(kind="Country", holds=_holds_country, lacks=_LACKS, model=lambda reader: reader.country),
)
"""Those that know places; the first tells the most."""


def location_edition(kind: str) -> Edition | None:
    """The edition of a database type that knows where addresses are; None where it is another one."""
    return next((edition for edition in _EDITIONS if edition.kind in kind), None)


def location_rank(kind: str) -> int:
    """Which of two editions tells more of places: the smaller one."""
    return next(rank for rank, edition in enumerate(_EDITIONS) if edition.kind in kind)


def knows_cities(kind: str) -> bool:
    """Whether a database of this type knows more than countries."""
    return "City" in kind or "Enterprise" in kind
