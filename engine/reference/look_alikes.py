"""Domains that look like a great mail provider's and are not: misspelt by one stroke, or with its name in another's."""

import re
from typing import Final

from rapidfuzz.distance import OSA

_PROVIDERS: Final = (
    "gmail.com",
    "hotmail.com",
    "yahoo.com",
    "outlook.com",
    "icloud.com",
    "protonmail.com",
    "comcast.net",
    "googlemail.com",
)
"""Those of many letters: one letter beside live.com or aol.com there are too many honest domains."""
_NAMES: Final = frozenset(domain.partition(".")[0] for domain in _PROVIDERS)
_HONEST: Final = frozenset({"yahoo-inc.com", "yahooinc.com"})
"""Domains of the providers themselves that are on no list, as nobody gets a mailbox there."""
_PARTS: Final = re.compile(r"[.\-_]")


def is_misspelt(registrable: str) -> bool:
    """Whether one letter more, fewer, other or two swapped make it a great provider's domain: gmial.com, gmail.co."""
    if registrable in _HONEST:
        return False
    return any(OSA.distance(registrable, domain, score_cutoff=1) == 1 for domain in _PROVIDERS)


def is_deceptive(domain: str) -> bool:
    """Whether a great provider's name is a word of a domain that is not the provider's: gmail.com.example.net.

    Ask it of domains alone that no list knows: yahoo.fr is Yahoo's. The provider's own name under another suffix
    (hotmail.example) is not it: providers have more of these than lists know.
    """
    name, _, suffix = domain.partition(".")
    if domain in _HONEST or (name in _NAMES and "." not in suffix.removeprefix("co.").removeprefix("com.")):
        return False
    return not _NAMES.isdisjoint(_PARTS.split(domain))
