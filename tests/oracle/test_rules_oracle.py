"""The closures agree with the slow tree walk on random well-typed rules and random rows with unknowns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Feature, Features, FeatureType, Value
from engine.rules.check import check
from engine.rules.compile import compile_condition
from engine.rules.parser import parse
from engine.rules.tree import reads_custom
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES, Texts, row
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


CUSTOM_NAMES = ("Customer Age", "customer:spent")
CUSTOM_WORDS = (
    "3",
    "a",
    "A",
    "12.50",
    "12.5",
    "-3",
    "007",
    "1e5",
    "true",
    "false",
    "True",
    "us",
    "US",
    "x y",
    "0.29",
    "100",
)
SENT: st.SearchStrategy[str | int | float | bool] = (
    st.sampled_from(CUSTOM_WORDS)
    | st.sampled_from([True, False, 0, 1, 12, -3, 100, 2**60, 0.29, 12.5, 12.505, -0.0, 3.0, 1e-7, 1e21])
    | st.integers(-300, 10_000)
    | st.floats(-300, 10_000)
)
CUSTOM = st.fixed_dictionaries({CUSTOM_NAMES[0]: SENT}, optional={CUSTOM_NAMES[1]: SENT})


@st.composite
def custom_atoms(draw: st.DrawFn) -> str:
    field = f"::{draw(st.sampled_from(CUSTOM_NAMES))}::"
    kind = draw(st.sampled_from(("flag", "missing", "number", "text", "truth", "feature", "pair", "items", "list")))
    text = st.sampled_from([f"'{word}'" for word in CUSTOM_WORDS])
    membership = draw(st.sampled_from(("in", "not in")))
    if kind == "flag":
        return field
    if kind == "missing":
        return f"is_missing({field})"
    if kind == "list":
        return f"{field} {membership} @{draw(st.sampled_from(LIST_NAMES))}"
    if kind == "items":
        items = draw(st.lists(text, min_size=1, max_size=4) | st.lists(st.sampled_from(NUMBERS), min_size=1))
        return f"{field} {membership} ({', '.join(items)})"
    kept = draw(st.sampled_from(sorted({feature.type for feature in OTHERS})))
    feature = draw(st.sampled_from([feature for feature in OTHERS if feature.type is kept]))
    other = {
        "number": draw(st.sampled_from(NUMBERS)),
        "text": draw(text),
        "truth": draw(st.sampled_from(("true", "FALSE"))),
        "feature": feature.name,
        "pair": f"::{draw(st.sampled_from(CUSTOM_NAMES))}::",
    }[kind]
    takes_order = kind in ("number", "pair") or (kind == "feature" and feature.type not in TEXTUAL)
    operator = draw(st.sampled_from(COMPARATORS if takes_order else COMPARATORS[:2]))
    return f"{other} {operator} {field}" if draw(st.booleans()) else f"{field}{operator}{other}"


@st.composite
def atoms(draw: st.DrawFn) -> str:
    kind = draw(
        st.sampled_from(("flag", "missing", "constant", "mirrored", "pair", "items", "list", "custom", "custom"))
    )
    if kind == "custom":
        return draw(custom_atoms())
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
ENTRIES = st.frozensets(st.sampled_from(("a", "A", "b", "US", "CA", "424242"))).map(Texts)
LISTS = st.dictionaries(st.sampled_from(LIST_NAMES), ENTRIES)


@settings(max_examples=500)
@given(condition=CONDITIONS, rows=st.lists(ROWS, min_size=1, max_size=4), lists=LISTS, custom=CUSTOM)
def test_closures_agree_with_the_tree_walk(
    condition: str, rows: list[Features], lists: dict[str, Texts], custom: dict[str, str | int | float | bool]
) -> None:
    parsed = parse(f"Block if {condition}", CATALOG.names())
    assert parsed.tree is not None, parsed.diagnostics
    assert not check(parsed.tree.condition, CATALOG, LIST_NAMES)
    compiled = compile_condition(parsed.tree.condition, CATALOG)
    for features in rows:
        expected = truth(parsed.tree.condition, features, lists, custom)
        assert compiled((*features.values, custom), lists) is expected
        if not reads_custom(parsed.tree.condition):
            assert compiled(features.values, lists) is expected


LIKELY = {
    FeatureType.COUNTRY: ("US", "DE"),
    FeatureType.STRING: ("a", "A", "x y"),
    FeatureType.MONEY: (29, 1250, 1251),
    FeatureType.NUMBER: (0.29, 12.5, 12.505),
    FeatureType.INTEGER: (0, 3, 12, 100),
}


@settings(max_examples=1000)
@given(condition=custom_atoms(), pick=st.integers(0, 3), lists=LISTS, sent=st.lists(CUSTOM, min_size=8, max_size=8))
def test_closures_read_custom_fields_as_the_tree_walk_does(
    condition: str, pick: int, lists: dict[str, Texts], sent: list[dict[str, str | int | float | bool]]
) -> None:
    tree = parse(f"Block if {condition}", CATALOG.names()).tree
    assert tree is not None
    known = {feature.name: LIKELY[feature.type][pick % len(LIKELY[feature.type])] for feature in OTHERS}
    features = row(**known)
    compiled = compile_condition(tree.condition, CATALOG)
    for custom in sent:
        assert compiled((*features.values, custom), lists) is truth(tree.condition, features, lists, custom), custom
