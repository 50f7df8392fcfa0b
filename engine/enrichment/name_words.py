"""Whether two words are one name, spelt in two ways: a family name, or a given one, which one letter makes another.

A family name bears a slip of the keys. A given name bears one where no other name comes of it, for Mario and Maria are
two: the letters of another alphabet's spelling, a doubled letter, a silent h, two neighbours swapped before the ending,
and what is left out of a long word.
"""

import re
from typing import Final

from rapidfuzz.distance import OSA

from engine.reference.letters import without_digraphs
from engine.reference.look_alikes import LOOK_ALIKES

_SOUND_OF: Final = {"c": "k", "j": "i", "q": "k", "w": "v", "x": "ks", "y": "i", "z": "s"}
"""Letters that one alphabet or land has for another's: Erik and Eric, Lopes and Lopez, Aleksandr and Alexander."""
_SOUNDS: Final = str.maketrans(_SOUND_OF)
FIRST_SOUND: Final = {letter: sound[0] for letter, sound in _SOUND_OF.items()}
"""What a word begins with by its sounds, by the letter that it begins with; other letters are their own."""
_SLIPS_MAX: Final = 2
_SLIP_MIN, _OTHER_LETTER_MIN = 4, 5
"""How many letters a family name has at least that bears a slip of the keys: a letter left out or two swapped, and
another letter, for Chen is not Chan."""
_SYLLABLES: Final = "\u1100"
"""From here on come the letters of Korea, China and Japan, where a letter is a name."""
_VOWELS: Final = frozenset("aeiou")
_APART_MAX: Final = 4
"""No two spellings of a name differ in more letters."""
_SWAP_MIN: Final = 4
_ENDING: Final = 3
_LONG_ENDING_MIN: Final = 7
"""Shorter names that end in a vowel and differ in the two letters before it are two: Maira and Maria."""
_H_MIN, _E_MIN, _CONSONANT_MIN = 5, 7, 9
"""How many letters are left at least where one was left out: Teresa, Kathrine; Harinder is not Harjinder."""
_DOUBLED: Final = re.compile(r"(.)\1+")
_SILENT_H: Final = re.compile(r"\B(?<!t)h(?![aeiou])")
_RESPELT: Final = (("ph", "f"), ("ou", "u"), ("oo", "u"), ("ee", "i"))
"""Stephan and Stefan, Yousuf and Yusuf, Pooja and Puja, Kareem and Karim."""
_DIGRAPH: Final = re.compile("(?<=[aou])e(?!$)")
"""J\u00f6rg and Joerg; Joe is not Jo."""
_TRANSLITERATED: Final = {
    "mohamad": "mohamed", "muhamad": "mohamed", "muhamed": "mohamed", "amad": "amed", "khalid": "khaled",
    "husain": "husein", "hosain": "husein", "hosein": "husein", "iusef": "iusuf", "omar": "umar", "osama": "usama",
    "steven": "stefen",
}  # fmt: skip
"""The most frequent names of Arabic, respelt, that Latin letters write with several vowels: Ahmad and Ahmed. And
Stephen, whose v is written ph."""
_SHORTENED: Final = {"mohd": "mohamed", "muhd": "mohamed", "md": "mohamed", "ma": "maria"}
"""How Malays and Bengalis shorten Mohammed, and Spaniards and Filipinos Maria (M\u00aa)."""
_DJ: Final = "dj"
"""How a Serb's \u0111 is written where it is not d."""


def by_sound(word: str) -> str:
    """A word by its sounds."""
    return word.translate(_SOUNDS)


