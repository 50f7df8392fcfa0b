"""How a name is written: the script of its letters, scripts mixed within a word, and its capitals.

And whether two names are written so differently that they cannot be compared.
"""

from functools import lru_cache
from itertools import islice, pairwise
from typing import Final
from unicodedata import name as name_of
from unicodedata import normalize

SCRIPTS: Final = (
    *("latin", "cyrillic", "greek", "arabic", "hebrew", "east_asian", "devanagari", "thai", "armenian", "georgian"),
    *("other", "none"),
)
CASES: Final = ("upper", "lower", "title", "mixed", "none")
_EAST_ASIAN: Final = frozenset({"cjk", "hiragana", "katakana", "hangul", "bopomofo"})
"""Japanese and Korean names mix these, and that is how they are written."""
_EAST_ASIAN_KINDS: Final = {"cjk": "han", "hiragana": "kana", "katakana": "kana", "hangul": "hangul"}
_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
"""The same syllable's sign in katakana, by the one in hiragana."""
_FALLS_MAX: Final = 2
_IMITATING: Final = frozenset({"latin", "cyrillic", "greek", "armenian"})
"""Scripts with letters that look the same: a word of two of them was made to look like another word."""


_CACHED: Final = 16_384
"""More letters than any shop meets; all of Korea's alone are 11,172."""
_READ: Final = 64
"""So many letters tell a script: a name has fewer, and what has more is bounded in time."""


@lru_cache(maxsize=_CACHED)
def _kind(letter: str) -> str:
    """The first word of a letter's Unicode name, mostly its script; of styled letters their like's."""
    usual = next(filter(str.isalpha, normalize("NFKC", letter)), letter)
    return name_of(usual, "").partition(" ")[0].lower()


@lru_cache(maxsize=_CACHED)
def _script(letter: str) -> str:
    kind = _kind(letter)
    return "east_asian" if kind in _EAST_ASIAN else kind if kind in SCRIPTS else "other"


def script_of(text: str) -> str:
    """The script of most of the letters, the first one's where they are even; `none` where there are no letters.

    Of a text of more letters than a name has it is that of those it begins with.
    """
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else "none"
    found = [_script(each) for each in islice(filter(str.isalpha, text), _READ)]
    return max(dict.fromkeys(found), key=found.count, default="none")


def in_katakana(text: str) -> str:
    """The text with katakana for hiragana: a name in the one is the same in the other."""
    return text.translate(_KATAKANA)


def are_of_two_scripts(one: str, other: str) -> bool:
    """By most of their letters: one Cyrillic letter in a Latin name does not make it another script's."""
    # Plain Latin letters are ASCII.
    if one.isascii() and other.isascii():
        return False
    left, right = ("latin" if each.isascii() else script_of(each) for each in (one, other))
    return left != right


def may_be_written_otherwise(one: str, other: str) -> bool:
    """Whether two East Asian names that are not alike may be one, for what only a dictionary tells: kanji and kana.

    And traditional and simplified characters, one for one.
    """
    kinds, others = _east_asian_kinds(one), _east_asian_kinds(other)
    if not (kinds and others):
        return False
    if kinds != others:
        return True
    here, there = set(one) - set(other), set(other) - set(one)
    return len(one) == len(other) and ((_has_old(here) and _has_new(there)) or (_has_new(here) and _has_old(there)))


def _east_asian_kinds(text: str) -> set[str]:
    """Han, kana and hangul, of which a text has letters where it begins."""
    return {_EAST_ASIAN_KINDS[kind] for kind in set(map(_kind, text[:_READ])) & _EAST_ASIAN_KINDS.keys()}


def _has_old(characters: set[str]) -> bool:
    """Whether one is a traditional character alone: Taiwan's charset has it, the mainland's has not."""
    return not _within(characters, "big5") <= _within(characters, "gb2312")


def _has_new(characters: set[str]) -> bool:
    """Whether one is no traditional character: China's simplified ones and those of Japan's reform."""
    return not characters <= _within(characters, "big5")


def _within(characters: set[str], charset: str) -> set[str]:
    """Those of the characters that a charset has."""
    return set("".join(characters).encode(charset, "ignore").decode(charset))


def is_mixed(text: str) -> bool:
    """Whether a word has letters of two scripts that look alike: a Cyrillic one that imitates a Latin one."""
    if text.isascii():
        return False
    words = ({_script(each) for each in word if each.isalpha()} for word in text.split())
    return any(len(scripts & _IMITATING) > 1 for scripts in words)


def case_of(text: str) -> str:
    """How its capitals stand: all upper, all lower, as in titles, mixed as nobody writes; `none` where it has no case.

    Titles have words of small letters (van der Berg), and one more capital within a word (McDonald, O'Brien).
    """
    if text.isascii() and (plain := _plain_case(text)) is not None:
        return plain
    letters = [each for each in text if each.upper() != each.lower()]
    if not letters:
        return "none"
    if all(each == each.upper() for each in letters):
        return "upper"
    if all(each == each.lower() for each in letters):
        return "lower"
    return "title" if all(_is_titled(word) for word in text.replace("-", " ").split()) else "mixed"


def _plain_case(text: str) -> str | None:
    """The case of a text in ASCII where it is told at once; None where its words are to be looked at."""
    if text.isupper():
        return "upper"
    if text.islower():
        return "lower"
    # Of letters alone a word in title case has one capital, which begins it.
    is_title = text.istitle() and text.replace(" ", "").replace("-", "").isalpha()
    return "title" if is_title else None


def _is_titled(word: str) -> bool:
    if word.islower() or word.isupper() or not any(map(str.isalpha, word)):
        return True
    risen = sum(before.islower() and after.isupper() for before, after in pairwise(word))
    fallen = sum(before.isupper() and after.islower() for before, after in pairwise(word))
    begins = next((each for each in word if each.isalpha()), "")
    return begins.isupper() and risen <= 1 and fallen <= _FALLS_MAX and not word[-1].isupper()
