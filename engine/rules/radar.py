"""Radar's rules to ours, with the same meaning; what cannot be said here is named, rule by rule.

Where a truth is unknown here and false in Radar, or has a value for none there, it matters only below a `not`: a rule
fires when it is true, and `and` and `or` make nothing true of an unknown that they would not make of false.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from engine.features import Catalog, FeatureType
from engine.rules.check import check
from engine.rules.counted import length
from engine.rules.diagnostics import Diagnostic, printable
from engine.rules.format import format_rule
from engine.rules.functions import IS_MISSING
from engine.rules.parser import parse
from engine.rules.radar_names import NOTHING, VALUES, Attribute, attribute
from engine.rules.toml_text import quoted_toml
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Duration,
    Items,
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Text,
    nodes,
)

MAX_SOURCE_CHARACTERS: Final = 2_000_000
_MAX_NAME: Final = 120
_HEAD: Final = (
    "# Imported from Stripe Radar: check it (assay rules check), and give each rule a reason that people understand."
)
_BRACES: Final = str.maketrans("{}", "()")
_START: Final = re.compile(r"(?:allow|block|review|request|challenge|score|tag|if)\b", re.IGNORECASE)
_BULLET: Final = re.compile(r"^(?:[-*\u2022]|[0-9]{1,4}[.)])\s+")
_REMARK: Final = ("#", "//")
_BANDS: Final = {65: ("elevated", "highest"), 75: ("highest",)}
_BELOW: Final = {65: ("normal",), 75: ("normal", "elevated")}
_SCALE: Final = (
    "`risk_score` is a probability in percent here, not Radar's 0 to 100: only `>= 65` and `>= 75` are bands."
)
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A rule of Radar's. `text` is ours, None where it cannot be said; `problems` say why not.

    `name` is the remark that stood above it, empty where none did. `lists` are the named lists that it asks, without @.
    """

    source: str
    name: str
    text: str | None
    problems: tuple[str, ...]
    lists: tuple[str, ...]


def import_rules(source: str, catalog: Catalog) -> tuple[Imported, ...]:
    """The rules of a text, one a line or in blocks; a line that begins with # or // is the next rule's name."""
    return tuple(_imported(rule, name, catalog) for name, rule in _rules_in(source))


