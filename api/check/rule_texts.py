"""Texts of rules, made up: well-typed ones, ones with mistakes, nonsense, and ones at the limits."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from engine.catalog import CATALOG
from engine.features import Feature, FeatureType
from engine.rules.parser import MAX_BYTES

_ACTIONS: Final = ("Block", "Review", "Allow", "Request 3DS", "Score +15", "Tag 'x'")
_TEXTUAL: Final = (FeatureType.STRING, FeatureType.COUNTRY)
_NUMBERS: Final = ("0", "1", "2.5", "12.50", "99.995", "100", "-3", "1000000")
_WORDS: Final = ("a", "US", "Straße", "x y", "%", "mailinator.com", "424242")
_CALCULATED: Final = (
    "amount_in_usd > 3 * card_amount_usd_24h",
    "(amount_in_usd - card_amount_usd_1h) / 2 >= 12.50",
    "amount_in_usd / card_amount_usd_24h > 1.5",
    "risk_score * 2 + 1 > 50",
    "session_age_seconds < 2m",
    "email_domain like '%mail%'",
    "user_agent includes 'bot'",
    "email matches '^[a-z]+[0-9]{4,}@'",
    "lower(customer) = 'gold'",
    "domain_of(::contact::) != 'example.com'",
    "starts_with(card_bin, '4242', '5')",
    "ip_in(ip_address, '192.0.2.0/24', '2001:db8::/32')",
    "count(by: card, within: 1h, status: declined) > 3",
    "distinct(card, by: ip_address, within: 10m) >= 4",
    "sum(amount_in_usd, by: [card, email], within: 7d) > 2000",
    "hours_since(first_seen(by: card)) < 2",
    "is_missing(last_seen(by: email))",
    "::tier:: in ('gold', 'silver')",
    "::Customer Age:: >= 18",
)
_PARTS: Final = (
    "Block", "if", "and", "or", "not", "in", "(", ")", "((", "))", "=", "!=", "<=", ">", "'", '"', ",", ":", "::", "@",
    "is_missing", "card_country", "amount_in_usd", "5", "1e9", "10m", "'US'", "::tier::", "@risky", "\n", "\t", "\0",
    "é", "\U0001d518", "&&", "||", "Score +", "+", "-", "*", "/", "like", "matches", "count(", "by:", "within:", "%",
    "\\",
)  # fmt: skip
_PIECES: Final = ("a", "[ab]", "[^a]", ".", "(a|b)", "(x+x+)", "bot|", "\\pL", "\\w", "([^a]{40}[^b]{40})", "é", ")")
_REPEATS: Final = ("", "", "", "*", "+", "?", "{3}", "{40}", "{1,100}", "{1000}")


def rule_texts(random: Random) -> Iterator[str]:
    """Texts without end, a kind after another."""
    while True:
        for kind in _KINDS:
            yield kind(random)


def well_typed(random: Random, depth: int = 3) -> str:
    """A rule that checks."""
    return f"{random.choice(_ACTIONS)} if {_condition(random, depth)}"


def _condition(random: Random, depth: int) -> str:
    kind = random.randrange(4) if depth else 3
    if kind == 0:
        return f"not ({_condition(random, depth - 1)})"
    if kind < 3:  # noqa: PLR2004 - two of the four join
        word = random.choice((" and ", " or "))
        return f"({word.join(_condition(random, depth - 1) for _ in range(random.randrange(2, 4)))})"
    return _atom(random)


def _atom(random: Random) -> str:
    if random.randrange(5) == 0:
        return random.choice(_CALCULATED)
    feature = random.choice(CATALOG.features)
    if random.randrange(8) == 0:
        return f"is_missing({feature.name})"
    if feature.type is FeatureType.BOOLEAN:
        return feature.name
    if random.randrange(6) == 0:
        items = ", ".join(_literal(random, feature) for _ in range(random.randrange(1, 6)))
        return f"{feature.name} {random.choice(('in', 'not in'))} ({items})"
    operators = ("=", "!=") if feature.type in _TEXTUAL else ("=", "!=", "<", "<=", ">", ">=")
    return f"{feature.name} {random.choice(operators)} {_literal(random, feature)}"


def _literal(random: Random, feature: Feature) -> str:
    if feature.type is FeatureType.COUNTRY:
        return random.choice(("'US'", "'de'", "'GB'"))
    if feature.type is FeatureType.STRING:
        word = "424242" if feature.name == "card_bin" else random.choice(feature.values or _WORDS)
        return f"'{word}'"
    return random.choice(_NUMBERS[:6])


def _mistaken(random: Random) -> str:
    """A rule that checks, with some characters lost, doubled or exchanged."""
    text = list(well_typed(random))
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(text))
        text[place : place + random.randrange(3)] = random.choice(_PARTS)
    return "".join(text)


def _nonsense(random: Random) -> str:
    return random.choice(("", " ")).join(random.choice(_PARTS) for _ in range(random.randrange(1, 120)))


def _noise(random: Random) -> str:
    return "".join(
        chr(random.choice((random.randrange(128), random.randrange(0x2FFF)))) for _ in range(random.randrange(300))
    )


def _long(random: Random) -> str:
    """As long as a rule may be, and one character longer now and then."""
    text, limit = "Block if ", MAX_BYTES + random.choice((0, 0, 1, 100_000))
    unit = random.choice(
        (
            "(", "not ", "amount_in_usd > 5 and ", "'", "card_country in (", "a", "((a)) or ", "1,", "::x",
            "1+", "(1)*", "amount_in_usd > 1+", "1 < 2-",
        )
    )  # fmt: skip
    return (text + unit * (limit // len(unit) + 1))[:limit]


def _full(random: Random) -> str:
    """Well-typed and near the limit."""
    text = well_typed(random)
    while len(longer := f"{text} and {_condition(random, 2)}") <= MAX_BYTES:
        text = longer
    return text


def _calculating(random: Random) -> str:
    """Arithmetic, from within the limit of operations to as much as fits in a rule."""
    part = random.choice(("1", "(1)", "amount_in_usd", "2.5 * 3"))
    count = random.choice((5, 49, 50, 51, 200, MAX_BYTES))
    operator = random.choice("+-*/")
    start = f"{random.choice(_ACTIONS)} if amount_in_usd > "
    return (start + operator.join([part] * count))[:MAX_BYTES]


def _pattern(random: Random) -> str:
    """Patterns that repeat and join, cheap ones and ones that are refused."""
    parts = []
    for _ in range(random.randrange(1, 12)):
        pieces = (f"{random.choice(_PIECES)}{random.choice(_REPEATS)}" for _ in range(random.randrange(1, 8)))
        parts.append(f"user_agent matches '{random.choice(('', '^', '(')) + ''.join(pieces)}'")
    return f"Review if {' or '.join(parts)}"


def _list(random: Random) -> str:
    items = ", ".join(f"'{number}'" for number in range(random.choice((10, 500, 10_000))))
    return f"Block if email_domain in ({items})"


_KINDS: Final[tuple[Callable[[Random], str], ...]] = (
    well_typed, _mistaken, _nonsense, well_typed, _mistaken, _noise, well_typed, _long, _full, _list,
    _calculating, _pattern,
)  # fmt: skip
