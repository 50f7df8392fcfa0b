"""The shopper's device: its program, its languages and clock against where the shopper says to be, and the visit.

A device says of itself what it likes; what is told here is what its words mean, and where they contradict each other.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from engine.enrichment.device_features import AGE_BANDS, DEVICE_FEATURES
from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.clock import TimeZones
from engine.reference.languages import Accepted, CountryLanguages, accepted
from engine.reference.user_agents import IMPOSSIBLE, UserAgents

_CACHED: Final = 16_384
_NO_PATTERNS, _NO_LANGUAGES = Unknown("user_agents"), Unknown("languages")
_UNRECOGNISED, _NO_LANGUAGE = Unknown("not_found"), Unknown("language_unknown")
_NO_COUNTRY, _UNDECIDED = Unknown("country_unknown"), Unknown("ambiguous")
_AUTOMATED: Final = frozenset({"headless", "library", "bot"})
_OF_AGENT: Final = 8
_NO_AGENT: Final[Computed] = (False, *((None,) * _OF_AGENT))
_NO_HEADER: Final[Computed] = (None, None, None, None, None)
_NO_CLOCK: Final[Computed] = (None, None, None)


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    device = payment.device
    ip_country, billing_country = known["ip_country"], known["billing_country"]
    agent, header, offset = device.user_agent, device.accept_language, device.timezone_offset
    return (
        *(_NO_AGENT if agent is None else _of_agent(agent, reference.user_agents)),
        *(_NO_HEADER if header is None else _of_header(header, ip_country, billing_country, reference.languages)),
        *(_NO_CLOCK if offset is None else _of_clock(offset, payment, reference.time_zones, known)),
        None if device.session_age is None else _age_band(device.session_age),
    )


@lru_cache(maxsize=_CACHED)
def _of_agent(text: str, patterns: UserAgents | None) -> Computed:
    """Whether there is one, and what it says; an empty one is none."""
    if not text.strip():
        return _NO_AGENT
    if patterns is None:
        return (True, *((_NO_PATTERNS,) * _OF_AGENT))
    found = patterns.look_up(text)
    return (
        True,
        found.browser or _UNRECOGNISED,
        _UNRECOGNISED if found.browser_version is None else found.browser_version,
        found.system or _UNRECOGNISED,
        found.device_type,
        found.kind,
        found.kind in _AUTOMATED,
        found.oddity,
        found.oddity in IMPOSSIBLE,
    )


@lru_cache(maxsize=_CACHED)
def _of_header(header: str, ip_country: Value, billing_country: Value, table: CountryLanguages | None) -> Computed:
    asked = accepted(header)
    return (
        asked.languages[0] if asked.languages else _NO_LANGUAGE,
        asked.countries[0] if asked.countries else _NO_LANGUAGE,
        len(asked.languages),
        _is_spoken(asked, ip_country, table),
        _is_spoken(asked, billing_country, table),
    )


def _is_spoken(asked: Accepted, country: Value, table: CountryLanguages | None) -> bool | Unknown:
    if table is None:
        return _NO_LANGUAGES
    if not isinstance(country, str):
        return _NO_COUNTRY
    spoken = table.is_spoken(asked, country)
    return spoken if spoken is not None else _UNDECIDED if asked.languages else _NO_LANGUAGE


def _of_clock(offset: int, payment: Payment, zones: TimeZones, known: Mapping[str, Value]) -> Computed:
    """Whether any place has such a clock, how far it is from the IP address's, whether the billing country has it."""
    at, ip_zone, ip_country, billing_country = (
        payment.at,
        known.get("ip_time_zone"),
        known["ip_country"],
        known["billing_country"],
    )
    of_zone = zones.offset_minutes(ip_zone, at) if isinstance(ip_zone, str) else None
    there = zones.offsets_minutes(ip_country, at) if of_zone is None and isinstance(ip_country, str) else frozenset()
    near = frozenset((of_zone,)) if of_zone is not None else there
    billing = zones.offsets_minutes(billing_country, at) if isinstance(billing_country, str) else frozenset()
    return (
        zones.is_anywhere(offset, at),
        min(abs(offset - each) for each in near) if near else _NO_COUNTRY,
        offset in billing if billing else _NO_COUNTRY,
    )


def _age_band(seconds: float) -> str:
    return next((name for name, limit in AGE_BANDS if seconds < limit), AGE_BANDS[-1][0])


DEVICE = Enrichment(
    topic="device",
    features=DEVICE_FEATURES,
    compute=_compute,
    reads=("ip_country", "ip_time_zone", "billing_country"),
)
