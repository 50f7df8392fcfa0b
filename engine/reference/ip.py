"""IP address to country: the embedded DB-IP table or the operator's own MaxMind database.

A database is opened and judged with geoip2, and looked up with maxminddb's C reader: geoip2 builds a model object a
lookup, which takes 17-23 us on MaxMind's test databases; the reader beneath takes 6 us there (12 us on Enterprise
records) and 0.7 us on the embedded table, whose records hold nothing else.
"""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final, Self

import maxminddb
from geoip2.database import Reader
from maxminddb import MODE_MMAP, InvalidDatabaseError
from maxminddb.types import Record

from engine.errors import ReferenceInvalid
from engine.iso import COUNTRIES
from engine.reference.source import EMBEDDED, read_source
from engine.reference.table import EMBEDDED_MAX_AGE_DAYS, OPERATORS_OWN, TableInfo

EMBEDDED_IP_COUNTRIES: Final = EMBEDDED / "dbip-country.mmdb"

_SAMPLE: Final = 1024
_MODELS_TRIED: Final = 256
_IPV6: Final = 6
_IPV4_MAPPED: Final = bytes(10) + b"\xff\xff"

# What maxminddb lets through on corrupt files, found by changing random bytes of MaxMind's test databases.
_CORRUPT: Final = (
    InvalidDatabaseError,
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
# SystemError: what the C reader gives where it returns a result and an exception at once.
_UNKNOWN: Final = (InvalidDatabaseError, ValueError, OSError, SystemError)

_Address = IPv4Address | IPv6Address


class IpCountries:
    """A GeoIP2-shaped database of countries, memory-mapped: replace its file by renaming, never by writing over it.

    `version` is database type, build date (`built`) and the first 12 hexadecimal digits of the file's SHA-256.
    """

    __slots__ = ("_get", "built", "info", "version")

    def __init__(
        self, *, get: Callable[[str], Record | None], version: str, built: date, rows: int, is_embedded: bool
    ) -> None:
        self._get = get
        self.version = version
        self.built = built
        self.info = TableInfo(
            name="ip",
            what="IP network to country",
            version=version,
            built=built,
            rows=rows,
            source="DB-IP Lite country" if is_embedded else OPERATORS_OWN,
            licence="CC BY 4.0" if is_embedded else OPERATORS_OWN,
            attribution="IP Geolocation by DB-IP (https://db-ip.com)" if is_embedded else "",
            max_age_days=EMBEDDED_MAX_AGE_DAYS,
        )

    @classmethod
    def load(cls, path: Path = EMBEDDED_IP_COUNTRIES) -> Self:
        """Open a database and try it (see `_judge`).

        Raises ReferenceInvalid where the file is absent, corrupt or truncated, or knows no countries.
        """
        fingerprint = read_source(path).fingerprint
        try:
            with Reader(path, mode=MODE_MMAP) as reader:
                _judge(reader, path)
                metadata = reader.metadata()
            built = datetime.fromtimestamp(metadata.build_epoch, UTC).date()
            get = maxminddb.open_database(path).get
        except _CORRUPT as error:
            raise ReferenceInvalid(f"{path}: corrupt or truncated ({error}); download the database again") from error
        return cls(
            get=get,
            version=f"{metadata.database_type} {built} {fingerprint}",
            built=built,
            # A search tree of n nodes ends in n + 1 networks, those of which nothing is known among them.
            rows=metadata.node_count + 1,
            is_embedded=path == EMBEDDED_IP_COUNTRIES,
        )

    def country(self, address: str) -> str | None:
        """Give the ISO 3166-1 alpha-2 country where the address is used; None where unknown. Never raises.

        `address` is IPv4 or IPv6 text; an IPv4 address mapped into IPv6 (::ffff:192.0.2.1) is looked up as IPv4. What
        is no address, or leads into a broken record that loading did not meet, is unknown.
        """
        try:
            # The reader alone would take "8.8" and "010.8.8.8" for addresses, as getaddrinfo does.
            packed = inet_pton(AF_INET6 if ":" in address else AF_INET, address)
            record = self._get(inet_ntop(AF_INET, packed[12:]) if packed.startswith(_IPV4_MAPPED) else address)
        except _UNKNOWN:
            return None
        return _country_of(record)


def _country_of(record: Record | None) -> str | None:
    # No falling back to `registered_country`: that is where the network's owner is registered, not where it is used,
    # and a wrong country makes a false mismatch with the card's. Codes that are no country (EU, AP) are unknown.
    place = record.get("country") if isinstance(record, dict) else None
    code = place.get("iso_code") if isinstance(place, dict) else None
    return code if isinstance(code, str) and code in COUNTRIES else None


def _judge(reader: Reader, path: Path) -> None:
    """Refuse a database that geoip2 cannot read as countries, or whose records are broken.

    Reads a sample (see `_sample`; some 50 ms, a few times that with City records), the first 256 records of it through
    geoip2's models as well, all in pure Python: on a corrupt file the C reader of maxminddb 3.2 can kill the process (3
    of 800 files with random bytes changed did). Reading all of a City database would take minutes. A broken record that
    the sample misses is an unknown country when it is met, at best: check what you download against its checksum.
    """
    kind = reader.metadata().database_type
    models = {"Country": reader.country, "City": reader.city, "Enterprise": reader.enterprise}
    model = next((model for name, model in models.items() if name in kind), None)
    if model is None:
        raise ReferenceInvalid(
            f"{path}: a database of type {kind!r} does not know countries; give a GeoIP2 or GeoLite2 Country, City or "
            "Enterprise database, or leave the setting out for the embedded one"
        )
    with maxminddb.open_database(path, MODE_MMAP) as records:
        known = [(address, record) for address, record in _sample(records) if record is not None]
    try:
        for address, _ in known[:_MODELS_TRIED]:
            model(address)
    except TypeError as error:
        raise ReferenceInvalid(f"{path}: not of the GeoIP2 shape ({error}); download the database again") from error
    if all(_country_of(record) is None for _, record in known):
        raise ReferenceInvalid(
            f"{path}: no record holds country.iso_code; convert it to the GeoIP2 shape "
            "(deploy/reference/convert_dbip_country.py shows how)"
        )


def _sample(records: maxminddb.Reader) -> Iterator[tuple[_Address, Record | None]]:
    """Yield the first 1,024 networks of IPv4 and of public IPv6, and 1,024 IPv4 addresses spread over the space."""
    yield from islice(_networks(records, IPv4Address(0)), _SAMPLE)
    yield from ((address, records.get(address)) for address in map(IPv4Address, range(0, 2**32, 2**32 // _SAMPLE)))
    if records.metadata().ip_version == _IPV6:
        yield from islice(_networks(records, IPv6Address("2000::")), _SAMPLE)


def _networks(records: maxminddb.Reader, start: _Address) -> Iterator[tuple[_Address, Record | None]]:
    number = int(start)
    while number < 2**start.max_prefixlen:
        address = type(start)(number)
        record, prefix_length = records.get_with_prefix_len(address)
        yield address, record
        number += 2 ** (start.max_prefixlen - prefix_length)
