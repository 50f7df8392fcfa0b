"""What the words of a street line say: a unit, a parcel locker, a military post. Pure text, no table.

All take lines as `folded_street` gives them: in lower case, without accents and punctuation, words parted by one space;
`words` are those of the lines.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from engine.features import Unknown
from engine.reference.letters import unaccented

_NO_COUNTRY, _NOT_TOLD = Unknown("country_unknown"), Unknown("not_told")

_UNIT_TOKENS: Final = """
    apt apartment appartement appart app appt apto apartamento flat unit suite ste room rm penthouse studio dept depto
    dpto departamento lot spc trlr wohnung whg lejl lgh piso planta etage floor fl int interno scala oficina office
    bureau kv кв квартира оф офис mieszkanie lokal daire stanza camera ph level lvl shop
"""
_UNITS: Final = frozenset(_UNIT_TOKENS.split())
"""Words before what tells one flat, room or office of a house from another."""
_MAILBOX: Final = "pmb"
_LETTERED_UNITS: Final = frozenset({"suite", "ste", "unit", _MAILBOX})
"""Words behind which a renter's letters may stand before the number: elsewhere these would be a street's name."""
_LETTERS_MAX: Final = 4
_UNITS_MAX: Final = 4
"""Floor, corridor, flat and mailbox: what names more is no address, and as long as its writer likes."""
_SHOPS: Final = frozenset({"shop"})
"""Words of units that stand first or behind a house's number: the coffee shop at 5 Main St is none."""
_ALONE: Final = frozenset({"penthouse", "basement", "bsmt"})
_NAMING: Final = _UNITS | _ALONE | {_MAILBOX}
"""Without one of these a line names no unit: most lines are done with here."""
_KINDS: Final = {
    **dict.fromkeys(("piso", "planta", "etage", "floor", "fl", "level", "lvl"), "floor"),
    **dict.fromkeys(("penthouse", "ph"), "penthouse"),
    **dict.fromkeys(("basement", "bsmt"), "basement"),
    "scala": "scala",
    _MAILBOX: _MAILBOX,
}
"""What a unit is: all others are a flat, room or office, of which the number counts and not the word. A floor of the
same number is another one."""
_DIGIT: Final = re.compile(r"\d")
_PURE_UNIT: Final = re.compile(r"(?:no )?\d{1,5} ?[a-z]?|[a-z] ?\d{1,5}")
_SIGN: Final = re.compile(r"#\s*(?=[^\W\d_]*\d|[^\W\d_](?!\w))")
"""A # with what it numbers; one that stands alone says nothing."""
_SIGN_FIRST: Final = re.compile(r"\s*#[#\s]*(?=\d+[a-z]?(?![\w-]|\s+-)(.*))", re.IGNORECASE | re.DOTALL)
_WORD: Final = re.compile(r"[^\W_]+")
_BOX_IS_UNIT: Final = frozenset({"BE"})
_LETTER_BOXES: Final = frozenset({"bus", "bte", "boite"})
_PARTS: Final = frozenset({"bldg", "building", "bat", "batiment", "esc", "escalier", "porte", "puerta", "pta"})
"""Words before a part of a house that is no one flat: they tell that there are flats."""
_NAMING_PARTS: Final = _NAMING | _PARTS
_FLOORS: Final = frozenset({"floor", "fl"})
_DESIGNATION: Final = re.compile(r"[^\W\d]{0,2}\d+[^\W\d]{0,2}|[^\W\d]")
_ORDINAL: Final = re.compile(r"\d+(?:st|nd|rd|th)")
_STOREY: Final = re.compile(r"\d+(?:st|nd|rd|th)|ground|top|upper|lower")
_SLASHED: Final = {
    **dict.fromkeys(("AU", "NZ"), re.compile(r"^\s*\d+[a-zA-Z]?\s*/\s*\d")),
    **dict.fromkeys(("AT", "PL"), re.compile(r"\d ?[a-zA-Z]? ?/ ?\d")),
    "HK": re.compile(r"\d\s*/\s*[fF]\b"),
}
"""Where a slash parts flat and house. In Czechia, say, it parts two numbers of one house."""
_SIDES: Final = frozenset({"rear", "lower", "lowr", "upper", "uppr", "front", "frnt", "lobby", "lbby", "side"})
"""Units that have no number, by the words of the post of the United States."""
_STREETS_TOO: Final = frozenset({"front", "side"})
"""Those that end streets' names."""
_SIDE_AT: Final = 3
"""Behind a number, a name and a street's kind."""
_WITH_SIDES: Final = frozenset({"US", "PR", "VI", "GU", "CA"})
_SLASH_BEFORE: Final = re.compile(r"\s*(?:u(?:nit)?\s*)?(\d{1,5}[a-z]?)\s*(/)\s*(?=(\d))", re.IGNORECASE)
BEFORE_HOUSE: Final = {
    **dict.fromkeys(("AU", "NZ", "CX", "CC", "NF"), _SLASH_BEFORE),
    "CA": re.compile(r"\s*(\d{1,5}[a-z]?)\s*(-)\s*(?=(\d{1,6})\b)", re.IGNORECASE),
}
"""Where a unit stands before the house number, and what parts them."""
_HOUSES_MAX: Final = 50
"""How many numbers one building has at most."""
_FLOOR_FIRST: Final = re.compile(r"^\s*(#\s*\w{1,4}\s*-\s*\w{1,6})\b[\s,]*(?=.*\d)(.+)", re.DOTALL)
_STOREY_TOKENS: Final = """
    stock og obergeschoss erdgeschoss eg dg top tur tuer stiege stg tv th mf sal chaussee rdc m tr etg etasje
"""
_DWELLINGS: Final = _UNITS | _ALONE | _PARTS | frozenset(_STOREY_TOKENS.split())
"""Without one of these a line names no unit in words: most lines are done with here."""
_GERMAN: Final = r"\b(?:\d+ (?:stock|og|obergeschoss|etage)|erdgeschoss|eg|dg|(?:top|tur|tuer|stiege|stg) \d+)\b"
_SPANISH: Final = (
    r"\b(?:\d+[oa] (?:[a-z]|\d+|izq\w*|izda|dcha|dch|der\w*)|bajo [a-z]|\d+ bajos?|atico|entlo|entresuelo)\b"
)
_IN_WORDS: Final = {
    **dict.fromkeys(("AT", "CH", "DE"), re.compile(_GERMAN)),
    "DK": re.compile(r"\b(?:(?:st|str|kl|\d+) (?:tv|th|mf)|\d+ sal)\b"),
    "FR": re.compile(r"\b(?:\d+(?:e|er|eme) etage|rez de chaussee|rdc)\b"),
    "NO": re.compile(r"\b\d+ (?:etg|etasje)\b"),
    "PL": re.compile(r"\d[a-z]? m \d"),
    "SE": re.compile(r"\b\d+ tr\b"),
}
"""How units are written in one country, with a word of `_DWELLINGS`: elsewhere the same is something else."""
_PATTERNS: Final = {
    **dict.fromkeys(("AR", "CL", "CO", "ES", "MX", "PE", "UY"), _SPANISH),
    "BR": r"\b(?:(?:ap|sala|sl|cj|conj|conjunto|loja|lj) ?\d|(?:bloco|bl|torre) (?:\d{1,3}|[a-z])\b|\d+o? andar\b)",
    **dict.fromkeys(("CN", "HK", "TW"), r"\d室|\d樓|\d楼|单元"),
    "FI": r"\d[a-z]? [a-z] \d+\b|\bas \d",
    "JP": r"号室|\d階",
    "KR": r"^(?!.*사서함).*\d(?:호|층)",
    "NO": r"\b[hulk]\d{4}\b",
    "PT": r"\b\d+o (?:[a-z]|esq\w*|dto|dt|fte|frente)\b|\bcave\b",
    "SG": r"\b\d\d \d{2,4}\b",
}
_IN_COUNTRY: Final = {country: re.compile(unaccented(pattern)) for country, pattern in _PATTERNS.items()}
"""The same without such a word."""
_KNOWN: Final = frozenset(
    f"{' '.join(_PATTERNS)} {' '.join(_IN_WORDS)} US PR VI GU CA GB GG JE IM IE AU NZ ZA BE BR BY IT KZ RU UA".split()
)
"""Countries whose ways to write a unit are among these: elsewhere an address without them may have others."""
_NUMBER_SIGN: Final = """
    AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV UY VE BB BS JM TT IN PH
"""
_NUMBERED_BY_SIGN: Final = frozenset(_NUMBER_SIGN.split())
"""Countries where # stands before the house number; elsewhere it does before a flat's."""

