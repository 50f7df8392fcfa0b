"""The closures agree with the slow tree walk on random well-typed rules and random rows with unknowns."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.features import Catalog, Feature, Features, FeatureType, Value
from engine.rules.check import check
from engine.rules.compile import compile_condition
from engine.rules.count_check import read_call
from engine.rules.counted import calls
from engine.rules.parser import parse
from engine.rules.tree import RuleTree, reads_custom
from engine.rules.types import fit, of_feature
from tests.engine.rules.rule_features import CATALOG as GIVEN
from tests.engine.rules.rule_features import LIST_NAMES, Texts
from tests.oracle.rules_oracle import truth

WORDS = ("a", "A", "b", "Straße", "x y", "424242", "a@Host.example", "b@", "@a")
CALLS = {
    "count(by: card, within: 1h)": (FeatureType.INTEGER, "payments"),
    "count(by: [customer, email], within: 90m, status: declined, scope: network, delay: 1d)": (
        FeatureType.INTEGER,
        "payments",
    ),
    "sum(amount_in_usd, by: card, within: 24h)": (FeatureType.MONEY, "USD"),
    "average(amount_in_eur, by: email, within: all)": (FeatureType.MONEY, "EUR"),
    "distinct(card, by: ip_address, within: 10m)": (FeatureType.INTEGER, "values"),
    "first_seen(by: card)": (FeatureType.INTEGER, "seconds"),
    "last_seen(by: customer, within: 30d)": (FeatureType.INTEGER, "seconds"),
}


def tree_of(condition: str, catalog: Catalog) -> RuleTree:
    parsed = parse(f"Block if {condition}", catalog.names())
    assert parsed.tree is not None, (condition, parsed.diagnostics)
    assert not parsed.diagnostics
    return parsed.tree


def called(text: str) -> Feature:
    (call,) = calls(tree_of(f"{text} > 1", GIVEN).condition)
    counted, faults = read_call(call, GIVEN)
    assert counted is not None, faults
    kind, unit = CALLS[text]
    return Feature(name=counted.name, type=kind, doc=counted.doc, source="velocity", unit=unit)


CATALOG = Catalog((*GIVEN, *map(called, CALLS)))


def row(**values: Value) -> Features:
    return Features(CATALOG, (None,) * len(CATALOG)).replaced(values)


BINS = ("424242", "42424242", "400000")
COUNTRIES = ("US", "CA", "DE")
COMPARATORS = ("=", "!=", "<", "<=", ">", ">=")
NUMBERS = ("0", "1", "2.5", "12.50", "12.505", "-3", "0.29", "100")


def words(feature: Feature) -> tuple[str, ...]:
    if feature.name == "ip_address":
        return ADDRESSES
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
TEXTUAL = (FeatureType.STRING, FeatureType.COUNTRY)


def comparable(one: Feature, two: Feature) -> bool:
    if one.type in TEXTUAL or two.type in TEXTUAL:
        return one.type is two.type
    return fit(of_feature(one), of_feature(two))


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


NAMED = {feature.name: text for feature, text in zip(map(called, CALLS), CALLS, strict=True)}
"""How a rule writes what it counts."""
UNITS = ("USD", "EUR", "time", "plain")


def unit_of(feature: Feature) -> str | None:
    if feature.type is FeatureType.MONEY:
        return feature.unit
    if feature.type not in (FeatureType.INTEGER, FeatureType.NUMBER) or feature.unit == "%":
        return None
    return "time" if feature.unit in ("seconds", "minutes", "hours") else "plain"


OF_UNIT = {
    unit: [NAMED.get(feature.name, feature.name) for feature in CATALOG if unit_of(feature) == unit] for unit in UNITS
}
DURATIONS = ("90m", "1h", "0.5h", "2d", "30s", "0m")


@st.composite
def numbers(draw: st.DrawFn, unit: str, depth: int) -> str:
    """A value of a unit, calculated or not."""
    kind = draw(st.sampled_from(("name", "literal", "sum", "product", "quotient", "ratio", "function")))
    if depth == 0 or kind in ("name", "literal", "function"):
        if unit == "plain" and kind == "literal":
            return draw(st.sampled_from(NUMBERS))
        if unit == "plain" and kind == "function":
            return draw(st.sampled_from(("::Customer Age::", "::customer:spent::", "distance_km(ip, billing)")))
        if unit == "time" and kind == "literal":
            return draw(st.sampled_from(DURATIONS))
        if unit == "time" and kind == "function":
            return f"hours_since({draw(st.sampled_from(OF_UNIT['time']))})"
        return draw(st.sampled_from(OF_UNIT[unit]))
    one = draw(numbers(unit, depth - 1))
    if kind == "sum":
        return f"({one} {draw(st.sampled_from('+-'))} {draw(numbers(unit, depth - 1))})"
    plain = draw(numbers("plain", depth - 1))
    if kind == "product":
        return f"({plain} * {one})" if draw(st.booleans()) else f"({one} * {plain})"
    if kind == "ratio" and unit == "plain":
        other = draw(st.sampled_from(UNITS))
        return f"({draw(numbers(other, depth - 1))} / {draw(numbers(other, depth - 1))})"
    return f"({one} / {plain})"


@st.composite
def results(draw: st.DrawFn) -> str:
    """A condition about what is calculated; those that the checker refuses are drawn anew."""
    unit = draw(st.sampled_from(UNITS))
    one = draw(numbers(unit, 2))
    kind = draw(st.sampled_from(("compare", "compare", "compare", "literal", "items", "missing")))
    if kind == "missing":
        return f"is_missing({one})"
    if kind == "items":
        items = draw(st.lists(st.sampled_from(DURATIONS if unit == "time" else NUMBERS), min_size=1, max_size=3))
        return f"{one} {draw(st.sampled_from(('in', 'not in')))} ({', '.join(items)})"
    literal = draw(st.sampled_from(DURATIONS if unit == "time" else NUMBERS))
    other = literal if kind == "literal" else draw(numbers(unit, 2))
    return f"{one} {draw(st.sampled_from(COMPARATORS))} {other}"


SUBJECTS = (
    "email",
    "customer",
    "card_bin",
    "::Customer Age::",
    "lower(customer)",
    "lower(::customer:spent::)",
    "domain_of(email)",
    "domain_of(::Customer Age::)",
    "lower(domain_of(email))",
)
PATTERNS = ("a", "A%", "%a", "%42%42%", "x y", "%", "a%a", "%stra%e", "_", "4%24")
EXPRESSIONS = ("^a", "A$", "[0-9]+", "x.y", "^(a|b)$", "4{1,3}2", "^$")
ADDRESSES = ("192.0.2.7", "192.0.3.7", "::ffff:192.0.2.9", "2001:db8::1", "host", "10.1.2.3")
NETWORKS = ("192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "10.0.0.0/8", "::ffff:0:0/96")


@st.composite
def texts(draw: st.DrawFn) -> str:
    subject = draw(st.sampled_from(SUBJECTS))
    kind = draw(st.sampled_from(("like", "includes", "matches", "starts", "ip", "equal", "pair", "items", "list")))
    negated = draw(st.sampled_from(("", "not ")))
    equal = draw(st.sampled_from(("=", "!=")))
    word = st.sampled_from([f"'{word}'" for word in CUSTOM_WORDS])
    match kind:
        case "like" | "includes":
            pattern = draw(st.sampled_from(PATTERNS)).replace("%", "" if kind == "includes" else "%")
            return f"{subject} {negated}{kind} '{pattern}'"
        case "matches":
            return f"{subject} {negated}matches '{draw(st.sampled_from(EXPRESSIONS))}'"
        case "starts":
            beginnings = draw(st.lists(st.sampled_from(("'a'", "'A'", "'42'", "'x '", "'Stra'")), min_size=1))
            return f"starts_with({subject}, {', '.join(beginnings)})"
        case "ip":
            networks = draw(st.lists(st.sampled_from([f"'{each}'" for each in NETWORKS]), min_size=1, max_size=3))
            of = draw(st.sampled_from(("ip_address", "::Customer Age::", "lower(ip_address)")))
            return f"{negated}ip_in({of}, {', '.join(networks)})"
        case "equal":
            return f"lower({draw(st.sampled_from(('customer', 'card_country')))}) {equal} 'us'"
        case "pair":
            other = draw(st.sampled_from(("email", "customer", "::Customer Age::", "lower(email)")))
            return f"lower({subject}) {equal} {other}"
        case "items":
            return f"lower({subject}) {negated}in ({', '.join(draw(st.lists(word, min_size=1, max_size=3)))})"
        case _:
            return f"{draw(st.sampled_from(SUBJECTS[4:]))} {negated}in @{draw(st.sampled_from(LIST_NAMES))}"


@st.composite
def atoms(draw: st.DrawFn) -> str:
    kind = draw(
        st.sampled_from(
            ("flag", "missing", "constant", "mirrored", "pair", "items", "list", "custom", "result", "text")
        )
    )
    if kind == "custom":
        return draw(custom_atoms())
    if kind == "result":
        return draw(results())
    if kind == "text":
        return draw(texts())
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
    tree = tree_of(condition, CATALOG)
    assume(not check(tree.condition, CATALOG, LIST_NAMES))
    compiled = compile_condition(tree.condition, CATALOG)
    for features in rows:
        expected = truth(tree.condition, features, lists, custom)
        assert compiled((*features.values, custom), lists) is expected
        if not reads_custom(tree.condition):
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


@settings(max_examples=800)
@given(condition=results() | texts(), rows=st.lists(ROWS, min_size=2, max_size=6), lists=LISTS, custom=CUSTOM)
def test_closures_calculate_and_look_as_the_tree_walk_does(
    condition: str, rows: list[Features], lists: dict[str, Texts], custom: dict[str, str | int | float | bool]
) -> None:
    tree = tree_of(condition, CATALOG)
    assume(not check(tree.condition, CATALOG, LIST_NAMES))
    compiled = compile_condition(tree.condition, CATALOG)
    for features in rows:
        assert compiled((*features.values, custom), lists) is truth(tree.condition, features, lists, custom)
