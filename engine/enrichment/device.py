"""The shopper's device: its program, and its languages against where the shopper says to be.

A device says of itself what it likes; what is told here is what its words mean, and where they contradict each other.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from engine.enrichment.device_features import DEVICE_FEATURES
from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.languages import Accepted, CountryLanguages, accepted
from engine.reference.user_agents import IMPOSSIBLE, UserAgents

_CACHED: Final = 16_384
_NO_PATTERNS, _NO_LANGUAGES = Unknown("user_agents"), Unknown("languages")
_UNRECOGNISED, _NO_LANGUAGE = Unknown("not_found"), Unknown("language_unknown")
_NO_COUNTRY, _UNDECIDED = Unknown("country_unknown"), Unknown("ambiguous")
_AUTOMATED: Final = frozenset({"headless", "library", "bot"})
_AGENT_POINTER: Final = "/device/user_agent"
_OF_AGENT: Final = 8
_NO_AGENT: Final[Computed] = (False, *((None,) * _OF_AGENT))
_NO_HEADER: Final[Computed] = (None, None, None, None, None)


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    device = payment.device
    ip_country, billing_country = known["ip_country"], known["billing_country"]
    agent, header = device.user_agent, device.accept_language
    return (
        *(_without_agent(payment) if agent is None else _of_agent(agent, reference.user_agents)),
        *(_NO_HEADER if header is None else _of_header(header, ip_country, billing_country, reference.languages)),
    )


def _without_agent(payment: Payment) -> Computed:
    """One that came and was dropped, for its length or for a card number in it, did come."""
    cause = next((cause for pointer, cause in payment.unusable if pointer == _AGENT_POINTER), None)
    return _NO_AGENT if cause is None else (True, *((Unknown(cause),) * _OF_AGENT))


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


DEVICE = Enrichment(
    topic="device",
    features=DEVICE_FEATURES,
    compute=_compute,
    reads=("ip_country", "billing_country"),
    fields=("device.user_agent", "device.accept_language", "unusable"),
)
