"""Texts to closures: what functions of texts give, what is looked into, what is compared."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from operator import itemgetter

from engine.features import Catalog
from engine.rules.closure import CUSTOM_AT, OPERATORS, Compiled, Lists, Values
from engine.rules.custom_fields import as_country, as_text
from engine.rules.functions import DOMAIN_OF
from engine.rules.patterns import finder
from engine.rules.tree import Call, Comparator, Condition, Custom, Items, Match, Matcher, Name, Text
from engine.rules.types import Kind, Type, argument_of, type_of

ReadText = Callable[[Values], str | None]


def text(node: Condition, catalog: Catalog) -> ReadText:
    """A text as it is held; a function's in lower case."""
    match node:
        case Name():
            return itemgetter(catalog.position(node.name))
        case Custom():
            name = node.name
            return lambda values: as_text(values[CUSTOM_AT].get(name))
        case Call():
            read = text(argument_of(node), catalog)
            if node.function == DOMAIN_OF:
                return lambda values: None if (value := read(values)) is None else domain_of(value)
            return _lower(read)
        case _:
            raise AssertionError("the checker lets nothing else be a text")


def domain_of(address: str) -> str | None:
    """What follows the last @, in lower case, without a dot at its end; None where there is no @ or nothing behind."""
    _, at, domain = address.rpartition("@")
    domain = domain.strip().rstrip(".").lower()
    return domain if at and domain else None


def _lower(read: ReadText) -> ReadText:
    return lambda values: None if (value := read(values)) is None else value.lower()


def _cased(node: Condition, catalog: Catalog, *, is_exact_case: bool) -> ReadText:
    read = text(node, catalog)
    return read if is_exact_case else _lower(read)


def compile_comparison(left: Condition, operator: Comparator, right: Condition, catalog: Catalog) -> Compiled:
    """`=` or `!=` between two texts or countries, of which one at least is a function's."""
    compare = OPERATORS[operator]
    if isinstance(left, Text):
        left, right = right, left
    of, other = type_of(left, catalog), type_of(right, catalog)
    if isinstance(right, Text):
        wanted, read = _constant(right, of), _comparable(left, of, catalog)
        return lambda values, _: None if (value := read(values)) is None else compare(value, wanted)
    one, two = _comparable(left, _beside(of, other), catalog), _comparable(right, _beside(of, other), catalog)

    def condition(values: Values, _: Lists) -> bool | None:
        first, second = one(values), two(values)
        return None if first is None or second is None else compare(first, second)

    return condition


def _beside(one: Type, two: Type) -> Type:
    """How two texts are read beside each other: a custom field as the other; case counts where it does for either."""
    if Kind.FIELD in (one.kind, two.kind):
        return two if one.kind is Kind.FIELD else one
    return one if one.is_exact_case else two


def _comparable(node: Condition, of: Type, catalog: Catalog) -> ReadText:
    """The value of a text in the form in which values of a type are compared: countries in upper case."""
    if of.kind is not Kind.COUNTRY:
        return _cased(node, catalog, is_exact_case=of.is_exact_case)
    if isinstance(node, Custom):
        name = node.name
        return lambda values: as_country(values[CUSTOM_AT].get(name))
    read = text(node, catalog)
    return lambda values: None if (value := read(values)) is None else value.upper()


def as_listed(node: Condition, catalog: Catalog) -> ReadText:
    """A function's text as a named list is asked for it."""
    return _comparable(node, type_of(node, catalog), catalog)


def _constant(node: Text, of: Type) -> str:
    if of.kind is Kind.COUNTRY:
        return node.value.upper()
    return node.value if of.is_exact_case else node.value.lower()


def compile_items(subject: Condition, choices: Items, catalog: Catalog) -> Compiled:
    """A function's text that is looked up among texts."""
    of = type_of(subject, catalog)
    wanted = frozenset(_constant(item, of) for item in choices.items if isinstance(item, Text))
    read = _comparable(subject, of, catalog)
    return lambda values, _: None if (value := read(values)) is None else value in wanted


def compile_match(node: Match, catalog: Catalog) -> Compiled:
    """`includes`, `like` or `matches`; whether it is negated is left to the caller."""
    assert isinstance(node.pattern, Text), "the checker lets nothing else be looked for"
    is_exact_case = type_of(node.subject, catalog).is_exact_case
    found = finder(node.operator, node.pattern.value, is_exact_case=is_exact_case)
    as_held = is_exact_case or node.operator is Matcher.MATCHES
    read = _cased(node.subject, catalog, is_exact_case=as_held)
    return lambda values, _: None if (value := read(values)) is None else found(value)


def compile_starts_with(node: Call, catalog: Catalog) -> Compiled:
    """`starts_with(text, 'a', 'b')`."""
    subject = argument_of(node)
    of = type_of(subject, catalog)
    wanted = tuple(_constant(part, of) for part in node.arguments[1:] if isinstance(part, Text))
    read = _cased(subject, catalog, is_exact_case=of.is_exact_case)
    return lambda values, _: None if (value := read(values)) is None else value.startswith(wanted)


def compile_ip_in(node: Call, catalog: Catalog) -> Compiled:
    """`ip_in(text, '192.0.2.0/24')`."""
    read = text(argument_of(node), catalog)
    networks = [ip_network(part.value, strict=False) for part in node.arguments[1:] if isinstance(part, Text)]
    ranges = [(each.version, int(each.network_address), int(each.broadcast_address)) for each in networks]

    def condition(values: Values, _: Lists) -> bool | None:
        value = read(values)
        address = None if value is None else _address(value)
        if address is None:
            return None
        version, number = address
        return any(low <= number <= high and version == of for of, low, high in ranges)

    return condition


@lru_cache(maxsize=1024)
def _address(written: str) -> tuple[int, int] | None:
    """Version and number of an address; one of IPv4 that is written as one of IPv6 is the former.

    Cached: several rules ask for the address of one payment.
    """
    try:
        address = ip_address(written.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)
