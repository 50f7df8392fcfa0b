"""What people write for a country instead of its code: for hints alone, so a short table is enough."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.iso import COUNTRIES

_WRITTEN = """
AE uae are|AR argentina arg|AT austria aut|AU australia aus|BE belgium bel|BG bulgaria bgr|BR brazil bra|CA canada can
CH switzerland che|CL chile chl|CN china chn prc|CO colombia col|CZ czechia cze|DE germany deu|DK denmark dnk
EE estonia est|EG egypt egy|ES spain esp|FI finland fin|FR france fra|GB uk gbr england britain|GR greece grc el
HK hongkong hkg|HR croatia hrv|HU hungary hun|ID indonesia idn|IE ireland irl|IL israel isr|IN india ind|IR iran irn
IS iceland isl|IT italy ita|JP japan jpn|KE kenya ken|KP northkorea prk|KR korea southkorea kor|LT lithuania ltu
LU luxembourg lux|LV latvia lva|MA morocco mar|MX mexico mex|MY malaysia mys|NG nigeria nga|NL netherlands holland nld
NO norway nor|NZ newzealand nzl|PE peru per|PH philippines phl|PK pakistan pak|PL poland pol|PT portugal prt
RO romania rou|RS serbia srb|RU russia rus|SA saudiarabia sau|SE sweden swe|SG singapore sgp|SI slovenia svn
SK slovakia svk|TH thailand tha|TR turkey turkiye tur|TW taiwan twn|UA ukraine ukr|US usa america unitedstates
VN vietnam vnm|ZA southafrica zaf|GB unitedkingdom greatbritain|US unitedstatesofamerica|AE unitedarabemirates
"""

_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: code
        for entry in _WRITTEN.replace("\n", "|").split("|")
        if entry
        for code, *words in [entry.split()]
        for word in words
    }
)


def country_code(written: str) -> str | None:
    """The ISO 3166-1 alpha-2 code that was probably meant, or None."""
    plain = "".join(character for character in written.lower() if character.isalnum())
    return plain.upper() if plain.upper() in COUNTRIES else _CODES.get(plain)
