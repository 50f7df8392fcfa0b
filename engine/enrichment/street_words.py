"""Words of streets that a country writes in several ways: elsewhere the same letters are other words. Pure text.

All take lines as `folded_street` gives them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from engine.enrichment.streets import TOLD_APART, has_digraph
from engine.reference.territories import OWNERS

_FRENCH, _GERMAN, _DUTCH = ("FR", "BE", "LU", "MC", "CH", "CA"), ("DE", "AT", "CH", "LI", "LU"), ("NL", "BE")
_SPANISH: Final = (
    *("ES", "AD", "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY", "SV"),
    *("UY", "VE"),
)
_RUSSIAN: Final = ("BY", "KZ", "RU", "UA")
_FIRST_WORDS: Final[Mapping[tuple[str, ...], str]] = {
    _FRENCH: "rue r · allee all allees · chemin ch che chem · impasse imp · faubourg fbg fg · blvd boul",
    _SPANISH: "calle c cl cll clle · pl pza plza plz · paseo pso · carretera ctra carr",
    ("CO",): "calle c cl cll clle · carrera cra kr kra cr · diagonal dg diag · transversal tv tr transv · ave ak",
    ("BR", "PT", "AO", "MZ", "CV"): "rua r · travessa tv trav · alameda al · praca pc pca · estrada estr · rodovia rod",
    ("IT", "SM", "VA"): "via v · piazza pza pzza · viale vle · corso cso · largo lgo · piazzale ple",
    ("PL",): "- ul ulica · aleja al aleje · osiedle os · pl plac",
    ("CZ", "SK"): "- ul ulice ulica · namesti nam namestie",
    ("BA", "HR", "ME", "MK", "RS", "SI"): "ulica ul",
}
"""What a line's first word, numbers aside, is spelt; then how else it is written. A hyphen is for what is left out."""
_ANY_WORDS: Final[Mapping[tuple[str, ...], str]] = {
    ("TR",): "cad cd caddesi · sok sk sokak sokagi · mah mh mahallesi mahalle · blv bul bulvari bulvar",
    ("HU",): "utca u",
    (*_SPANISH, "PT", "AO", "MZ", "CV"): "santa sta · santo sto",
    ("BR",): "santa sta · santo sto · bloco bl",
    ("FR", "MC"): "batiment bat",
    ("BE", "LU"): "batiment bat · bus bte boite",
}
"""The same of words that stand anywhere."""
_WITH_AP: Final = frozenset({"BR", "PT"})
"""Where ap is a flat; in the forces' post it is a region."""
_LEFT_OUT: Final = "-"
_AGAIN: Final = ("FR", "BE", "LU", "MC", "CH", "IT", "SM", "ES")
"""Countries where a second house of one number is its bis. Elsewhere ter is a terrace."""
_PATTERNS: Final[Sequence[tuple[tuple[str, ...], str, str, str]]] = (
    (_FRENCH, "ste", r"\b(rue|ave|blvd|chemin|allee|pl|rte) ste(?= [a-z]{2})", r"\1 sainte"),
    (
        _GERMAN,
        "str weg allee gasse ring damm ufer pl",
        r"(?<=[a-z]) (?=(?:str|weg|allee|gasse|ring|damm|ufer|pl)\b)",
        "",
    ),
    (("PL",), "m", r"(\d[a-z]?) m (?=\d)", r"\1 "),
    (_RUSSIAN, "т кт", r"\bпр к?т\b", "пр"),  # noqa: RUF001 - Russian: an avenue
    (_RUSSIAN, "д дом буд", r"\b(?:д|дом|буд) (?=\d)", ""),
    (_RUSSIAN, "к корп корпус", r"\b(?:к|корп|корпус) (?=\d)", "к"),
    (_RUSSIAN, "ул вул пр наб пер пров пл ш", r"^(\D+) (ул|вул|пр|наб|пер|пров|пл|ш)\b", r"\2 \1"),
)
"""What is written in another way in some countries, in which, and words without which it is not."""
_WITHIN: Final = {
    **dict.fromkeys(_RUSSIAN, (re.compile(r"(?<=\d)к(?=\d)"), " к")),
    "JP": (re.compile(r"(?<=\d)(?:丁目|番地の|番地|番|号|の|ー) ?(?=\d| |$)"), " "),
    "KR": (re.compile(r"(?<=[로길동]) ?(?=\d)"), " "),
}
"""What parts numbers in texts without blanks, and what stands for it."""
_AP: Final = re.compile(r"\bap(?= ?\d)")
_STOREY: Final = re.compile(r"\b(\d+)(?:st|nd|rd|th) fl(?:oor)?\b")
_ENDINGS: Final = {**dict.fromkeys(_DUTCH, ("straat", "str")), **dict.fromkeys(_GERMAN, ("platz", "pl"))}
"""How a word ends, and what it is cut to."""