_LOCKER: Final = re.compile(
    r"\b(?:packstation|postfiliale|postnummer|paketshop|parcel ?locker|amazon ?(?:hub )?locker|hub locker|inpost"
    r"|paczkomat|pakkeboks|pakkeautomat|pakettautomaatti|smartpost|postomat|pt relais|relais colis|consigne pickup"
    r"|mondial relay|punto (?:pack|de recogida)|pick ?up (?:pt|parcelshop)|parcelshop|servicepunkt"
    r"|service ?p(?:oin)?t|postamat|постамат|пункт выдачи|ups access pt|amazon counter|pudo\b"
    r"|click (?:and )?collect|poste restante|general delivery|postlagernd|fermoposta)"
)
_LOCKER_TOKENS: Final = """
    packstation postfiliale postnummer paketshop parcel parcellocker amazon hub locker inpost paczkomat pakkeboks
    pakkeautomat pakettautomaatti smartpost postomat pt relais consigne mondial punto pick pickup parcelshop
    servicepunkt service servicepoint postamat постамат пункт click collect pudo ups poste general postlagernd
    fermoposta
"""
_LOCKER_WORDS: Final = frozenset(_LOCKER_TOKENS.split())


def is_pickup_point(lines: str, words: Sequence[str]) -> bool:
    """Whether the lines name a parcel locker, a shop or a counter where goods wait for whoever comes for them."""
    return not _LOCKER_WORDS.isdisjoint(words) and _LOCKER.search(lines) is not None


