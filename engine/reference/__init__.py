"""Reference tables: what a card prefix, an IP address, a currency or a country is known to mean.

Loaded once, never changed, looked up in memory; each names its version, which every decision records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Final

from engine.reference.answers import Answers, answers_by_part
from engine.reference.bins import BinRecord, BinTable
from engine.reference.card_codes import CardCodes
from engine.reference.clock import TimeZones
from engine.reference.currencies import Currencies
from engine.reference.embedded import embedded
from engine.reference.forwarders import Forwarders
from engine.reference.ip import IpLocations
from engine.reference.ip_files import IpTables, load_ip_tables
from engine.reference.ip_networks import IpNetworks
from engine.reference.languages import CountryLanguages
from engine.reference.letter_pairs import LetterPairs
from engine.reference.mail_domains import MailDomains
from engine.reference.phones import PhonePlans
from engine.reference.places import Place, Places
from engine.reference.postal import PostalRules
from engine.reference.rates import Rates
from engine.reference.reason_codes import ReasonCode, ReasonCodes
from engine.reference.table import EMBEDDED_MAX_AGE_DAYS, Table, TableInfo, Tables
from engine.reference.user_agents import UserAgents

__all__ = [
    "EMBEDDED_MAX_AGE_DAYS",
    "MISSING",
    "MISSING_CAUSES",
    "BinRecord",
    "BinTable",
    "CardCodes",
    "CountryLanguages",
    "Currencies",
    "Forwarders",
    "IpLocations",
    "IpNetworks",
    "IpTables",
    "LetterPairs",
    "MailDomains",
    "PhonePlans",
    "Place",
    "Places",
    "PostalRules",
    "Rates",
    "ReasonCode",
    "ReasonCodes",
    "Reference",
    "Table",
    "TableInfo",
    "Tables",
    "TimeZones",
    "UserAgents",
    "load_ip_tables",
    "load_reference",
    "missing_cause",
]

MISSING: Final = "missing"
"""The version of a table that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reference:
    """The tables in force, one a field. Where a field is None its table is missing: what it would tell is unknown.

    So is what an IP table would tell of a payment more than `ip_max_age_days` after it was built: networks move.
    """

    ip: IpLocations | None
    bins: BinTable | None
    rates: Rates
    time_zones: TimeZones
    postal: PostalRules | None = None
    phones: PhonePlans | None = None
    places: Places | None = None
    forwarders: Forwarders | None = None
    ip_networks: IpNetworks | None = None
    mail_domains: MailDomains | None = None
    letter_pairs: LetterPairs | None = None
    user_agents: UserAgents | None = None
    languages: CountryLanguages | None = None
    card_codes: CardCodes | None = None
    currencies: Currencies | None = None
    ip_max_age_days: int = EMBEDDED_MAX_AGE_DAYS
    answers: Mapping[str, Answers] = field(default_factory=answers_by_part, init=False, compare=False)
    """What enrichments made of these tables, by part: it goes with them."""

    def __repr__(self) -> str:
        """The versions: the tables themselves take hundreds of thousands of characters."""
        return f"Reference({dict(self.versions())})"

    def is_ip_stale(self, day: int) -> bool:
        """Whether the IP table is too old on this day (a date's ordinal); where there is none, it is not."""
        return self.ip is not None and day - self.ip.built.toordinal() > self.ip_max_age_days

    def tables(self) -> Tables:
        """Each table by name, None where it is missing; what each says of itself is its `info`."""
        return {name: getattr(self, name) for name in _TABLES}

    def infos(self) -> tuple[TableInfo, ...]:
        """What each table that is there says of itself; of the IP tables with the age that the operator allows."""
        found = (table.info for table in self.tables().values() if table is not None)
        return tuple(_aged(info, self.ip_max_age_days) if info.name.startswith("ip") else info for info in found)

    def versions(self) -> Mapping[str, str]:
        """Give the version of each table by name."""
        return {name: MISSING if table is None else table.version for name, table in self.tables().items()}


def _aged(info: TableInfo, max_age_days: int) -> TableInfo:
    """The same with another age that it may have, and so have its parts."""
    return replace(info, max_age_days=max_age_days, parts=tuple(_aged(part, max_age_days) for part in info.parts))


_TABLES: Final = tuple(each.name for each in fields(Reference) if each.name not in {"ip_max_age_days", "answers"})
_CAUSES: Final = {"ip": "geo", "bins": "bin"}

MISSING_CAUSES: Final = frozenset(_CAUSES.get(name, name) for name in _TABLES)
"""The causes of unknowns that a missing table would tell: its name, but for the first two that there were."""


def missing_cause(table: str) -> str:
    """The cause of what is unknown because this table is missing."""
    return _CAUSES.get(table, table)


def load_reference(
    ip_database: Path | None = None,
    bin_table: Path | None = None,
    rates: Path | None = None,
    ip_max_age_days: int = EMBEDDED_MAX_AGE_DAYS,
    mail_domains: Path | None = None,
    today: date | None = None,
    forwarders: Path | None = None,
) -> Reference:
    """Load all tables, about a second for the first time; None stands for the embedded one.

    `ip_database` (a GeoIP2-shaped .mmdb or a folder of them, see `load_ip_tables`) , `bin_table` and `mail_domains` are
    laid over the embedded ones, `rates` and `forwarders` replace them; no rate may be of a day after the one that
    follows `today`. Raises ReferenceInvalid naming the file, the cause and the mend.
    """
    ip_tables = load_ip_tables(ip_database)
    return Reference(
        ip=ip_tables.locations,
        ip_networks=ip_tables.networks,
        bins=embedded(BinTable.load) if bin_table is None else BinTable.load(bin_table),
        rates=embedded(Rates.load) if rates is None else Rates.load(rates, today),
        time_zones=embedded(TimeZones.load),
        postal=embedded(PostalRules.load),
        phones=embedded(PhonePlans.load),
        places=embedded(Places.load),
        forwarders=embedded(Forwarders.load) if forwarders is None else Forwarders.load(forwarders),
        mail_domains=embedded(MailDomains.load) if mail_domains is None else MailDomains.load(mail_domains),
        letter_pairs=embedded(LetterPairs.load),
        user_agents=embedded(UserAgents.load),
        languages=embedded(CountryLanguages.load),
        card_codes=embedded(CardCodes.load),
        currencies=embedded(Currencies.load),
        ip_max_age_days=ip_max_age_days,
    )
