"""MaxMind's database files: opened, judged, looked up, whatever the edition.

A database is opened and judged with geoip2, and looked up with maxminddb's C reader: geoip2 builds a model object a
lookup, which takes 17-23 us on MaxMind's test databases; the reader beneath takes 6 us there (12 us on Enterprise
records) and 0.7 us on the embedded table, whose records hold nothing else.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from typing import Final, Self

import maxminddb
from geoip2.database import Reader
from maxminddb import MODE_MMAP, InvalidDatabaseError
from maxminddb.types import Record

from engine.errors import ReferenceInvalid
from engine.reference.source import read_source

_SAMPLE: Final = 1024
_MODELS_TRIED: Final = 256
_IPV6: Final = 6

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
_Model = Callable[[_Address], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """How one edition of MaxMind's is told and judged.

    `kind` is what its database type contains. `model` is geoip2's reader of it, None where geoip2 has none. `holds`
    says whether a record tells what the edition is for; `lacks` is said where none of a sample does.
    """

    kind: str
    holds: Callable[[Record], bool]
    lacks: str
    model: Callable[[Reader], _Model] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mmdb:
    """An open database, memory-mapped: replace its file by renaming, never by writing over it.

    `kind` is its database type; `version` is type, build date (`built`) and the first 12 hexadecimal digits of the
    file's SHA-256; `networks` counts the leaves of its search tree, those of which it knows nothing among them.
    """

    path: Path
    kind: str
    version: str
    built: date
    networks: int
    get: Callable[[str], Record | None]

    @classmethod
    def load(cls, path: Path, edition_of: Callable[[str], Edition]) -> Self:
        """Open a database and try it (see `_judge`); `edition_of` tells the edition by the database type, or raises.

        Raises ReferenceInvalid where the file is absent, corrupt or truncated, or of another shape; and what
        `edition_of` raises.
        """
        fingerprint = read_source(path).fingerprint
        try:
            with Reader(path, mode=MODE_MMAP) as reader:
                metadata = reader.metadata()
                _judge(reader, edition_of(metadata.database_type), path)
            built = datetime.fromtimestamp(metadata.build_epoch, UTC).date()
            get = maxminddb.open_database(path).get
        except _CORRUPT as error:
            raise ReferenceInvalid(f"{path}: corrupt or truncated ({error}); download the database again") from error
        return cls(
            path=path,
            kind=metadata.database_type,
            version=f"{metadata.database_type} {built} {fingerprint}",
            built=built,
            networks=metadata.node_count + 1,
            get=get,
        )

    def record(self, address: str) -> Record | None:
        """What is known of an address in its canonical form; None where nothing, or the record is broken."""
        try:
            return self.get(address)
        except _UNKNOWN:
            return None


def _judge(reader: Reader, edition: Edition, path: Path) -> None:
    """Refuse a database that geoip2 cannot read as its edition, or whose records are broken.

    Reads a sample (see `_sample`; some 50 ms, a few times that with City records), the first 256 records of it through
    geoip2's models as well, all in pure Python: on a corrupt file the C reader of maxminddb 3.2 can kill the process (3
    of 800 files with random bytes changed did). Reading all of a City database would take minutes. A broken record that
    the sample misses is unknown when it is met, at best: check what you download against its checksum.
    """
    with maxminddb.open_database(path, MODE_MMAP) as records:
        known = [(address, record) for address, record in _sample(records) if record is not None]
    try:
        if edition.model is not None:
            model = edition.model(reader)
            for address, _ in known[:_MODELS_TRIED]:
                model(address)
    except TypeError as error:
        raise ReferenceInvalid(f"{path}: not of the GeoIP2 shape ({error}); download the database again") from error
    if not any(edition.holds(record) for _, record in known):
        raise ReferenceInvalid(f"{path}: {edition.lacks}")


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
