"""How alike two names are: whether each word of the one has its like in the other, for strangers share half a name.

Letters in common tell little: MOHAMMED ALI KHAN and MOHAMMED ALI SHAH have nearly all, John and Jane Smith most. So a
name is another one where both have a word that the other has not, or where they do not share the family name.
Nor does one letter tell little: Mario and Maria, Daniel and Daniela are two (name_words.py).
"""

from typing import Final

from rapidfuzz.fuzz import token_ratio, token_sort_ratio

from engine.enrichment.name_words import FIRST_SOUND, by_sound, is_one_family, is_one_given

ALIKE_PERCENT: Final = 80
"""From here on two names are taken for one person's."""
_OTHERS_MAX: Final = ALIKE_PERCENT - 1
_WORDS_MAX: Final = 16
_WHOLE_MIN: Final = 2
_INITIALS_MAX: Final = 3
_SHORT_WORD: Final = 3
"""Longer words beside the other name are counted: de, van, bin and initials tell nothing."""


def likeness_percent(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How alike two names of one script are, in %, by their plain words, of which each has at least one.

    100 where all words of one are in the other, initials for words included: second family names, middle names and
    particles are left out as often as not. At least 80 where that is so but for slips of the keys. Below 80 else.
    """
    if one == other:
        return 100
    strays = None if _begin_apart(one, other) else _strays(one, other)
    if strays == 0:
        return 100
    left, right = " ".join(one), " ".join(other)
    if strays is None:
        return min(_OTHERS_MAX, round(token_sort_ratio(left, right)))
    return max(ALIKE_PERCENT, round(token_ratio(left, right)))


def _strays(one: tuple[str, ...], other: tuple[str, ...]) -> int | None:
    """How many words of one person's two names are spelt differently; None where they are two persons'."""
    if min(len(one), len(other)) < _WHOLE_MIN:
        return _strays_of_whole(one, other)
    if max(len(one), len(other)) > _WORDS_MAX:
        return None
    left, right = _besides(one, other), _besides(other, one)
    is_same_family = one[-1] in other or other[-1] in one
    if not (left and right):
        return 0 if is_same_family and _may_be_left_out(left or right, one, other) else None
    are_families = left[-1] == one[-1] and right[-1] == other[-1]
    if _are_joined("".join(left), "".join(right), are_families=are_families):
        # O'Brien and Obrien, De la Cruz and Delacruz, Jean-Luc and Jeanluc.
        return 1
    if is_same_family and (_are_initials(left, right) or _are_initials(right, left)):
        return 0
    is_same_family = is_same_family or _has_like(one[-1], right) or _has_like(other[-1], left)
    return _strays_of_words(left, right, one, other) if is_same_family else None


def _strays_of_words(left: list[str], right: list[str], one: tuple[str, ...], other: tuple[str, ...]) -> int | None:
    """The same by each word that one of two names has besides; those that are found in both are taken out."""
    strays = 0
    for word in tuple(left):
        like = _like(word, right, one[-1], other[-1])
        if like is not None:
            left.remove(word)
            right.remove(like)
            strays += not _is_initial(word, like)
    are_one = not (left and right) and _may_be_left_out(left or right, one, other)
    return strays if are_one else None


def _strays_of_whole(one: tuple[str, ...], other: tuple[str, ...]) -> int | None:
    """The same of names of which one is one word: many share a first name, so it is compared with the whole."""
    if len(one) == len(other):
        return 1 if is_one_family(one[0], other[0]) and is_one_given(one[0], other[0]) else None
    whole, words = (one[0], other) if len(one) < len(other) else (other[0], one)
    # Who writes without blanks may write the family name first.
    if whole in ("".join(words), "".join(reversed(words))):
        return 0
    return 1 if _are_joined(whole, "".join(words), are_families=False) else None


def _begin_apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether no two words begin with one sound: most strangers' do not, and a family name's slip is never there."""
    initials: set[str] = set()
    for word in one:
        initials.add(FIRST_SOUND.get(word[0], word[0]))
    for word in other:  # noqa: SIM110 - of two words or three, `all` costs more than it asks
        if FIRST_SOUND.get(word[0], word[0]) in initials:
            return False
    return True


def _has_like(family: str, words: list[str]) -> bool:
    """Whether a family name, maybe misspelt, is among another name's words."""
    return any(is_one_family(family, each) for each in words)


def _besides(one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    """The words of one name that the other has not, or not as often."""
    if set(one).isdisjoint(other):
        return [*one]
    besides, rest = [], [*other]
    for word in one:
        if word in rest:
            rest.remove(word)
        else:
            besides.append(word)
    return besides


def _like(word: str, others: list[str], family: str, other_family: str) -> str | None:
    """The first of the other name's words that is the same, an initial or misspelt.

    Where one alone is the last of its name, either may be the given one: Rossi Mario is not Maria Rossi.
    """
    for each in others:
        if _is_initial(word, each) or (
            is_one_family(word, each) if word == family and each == other_family else is_one_given(word, each)
        ):
            return each
    return None


def _is_initial(one: str, other: str) -> bool:
    """Whether one is the other's first letter; of a script without capitals one letter is a name."""
    return one[0] == other[0] and min(len(one), len(other)) == 1 and one.islower() and other.islower()


def _are_initials(written: list[str], words: list[str]) -> bool:
    """Whether a name's words are written as their initials together: JF for John F, HP for Hans-Peter.

    A word that begins with a vowel is rather a name: Al, Ed.
    """
    if len(written) != 1 or not 1 < len(words) == len(written[0]) <= _INITIALS_MAX or written[0][0] in "aeiou":
        return False
    return written[0] == "".join([word[0] for word in words])


def _may_be_left_out(besides: list[str], one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the longer name has no more words besides than are in both; between first and last it may have any."""
    if one[0] == other[0] and one[-1] == other[-1]:
        return True
    return sum(len(word) > _SHORT_WORD for word in besides) <= min(len(one), len(other))


def _are_joined(one: str, other: str, *, are_families: bool) -> bool:
    """Whether words are the same without the blanks between them; family names bear a slip of the keys."""
    return is_one_family(one, other) if are_families else by_sound(one) == by_sound(other)