class _Rule(NamedTuple):
    triggers: frozenset[str]
    """Words without which the rule does nothing."""
    apply: Callable[[str], str]


def _others(text: str) -> dict[str, str]:
    """What each other spelling stands for."""
    lines = [line.split() for line in text.split("·")]
    return {other: short for short, *others in lines for other in others}


def _with_first_word(house: str, spelt: Mapping[str, str]) -> str:
    words = house.split()
    at = next((at for at, word in enumerate(words) if not word[0].isdecimal()), None)
    # C/O is who takes the parcel in; and a street is called something.
    if at is None or at + 1 == len(words) or words[at : at + 2] == ["c", "o"]:
        return house
    word = spelt.get(words[at], words[at])
    return " ".join([*words[:at], *(() if word == _LEFT_OUT else (word,)), *words[at + 1 :]])


def _with_words(house: str, spelt: Mapping[str, str]) -> str:
    return " ".join([spelt.get(word, word) for word in house.split()])


def _with_ending(house: str, ending: str, short: str) -> str:
    words = house.split()
    return " ".join([word.removesuffix(ending) + short if word.endswith(ending) else word for word in words])


def _rules() -> dict[str, tuple[_Rule, ...]]:
    """By country, what is done to a house one after the other."""
    bis = re.compile(r"(?<=\d) (?=(?:bis|ter|quater)\b)")
    # What stands behind a number is no word of the street: 12 bis rue.
    rules: list[tuple[tuple[str, ...], _Rule]] = [
        (_AGAIN, _Rule(frozenset(("bis", "ter", "quater")), partial(bis.sub, "")))
    ]
    of_country = {country: _others(text) for countries, text in _FIRST_WORDS.items() for country in countries}
    for country, spelt in of_country.items():
        rules.append(((country,), _Rule(frozenset(spelt), partial(_with_first_word, spelt=spelt))))
    for countries, text in _ANY_WORDS.items():
        spelt = _others(text)
        rules.append((countries, _Rule(frozenset(spelt), partial(_with_words, spelt=spelt))))
    for countries, triggers, pattern, instead in _PATTERNS:
        rules.append((countries, _Rule(frozenset(triggers.split()), partial(re.compile(pattern).sub, instead))))
    found = dict[str, tuple[_Rule, ...]]()
    for countries, rule in rules:
        for country in countries:
            found[country] = (*found.get(country, ()), rule)
    return {**{territory: found[owner] for territory, owner in OWNERS.items() if owner in found}, **found}


_RULES: Final = _rules()
_TRIGGERS: Final = {
    country: frozenset[str]().union(*(rule.triggers for rule in rules)) for country, rules in _RULES.items()
}


_ALL_TOLD_APART: Final[Mapping[str | None, frozenset[str]]] = {
    country: TOLD_APART | triggers | ({"ap"} if country in _WITH_AP else set())
    for country, triggers in _TRIGGERS.items()
}
"""By country, words without which a line is spelt in one way but for its letters."""


def is_spelt_one_way(folded: str, words: Sequence[str], country: str | None) -> bool:
    """Whether nothing in a folded line is for `without_number_words`, `in_a_countrys_words` or `spelt_alike`.

    The words are its own.
    """
    return (
        "no" not in folded
        and not has_digraph(folded)
        and _ALL_TOLD_APART.get(country, TOLD_APART).isdisjoint(words)
        and (country not in _ENDINGS or _ENDINGS[country][0] not in folded)
        and country not in _WITHIN
    )


def with_flats_in_full(line: str, country: str | None) -> str:
    """A line with a flat's word as other countries write it too, and a floor's before its number: floor 2, not 2nd."""
    line = _STOREY.sub(r"floor \1", line) if " fl" in line else line
    return _AP.sub("apto", line) if country in _WITH_AP and "ap" in line else line


def in_a_countrys_words(house: str, country: str | None) -> str:
    """A street and house number in the one spelling that their country's other ones stand for.

    Avenida and Avda. are one everywhere; Cl is Calle in Spain and Close in England.
    """
    if country in _ENDINGS and _ENDINGS[country][0] in house:
        house = _with_ending(house, *_ENDINGS[country])
    if country in _WITHIN and not house.isascii():
        pattern, instead = _WITHIN[country]
        house = pattern.sub(instead, house).rstrip()
    if country in _RULES and not _TRIGGERS[country].isdisjoint(house.split()):
        for triggers, apply in _RULES[country]:
            if not triggers.isdisjoint(house.split()):
                house = apply(house)
    return house
