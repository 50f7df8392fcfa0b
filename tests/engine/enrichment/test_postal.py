"""Postal codes and regions against their countries, by the examples that posts publish."""

import json
import lzma
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.postal import POSTAL
from engine.errors import ReferenceInvalid
from engine.payment import Contact, Payment
from engine.reference import PostalRules, Reference
from engine.reference.postal import _WHOLE_CODES, EMBEDDED_POSTAL, _compiled, letters_before, plain_code

RULES: Final = json.loads(lzma.decompress(EMBEDDED_POSTAL.read_bytes()))["countries"]


@pytest.mark.parametrize(
    ("country", "region", "postal", "valid", "within", "known"),
    [
        ("US", "CA", "94103", True, True, True),
        ("US", "California", "94103-1234", True, True, True),
        ("US", "US-NY", "941031234", True, False, True),
        ("US", "new  york", "10001", True, True, True),
        ("US", "DC", "20500", True, True, True),
        ("US", "PR", "00901", True, True, True),
        ("US", "FL", "US-34249", True, True, True),
        ("US", "PR", "PR-00901", True, True, True),
        ("PR", None, "US 00901", True, None, None),
        ("FI", None, "AX-22100", True, None, None),
        ("US", "FL", "34\u200b249", True, True, True),
        ("GB", None, "SW1A 1\u0410\u0410", True, None, None),
        ("JP", None, "\uff11\uff15\uff10\u30fc\uff10\uff10\uff10\uff11", True, None, None),
        ("US", "AE", "09012", True, True, True),
        ("US", "Ontario", "10001", True, "region_unknown", False),
        ("US", None, "1234", False, None, None),
        ("US", "TX", "ABCDE", False, "postal_invalid", True),
        ("US", "MA", "1234", False, "postal_invalid", True),
        ("CN", "Beijing", "1", False, "no_rule", True),
        ("MX", "Mexico City", "06000", True, True, True),
        ("MX", "D.F.", "06000", True, True, True),
        ("AR", "Buenos Aires City", "C1002AAA", True, True, True),
        ("AR", "Buenos Aires", "B1900AAA", True, True, True),
        ("MX", "Estado de M\u00e9xico", "06000", True, False, True),
        ("MX", "M\u00e9xico", "52000", True, True, True),
        ("CA", "QC", "H2X 1Y4", True, True, True),
        ("CA", "Qu\u00e9bec", "h2x1y4", True, True, True),
        ("CA", "ON", "H2X 1Y4", True, False, True),
        ("CA", "ON", "12345", False, "postal_invalid", True),
        ("GB", None, "SW1Y 4JH", True, None, None),
        ("GB", "London", "sw1y4jh", True, "no_rule", "no_rule"),
        ("FR", "\u00cele-de-France", "75008", True, "no_rule", "no_rule"),
        ("DE", "Bayern", "80331", True, "no_rule", "no_rule"),
        ("CH", "ZH", "8001", True, "no_rule", "no_rule"),
        ("NL", "Noord-Holland", "1012 JS", True, "no_rule", "no_rule"),
        ("SE", "Sk\u00e5ne", "211 20", True, "no_rule", "no_rule"),
        ("IE", None, "A65 F4E2", True, None, None),
        ("IE", None, "d6w xy00", True, None, None),
        ("IE", None, "IRELAND", False, None, None),
        ("IE", None, "Nothing", False, None, None),
        ("IE", None, "Dublin 2", False, None, None),
        ("IE", None, "Dublin 24", False, None, None),
        ("IE", None, "D02", False, None, None),
        ("SA", None, "12211-6789", True, None, None),
        ("SA", None, "12211", True, None, None),
        ("SA", None, "12211-67", False, None, None),
        ("SA", None, "\u0661\u0662\u0662\u0661\u0661", True, None, None),
        ("US", "CA", "\u06f9\u06f4\u06f1\u06f0\u06f3", True, True, True),
        ("US", "CA", "N/A", None, None, True),
        ("US", None, "none", None, None, None),
        ("GB", None, "-", None, None, None),
        ("IE", "Cork", "Not available", None, None, True),
        ("HU", None, "xxxx", None, None, None),
        ("AE", None, "N/A", "no_postal_codes", None, None),
        ("GB", None, "SW1Y", False, None, None),
        ("DE", None, "D-10115", True, None, None),
        ("DE", None, "1011", False, None, None),
        ("LU", None, "L-1111", True, None, None),
        ("LU", None, "L-1648", True, None, None),
        ("NO", None, "N-0150", True, None, None),
        ("HU", None, "H-1011", True, None, None),
        ("PT", None, "P-1000-001", True, None, None),
        ("LI", None, "FL-9490", True, None, None),
        ("NL", None, "NL-1011 AB", True, None, None),
        ("GR", None, "GR-105 57", True, None, None),
        ("NL", None, "L-1011 AB", False, None, None),
        ("US", None, "00000", False, None, None),
        ("US", None, "00000-0000", False, None, None),
        ("US", "NY", "00501", True, True, True),
        ("MX", None, "00000", False, None, None),
        ("FR", None, "75 008", True, None, None),
        ("PL", None, "00950", True, None, None),
        ("TR", "Ad\u0131yaman", "02100", True, True, True),
        ("TR", "ADIYAMAN", "02100", True, True, True),
        ("PT", None, "1000-205", True, None, None),
        ("LV", None, "1010", True, None, None),
        ("NL", None, "1012JS", True, None, None),
        ("IT", "Milano", "20121", True, True, True),
        ("ES", "Madrid", "28013", True, True, True),
        ("ES", "Barcelona", "28013", True, False, True),
        ("BR", "SP", "01310-100", True, True, True),
        ("BR", "Rio de Janeiro", "01310-100", True, False, True),
        ("AU", "NSW", "2000", True, True, True),
        ("AU", "VIC", "2000", True, False, True),
        ("IN", "Karnataka", "560001", True, True, True),
        ("JP", "\u6771\u4eac\u90fd", "100-0001", True, True, True),
        ("JP", "Tokyo", "\uff11\uff10\uff10\uff0d\uff10\uff10\uff10\uff11", True, True, True),
        ("IE", "Dublin", None, None, None, True),
        ("IE", "County Cork", None, None, None, True),
        ("CN", "Beijing", "100000", True, "no_rule", True),
        ("CN", "Guangdong Province", None, None, None, True),
        ("CN", "\u5e7f\u4e1c", None, None, None, True),
        ("TW", "Taipei", None, None, None, True),
        ("TW", "Chiayi", "60000", True, "no_rule", True),
        ("EG", "Cairo", None, None, None, True),
        ("JP", "Osaka-fu", "530-0001", True, True, True),
        ("RU", "Moscow", None, None, None, "region_unknown"),
        ("IT", "Lazio", "00184", True, "region_unknown", "region_unknown"),
        ("ES", "Andaluc\u00eda", None, None, None, "region_unknown"),
        ("US", "Calif.", "94103", True, "region_unknown", "region_unknown"),
        ("US", "Washington DC", None, None, None, "region_unknown"),
        ("US", "Of", None, None, None, False),
        ("CA", "PQ", "H2X 1Y4", True, True, True),
        ("CA", "Bavaria", None, None, None, False),
        ("AE", None, "00000", "no_postal_codes", None, None),
        (None, "CA", "94103", "country_unknown", "country_unknown", "country_unknown"),
        (None, None, None, None, None, None),
        ("US", "CA", None, None, None, True),
    ],
)
def test_what_a_postal_code_says(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str | None,
    region: str | None,
    postal: str | None,
    valid: bool | str | None,
    within: bool | str | None,
    known: bool | str | None,
) -> None:
    contact = Contact(country=country, region=region, postal=postal)
    found, causes = enrich(make_payment(billing=contact, shipping=contact), reference)
    for group in ("billing", "shipping"):
        names = (f"{group}_postal_is_valid", f"{group}_postal_in_region", f"{group}_region_in_country")
        assert tuple(causes.get(name, found[name]) for name in names) == (valid, within, known)


