"""The mailbox behind an e-mail address: all of its spellings are one, so that a new spelling is no new shopper."""

from collections.abc import Mapping
from functools import lru_cache
from unicodedata import normalize

import idna

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.mailboxes import (
    HYPHEN_TAG_DOMAINS,
    HYPHEN_TAG_NAME,
    SAME_DOMAIN,
    SUBDOMAIN_MAILBOXES,
    WITHOUT_DOTS,
)


def normalized_email(address: str) -> str | None:
    """The address that stands for all spellings of its mailbox; None where there is no @ or nothing beside it.

    Lower case; the domain in ASCII (IDNA 2008 by UTS 46), without a dot at its end and by its provider's chief name;
    the local part in NFC, without its tag and, at Gmail, without dots. A quoted local part has no tag.
    """
    composed = address if address.isascii() else normalize("NFC", address)
    local, at, domain = composed.strip().lower().rpartition("@")
    domain, is_hyphened = _provider(domain)
    if not (at and local and domain):
        return None
    if not local.startswith('"'):
        # A tag that is all of the local part is the mailbox's own name.
        cut = local.find("-" if is_hyphened else "+", 1)
        local = local[:cut] if cut > 0 else local
        if domain in WITHOUT_DOTS:
            local = local.replace(".", "") or local
    mailbox, _, rest = domain.partition(".")
    return f"{mailbox}@{rest}" if rest in SUBDOMAIN_MAILBOXES else f"{local}@{domain}"


@lru_cache(maxsize=1024)
def _provider(domain: str) -> tuple[str, bool]:
    """The domain as one for all of its provider's, and whether tags begin with a hyphen there.

    Cached: a shop's customers have their mailboxes at a few.
    """
    domain = domain.strip().rstrip(".")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            # No such domain can be; it is told apart as it was written.
            return domain, False
    domain = SAME_DOMAIN.get(domain, domain)
    return domain, domain in HYPHEN_TAG_DOMAINS or domain.startswith(HYPHEN_TAG_NAME)


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    email = payment.email
    return (email.md5 if email.address is None else normalized_email(email.address) or email.address,)


EMAIL = Enrichment(
    topic="email",
    features=(
        Feature(
            name="email_normalized",
            type=FeatureType.STRING,
            doc="The mailbox: the e-mail address without what makes no other mailbox, such as tags (+shop) and Gmail's "
            "dots, googlemail.com as gmail.com. Its MD5 if only that came.",
            source="enrichment email",
        ),
    ),
    compute=_compute,
)
