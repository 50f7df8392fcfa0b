"""How alike a name is to the letters of an e-mail address: to first and family name, or initials, in either order.

Most people write one of a few ways, and the likest counts. Letters in common tell little here too, for jan.brown is not
Dan Brown's: what is not one of them to the letter has the one name and a spelling of the other.
"""

import re
from itertools import accumulate
from typing import Final

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from engine.enrichment.name_likeness import ALIKE_PERCENT
from engine.enrichment.name_words import is_one_given
from engine.reference.letters import plain_letters

NOT_LETTERS: Final = re.compile(r"[\W\d_]+")
"""What parts words."""
_ASCII_BUT_LETTERS: Final = bytes(each for each in range(128) if not chr(each).isalpha())

_SAME_PERCENT: Final = 100
_PARTICLE_MAX: Final = 3
"""No longer word within a name is taken for a family name: de, van, bin."""
_WORDS_MAX: Final = 16
_INITIALS_MAX: Final = 2
_FEWER_MIN: Final = 2
"""A short form has so many letters fewer: Dan for Daniel, while Daniel is not Daniela."""
_MORE_MIN: Final = 3
"""So many letters behind first and family name are a word of their own, with a dot or without: adalovelaceshop."""


def letters_of(text: str) -> str:
    """The letters alone, as they are compared."""
    plain = plain_letters(text)
    if plain.isascii():
        return plain.encode().translate(None, _ASCII_BUT_LETTERS).decode()
    return NOT_LETTERS.sub("", plain)


def likeness_to_local(letters: str, local: str, words: tuple[str, ...]) -> int:
    """How alike a local part, whose letters are given too, is to a name, in %; from 80 on it may be that person's."""
    percent = _likest(letters, ways_to_write(words))
    if percent < ALIKE_PERCENT and len(words) > 2:  # noqa: PLR2004 - first and last
        percent = max(percent, _likest(letters, _ways_of_families(words)))
    if not ALIKE_PERCENT <= percent < _SAME_PERCENT:
        return percent
    return percent if _is_spelt(letters, local, words) else ALIKE_PERCENT - 1


def ways_to_write(words: tuple[str, ...]) -> tuple[str, ...]:
    """The ways in which most write a name, by its first and last word."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        return (first,)
    ways = (first + last, last + first, first[0] + last, last + first[0], first + last[0], first, last)
    return ways if len(words) == 2 else (*ways, "".join(words))  # noqa: PLR2004 - first and last


def _likest(letters: str, ways: tuple[str, ...]) -> int:
    return round(extractOne(letters, ways, scorer=ratio)[1])


def _ways_of_families(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same by each other word that may be the family name: Spaniards write the first of two."""
    return tuple([way for family in _families(words)[1:] for way in ways_to_write((words[0], family))])


def _families(words: tuple[str, ...]) -> tuple[str, ...]:
    """The last word, all words after the first together, and each of them."""
    others = words[1:_WORDS_MAX]
    return (words[-1], "".join(others), *(word for word in others[:-1] if len(word) > _PARTICLE_MAX))


def _is_spelt(letters: str, local: str, words: tuple[str, ...]) -> bool:
    """Whether the letters have the name, one of its words maybe in another spelling."""
    first = words[0]
    if len(words) == 1:
        return _has_all(letters, local, first) or is_one_given(letters, first)
    families = _families(words)
    if any(_has_both(letters, local, first, family) for family in families):
        return True
    return is_one_given(letters, first) or any(_is_near(letters, first, family) for family in families)


def _has_both(letters: str, local: str, first: str, family: str) -> bool:
    """Whether both names stand in the letters as they are, with other words before or behind."""
    both = first + family
    if letters.startswith(both) and len(letters) - len(both) >= _MORE_MIN:
        return True
    return _has_all(letters, local, both) or _has_all(letters, local, family + first)


def _has_all(letters: str, local: str, written: str) -> bool:
    """Whether the letters begin or end with what is written, up to where a word of the local part ends.

    What is beyond a dot or a digit is no part of a name.
    """
    if letters.startswith(written):
        return len(written) in _ends(local)
    return letters.endswith(written) and len(letters) - len(written) in _ends(local)


def _ends(local: str) -> set[int]:
    """How many letters there are up to the end of each word."""
    return set(accumulate(map(len, NOT_LETTERS.sub(" ", plain_letters(local)).split())))


def _is_near(letters: str, first: str, family: str) -> bool:
    """Whether one of both names begins or ends the letters, and beside it are the other's initial or another spelling.

    Or the family name in another spelling is alone or beside the initial.
    """
    for name, other in ((first, family), (family, first)):
        if letters.startswith(name) and _is_beside(letters[len(name) :], other):
            return True
        if letters.endswith(name) and _is_beside(letters[: -len(name)], other):
            return True
    alone = [letters]
    if letters[0] == first[0]:
        alone.append(letters[1:])
    if letters[-1] == first[0]:
        alone.append(letters[:-1])
    return any(is_one_given(each, family) for each in alone)


def _is_beside(rest: str, name: str) -> bool:
    """Whether a rest of the letters is a name's initials, its short form or another spelling of it."""
    if len(rest) <= _INITIALS_MAX:
        return rest[:1] == name[0]
    return (name.startswith(rest) and len(name) - len(rest) >= _FEWER_MIN) or is_one_given(rest, name)