def test_every_countrys_examples_are_valid_with_hyphens_and_without() -> None:
    table = PostalRules.load()
    examples = [(country, each) for country, rule in RULES.items() if rule["zip"] for each in rule["examples"]]
    assert len(examples) > 400
    for country, example in examples:
        assert table.facts(country, None, example).is_valid, (country, example)
        assert table.facts(country, None, plain_code(example).lower()).is_valid, (country, example)


def test_every_countrys_rules_compile() -> None:
    assert sum(_compiled(rule).matched is not None for rule in RULES.values()) > 170


def test_a_missing_table_is_unknown(make_payment: Callable[..., Payment], reference: Reference) -> None:
    contact = Contact(country="US", region="CA", postal="94103")
    found, causes = enrich(make_payment(billing=contact), replace(reference, postal=None))
    names = [feature.name for feature in POSTAL.features]
    assert {(found[name], causes[name]) for name in names} == {(None, "postal")}


@pytest.mark.parametrize("content", [b"", b"{}", lzma.compress(b"[]"), lzma.compress(b'{"version": 1}')])
def test_a_broken_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "postal.json.xz"
    path.write_bytes(content)
    with pytest.raises(ReferenceInvalid, match="no table of postal codes"):
        PostalRules.load(path)


def test_the_table_says_what_it_is(reference: Reference) -> None:
    assert reference.postal is not None
    assert reference.postal.info.rows == len(RULES)
    assert PostalRules.load(EMBEDDED_POSTAL).version == reference.postal.version


