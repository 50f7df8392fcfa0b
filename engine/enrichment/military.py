"""The forces' post: told by city, region and postal code, which need no street (APO AE 09012), or by the lines."""

import re
from typing import Final

_REGIONS: Final = frozenset({"AA", "AE", "AP"})
_CITY: Final = re.compile(r"(?:[afd]po|bfpo)(?:[\s,]+a[aep])?(?:[\s,]+\d{1,5}(?:-\d{4})?)?")
_HINT: Final = "po"
_LINE: Final = re.compile(r"\b(?:(?:a|f|d)po (?:aa|ae|ap)\b|(?:psc|cmr|unit) \d+ box \d+|bfpo \d|(?:cmr|psc) \d)")
_ZIP_CODES: Final = ("09", "340", "962", "963", "964", "965", "966")
"""Europe's (AE), the Americas' (AA), the Pacific's (AP): ZIP codes that no house in the States has."""
_POST_CODES: Final = ("BF1", "bf1")


def is_military_place(city: str | None, region: str | None, country: str | None, postal: str | None) -> bool:
    """Whether the place is a military post office: of the United States (APO, FPO, DPO) or the United Kingdom (BFPO).

    In one field as often as in two: `FPO AP`, `DPO, AE 09012`.
    """
    if country == "US":
        if region is not None and region.upper().removeprefix("US-") in _REGIONS:
            return True
        if postal is not None and postal.startswith(_ZIP_CODES):
            return True
    elif country == "GB" and postal is not None and postal.startswith(_POST_CODES):
        return True
    if city is None:
        return False
    plain = city.lower().replace(".", "").strip()
    return _HINT in plain and _CITY.fullmatch(plain) is not None


def is_military_line(lines: str) -> bool:
    """Whether the lines of an address, as `folded_street` gives them, are the forces' post's: PSC 3 Box 12, BFPO 58."""
    return ("po " in lines or "psc" in lines or "cmr" in lines) and _LINE.search(lines) is not None
