"""The closures agree with the slow tree walk on random well-typed rules and random rows with unknowns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Feature, Features, FeatureType, Value
from engine.rules.check import check
from engine.rules.compile import compile_condition
from engine.rules.parser import parse
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES
from tests.oracle.rules_oracle import truth

WORDS = ("a", "A", "b", "Straße", "x y", "424242")
BINS = ("424242", "42424242", "400000")
COUNTRIES = ("US", "CA", "DE")
COMPARATORS = ("=", "!=", "<", "<=", ">", ">=")
NUMBERS = ("0", "1", "2.5", "12.50", "12.505", "-3", "0.29", "100")


def words(feature: Feature) -> tuple[str, ...]:
    return feature.values or (BINS if feature.name == "card_bin" else WORDS)


def literals(feature: Feature) -> st.SearchStrategy[str]:
    if feature.type is FeatureType.COUNTRY:
        return st.sampled_from([quote + name + quote for name in (*COUNTRIES, "us") for quote in "'\""])
    if feature.type is FeatureType.STRING:
        return st.sampled_from([f"'{word}'" for word in words(feature)])
    return st.sampled_from(NUMBERS)


def values(feature: Feature) -> st.SearchStrategy[Value]:
    known: st.SearchStrategy[Value]
    match feature.type:
        case FeatureType.BOOLEAN:
            known = st.booleans()
        case FeatureType.COUNTRY:
            known = st.sampled_from(COUNTRIES)
        case FeatureType.STRING:
            known = st.sampled_from(words(feature))
        case FeatureType.NUMBER:
            known = st.sampled_from([float(number) for number in NUMBERS]) | st.floats(-10, 200)
        case _:
            known = st.sampled_from([0, 1, 2, 3, 29, 1250, 1251]) | st.integers(-300, 10_000)
    return st.none() | known


FLAGS = [feature for feature in CATALOG if feature.type is FeatureType.BOOLEAN]
OTHERS = [feature for feature in CATALOG if feature.type is not FeatureType.BOOLEAN]
NUMERIC = (FeatureType.INTEGER, FeatureType.NUMBER)
TEXTUAL = (FeatureType.STRING, FeatureType.COUNTRY)


def comparable(one: Feature, two: Feature) -> bool:
    return (one.type is two.type and one.unit == two.unit) or (one.type in NUMERIC and two.type in NUMERIC)


@st.composite
def atoms(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("flag", "missing", "constant", "mirrored", "pair", "items", "list")))
    if kind == "flag":
        return draw(st.sampled_from(FLAGS)).name
    feature = draw(st.sampled_from(OTHERS))
    if kind == "missing":
        return f"is_missing({feature.name})"
    if kind == "list" and feature.type in TEXTUAL:
        return f"{feature.name} {draw(st.sampled_from(('in', 'not in')))} @{draw(st.sampled_from(LIST_NAMES))}"
    if kind == "items":
        items = ", ".join(draw(st.lists(literals(feature), min_size=1, max_size=4)))
        return f":{feature.name}: {draw(st.sampled_from(('in', 'NOT IN')))} ({items})"
    operator = draw(st.sampled_from(COMPARATORS[:2] if feature.type in TEXTUAL else COMPARATORS))
    if kind == "pair":
        other = draw(st.sampled_from([other for other in OTHERS if comparable(feature, other)]))
        return f"{feature.name} {operator} {other.name}"
    literal = draw(literals(feature))
    return f"{literal}{operator}{feature.name}" if kind == "mirrored" else f"{feature.name} {operator} {literal}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(parts, min_size=2, max_size=4)
    return (
        several.map(lambda words: f"({' and '.join(words)})")
        | several.map(lambda words: f"({' || '.join(words)})")
        | several.map(" OR ".join)
        | several.map(" and ".join)
        | parts.map(lambda word: f"not ({word})")
    )


CONDITIONS = st.recursive(atoms(), joined, max_leaves=12)
ROWS = st.tuples(*(values(feature) for feature in CATALOG)).map(lambda row: Features(CATALOG, row))
ENTRIES = st.frozensets(st.sampled_from(("a", "A", "b", "us", "ca", "424242")))
LISTS = st.dictionaries(st.sampled_from(LIST_NAMES), ENTRIES)


@settings(max_examples=500)
@given(condition=CONDITIONS, rows=st.lists(ROWS, min_size=1, max_size=4), lists=LISTS)
def test_closures_agree_with_the_tree_walk(
    condition: str, rows: list[Features], lists: dict[str, frozenset[str]]
) -> None:
    parsed = parse(f"Block if {condition}", CATALOG.names())
    assert parsed.tree is not None, parsed.diagnostics
    assert not check(parsed.tree.condition, CATALOG, LIST_NAMES)
    compiled = compile_condition(parsed.tree.condition, CATALOG)
    for features in rows:
        expected = truth(parsed.tree.condition, features, lists)
        assert compiled(features.values, lists) is expected
