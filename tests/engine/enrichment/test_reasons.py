"""What features say to models: every row is of a feature, and its words name features alone."""

from string import Formatter

from engine.catalog import CATALOG
from engine.enrichment.reasons import REASONS
from engine.features import Catalog, FeatureType
from models.scorecard import Steps
from models.scorecard_items import ITEMS


def test_every_row_is_of_a_feature_that_is_there() -> None:
    assert {name for name in REASONS if name not in CATALOG} == set()


def test_words_name_features_alone() -> None:
    for feature in CATALOG:
        for text in (feature.says, feature.denies):
            named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            assert {name for name in named if name != "value" and name not in CATALOG} == set(), feature.name


def test_flags_that_have_words_have_words_for_both() -> None:
    for feature in CATALOG:
        if feature.type is FeatureType.BOOLEAN:
            assert bool(feature.says) == bool(feature.denies), feature.name
        else:
            assert not feature.denies, feature.name


def test_what_the_scorecard_measures_is_in_the_group_of_its_code() -> None:
    assert {item.feature: CATALOG[item.feature].reason for item in ITEMS} == {
        item.feature: item.group for item in ITEMS
    }


def test_every_velocity_has_a_group_and_words_with_its_value() -> None:
    for feature in CATALOG:
        if feature.source == "velocity":
            assert feature.reason, feature.name
            assert "{value}" in feature.says, feature.name


def test_a_direction_is_never_against_the_scorecards() -> None:
    for item in ITEMS:
        direction = CATALOG[item.feature].direction
        if direction and isinstance(item.points, Steps):
            rises = item.points.thresholds[-1][1] > item.points.below
            assert direction == (1 if rises else -1), item.feature


def test_the_fingerprint_is_of_values_and_not_of_words_about_them() -> None:
    bare = Catalog(
        each.__class__(
            name=each.name, type=each.type, doc=each.doc, source=each.source, unit=each.unit, aliases=each.aliases,
            case_sensitive=each.case_sensitive, values=each.values,
        )
        for each in CATALOG
    )  # fmt: skip
    assert bare.fingerprint == CATALOG.fingerprint