def has_unit(lines: str, words: Sequence[str], second: str, raw: str, country: str | None) -> bool | Unknown:
    """Whether a flat, suite, room or floor is named; `raw` is the first line as it came, where # and / still stand.

    The words are those of the lines.
    """
    if _names_unit(lines, words, second, raw, country):
        return True
    if country is None:
        return _NO_COUNTRY
    return False if country in _KNOWN else _NOT_TOLD


def _names_unit(lines: str, words: Sequence[str], second: str, raw: str, country: str | None) -> bool:
    if second and is_unit_number(second):
        return True
    if not _DWELLINGS.isdisjoint(words) and _says_unit(lines, words, country):
        return True
    if country in _BOX_IS_UNIT and _is_house_and_box(words):
        return True
    if (words[-1] in _SIDES or words[0] in _SIDES) and country in _WITH_SIDES and _names_side(words, second, raw):
        return True
    if _has_unit_sign(raw, country):
        return True
    return country in _IN_COUNTRY and _IN_COUNTRY[country].search(lines) is not None


def _has_unit_sign(raw: str, country: str | None) -> bool:
    if "#" in raw and country not in _NUMBERED_BY_SIGN and _SIGN.search(_without_houses_sign(raw)):
        return True
    if "-" in raw and country in BEFORE_HOUSE and (found := BEFORE_HOUSE[country].match(raw)):
        return _is_unit_before(found)
    return "/" in raw and country in _SLASHED and _SLASHED[country].search(raw) is not None


def _names_side(words: Sequence[str], second: str, raw: str) -> bool:
    """Whether a side of the house is a line of its own or behind the street, and no street is called so: 12 Lower."""
    if second and words[0] in _SIDES and raw.strip().lower() == words[0]:
        return True
    if words[-1] not in _SIDES:
        return False
    return second == words[-1] or (words[-1] not in _STREETS_TOO and len(words) > _SIDE_AT and _is_numbered(words[0]))


def _says_unit(lines: str, words: Sequence[str], country: str | None) -> bool:
    if _unit_at(words) is not None or any(map(_is_part, words, words[1:])):
        return True
    return country in _IN_WORDS and _IN_WORDS[country].search(lines) is not None


def _is_part(word: str, behind: str) -> bool:
    """Whether two words, one behind the other, are a part of a house and its number, or a floor: bldg 4, 2nd floor."""
    if word in _PARTS:
        return _is_designation(behind)
    return behind in _FLOORS and _STOREY.fullmatch(word) is not None


def _is_house_and_box(words: Sequence[str]) -> bool:
    """Whether a letter box of the house is named behind its number, as Belgians write their flats."""
    if _LETTER_BOXES.isdisjoint(words):
        return False
    return any(
        word in _LETTER_BOXES and _is_designation(behind) and any(map(_is_numbered, words[:at]))
        for at, (word, behind) in enumerate(pairwise(words))
    )


def with_unit_word(street: str, country: str | None) -> str:
    """A first line as it came, with a unit's word for # or / or - where that is what it means in the country."""
    if country in BEFORE_HOUSE and (found := BEFORE_HOUSE[country].match(street)) and _is_unit_before(found):
        street = f"unit {found[1]} {street[found.end() :]}"
    if "#" not in street or country in _NUMBERED_BY_SIGN:
        return street
    marked = _without_houses_sign(street)
    # Floor and flat have two numbers, of which the latter would be taken for the house's.
    marked = _FLOOR_FIRST.sub(r"\2 \1", marked) if marked.lstrip().startswith("#") else marked
    return _SIGN.sub(" unit ", marked)


def _without_houses_sign(street: str) -> str:
    """The line without a # before its only number, which is the house's: #12 Main St."""
    found = _SIGN_FIRST.match(street)
    if found is None or has_house_number(without_parts(_WORD.findall(found[1].lower()))):
        return street
    return street[found.end() :]