TABLE: Final = PostalRules.load()
_TEXT: Final = st.one_of(st.none(), st.text(max_size=12))


@given(st.one_of(st.sampled_from(("US", "GB", "JP", "AE")), st.text(max_size=3)), _TEXT, _TEXT)
def test_any_text_is_looked_up(country: str, region: str | None, postal: str | None) -> None:
    assert TABLE.facts(country, region, postal) == TABLE.facts.__wrapped__(country, region, postal)


def test_a_countrys_patterns_at_once_say_what_they_say_one_by_one() -> None:
    table, random = PostalRules.load(), Random("postal codes")
    for country in [country for country, rule in RULES.items() if rule["zip"]]:
        rule, letters = RULES[country], letters_before(country)
        regions = [each for each in rule["regions"] if each["zip"]]
        for _ in range(60):
            written = list(random.choice(rule["examples"] or ["12345"]))
            for _ in range(random.randint(0, 2)):
                written[random.randrange(len(written))] = random.choice("0123456789ABCx -")
            postal = random.choice(("", "", country, f"{letters[-1]}-")) + "".join(written)
            plain = plain_code(postal)
            ways = (plain, country + plain, *map(plain.removeprefix, letters))
            ways = () if re.fullmatch("[A-Z]*0+", plain) else ways
            whole = _WHOLE_CODES.get(country, rule["zip"])
            code = next((each for each in ways if re.fullmatch(whole, each, re.IGNORECASE)), None)
            begins = [each for each in regions if code is not None and re.match(each["zip"], code, re.IGNORECASE)]
            named = random.choice(regions)["names"][0] if regions else None
            facts = table.facts(country, named, postal)
            assert facts.is_valid == (code is not None), (country, postal)
            assert facts.of_code == (next((each["iso"] or each["names"][0] for each in begins), None)), (
                country,
                postal,
            )
            if facts.is_in_region is not None:
                is_within = any(named == name for each in begins for name in each["names"])
                assert facts.is_in_region == is_within, (country, named, postal)
