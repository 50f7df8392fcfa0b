"""The operator's IP databases: one file or a folder of them, each edition put where it tells something."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import ReferenceInvalid
from engine.reference.embedded import embedded
from engine.reference.ip import IpLocations, location_edition, location_rank
from engine.reference.ip_facts import TELLINGS, telling_of
from engine.reference.ip_networks import IpNetworks, NetworkDatabase, database_info
from engine.reference.mmdb import Edition, Mmdb
from engine.reference.table import TableInfo

_SUFFIX: Final = ".mmdb"


class _OfNoUse(ReferenceInvalid):
    """A sound database of an edition that tells nothing we ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IpTables:
    """Where addresses are, and what the networks around them are."""

    locations: IpLocations
    networks: IpNetworks


def load_ip_tables(path: Path | None = None) -> IpTables:
    """Read the operator's database, or every .mmdb of a folder (geoipupdate's, say); None: the embedded tables alone.

    Of several that know places the one that tells most is taken (Enterprise, City, Country; then the newest); where
    none does, the embedded table of countries. In a folder, editions that tell nothing we ask are passed over.

    Raises ReferenceInvalid naming the file, the cause and the mend, where one is not sound, or none is of use.
    """
    found = [] if path is None else list(_opened(path))
    places = sorted(
        (mmdb for mmdb in found if location_edition(mmdb.kind) is not None),
        key=lambda mmdb: (location_rank(mmdb.kind), -mmdb.built.toordinal()),
    )
    return IpTables(
        locations=IpLocations(places[0]) if places else embedded(IpLocations.load),
        networks=IpNetworks.load(_asked(found)),
    )


def info_of(path: Path) -> TableInfo:
    """What one database says of itself. Raises ReferenceInvalid where it is not sound, or of no use."""
    (mmdb,) = _opened(path)
    return IpLocations(mmdb).info if location_edition(mmdb.kind) is not None else database_info(mmdb)


def _asked(found: Iterable[Mmdb]) -> list[NetworkDatabase]:
    """Those that tell of networks, in the order in which they are asked; of one edition the newest first."""
    telling = [(mmdb, telling_of(mmdb.kind)) for mmdb in found]
    databases = [NetworkDatabase(mmdb=mmdb, telling=each) for mmdb, each in telling if each is not None]
    return sorted(databases, key=lambda each: (TELLINGS.index(each.telling), -each.mmdb.built.toordinal()))


def _opened(path: Path) -> Iterable[Mmdb]:
    if not path.is_dir():
        yield Mmdb.load(path, lambda kind: _edition(kind, path))
        return
    opened = 0
    for file in sorted(path.glob(f"*{_SUFFIX}")):
        try:
            yield Mmdb.load(file, lambda kind, file=file: _edition(kind, file))  # type: ignore[misc]
            opened += 1
        except _OfNoUse:
            continue
    if not opened:
        raise ReferenceInvalid(f"{path}: no {_SUFFIX} file in this folder is of use; {_GIVE}")


_GIVE: Final = (
    "give GeoIP2 or GeoLite2 databases (Country, City, Enterprise, ASN, ISP, Connection-Type, Anonymous-IP, "
    "Anonymous-Plus ...), or leave the setting out for the embedded tables"
)


def _edition(kind: str, path: Path) -> Edition:
    if (found := location_edition(kind)) is not None:
        return found
    if (telling := telling_of(kind)) is not None:
        return telling.edition
    raise _OfNoUse(f"{path}: a database of type {kind!r} tells nothing that is asked; {_GIVE}")