def is_one_family(one: str, other: str) -> bool:
    """Whether two words are one family name but for a slip of the keys, which is not at its beginning.

    For Fernandez is not Hernandez.
    """
    if FIRST_SOUND.get(one[0], one[0]) != FIRST_SOUND.get(other[0], other[0]):
        return False
    left, right = by_sound(one), by_sound(other)
    if left == right:
        return True
    if left[0] != right[0] or left[0] >= _SYLLABLES:
        return False
    slips = OSA.distance(left, right, score_cutoff=_SLIPS_MAX)
    if slips > _SLIPS_MAX:
        return False
    is_other_letter = len(left) == len(right) and sorted(left) != sorted(right)
    enough = _OTHER_LETTER_MIN if is_other_letter else _SLIP_MIN
    if slips == 1 and min(len(left), len(right)) >= enough:
        return True
    return without_digraphs(left) == without_digraphs(right) or _are_with_dj(one, other)


def is_one_given(one: str, other: str) -> bool:
    """Whether two words are one given name but for a slip of the keys."""
    left, right = by_sound(one), by_sound(other)
    if left == right:
        return True
    if left.isascii() != right.isascii():
        # A Cyrillic letter in a Latin name is told elsewhere.
        left, right = left.translate(LOOK_ALIKES), right.translate(LOOK_ALIKES)
    if left[:1] != right[:1] and {left[:1], right[:1]} != {"i", "e"}:
        return False
    left, right = _SHORTENED.get(left, left), _SHORTENED.get(right, right)
    if OSA.distance(left, right, score_cutoff=_APART_MAX) > _APART_MAX:
        return False
    return _are_near(left, right) or _are_near(_respelt(left), _respelt(right)) or _are_with_dj(one, other)


def _are_near(one: str, other: str) -> bool:
    """Whether two words are one, have two letters swapped, or a letter is left out."""
    if one == other or _are_swapped(one, other):
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(longer) - len(shorter) == 1 and longer.isascii() and _is_left_out(shorter, longer)


def _are_with_dj(one: str, other: str) -> bool:
    """Whether two words are one where dj stands for d: Djordje and Dorde. Nadja and Nada, who begin alike, are two."""
    return (one.startswith(_DJ) or other.startswith(_DJ)) and one.replace(_DJ, "d") == other.replace(_DJ, "d")


def _respelt(sounds: str) -> str:
    """A word, by its sounds, as one of its spellings writes it."""
    if sounds.startswith("ie"):
        # Yelena and Elena.
        sounds = sounds[1:]
    for spelling, plain in _RESPELT:
        sounds = sounds.replace(spelling, plain)
    respelt = _DOUBLED.sub(r"\1", _DIGRAPH.sub("", _SILENT_H.sub("", sounds)))
    return _TRANSLITERATED.get(respelt, respelt)


def _are_swapped(one: str, other: str) -> bool:
    """Whether two neighbouring letters change places, and neither the first nor the ending is another for it."""
    if len(one) != len(other) or len(one) < _SWAP_MIN or one[0] != other[0]:
        return False
    at = _first_apart(one, other)
    if one[at + 1 : at + 2] + one[at] + one[at + 2 :] != other[at:]:
        return False
    if not one.isascii():
        return one[-1] == other[-1]
    if one[-1] in _VOWELS or other[-1] in _VOWELS:
        # Carol and Carlo, Elias and Elisa, Tania and Taina.
        return one[-1] == other[-1] and (len(one) >= _LONG_ENDING_MIN or one[-_ENDING:] == other[-_ENDING:])
    return True


def _is_left_out(shorter: str, longer: str) -> bool:
    """Whether a letter of the longer one, within the word, is left out: an h, an e between consonants, a consonant."""
    at = _first_apart(shorter, longer)
    if at == 0 or longer[at + 1 :] != shorter[at:]:
        return False
    letter, is_last = longer[at], at == len(shorter)
    is_between = (longer[at - 1] in _VOWELS, not is_last and longer[at + 1] in _VOWELS)
    if letter == "h":
        # Johan is not Joan.
        return len(shorter) >= _H_MIN and not all(is_between)
    if is_last:
        return False
    if letter == "e":
        return len(shorter) >= _E_MIN and not any(is_between)
    return letter not in _VOWELS and len(shorter) >= _CONSONANT_MIN


def _first_apart(one: str, other: str) -> int:
    """Where the first letter stands that is not the other's; the shorter one's length where it begins the longer."""
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), len(one))
