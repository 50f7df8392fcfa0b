"""How alike a name is to the letters of an e-mail address: to first and family name, or initials, in either order.

Most people write one of a few ways, and the likest counts. Letters in common tell little here too, for jan.brown is not
Dan Brown's: what is not one of them to the letter has the one name and a spelling of the other. And few are enough
where these are a name's beginning: chris.lee is Christopher Lee's.
"""

import re
from itertools import accumulate
from typing import Final

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from engine.enrichment.name_likeness import ALIKE_PERCENT
from engine.enrichment.name_words import is_one_given
from engine.reference.letters import plain_letters

NOT_LETTERS: Final = re.compile(r"[^a-z\x80-\U0010ffff]+")
"""What parts the words of a plain text: beyond ASCII it has letters alone, and their signs."""
_ASCII_BUT_LETTERS: Final = bytes(each for each in range(128) if not chr(each).isalpha())

_SAME_PERCENT: Final = 100
_FIRST_AND_LAST: Final = 2
"""So many words has a name without a middle one."""
_MAYBE_PERCENT: Final = 55
"""Below it letters are another's: a short form of a long name before a short family name has no less."""
_PARTICLE_MAX: Final = 3
"""No longer word within a name is taken for a family name: de, van, bin."""
_WORDS_MAX: Final = 16
_INITIALS_MAX: Final = 2
_FEWER_MIN: Final = 2
"""A short form has so many letters fewer: Dan for Daniel, while Daniel is not Daniela."""
_MORE_MIN: Final = 3
"""So many letters behind first and family name are a word of their own, with a dot or without: adalovelaceshop."""
_GIVEN_MIN: Final = 4
"""A consonant behind a given name of so many letters that ends in one is an initial: johnmsmith, but jans is a name."""
_VOWELS: Final = frozenset("aeiouy")
_BEFORE: Final = ("mrs", "mr", "miss", "ms", "dr", "prof", "herr", "frau", "thereal", "iam")
"""What people write before their names."""
_MAY_BE_UMLAUT: Final = re.compile("[aou]e|aa")
_UMLAUT: Final = re.compile("(?<=[aou])e(?!$)|(?<=a)a(?!$)")
"""The second letter of what stands for one: Mueller, Haakon. At a word's end it is none: Joe is not Jo."""


def letters_of(text: str) -> str:
    """The letters alone, as they are compared."""
    plain = plain_letters(text)
    if plain.isascii():
        return plain.encode().translate(None, _ASCII_BUT_LETTERS).decode()
    return NOT_LETTERS.sub("", plain)


def likeness_to_local(letters: str, local: str, words: tuple[str, ...]) -> int:
    """How alike a local part, whose letters are given too, is to a name, in %; from 80 on it may be that person's."""
    percent = _likest(letters, ways_to_write(words))
    if percent < ALIKE_PERCENT and len(words) > _FIRST_AND_LAST:
        percent = max(percent, _likest(letters, _ways_of_families(words)))
    if not _MAYBE_PERCENT <= percent < _SAME_PERCENT:
        return percent
    is_near = _is_spelt if percent >= ALIKE_PERCENT else _is_shortened
    if is_near(letters, local, words) or (len(words) > 1 and _is_written_otherwise(letters, local, words)):
        return max(percent, ALIKE_PERCENT)
    return min(percent, ALIKE_PERCENT - 1)


def ways_to_write(words: tuple[str, ...]) -> tuple[str, ...]:
    """The ways in which most write a name, by its first and last word."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        return (first,)
    ways = (first + last, last + first, first[0] + last, last + first[0], first + last[0], first, last)
    # All words also from behind: who has the family name first on the card has it last in the address.
    return ways if len(words) == _FIRST_AND_LAST else (*ways, "".join(words), "".join(reversed(words)))


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


def _is_shortened(letters: str, local: str, words: tuple[str, ...]) -> bool:
    """Whether the letters are one of both names and a short form of the other, or both and another word.

    For letters that are not so alike. Short names have few in common with anybody's: an initial is not enough here.
    """
    first = words[0]
    return len(words) > 1 and any(
        _has_all(letters, local, name + other) or _is_next_to(letters, name, other)
        for family in _families(words)
        for name, other in ((first, family), (family, first))
    )


def _is_next_to(letters: str, name: str, other: str) -> bool:
    """Whether a name begins or ends the letters, and the other one's short form or another spelling is the rest."""
    if letters.startswith(name) and _is_short_or_respelt(letters[len(name) :], other):
        return True
    return letters.endswith(name) and _is_short_or_respelt(letters[: -len(name)], other)


