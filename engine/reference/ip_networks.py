"""The networks around addresses: the embedded lists of hosts, VPNs and Tor, and the operator's MaxMind databases."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from engine.features import Unknown, Value
from engine.reference.causes import NOT_LISTED, STALE_GEO
from engine.reference.embedded import embedded
from engine.reference.ip_address import PublicIp, public_ip
from engine.reference.ip_facts import RANGE_FIELDS, IpFacts, Telling, Told, of_range
from engine.reference.ip_ranges import IpRanges
from engine.reference.mmdb import Mmdb
from engine.reference.table import EMBEDDED_MAX_AGE_DAYS, OPERATORS_OWN, TableInfo

_NOT_LISTED: Final[Told] = dict.fromkeys(RANGE_FIELDS, NOT_LISTED)
_UNLISTED: Final = IpFacts.of(_NOT_LISTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDatabase:
    """A database of the operator's that tells of networks, and what it tells."""

    mmdb: Mmdb
    telling: Telling

    def tell(self, address: PublicIp) -> Told:
        """What it says of an address."""
        return self.telling.tell(self.mmdb.record(address.text))


class IpNetworks:
    """Several tables as one: the operator's databases first, the embedded lists behind them.

    Of each thing the first that knows it is heard; but what one says is so (a VPN, a host), is so: each lists what it
    knows. An address that the embedded lists do not name is unknown to them (`not_listed`), never False: they hold what
    some fifty providers publish. MaxMind's anonymous editions claim to list all that they look for: they say False.
    """

    __slots__ = ("_databases", "_ranges", "info", "version")

    def __init__(self, *, ranges: IpRanges, databases: Sequence[NetworkDatabase] = ()) -> None:
        """`databases` in the order in which they are asked."""
        self._ranges = ranges
        self._databases = tuple(databases)
        self.info = _info(ranges, [database.mmdb for database in databases])
        self.version = self.info.version

    @classmethod
    def load(cls, databases: Iterable[NetworkDatabase] = ()) -> Self:
        """The embedded lists with these databases before them. Raises ReferenceInvalid where the lists are broken."""
        return cls(ranges=embedded(IpRanges.load), databases=tuple(databases))

    def facts(self, address: str, oldest: int) -> IpFacts:
        """What is known of the network around an address; never raises.

        What was built before the day `oldest` (a date's ordinal) tells nothing: what it would tell is `geo_stale`
        where nothing else knows it.
        """
        found = public_ip(address)
        if isinstance(found, Unknown):
            return IpFacts.unknown(found)
        listed = self._listed(found, oldest)
        if not self._databases:
            return _UNLISTED if listed is _NOT_LISTED else IpFacts.of(listed)
        facts: dict[str, Value | Unknown] = {}
        for told in (*self._told(found, oldest), listed):
            for name, value in told.items():
                known = facts.setdefault(name, value)
                if value is True or (isinstance(known, Unknown) and not isinstance(value, Unknown)):
                    facts[name] = value
        return IpFacts.of(facts)

    def _told(self, address: PublicIp, oldest: int) -> Iterator[Told]:
        """What each of the databases says of an address."""
        for database in self._databases:
            is_stale = database.mmdb.built.toordinal() < oldest
            yield dict.fromkeys(database.telling.fields, STALE_GEO) if is_stale else database.tell(address)

    def _listed(self, address: PublicIp, oldest: int) -> Told:
        """What the embedded lists say of an address."""
        if self._ranges.built.toordinal() < oldest:
            return dict.fromkeys(RANGE_FIELDS, STALE_GEO)
        found = self._ranges.find(address.number, address.version)
        return _NOT_LISTED if found is None else {**_NOT_LISTED, **of_range(found)}


def _info(ranges: IpRanges, databases: Sequence[Mmdb]) -> TableInfo:
    """What the lists say of themselves; with databases before them, what all do, as parts."""
    lists = TableInfo(
        name="ip_networks",
        what="IP network to hosting provider, content network, VPN, relay, Tor or crawler",
        version=ranges.version,
        built=ranges.built,
        rows=ranges.rows,
        source="package iporigin, from what the providers publish",
        licence="MIT; parts CC0 1.0 and by permission (NOTICE.md)",
        max_age_days=EMBEDDED_MAX_AGE_DAYS,
    )
    if not databases:
        return lists
    parts = (*(database_info(mmdb) for mmdb in databases), lists)
    return replace(
        lists,
        what="IP network to operator, kind of connection, hosting, VPN, proxy and Tor",
        version=" over ".join(part.version for part in parts),
        built=min(part.built for part in parts if part.built is not None),
        rows=sum(part.rows or 0 for part in parts),
        parts=parts,
    )


def database_info(mmdb: Mmdb) -> TableInfo:
    """What one database of networks says of itself."""
    return TableInfo(
        name="ip_networks",
        what=mmdb.kind,
        version=mmdb.version,
        built=mmdb.built,
        rows=mmdb.networks,
        source=OPERATORS_OWN,
        licence=OPERATORS_OWN,
        max_age_days=EMBEDDED_MAX_AGE_DAYS,
    )
