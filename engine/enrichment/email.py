"""What an e-mail address tells: whose mailbox it is, what kind of provider keeps it, and how its name is made.

All of it comes from the text and the embedded lists; that the mailbox exists is not asked here (see mail_exchange.py).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from engine.enrichment.email_features import EMAIL_FEATURES
from engine.enrichment.enrichment import Computed, Enrichment
from engine.enrichment.mailbox import mailbox_of
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.letter_pairs import LetterPairs
from engine.reference.mail_domains import DISPOSABLE, FREE, RELAY, MailDomain, MailDomains
from engine.reference.mailboxes import ROLES

_CACHED: Final = 16_384
_NO_TABLE, _NO_LETTERS = Unknown("mail_domains"), Unknown("letter_pairs")
_NO_SUFFIX, _NO_COUNTRY = Unknown("domain_unknown"), Unknown("not_found")
_HASHED, _TOO_SHORT = Unknown("email_hashed"), Unknown("too_short")
_OF_DOMAIN: Final = 11
_OF_LOCAL: Final = 6
_NOT_SENT: Final[Computed] = (None,) * (1 + _OF_DOMAIN + _OF_LOCAL)
_ACE_PREFIX: Final = "xn--"
_DIGITS: Final = re.compile(r"\d+")


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    email = payment.email
    if email.address is not None:
        return _of_address(email.address, reference.mail_domains, reference.letter_pairs)
    domain = known["email_domain"]
    if isinstance(domain, str):
        return (email.md5, *_of_domain(domain, reference.mail_domains), *(_hidden(email.md5) * _OF_LOCAL))
    return _NOT_SENT if email.md5 is None else (email.md5, *((_HASHED,) * (_OF_DOMAIN + _OF_LOCAL)))


def _hidden(md5: str | None) -> tuple[Unknown | None]:
    return (None if md5 is None else _HASHED,)


def _of_address(address: str, domains: MailDomains | None, letters: LetterPairs | None) -> Computed:
    """All of the topic; a table that is read anew is another key, so what it said before is not given again."""
    normalized, local, has_tag = mailbox_of(address)
    of_domain = _of_domain(address.rpartition("@")[2], domains)
    return (normalized or address, *of_domain, *_of_local(local, has_tag, letters))


@lru_cache(maxsize=_CACHED)
def _of_domain(domain: str, domains: MailDomains | None) -> Computed:
    is_idn = domain.startswith(_ACE_PREFIX) or f".{_ACE_PREFIX}" in domain
    if domains is None:
        # What the text alone tells is known all the same.
        return (_NO_TABLE, domain.rpartition(".")[2], *((_NO_TABLE,) * (_OF_DOMAIN - 3)), is_idn)
    return (*_by_table(domains.look_up(domain)), is_idn)


def _by_table(found: MailDomain) -> Computed:
    return (
        found.registrable or _NO_SUFFIX,
        found.tld,
        found.country or _NO_COUNTRY,
        found.labels_below if found.registrable else _NO_SUFFIX,
        found.kind == DISPOSABLE,
        found.kind == FREE,
        found.kind == RELAY,
        found.suffix_exists,
        found.is_misspelt,
        found.is_deceptive,
    )


def _of_local(local: str, has_tag: bool, letters: LetterPairs | None) -> Computed:  # noqa: FBT001
    runs = _DIGITS.findall(local)
    percent = None if letters is None else letters.gibberish_percent(local)
    return (
        local in ROLES,
        has_tag,
        len(local),
        round(100 * len("".join(runs)) / len(local)) if runs else 0,
        max(map(len, runs), default=0),
        _NO_LETTERS if letters is None else _TOO_SHORT if percent is None else percent,
    )


EMAIL = Enrichment(
    topic="email",
    features=EMAIL_FEATURES,
    compute=_compute,
    reads=("email_domain",),
    fields=("email.address", "email.md5"),
)