def _is_short_or_respelt(rest: str, name: str) -> bool:
    """Whether a rest of the letters is a name's short form or another spelling of it."""
    if len(rest) <= _INITIALS_MAX:
        return False
    return (name.startswith(rest) and len(name) - len(rest) >= _FEWER_MIN) or is_one_given(rest, name)


def _is_written_otherwise(letters: str, local: str, words: tuple[str, ...]) -> bool:
    """Whether the letters are the names with what people write between, before or for them."""
    if letters.startswith(words[0]) and _has_initials_between(letters, local, words):
        return True
    if len(words) > _FIRST_AND_LAST and (_has_initials_before(letters, words) or _has_second_given(letters, words)):
        return True
    return (letters.startswith(_BEFORE) and _has_title(letters, local, words)) or (
        _MAY_BE_UMLAUT.search(f"{letters} {' '.join(words)}") is not None and _is_without_umlauts(local, words)
    )


def _is_without_umlauts(local: str, words: tuple[str, ...]) -> bool:
    """Whether the name is in the letters where both its words have letters for umlauts, here or there."""
    plain = tuple([_UMLAUT.sub("", word) for word in words])
    if len(plain[0]) <= _INITIALS_MAX:
        return False
    parts = [_UMLAUT.sub("", part) for part in _parts(local)]
    bare, local = "".join(parts), ".".join(parts)
    return bare in ways_to_write(plain) or any(_has_both(bare, local, plain[0], each) for each in _families(plain))


def _has_initials_between(letters: str, local: str, words: tuple[str, ...]) -> bool:
    """Whether initials of middle names, and where the name has such theirs, stand between both names: johnmsmith."""
    first, last = words[0], words[-1]
    between = letters[len(first) : -len(last)]
    if not 1 <= len(between) <= _INITIALS_MAX or letters != first + between + last:
        return False
    middle = {word[0] for word in words[1:-1]}
    if middle and not middle.issuperset(between):
        return False
    if _parts(local) == [first, *between, last]:
        return True
    return len(between) == 1 and len(first) >= _GIVEN_MIN and _VOWELS.isdisjoint(between + first[-1])


def _has_initials_before(letters: str, words: tuple[str, ...]) -> bool:
    """Whether the letters are the family name and the initials of all words before it: jvdberg of Jan van der Berg."""
    before, last = "".join([word[0] for word in words[:-1]]), words[-1]
    return letters in (before + last, last + before)


def _has_second_given(letters: str, words: tuple[str, ...]) -> bool:
    """Whether the letters are a second given name and a family name: carmen.garcia of Maria del Carmen Garcia Lopez."""
    long = [word for word in words[1:_WORDS_MAX] if len(word) > _PARTICLE_MAX]
    return any(
        letters in (given + family, family + given) for at, given in enumerate(long) for family in long[at + 1 :]
    )


def _has_title(letters: str, local: str, words: tuple[str, ...]) -> bool:
    """Whether both names stand behind a title: mrjohnsmith; behind a dot the family name is enough: dr.smith.

    Without it Ake would be in drake.
    """
    for title in _BEFORE:
        if letters.startswith(title):
            both, turned, *others = ways_to_write(words)
            rest = letters[len(title) :]
            if rest in (both, turned) or (rest != words[0] and rest in others and _parts(local)[0] == title):
                return True
    return False


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
    return set(accumulate(map(len, _parts(local))))


def _parts(local: str) -> list[str]:
    """The words of a local part: what is beyond a dot or a digit is another."""
    return NOT_LETTERS.sub(" ", plain_letters(local)).split()


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
    return rest[:1] == name[0] if len(rest) <= _INITIALS_MAX else _is_short_or_respelt(rest, name)
