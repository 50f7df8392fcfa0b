"""The mailbox behind an e-mail address: all of its spellings are one, so that a new spelling is no new shopper."""

from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

import idna

from engine.reference.mailboxes import (
    HYPHEN_TAG_DOMAINS,
    HYPHEN_TAG_NAME,
    SAME_DOMAIN,
    SUBDOMAIN_MAILBOXES,
    WITHOUT_DOTS,
)


class Mailbox(NamedTuple):
    """What an address says of its mailbox."""

    normalized: str | None
    """See `normalized_email`."""
    local: str
    """What names the person: the local part without tag and quotes, or the subdomain where that is the mailbox."""
    has_tag: bool
    """Whether the address is one of many that its owner made of one mailbox, by a tag or a subdomain."""


@lru_cache(maxsize=256)
def mailbox_of(address: str) -> Mailbox:
    """The mailbox behind an address; cached, for one address is asked about by several topics in turn."""
    lower = address.lower()
    if not lower.isascii():
        # Turkish keyboards capitalize an i with its dot, which the small letter would have twice.
        lower = address = lower.replace("i\u0307", "i")
    composed = (address if address.isascii() else normalize("NFC", address)).strip().lower()
    parts = local, untagged, _, mailbox = _parts(lower)
    normalized = _normalized(parts if composed == lower else _parts(composed))
    if mailbox is not None:
        return Mailbox(normalized, mailbox, has_tag=True)
    person = local.strip('"') if local.startswith('"') else untagged
    return Mailbox(normalized, person, untagged != local)


def normalized_email(address: str) -> str | None:
    """The address that stands for all spellings of its mailbox; None where there is no @ or nothing beside it.

    Lower case; the domain in ASCII (IDNA 2008 by UTS 46), without a dot at its end and by its provider's chief name;
    the local part in NFC, without its tag and, at Gmail, without dots. A quoted local part has no tag.
    """
    return mailbox_of(address).normalized


_Parts = tuple[str, str, str, str | None]
"""The local part, the same without its tag, the provider's domain, and the mailbox where a subdomain names it."""


def _parts(lower: str) -> _Parts:
    """The parts of an address in lower case."""
    local, _, domain = lower.rpartition("@")
    provider, is_hyphened = _provider(domain)
    mailbox, _, rest = provider.partition(".")
    # A tag that is all of the local part is the mailbox's own name; a quoted local part has none.
    cut = 0 if local.startswith('"') else local.find("-" if is_hyphened else "+", 1)
    untagged = local[:cut] if cut > 0 else local
    return local, untagged, provider, mailbox if rest in SUBDOMAIN_MAILBOXES else None


def _normalized(parts: _Parts) -> str | None:
    local, untagged, provider, mailbox = parts
    if not (local and provider):
        return None
    if mailbox is not None:
        return f"{mailbox}@{provider.partition('.')[2]}"
    if provider in WITHOUT_DOTS and not local.startswith('"'):
        untagged = untagged.replace(".", "") or untagged
    return f"{untagged}@{provider}"


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
