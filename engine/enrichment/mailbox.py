"""The mailbox behind an e-mail address: all of its spellings are one, so that a new spelling is no new shopper."""

from functools import lru_cache
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
    local, at, domain = composed.strip().lower().rpartition("@")
    domain, is_hyphened = _provider(domain)
    if not (at and local and domain):
        return None
    if not local.startswith('"'):
        local = _untagged(local, is_hyphened=is_hyphened)
        if domain in WITHOUT_DOTS:
            local = local.replace(".", "") or local
    mailbox, _, rest = domain.partition(".")
    return f"{mailbox}@{rest}" if rest in SUBDOMAIN_MAILBOXES else f"{local}@{domain}"


def local_part(address: str) -> str:
    """What names the person: the local part without tag and quotes, or the subdomain where that is the mailbox."""
    local, _, domain = address.lower().rpartition("@")
    provider, is_hyphened = _provider(domain)
    mailbox, _, rest = provider.partition(".")
    if rest in SUBDOMAIN_MAILBOXES:
        return mailbox
    return local.strip('"') if local.startswith('"') else _untagged(local, is_hyphened=is_hyphened)


def has_tag(address: str) -> bool:
    """Whether the address is one of many that its owner made of one mailbox, by a tag or a subdomain."""
    local, _, domain = address.lower().rpartition("@")
    provider, is_hyphened = _provider(domain)
    if provider.partition(".")[2] in SUBDOMAIN_MAILBOXES:
        return True
    return not local.startswith('"') and _untagged(local, is_hyphened=is_hyphened) != local


def _untagged(local: str, *, is_hyphened: bool) -> str:
    # A tag that is all of the local part is the mailbox's own name.
    cut = local.find("-" if is_hyphened else "+", 1)
    return local[:cut] if cut > 0 else local


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