def _rules_in(source: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each rule. A rule begins with its action or after an empty line."""
    name, lines = "", list[str]()
    for written_line in (*source.splitlines(), ""):
        line = _BULLET.sub("", written_line.strip(), count=1)
        starts = not line or line.startswith(_REMARK) or _START.match(line) is not None
        if starts and lines:
            yield name, "\n".join(lines)
            name, lines = "", []
        if line.startswith(_REMARK):
            name = line.lstrip("#/ ").strip()
        elif line:
            lines.append(line)


def _imported(rule: str, name: str, catalog: Catalog) -> Imported:
    parsed = parse(rule, catalog.names())
    if parsed.tree is None or parsed.diagnostics:
        return _refused(rule, name, [_said(each) for each in parsed.diagnostics])
    translation = _Translation(catalog=catalog)
    condition = translation.condition(parsed.tree.condition, is_negated=False)
    lists = tuple(sorted({node.name for node in nodes(condition) if isinstance(node, NamedList)}))
    problems = translation.problems or [_said(each) for each in check(condition, catalog, lists)]
    if problems:
        return _refused(rule, name, problems)
    text = format_rule(replace(parsed.tree, condition=condition))
    if (again := parse(text, catalog.names())).diagnostics:
        return _refused(rule, name, [_said(each) for each in again.diagnostics])
    return Imported(source=rule, name=name, text=text, problems=(), lists=lists)


def _refused(rule: str, name: str, problems: list[str]) -> Imported:
    return Imported(source=rule, name=name, text=None, problems=tuple(dict.fromkeys(problems)), lists=())


def _said(fault: Diagnostic) -> str:
    return f"{fault.message} {fault.hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Translation:
    catalog: Catalog
    problems: list[str] = field(default_factory=list)

    def condition(self, node: Condition, *, is_negated: bool) -> Condition:  # noqa: PLR0911 - one a kind of node
        """What means the same; `is_negated` below an odd number of `not`."""
        match node:
            case Conjunction() | Disjunction():
                parts = tuple(self.condition(part, is_negated=is_negated) for part in node.conditions)
                return replace(node, conditions=parts)
            case Negation(condition=Name() as flag):
                return self.without(flag, is_negated=not is_negated)
            case Negation():
                return replace(node, condition=self.condition(node.condition, is_negated=not is_negated))
            case Name():
                return self.flag(node, is_negated=is_negated)
            case Comparison():
                return self.comparison(node, is_negated=is_negated)
            case Membership():
                return self.membership(node, is_negated=is_negated)
            case Match():
                return replace(node, subject=self.value(node.subject))
            case Call(function=function, arguments=(Name() as asked,)) if function == IS_MISSING:
                return self.missing(node, asked)
            case _:
                return node

    def found(self, node: Name) -> Attribute:
        found = attribute(node.name, node.span, self.catalog)
        if isinstance(found, str):
            self.problems.append(found)
            return Attribute(node=node)
        return found

    def value(self, node: Condition) -> Condition:
        """A value beside another, which is no number: a coded one or a length of time cannot stand there."""
        if not isinstance(node, Name):
            return node
        found = self.found(node)
        if found.unit is not None:
            self.problems.append(f"`{node.name}` is a length of time here, and stands beside a number alone.")
        if node.name.lower() in VALUES:
            self.problems.append(f"`{node.name}` has other values here, and stands beside fixed ones alone.")
        if node.name.lower() == "risk_score":
            self.problems.append(_SCALE)
        return found.node

    def flag(self, node: Name, *, is_negated: bool) -> Condition:
        """A boolean, which in Radar is false where it is unknown here."""
        flag = self.found(node).node
        return _known(flag, _is_missing(flag)) if is_negated else flag

    def without(self, node: Name, *, is_negated: bool) -> Condition:
        """`not` a boolean."""
        flag = self.found(node).node
        turned = Negation(span=node.span, condition=flag)
        return _or(_is_missing(flag), turned) if is_negated else turned

    def missing(self, node: Call, asked: Name) -> Condition:
        found = self.found(asked).node
        if isinstance(found, Name) and _of_type(found, self.catalog) is FeatureType.BOOLEAN:
            self.problems.append(f"Radar's `{asked.name}` is never missing: it is false instead.")
        if asked.name.lower() in NOTHING:
            nothing = NOTHING[asked.name.lower()]
            self.problems.append(f"Radar's `{asked.name}` is never missing for a card: it is '{nothing}' instead.")
        return replace(node, arguments=(found,))

    def comparison(self, node: Comparison, *, is_negated: bool) -> Condition:
        left, operator, right = node.left, node.operator, node.right
        if not isinstance(left, Name) and isinstance(right, Name):
            left, operator, right = right, operator.mirrored, left
        if not isinstance(left, Name):
            return node
        plain = left.name.lower()
        if plain == "risk_score" and isinstance(right, Number):
            return self.band(node, operator, right, is_negated=is_negated)
        if plain in VALUES and isinstance(right, Text):
            items = (right,) if operator in (Comparator.EQUAL, Comparator.UNEQUAL) else ()
            if not items:
                return node
            return self.coded(left, items, is_other=operator is Comparator.UNEQUAL, is_negated=is_negated)
        if isinstance(right, Number) and (found := self.found(left)).unit is not None:
            if right.value < 0:
                self.problems.append(f"`{left.name}` is never below 0.")
            return replace(node, left=found.node, operator=operator, right=_length(right, found.unit))
        return replace(node, left=self.value(left), operator=operator, right=self.value(right))

    def band(self, node: Comparison, operator: Comparator, number: Number, *, is_negated: bool) -> Condition:
        """A comparison with Radar's risk score, whose whole numbers make `> 64` of `>= 65`."""
        limit = number.value + (operator in (Comparator.GREATER, Comparator.LESS_OR_EQUAL))
        is_from = operator in (Comparator.GREATER, Comparator.GREATER_OR_EQUAL)
        bands = (_BANDS if is_from else _BELOW).get(int(limit)) if limit.denominator == 1 else None
        if bands is None or not operator.is_ordering:
            self.problems.append(_SCALE)
            return node
        items = tuple(Text(span=number.span, value=band) for band in bands)
        level = Name(span=node.span, name="risk_level")
        found: Condition = Membership(
            span=node.span, subject=level, choices=Items(span=node.span, items=items), negated=False
        )
        if len(items) == 1:
            found = Comparison(span=node.span, left=level, operator=Comparator.EQUAL, right=items[0])
        # Where Radar has no score the comparison is missing, and stays so under `not`.
        score, zero = Name(span=node.span, name="risk_score"), Number(span=node.span, value=number.value * 0)
        never = Comparison(span=node.span, left=score, operator=Comparator.LESS, right=zero)
        return _or(found, never) if is_negated else found

    def membership(self, node: Membership, *, is_negated: bool) -> Condition:
        subject = node.subject
        if not isinstance(subject, Name):
            return node
        if subject.name.lower() in VALUES and isinstance(node.choices, Items):
            texts = [item for item in node.choices.items if isinstance(item, Text)]
            if len(texts) == len(node.choices.items):
                return self.coded(subject, tuple(texts), is_other=node.negated, is_negated=is_negated)
        return replace(node, subject=self.value(subject))

    def coded(self, node: Name, items: tuple[Text, ...], *, is_other: bool, is_negated: bool) -> Condition:
        """A closed attribute that is, or is not, one of some values."""
        name = node.name.lower()
        meant = [VALUES[name].get(item.value.lower()) for item in items]
        for item, value in zip(items, meant, strict=True):
            if value is None:
                self.problems.append(f"`{name}` is never '{item.value}' here.")
        feature, nothing = self.found(node).node, NOTHING.get(name)
        listed = [Text(span=node.span, value=value) for value in meant if value and not self.is_never(name, value)]
        asked = _one_of(feature, listed, is_other=is_other)
        if nothing is None:
            return asked
        is_none = (nothing in meant) is not is_other
        if is_none:
            return _is_missing(feature) if not listed else _or(_is_missing(feature), asked)
        if not listed:
            return Negation(span=node.span, condition=_is_missing(feature))
        return _known(asked, _is_missing(feature)) if is_negated else asked

    def is_never(self, name: str, value: str) -> bool:
        """Whether the feature's closed values lack this one, which is unknown here."""
        values = self.catalog[name].values if name in self.catalog else ()
        return bool(values) and value not in values


def _of_type(node: Name, catalog: Catalog) -> FeatureType | None:
    """The type of a feature; None where there is none of the name."""
    return catalog[node.name].type if node.name in catalog else None


def _length(number: Number, unit: str) -> Duration:
    """So many seconds, minutes or hours, in the largest unit that says it in a whole number."""
    given = Duration(span=number.span, value=abs(number.value), unit=unit)
    if given.seconds.denominator != 1 or not given.seconds:
        return given
    said = length(int(given.seconds))
    return replace(given, value=Fraction(said[:-1]), unit=said[-1])


def _one_of(feature: Condition, items: list[Text], *, is_other: bool) -> Condition:
    if len(items) == 1:
        operator = Comparator.UNEQUAL if is_other else Comparator.EQUAL
        return Comparison(span=feature.span, left=feature, operator=operator, right=items[0])
    choices = Items(span=feature.span, items=tuple(items))
    return Membership(span=feature.span, subject=feature, choices=choices, negated=is_other)


def _is_missing(node: Condition) -> Call:
    return Call(span=node.span, function=IS_MISSING, arguments=(node,))


def _or(one: Condition, two: Condition) -> Disjunction:
    return Disjunction(span=one.span, conditions=(one, two))


def _known(condition: Condition, missing: Call) -> Conjunction:
    """The condition, false where what it asks of is unknown."""
    return Conjunction(span=condition.span, conditions=(Negation(span=condition.span, condition=missing), condition))


def ruleset_file(rules: tuple[Imported, ...]) -> str:
    """A ruleset file of the rules that could be imported, with the others as remarks."""
    blocks = []
    for number, rule in enumerate(rules, start=1):
        if rule.text is None:
            said = [f"# Not imported: {line}" for line in _lines(rule.source, _SHOWN_CHARACTERS)]
            blocks.append("\n".join((*said, *(f"#   {line}" for problem in rule.problems for line in _lines(problem)))))
            continue
        name = printable(" ".join((rule.name or rule.text).translate(_BRACES).split()))[:_MAX_NAME]
        rows = (f'id = "radar-{number:03d}"', f"name = {quoted_toml(name)}", f"text = {quoted_toml(rule.text)}")
        reason = quoted_toml(f"The imported rule applies: {name}")
        blocks.append("\n".join(("[[rule]]", *rows, f"reason = {reason}")))
    return "\n\n".join((_HEAD, *blocks)) + "\n"


def _lines(text: str, characters_max: int | None = None) -> list[str]:
    lines = (printable(line) for line in text.splitlines())
    return [
        line if characters_max is None or len(line) <= characters_max else f"{line[:characters_max]} ..."
        for line in lines
    ]
