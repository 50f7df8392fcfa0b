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


def normalized_email(address: str) -> str | None:
    """The address that stands for all spellings of its mailbox; None where there is no @ or nothing beside it.

    Lower case; the domain in ASCII (IDNA 2008 by UTS 46), without a dot at its end and by its provider's chief name;
    the local part in NFC, without its tag and, at Gmail, without dots. A quoted local part has no tag.
    """
    composed = address if address.isascii() else normalize("NFC", address)
    local, untagged, provider, mailbox = _parts(composed.strip().lower())
    if not (local and provider):
        return None
    if mailbox is not None:
        return f"{mailbox}@{provider.partition('.')[2]}"
    if provider in WITHOUT_DOTS and not local.startswith('"'):
        untagged = untagged.replace(".", "") or untagged
    return f"{untagged}@{provider}"


def local_part(address: str) -> str:
    """What names the person: the local part without tag and quotes, or the subdomain where that is the mailbox."""
    parts = _parts(address.lower())
    if parts.mailbox is not None:
        return parts.mailbox
    return parts.local.strip('"') if parts.local.startswith('"') else parts.untagged


def has_tag(address: str) -> bool:
    """Whether the address is one of many that its owner made of one mailbox, by a tag or a subdomain."""
    parts = _parts(address.lower())
    return parts.mailbox is not None or parts.untagged != parts.local


class _Parts(NamedTuple):
    """The local part, the same without its tag, the provider's domain, and the mailbox where a subdomain names it."""

    local: str
    untagged: str
    provider: str
    mailbox: str | None


@lru_cache(maxsize=256)
def _parts(lower: str) -> _Parts:
    """An address in lower case; cached, for one address is asked all of the above in turn."""
    local, _, domain = lower.rpartition("@")
    provider, is_hyphened = _provider(domain)
    mailbox, _, rest = provider.partition(".")
    # A tag that is all of the local part is the mailbox's own name; a quoted local part has none.
    cut = 0 if local.startswith('"') else local.find("-" if is_hyphened else "+", 1)
    untagged = local[:cut] if cut > 0 else local
    return _Parts(local, untagged, provider, mailbox if rest in SUBDOMAIN_MAILBOXES else None)


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
