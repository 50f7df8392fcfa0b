"""A catalogue's fingerprint names all that rules and recorded values mean by it."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.features import Catalog, Feature, FeatureType

FEATURE = Feature(name="wallet", type=FeatureType.STRING, doc="The wallet.", source="request")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "purse"},
        {"type": FeatureType.COUNTRY},
        {"unit": "USD"},
        {"aliases": ("digital_wallet",)},
        {"case_sensitive": True},
        {"values": ("apple_pay", "none")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_a_rule_changes_the_fingerprint_and_is_kept(change: dict[str, Any]) -> None:
    before, after = Catalog([FEATURE]), Catalog([replace(FEATURE, **change)])
    assert before.fingerprint != after.fingerprint
    (kept,) = orjson.loads(after.content())
    for name, value in change.items():
        assert kept[name] == (list(value) if isinstance(value, tuple) else value)


def test_words_alone_change_no_fingerprint() -> None:
    changed = Catalog([replace(FEATURE, doc="Which wallet paid.")])
    assert changed.fingerprint == Catalog([FEATURE]).fingerprint
    assert orjson.loads(changed.content())[0]["doc"] == "Which wallet paid."
