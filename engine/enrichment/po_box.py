"""Whether the lines of an address name a post office box, in the words of most countries. Pure text, no table.

Lines are as `folded_street` gives them: in lower case, without accents and punctuation, words parted by one space.
"""

import re
from collections.abc import Sequence
from typing import Final

from engine.features import Unknown
from engine.reference.letters import unaccented

_NO_COUNTRY, _NOT_TOLD = Unknown("country_unknown"), Unknown("not_told")

_BOX_TOKENS: Final = """
    po p0 p gpo bag pmb pf cs tsa cp case casella casilla apartado apartados apdo aptdo caixa pl skrytka skr skrpoczt
    schranka boite poste pk pb pp a ad ak pos hop surat casuta kutia aya kutusu τθ пк п а ас
    drawer caller lock cc c ap antwoordnummer
"""  # noqa: RUF001 - Ukrainian and Bulgarian
_BOX_WORDS: Final = frozenset(_BOX_TOKENS.split())
"""Without one of these, or a part of a word (`_has_hint`), no line of ASCII names a box: most are done with here."""
_STREET: Final = (
    r"(?:rd|ln|ave|dr|blvd|ct|pl|ter|cir|cl|way|row|trl|plz|hill|alle|allee|vej|vei|veien|weg|str(?=\ \d|$))"
)
_NO_STREET: Final = rf"(?!\ {_STREET}\b)"
"""Not a street that is called after one: PO Box Lane, Mail Bag Road; a box in St. Louis is one."""
_NO: Final = r"(?:no?\ ?)?"
"""What is written before the number (n°, No, nr: folded to no), or left out."""
_BOX: Final = re.compile(
    rf"""
    \b(?:
        p\ ?o\ ?b\ ?(?:(?:no|num)\ ?)?\d | p\ ?[o0]\ ?b[o0]?x\ ?(?:(?:no|num)\ ?)?\d | p\ ?[o0]\ b[o0]?x\b{_NO_STREET}
      | p[o0]b[o0]x$ | post\ office\ box | gpo\ box | po\ bag | ^box\ \d | postbox | post\ box\ {_NO}\d
      | (?:private|locked|mail|post)\ bag\b{_NO_STREET} | pmb\ ?\d
      | postfach | postbus\ ?\d | antwoordnummer\ ?\d | postboks{_NO_STREET}
      | boite\ postale | case\ postale | casella\ postale | ^casella\ {_NO}\d
      | p\ ?o\ drawer\b{_NO_STREET} | ^drawer\ (?:\d|[a-z]$) | lock\ ?box\ \d | caller\ (?:box\ |service\ )?\d
      | (?:caixa|casilla)\ (?:postal|de\ correos?|{_NO}\d)
      | (?:apartado|apdo|aptdo)s?\ (?:aereo|postal|de\ correos?|correos|{_NO}\d)
      | skrytka\ pocztowa | skr\ ?poczt | postilokero | postovni\ schranka | postovy\ priecinok | posta\ kutusu
      | casuta\ postala | postanski\ (?:pretinac|fah) | postni\ predal | postafiok | postholf | postkast
      | abonentine\ dezute | abonenta\ kastite | kutia\ postare | kotak\ pos | peti\ surat | hop\ thu
    )""",
    re.VERBOSE,
)  # fmt: skip
_FRENCH: Final = """
    FR GP GF MQ RE YT NC PF BE LU MC BJ BF BI CD CF CG CI CM DJ DZ GA GN HT KM MA MG ML MR NE RW SN TD TG TN
"""
_ABBREVIATED: Final = {
    **dict.fromkeys(_FRENCH.split(), r"(?:bp|cs|tsa)"),
    **dict.fromkeys(("BR", "CA", "CH", "IT", "MD", "RO", "SM"), "cp"),
    **dict.fromkeys(("AT", "DE", "HU"), "pf"),
    **dict.fromkeys(("BA", "HR", "SI"), "p ?p"),
    "AR": "c ?c",
    "AX": "pb",
    "BG": "п ?к",
    "FI": "p[bl]",
    "GR": "τ ?θ",
    "LT": "a ?d",
    "LV": "a ?k",
    "MX": "a ?p",
    "NO": "pb",
    "SE": "box",
    "TR": "p ?k",
    "UA": "а ?с",  # noqa: RUF001 - Ukrainian: a subscriber's box
}
"""Where a few letters before a number are a box: elsewhere the same letters are other things."""
_POSTAL_CODES: Final = {"BG": r"\d{4}\b", "MD": r"\d{4}\b", "RO": r"\d{6}\b", "TR": r"\d{5}\b"}
"""Where the same letters stand before a postal code: posta kutusu, a box, and posta kodu, a code, are P.K. both."""
_NO_CODE: Final = {country: f"(?!{code})" for country, code in _POSTAL_CODES.items()}
_IN_COUNTRY: Final = {
    country: re.compile(rf"^(?:.* )?{word} ?{_NO}{_NO_CODE.get(country, '')}\d")
    for country, word in _ABBREVIATED.items()
}
_OTHER_SCRIPTS: Final = re.compile(
    "|".join(
        map(
            unaccented,
            (
                rf"(?:^| )а ?я {_NO}\d",  # noqa: RUF001 - Russian: a subscriber's box
                "абонентский ящик",
                "абонентська скринька",
                "пощенска кутия",
                "私書箱",
                "邮政信箱",
                "郵政信箱",
                "信箱",
                "사서함",
                "ต ?ปณ",
                rf"(?:^| )ת ?ד {_NO}\d",
                r"(?:^| )ص ?ب \d",
                "صندوق بريد",
                "صندوق البريد",
            ),
        )
    )
)
_AS_LATIN: Final = str.maketrans("авеокрстхορβχ", "abeokpctxopbx")
"""What is typed for P, O, B and X so that no filter sees them."""
_KNOWN: Final = frozenset(
    f"""
    {_FRENCH} {" ".join(_ABBREVIATED)}
    US PR GU VI AS MP GB JE GG IM GI IE AU NZ FJ PG ZA NA BW ZW ZM MW KE UG TZ GH NG MU IN PK BD LK SG MY HK MO PH
    JM TT BB BS BM KY
    ES AD MX AR CL CO PE VE EC BO PY UY CR PA GT HN NI SV DO CU PT AO MZ CV
    LI NL SR AW CW DK FO GL NO IS PL CZ SK EE CY AL RU BY KZ KG IL
    AE SA QA KW BH OM JO LB EG IQ YE SY LY SD PS JP CN TW KR TH ID VN
    """.split()
)
"""Countries whose words for a box are among these: elsewhere an address without them may have others."""


def is_po_box(lines: str, words: Sequence[str], country: str | None) -> bool | Unknown:
    """Whether the lines name a post office box, a bag kept at one, or a private mailbox (PMB) in a shop for such.

    The words are those of the lines.
    """
    if _names_box(lines, words, country):
        return True
    if country is None:
        return _NO_COUNTRY
    return False if country in _KNOWN else _NOT_TOLD


def _names_box(lines: str, words: Sequence[str], country: str | None) -> bool:
    latin = lines
    if lines.isascii():
        if _BOX_WORDS.isdisjoint(words) and not _has_hint(lines):
            return False
    elif _OTHER_SCRIPTS.search(lines):
        return True
    else:
        latin = lines.translate(_AS_LATIN)
    if _BOX.search(latin):
        return True
    abbreviated = _IN_COUNTRY.get(country or "")
    return abbreviated is not None and abbreviated.search(lines) is not None


def _has_hint(lines: str) -> bool:
    return "box" in lines or "post" in lines or "pob" in lines or "p0b" in lines or "bp" in lines
