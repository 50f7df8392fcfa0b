"""Whether an e-mail domain accepts mail at all, and who takes it: asked of the DNS, and only where that is switched on.

The one look-up beyond the tables: the pipeline asks before it enriches, through the port here, and lays what came over
the features; where it is off, they are unknown (`mx_off`). What was told is recorded with the decision, and a replay
asks nobody.
"""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from engine.deadline import Deadline, OutOfTime, within
from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Email, Payment
from engine.reference import Reference

MX_MS_MAX: Final = 40
"""How long a decision waits for an e-mail domain's mail exchange."""
MX_FAILED: Final = Unknown("mx")
"""The DNS did not answer, or not in time."""
MX_OFF: Final = Unknown("mx_off")
"""Nobody is asked."""
_NO_HOST: Final = Unknown("no_mail_host")
_ACCEPTS, _HOST = "email_domain_accepts_mail", "email_mail_host"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailExchange:
    """Where a domain's mail goes: the most preferred host in lower case; None where it accepts no mail."""

    host: str | None


class MailExchanges(Protocol):
    """Where mail exchanges are looked up, with a cache."""

    def of(self, domain: str) -> Coroutine[Any, Any, MailExchange | Unknown]:
        """The exchange of a domain in lower case and ASCII; unknown where nobody answers. Raises nothing."""


Told = MailExchange | Unknown | None
"""What was told of a payment's e-mail domain; None where it has none."""


async def told(exchanges: MailExchanges | None, email: Email, deadline: Deadline) -> Told:
    """Where the e-mail domain's mail goes; what comes too late is there for the next. Without a port it is off."""
    if exchanges is None:
        return MX_OFF
    domain = mail_domain(email)
    if domain is None:
        return None
    try:
        return await within(exchanges.of(domain), lambda: deadline.seconds(MX_MS_MAX))
    except OutOfTime:
        return MX_FAILED


def mail_domain(email: Email) -> str | None:
    """The domain to ask about: that of the address, else the one that was sent without an address."""
    _, at, domain = (email.address or "").rpartition("@")
    return domain if at else email.domain


def lay_over(found: Told, reference: Reference, values: dict[str, Value], causes: dict[str, str]) -> None:
    """Put what was found among an enriched payment's values and causes, which this changes."""
    for name, value in zip((_ACCEPTS, _HOST), _told(found, reference), strict=True):
        causes.pop(name, None)
        if isinstance(value, Unknown):
            values[name], causes[name] = None, value.cause
        else:
            values[name] = value


def _told(found: Told, reference: Reference) -> Computed:
    if not isinstance(found, MailExchange):
        return (found, found)
    if found.host is None:
        return (False, _NO_HOST)
    domains = reference.mail_domains
    # Great providers have a host for each customer; who runs it is told by what was registered.
    return (True, found.host if domains is None else domains.registrable(found.host) or found.host)


def _compute(_payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    return (MX_OFF, MX_OFF)


MAIL_EXCHANGE = Enrichment(
    topic="mail_exchange",
    features=(
        Feature(
            name=_ACCEPTS,
            type=FeatureType.BOOLEAN,
            doc="The e-mail domain has a mail exchange in the DNS (or an address, RFC 5321), and does not refuse all "
            "mail (RFC 7505). Unknown (`mx_off`) unless ASSAY_MX_LOOKUPS is on.",
            source="enrichment mail_exchange",
            direction=-1,
            reason="email_deliverable",
            says="The e-mail domain accepts mail",
            denies="The e-mail domain accepts no mail",
        ),
        Feature(
            name=_HOST,
            type=FeatureType.STRING,
            doc="The registrable domain of the host that takes the e-mail domain's mail, such as google.com: makers of "
            "throw-away domains have many names and few hosts. Unknown (`mx_off`) unless ASSAY_MX_LOOKUPS is on.",
            source="enrichment mail_exchange",
            reason="email_domain",
            says="The e-mail domain's mail goes to {value}",
        ),
    ),
    compute=_compute,
    fields=(),
)
