"""How alike two names are: whether each word of the one has its like in the other, for strangers share half a name.

Letters in common tell little: MOHAMMED ALI KHAN and MOHAMMED ALI SHAH have nearly all, John and Jane Smith most. So a
name is another one where both have a word that the other has not, or where they do not share the family name.
Nor does one letter tell little: Mario and Maria, Daniel and Daniela are two (given_names.py).
"""

from collections.abc import Iterable
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import token_ratio, token_sort_ratio

from engine.enrichment.given_names import is_one_given
from engine.reference.letters import without_digraphs

ALIKE_PERCENT: Final = 80
"""From here on two names are taken for one person's."""
_OTHERS_MAX: Final = ALIKE_PERCENT - 1
_WORDS_MAX: Final = 16
_WHOLE_MIN: Final = 2
_SHORT_WORD: Final = 3
"""Longer words beside the other name are counted: de, van, bin and initials tell nothing."""
_SLIPS_MAX: Final = 2
_SLIP_MIN, _OTHER_LETTER_MIN = 4, 5
"""How many letters a family name has at least that bears a slip of the keys: a letter left out or two swapped, and
another letter, for Chen is not Chan."""
_SYLLABLES: Final = "\u1100"
"""From here on come the letters of Korea, China and Japan, where a letter is a name."""
_SOUND_OF: Final = {"c": "k", "j": "i", "q": "k", "w": "v", "x": "ks", "y": "i", "z": "s"}
"""Letters that one alphabet or land has for another's: Erik and Eric, Lopes and Lopez, Aleksandr and Alexander."""
_SOUNDS: Final = str.maketrans(_SOUND_OF)
_FIRST_SOUND: Final = {letter: sound[0] for letter, sound in _SOUND_OF.items()}


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
    if not (is_same_family or _has_like(one[-1], right) or _has_like(other[-1], left)):
        return None
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
        return 1 if _is_family(one[0], other[0]) and is_one_given(*_sounds((one[0], other[0]))) else None
    whole, words = (one[0], other) if len(one) < len(other) else (other[0], one)
    # Who writes without blanks may write the family name first.
    if whole in ("".join(words), "".join(reversed(words))):
        return 0
    return 1 if _are_joined(whole, "".join(words), are_families=False) else None


def _begin_apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether no two words begin with one sound: most strangers' do not, and a family name's slip is never there."""
    initials: set[str] = set()
    for word in one:
        initials.add(_FIRST_SOUND.get(word[0], word[0]))
    for word in other:  # noqa: SIM110 - of two words or three, `all` costs more than it asks
        if _FIRST_SOUND.get(word[0], word[0]) in initials:
            return False
    return True


def _has_like(family: str, words: list[str]) -> bool:
    """Whether a family name, maybe misspelt, is among another name's words."""
    return any(_is_family(family, each) for each in words)


def _besides(one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    """The words of one name that the other has not, or not as often."""
    besides, rest = [], list(other)
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
            _is_family(word, each) if word == family and each == other_family else is_one_given(*_sounds((word, each)))
        ):
            return each
    return None


def _is_initial(one: str, other: str) -> bool:
    """Whether one is the other's first letter; of a script without capitals one letter is a name."""
    return one[0] == other[0] and min(len(one), len(other)) == 1 and one.islower() and other.islower()


def _may_be_left_out(besides: list[str], one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the longer name has no more words besides than are in both; between first and last it may have any."""
    if one[0] == other[0] and one[-1] == other[-1]:
        return True
    return sum(len(word) > _SHORT_WORD for word in besides) <= min(len(one), len(other))


def _sounds(words: Iterable[str]) -> list[str]:
    """Words by their sounds."""
    return [word.translate(_SOUNDS) for word in words]


def _are_joined(one: str, other: str, *, are_families: bool) -> bool:
    """Whether words are the same without the blanks between them; family names bear a slip of the keys."""
    return _is_family(one, other) if are_families else one.translate(_SOUNDS) == other.translate(_SOUNDS)


def _is_family(one: str, other: str) -> bool:
    """Whether two words, as written, are one family name but for a slip of the keys, which is not at its beginning.

    For Fernandez is not Hernandez.
    """
    if _FIRST_SOUND.get(one[0], one[0]) != _FIRST_SOUND.get(other[0], other[0]):
        return False
    one, other = _sounds((one, other))
    if one == other:
        return True
    if one[0] != other[0] or one[0] >= _SYLLABLES:
        return False
    slips = OSA.distance(one, other, score_cutoff=_SLIPS_MAX)
    if slips > _SLIPS_MAX:
        return False
    is_other_letter = len(one) == len(other) and sorted(one) != sorted(other)
    enough = _OTHER_LETTER_MIN if is_other_letter else _SLIP_MIN
    if slips == 1 and min(len(one), len(other)) >= enough:
        return True
    return without_digraphs(one) == without_digraphs(other)
