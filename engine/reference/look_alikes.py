"""Domains that look like a great mail provider's and are not: misspelt by one stroke, or with its name in another's."""

import re
from typing import Final
from unicodedata import combining, normalize

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
_OF_LENGTH: Final = {
    length: tuple([domain for domain in _PROVIDERS if abs(len(domain) - length) <= 1])
    for length in range(min(map(len, _PROVIDERS)) - 1, max(map(len, _PROVIDERS)) + 2)
}
"""The providers that one stroke can lead to, by the length of what was written."""
_NAMES: Final = frozenset(domain.partition(".")[0] for domain in _PROVIDERS)
_HONEST: Final = frozenset({"yahoo-inc.com", "yahooinc.com"})
"""Domains of the providers themselves that are on no list, as nobody gets a mailbox there."""
_SUFFIXES: Final = """
    buzz cf click cyou fun ga gq icu life link live lol ltd ml mom online pw quest rest sbs shop site space store tk top
    vip website work world xyz
"""
_GIVEN_AWAY: Final = frozenset(_SUFFIXES.split())
"""Top-level domains that are had for nothing or for a coin, under which no great provider has mailboxes."""
_PARTS: Final = re.compile(r"[.\-_]")
_ACE_PREFIX: Final = "xn--"
LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u04cf\u043a\u043c\u0442\u043d"
    "\u03b1\u03bf\u03c1\u03b9\u03c5\u03bd\u03ba\u0131\u0261\u0251\u026a\u029f\u0142",
    "aeopcyxijsdhlkmth" + "aopiuvk" + "igaill",
)
"""Cyrillic, Greek and other letters that look like a Latin one."""
_PLAIN: Final = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"))
"""Digits and pairs of Latin letters that do."""


def is_misspelt(registrable: str) -> bool:
    """Whether one letter more, fewer, other or two swapped make it a great provider's domain: gmial.com, gmail.co."""
    if registrable in _HONEST:
        return False
    near = _OF_LENGTH.get(len(registrable), ())
    return any(OSA.distance(registrable, domain, score_cutoff=1) == 1 for domain in near)


def is_deceptive(domain: str) -> bool:
    """Whether a great provider's name, or what looks like it, is a word of another's domain: gmail.com.example.net.

    What looks like it: letters of other scripts and accents (a Cyrillic a), digits, rn for m.

    Ask it of domains alone that no list knows: yahoo.fr is Yahoo's. The provider's own name under another suffix
    (hotmail.example) is not it, for providers have more of these than lists know, but where anybody is given one
    (gmail.tk).
    """
    parts = _PARTS.split(domain)
    if not _NAMES.isdisjoint(_look_alikes(domain).difference(parts)):
        return True
    name, _, suffix = domain.partition(".")
    if name in _NAMES and suffix in _GIVEN_AWAY:
        return True
    if domain in _HONEST or (name in _NAMES and "." not in suffix.removeprefix("co.").removeprefix("com.")):
        return False
    return not _NAMES.isdisjoint(parts)


def _look_alikes(domain: str) -> frozenset[str]:
    """The domain's words as an eye in a hurry reads them; none where it reads what is there."""
    shown = _shown(domain)
    if not shown.isascii():
        return frozenset(map(_read, _PARTS.split(shown)))
    # No letter becomes a mark that parts words, so that all are read at once.
    read = _read(shown)
    return frozenset() if read == domain else frozenset(_PARTS.split(read))


def _shown(domain: str) -> str:
    """A domain as it is shown: its xn-- labels in their letters."""
    return ".".join(map(_label_shown, domain.split("."))) if _ACE_PREFIX in domain else domain


def _label_shown(label: str) -> str:
    if not label.startswith(_ACE_PREFIX):
        return label
    try:
        return label.removeprefix(_ACE_PREFIX).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _read(word: str) -> str:
    """A word as an eye in a hurry reads it: letters without accents, each as the Latin one that it looks like."""
    read = word
    if not word.isascii():
        plain = "".join([each for each in normalize("NFKD", word).casefold() if not combining(each)])
        read = plain.translate(LOOK_ALIKES)
    for looks_like, letter in _PLAIN:
        read = read.replace(looks_like, letter)
    return read