def _is_unit_before(found: re.Match[str]) -> bool:
    """Whether a number before a house's is a unit's: 5-100 is flat 5 of house 100, 98-102 are the houses 98 to 102."""
    unit, sign, house = found[1], found[2], found[3]
    if sign == "/" or not unit.isdecimal():
        return True
    return len(unit) < len(house) and int(house) - int(unit) > _HOUSES_MAX


def names_no_unit(words: Sequence[str]) -> bool:
    """Whether no unit is named for certain, without a look at where the words stand."""
    return _NAMING.isdisjoint(words)


def names_no_part(words: Sequence[str]) -> bool:
    """Whether neither a unit is named nor a part of a house, in the same way."""
    return _NAMING_PARTS.isdisjoint(words)


def house_and_unit(first: str) -> tuple[str, str]:
    """A folded first line parted: the house, which all its flats and mailboxes share, and its units in one spelling.

    These are empty where none is named, and where without them no house is left: `unit 3 mill house` is a name, which
    begins with its unit wherever that stands.
    """
    words, units = first.split(), list[str]()
    if names_no_unit(words):
        return first, ""
    while len(units) < _UNITS_MAX and (found := _unit_span(words)) is not None:
        begin, at, end = found
        rest, unit = words[:begin] + words[end:], " ".join((_KINDS.get(words[begin], "unit"), *words[at + 1 : end]))
        if not any(map(_is_numbered, rest)):
            words = [*unit.split(), *rest]
            break
        units.append(unit)
        words = rest
    return " ".join(words), " ".join(sorted(units))


def _unit_span(words: Sequence[str]) -> tuple[int, int, int] | None:
    """Where the words of a unit begin, where the last of its kind stands, and where the next that is none of it."""
    if (at := _unit_at(words)) is None:
        return None
    # Apt #4 has two words for one.
    begin = at - 1 if at and words[at - 1] in _NAMING else at
    return begin, at, _end_of_unit(words, at)


def _end_of_unit(words: Sequence[str], at: int) -> int:
    end = at + 1
    # Before the street one word names the unit, for the house number follows; behind it all that looks like one does.
    if at and _is_lettered(words, end):
        end += 1
    while words[at] not in _ALONE and end < len(words) and _is_designation(words[end]) and (at or end == 1):
        end += 1
    return end


def without_parts(words: Sequence[str]) -> Sequence[str]:
    """The words of a line without units and parts of a house, even where nothing else is left."""
    for _ in range(_UNITS_MAX):
        if (found := _unit_span(words)) is None:
            break
        begin, _at, end = found
        words = [*words[:begin], *words[end:]]
    for at, (word, behind) in enumerate(pairwise(words)):
        if word in _PARTS and _is_designation(behind):
            return [*words[:at], *words[at + 2 :]]
    return words


def has_house_number(words: Sequence[str]) -> bool:
    """Whether a number is among words that is no ordinal: in `5th avenue` there is none."""
    return any(map(is_house_number, words))


def is_house_number(word: str) -> bool:
    """Whether a word has a number and is no ordinal."""
    return _is_numbered(word) and _ORDINAL.fullmatch(word) is None


def is_part_word(word: str) -> bool:
    """Whether a word is one before what tells a flat or a part of a house."""
    return word in _NAMING_PARTS


def are_designations(words: Sequence[str]) -> bool:
    """Whether words are numbers and letters that stand alone, and no name: 12 a. East Asian names have no blanks."""
    return all(map(_DESIGNATION.fullmatch, words))


def is_unit_number(second: str) -> bool:
    """Whether a folded second line is a unit's number and nothing else."""
    return _PURE_UNIT.fullmatch(second) is not None


def _unit_at(words: Sequence[str]) -> int | None:
    """Where a unit's word stands that something to name it follows; a street called Flat stays one."""
    if _NAMING.isdisjoint(words):
        return None
    for at, word in enumerate(words):
        if word in _ALONE:
            return at
        is_named = (word in _UNITS or word == _MAILBOX) and (
            word not in _SHOPS or not at or any(map(_is_numbered, words[:at]))
        )
        if is_named and at + 1 < len(words) and _is_designation(words[at + 1]):
            return at
        if is_named and words[at + 1 : at + 2] == ["no"] and at + 2 < len(words) and _is_designation(words[at + 2]):
            return at
        if word in _LETTERED_UNITS and at and _is_lettered(words, at + 1):
            return at
    return None


def _is_lettered(words: Sequence[str], at: int) -> bool:
    """Whether a few letters stand there, and what is numbered behind them: Suite ABC 123."""
    is_short = at + 1 < len(words) and len(words[at]) <= _LETTERS_MAX
    return is_short and words[at] not in _NAMING and _is_numbered(words[at + 1])


def _is_designation(word: str) -> bool:
    return len(word) == 1 or _is_numbered(word)


def _is_numbered(word: str) -> bool:
    return _DIGIT.search(word) is not None
