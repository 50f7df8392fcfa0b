"""What an e-mail address says by one pass over it, against each question asked by itself, letter by letter."""

import re
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from engine.enrichment.email import _of_local
from engine.enrichment.mailbox import _provider, mailbox_of, normalized_email
from engine.reference import MailDomains
from engine.reference.look_alikes import _HONEST, _NAMES, _PROVIDERS, _read, _shown, is_deceptive, is_misspelt
from engine.reference.mail_domains import DISPOSABLE, FREE, OTHER, RELAY
from engine.reference.mailboxes import SUBDOMAIN_MAILBOXES, WITHOUT_DOTS

DOMAINS = MailDomains.load()
_WORDS = (
    "gmail.com",
    "gmial.com",
    "gmai1.com",
    "rnail",
    "outl00k.com",
    "yahoo",
    "yahoo-inc.com",
    "hotmail",
    ".example",
)
_MORE = (
    "fastmail.com",
    "x.fastmail.fm",
    "xn--gmal-spa.com",
    "gma\u0456l.com",
    "mailinator.com",
    "uk",
    "co.uk",
    "ymail.com",
)
_MARKS = (".", "-", "_", "m", "0", "1", "@", "com", "net", "\u2026", "duck.com", "+", '"', " ", "protonmail.com", "A")
_DOMAIN = st.lists(st.sampled_from(_WORDS + _MORE + _MARKS) | st.text(max_size=2), max_size=5).map("".join)
_LOCAL = st.lists(st.sampled_from(("ab", ".", "+c", "-d", '"', "12", "\u0663", "", "X")), max_size=5).map("".join)


def untagged(local: str, *, is_hyphened: bool) -> str:
    cut = local.find("-" if is_hyphened else "+", 1)
    return local[:cut] if cut > 0 else local


def normalized_of(address: str) -> str | None:
    local, at, domain = normalize("NFC", address).strip().lower().rpartition("@")
    domain, is_hyphened = _provider(domain)
    if not (at and local and domain):
        return None
    if not local.startswith('"'):
        local = untagged(local, is_hyphened=is_hyphened)
        if domain in WITHOUT_DOTS:
            local = local.replace(".", "") or local
    mailbox, _, rest = domain.partition(".")
    return f"{mailbox}@{rest}" if rest in SUBDOMAIN_MAILBOXES else f"{local}@{domain}"


def local_of(address: str) -> tuple[str, bool]:
    local, _, domain = address.lower().rpartition("@")
    provider, is_hyphened = _provider(domain)
    mailbox, _, rest = provider.partition(".")
    if rest in SUBDOMAIN_MAILBOXES:
        return mailbox, True
    if local.startswith('"'):
        return local.strip('"'), False
    bare = untagged(local, is_hyphened=is_hyphened)
    return bare, bare != local


@given(_LOCAL, _DOMAIN)
def test_a_mailbox_is_the_same_by_one_pass(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert normalized_email(address) == normalized_of(address)
    assert normalized_email(local) == normalized_of(local)
    assert mailbox_of(address)[1:] == local_of(address)


def is_deceptive_by_parts(domain: str) -> bool:
    parts = re.split(r"[.\-_]", domain)
    if not _NAMES.isdisjoint({_read(part) for part in re.split(r"[.\-_]", _shown(domain))}.difference(parts)):
        return True
    name, _, suffix = domain.partition(".")
    if domain in _HONEST or (name in _NAMES and "." not in suffix.removeprefix("co.").removeprefix("com.")):
        return False
    return not _NAMES.isdisjoint(parts)


@given(_DOMAIN)
def test_a_domain_is_the_same_by_one_pass(domain: str) -> None:
    is_near = any(OSA.distance(domain, each, score_cutoff=1) == 1 for each in _PROVIDERS)
    assert is_misspelt(domain) == (domain not in _HONEST and is_near)
    assert is_deceptive(domain) == is_deceptive_by_parts(domain)


@given(
    st.lists(st.sampled_from(("a", "gmail", "com", "mailinator", "duck", "fastmail", "", "uk")), max_size=4).map(
        ".".join
    )
)
def test_a_listed_domain_stands_for_all_below_it(domain: str) -> None:
    labels = domain.split(".")
    above = [".".join(labels[at:]) for at in range(1, len(labels))]
    found = DOMAINS.look_up(domain)
    assert found.tld == labels[-1]
    assert found.kind in (DISPOSABLE, FREE, OTHER, RELAY)
    if above and found.kind != DOMAINS.look_up(above[0]).kind:
        # Listed itself: then it stands for what is below it, too.
        assert DOMAINS.look_up(f"x.{domain}").kind == found.kind


@given(_LOCAL | st.text(max_size=12))
def test_digits_by_their_runs(local: str) -> None:
    digits = [each.isdecimal() for each in local]
    longest = run = 0
    for is_digit in digits:
        run = run + 1 if is_digit else 0
        longest = max(longest, run)
    percent = round(100 * sum(digits) / len(digits)) if digits else 0
    assert _of_local(local, has_tag=False, letters=None)[3:5] == (percent, longest)
