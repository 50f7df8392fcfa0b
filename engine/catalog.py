"""The feature catalogue: request fields, enrichments, velocities, relations, score; then the merchant's own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.custom import CustomField
from engine.enrichment import ENRICHED
from engine.enrichment.reasons import with_reason
from engine.features import Catalog, Feature, FeatureType
from engine.rules import Content, Counted, Declared, Ruleset, called_in, parse_ruleset, read_source, ruleset_of
from engine.rules.counted import COUNT, DISTINCT, length
from engine.velocity import VELOCITIES, Aggregate, Count, Distinct, Status, Total, Velocity
from engine.velocity.relations import RELATIONS, reader_of
from engine.velocity.spec import ALL_TIME, Average, FirstSeen, LastSeen, Maximum, Minimum, VelocityScope

RISK_LEVELS = ("normal", "elevated", "highest", "not_assessed")

SCORE_FEATURES = (
    Feature(
        name="risk_score",
        type=FeatureType.NUMBER,
        unit="%",
        doc="The probability, in percent, that the payment would be reported as third-party fraud within 120 days.",
        source="score",
    ),
    Feature(
        name="risk_level",
        type=FeatureType.STRING,
        doc="The band of the merchant's policy in which the risk score falls.",
        source="score",
        values=RISK_LEVELS,
    ),
)

CATALOG = Catalog(
    (
        *(with_reason(feature) for feature in ENRICHED),
        *(velocity.feature() for velocity in VELOCITIES),
        *(relation.feature() for relation in RELATIONS),
        *SCORE_FEATURES,
    )
)

related = reader_of(tuple(feature.name for feature in (*ENRICHED, *(each.feature() for each in VELOCITIES))))
"""The relations of a payment, from the values of enrichments and velocities in the catalogue's order."""


def catalog_of(declared: Sequence[CustomField], called: Sequence[Counted] = ()) -> Catalog:
    """The catalogue of a merchant with these custom fields, whose rules call these functions over velocities.

    The fields stand last, with what is counted by them after them, and behind them what the rules count and nobody else
    does: so that a position of CATALOG is the same in every other. What is kept already has the function's name as one
    more alias: the catalogue alone says which feature a function reads, today and when a decision is replayed.
    """
    if not declared and not called:
        return CATALOG
    fields = (*(each.feature() for each in declared), *(each.feature() for each in _counted_by(declared)))
    found = _found(declared, called)
    aliases = {kept.name: name for name, kept in found.items()}
    features = [
        replace(each, aliases=(*each.aliases, aliases[each.name])) if each.name in aliases else each
        for each in (*CATALOG, *fields)
    ]
    return Catalog((*features, *(each.feature() for each in _missing(found, called))))


def velocities_of(declared: Sequence[CustomField], called: Sequence[Counted] = ()) -> tuple[Velocity, ...]:
    """What is counted for a merchant with these custom fields and rules: as for every merchant, then its own."""
    return (*VELOCITIES, *_counted_by(declared), *_missing(_found(declared, called), called))


def velocity_of(counted: Counted) -> Velocity:
    """What a rule's function counts, as a velocity of its name."""
    window = ALL_TIME if counted.within_seconds is None else length(counted.within_seconds)
    return Velocity(
        name=counted.name,
        key=counted.by,
        aggregate=_aggregate(counted),
        window=window,
        doc=counted.doc,
        status=None if counted.status is None else Status(counted.status),
        delay=length(counted.delay_seconds) if counted.delay_seconds else None,
        scope=VelocityScope(counted.scope),
    )


def catalog_for(rules: Iterable[Declared], declared: Sequence[CustomField] = ()) -> Catalog:
    """The catalogue of a merchant with these custom fields, and with what these rules count."""
    return catalog_of(declared, called_in(rules, catalog_of(declared)))


def read_ruleset(source: str, list_names: Collection[str], declared: Sequence[CustomField] = ()) -> Ruleset:
    """The ruleset of a file, compiled for the catalogue of a merchant with these custom fields. Raises RulesInvalid."""
    return parse_ruleset(source, catalog_for(read_source(source)[0].rules, declared), list_names)


def ruleset_for(content: Content, list_names: Collection[str], declared: Sequence[CustomField] = ()) -> Ruleset:
    """As `read_ruleset`, of rules that are well written as a set."""
    return ruleset_of(content, catalog_for(content.rules, declared), list_names)


def unkept_by_all(called: Sequence[Counted]) -> str:
    """Why rules cannot be the operator's: they count what is not counted for every merchant. Empty where they can."""
    unkept = velocities_of((), called)[len(VELOCITIES) :]
    if not unkept:
        return ""
    names = ", ".join(velocity.name for velocity in unkept)
    return (
        f"The rules count what is not kept for every merchant: {names}. The operator's rules can count what "
        "'assay velocities' lists; a merchant's own count anything."
    )


def _counted_by(declared: Sequence[CustomField]) -> tuple[Velocity, ...]:
    return tuple(velocity for each in declared for velocity in each.velocities())


def _found(declared: Sequence[CustomField], called: Sequence[Counted]) -> dict[str, Velocity]:
    """The velocities that are kept already, by the names of the functions that ask for them."""
    kept = {_content(each): each for each in reversed((*VELOCITIES, *_counted_by(declared)))}
    asked = ((each.name, kept.get(_content(velocity_of(each)))) for each in called)
    return {name: velocity for name, velocity in asked if velocity is not None}


def _missing(found: Mapping[str, Velocity], called: Sequence[Counted]) -> tuple[Velocity, ...]:
    """The velocities that nobody keeps yet, each once, in the order of their names."""
    missing = {each.name: each for each in called if each.name not in found}
    return tuple(velocity_of(missing[name]) for name in sorted(missing))


def _content(velocity: Velocity) -> tuple[object, ...]:
    """All that a velocity's value depends on; the words for its unit and the order of its key make no other number."""
    return (
        frozenset(velocity.key),
        type(velocity.aggregate),
        velocity.aggregate.measured,
        velocity.window_us,
        velocity.delay_us,
        velocity.status,
        frozenset(velocity.where),
        velocity.scope,
        velocity.since,
    )


def _aggregate(counted: Counted) -> Aggregate:
    measured = counted.measured
    if measured is None:
        return _WITHOUT_FEATURE[counted.function]()
    if counted.function == DISTINCT:
        return Distinct(measured.name)
    return _OF_AMOUNTS[counted.function](measured.name, measured.unit)


_WITHOUT_FEATURE: Final[Mapping[str, type[Count | FirstSeen | LastSeen]]] = {
    COUNT: Count,
    "first_seen": FirstSeen,
    "last_seen": LastSeen,
}
_OF_AMOUNTS: Final[Mapping[str, type[Total | Average | Minimum | Maximum]]] = {
    "sum": Total,
    "average": Average,
    "minimum": Minimum,
    "maximum": Maximum,
}
