"""Names, arithmetic and functions of a rule against the catalogue: what type a value has, or why it has none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from engine.features import Catalog, Feature
from engine.rules import counted, functions, types
from engine.rules.count_check import read_call
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.format import written
from engine.rules.tree import (
    Arithmetic,
    Call,
    Condition,
    Custom,
    Duration,
    Name,
    NamedList,
    Number,
    Operator,
    Text,
    Truth,
)
from engine.rules.types import FIELD, NUMERIC, OPEN_NUMBER, OPEN_TEXT, OPEN_TIME, TEXTUAL, Kind, Type
from engine.suggest import listed, nearest, quoted, resembling

MAX_SUGGESTIONS: Final = 5
"""After so many faults no nearest name is looked for: it takes time, and nobody reads it."""

MAX_CHOICES: Final = 100
"""How many beginnings or networks a function takes."""

_LIKE_IS_MISSING = ("missing", "is_null", "isnull", "is_empty", "is_none", "is_unknown")
_UNLIKE_IS_MISSING = ("exists", "is_set", "is_known", "is_present", "has", "not_null", "is_not_null")
_OTHER_FUNCTIONS: Final[Mapping[str, str]] = {
    "velocity": "count",
    "count_distinct": "distinct",
    "unique": "distinct",
    "nunique": "distinct",
    "total": "sum",
    "avg": "average",
    "mean": "average",
    "min": "minimum",
    "max": "maximum",
    "lowercase": "lower",
    "tolower": "lower",
    "lcase": "lower",
    "domain": "domain_of",
    "startswith": "starts_with",
    "begins_with": "starts_with",
    "distance": "distance_km",
    "cidr": "ip_in",
    "in_cidr": "ip_in",
    "age": "hours_since",
}
_AMOUNTS: Final = ("amount", "order_amount", "payment_amount", "total", "total_amount", "price", "value", "sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Looks at values and collects the faults; what has a fault has no type."""

    catalog: Catalog
    faults: list[Diagnostic] = field(default_factory=list)

    def report(self, code: Code, span: Span, message: str, cause: str, hint: str) -> None:
        """Keep a fault."""
        self.faults.append(Diagnostic(code=code, span=span, message=message, cause=cause, hint=hint))

    @property
    def suggests(self) -> bool:
        """Whether nearest names are looked for still."""
        return len(self.faults) < MAX_SUGGESTIONS

    def feature(self, node: Name, *, beside_text: bool = False) -> Feature | None:
        """The feature of a name, or None after reporting; `beside_text` where a text may have been meant."""
        if node.name in self.catalog:
            return self.catalog[node.name]
        close = nearest(node.name, self.catalog.names()) if self.suggests else None
        lower = node.name.lower()
        cause = "A word without quotes is the name of a feature, and the catalogue has none of this name."
        amounts = [name for name in self.catalog.names() if name.startswith("amount_in_")]
        if lower in self.catalog:
            hint = f"Names are written in lower case: `{lower}`."
        elif amounts and (lower in _AMOUNTS or lower.startswith("amount_")):
            cause = "An amount is in a currency, which its name says."
            hint = f"Write {' or '.join(f'`{name}`' for name in amounts)}, into which every amount is converted."
        elif beside_text:
            hint = f"If a text is meant, write it in quotes: {quoted(node.name)}."
            hint += f" Did you mean the feature `{close}`?" if close and node.name.islower() else ""
        elif close:
            hint = f"Did you mean `{close}`?"
        elif has_colons(node):
            hint = "docs/features.md lists all names."
        else:
            hint = "docs/features.md lists all names. A text stands in quotes."
        if lower not in self.catalog and (has_colons(node) or not (beside_text or close)):
            hint += f" A custom field of the request is written `::{node.name}::`."
        self.report(Code.UNKNOWN_NAME, node.span, f"There is no feature `{node.name}`.", cause, hint)
        return None

    def typed(self, node: Condition) -> Type | None:  # noqa: PLR0911 - one a kind of node
        """The type of a value; None after reporting why it has none."""
        match node:
            case Name():
                feature = self.feature(node)
                return None if feature is None else types.of_feature(feature)
            case Custom():
                return FIELD
            case Text():
                return OPEN_TEXT
            case Number():
                return OPEN_NUMBER
            case Duration():
                return OPEN_TIME
            case Truth():
                return types.TRUTH
            case Arithmetic():
                return self.arithmetic(node)
            case Call():
                return self.call(node)
            case _:
                cause = "Parentheses that enclose a comparison, `and`, `or` or `not` are true or false, and no value."
                hint = "Join conditions by `and` or `or`."
                self.report(Code.CONDITION, node.span, "A condition stands where a value should.", cause, hint)
                return None

    def arithmetic(self, node: Arithmetic) -> Type | None:
        """The type of what is calculated."""
        if (name := self._hyphenated(node)) is not None:
            cause = "A minus between two names subtracts; names are written with underscores."
            self.report(Code.UNKNOWN_NAME, node.span, f"`{written(node)}` is no name.", cause, f"Write `{name}`.")
            return None
        left, right = self.typed(node.left), self.typed(node.right)
        if left is None or right is None:
            return None
        for side, kind in ((node.left, left.kind), (node.right, right.kind)):
            if kind not in (*NUMERIC, Kind.FIELD):
                cause = f"{self.described(side)} Only numbers, amounts and lengths of time are calculated with."
                hint = "Leave it out of the arithmetic; compare it by itself."
                if isinstance(side, Text) and side.value.replace(".", "", 1).isdecimal() and side.value.isascii():
                    hint = f"Write {side.value} without quotes."
                self.report(Code.TYPE, side.span, f"`{written(side)}` cannot be calculated with.", cause, hint)
                return None
        if node.operator is Operator.DIVIDE and isinstance(node.right, Number) and not node.right.value:
            cause = "What is divided by nothing has no value."
            self.report(Code.TYPE, node.right.span, "This divides by zero.", cause, "Write another number.")
            return None
        found = types.combined(node.operator, left, right)
        if found is None:
            self._misfit(node, left, right)
        return found

    def _hyphenated(self, node: Arithmetic) -> str | None:
        """The feature that is meant by its name with a hyphen in it."""
        left, right = node.left, node.right
        if node.operator is not Operator.SUBTRACT or not isinstance(left, Name) or not isinstance(right, Name):
            return None
        name = f"{left.name}_{right.name}"
        touching = node.span.end - node.span.start == len(name)
        return name if touching and name in self.catalog and right.name not in self.catalog else None

    def _misfit(self, node: Arithmetic, left: Type, right: Type) -> None:
        kinds = {left.kind, right.kind}
        hint = "Calculate with values of one kind, or with a plain number."
        if kinds == {Kind.MONEY} and left.unit != right.unit:
            hint = f"Use the amount in the same currency on both sides, {left.unit} or {right.unit}."
        elif kinds == {Kind.MONEY}:
            hint = "Multiply an amount by a plain number, as in `2 * amount_in_usd`."
        elif kinds == {Kind.TIME, Kind.NUMBER} and node.operator in (Operator.ADD, Operator.SUBTRACT):
            hint = "Say the unit of the time: write `10m`, `6h` or `30d`."
        elif node.operator is Operator.DIVIDE:
            hint = "Divide by a plain number, or an amount by an amount and a time by a time."
        message = f"`{written(node)}` cannot be calculated: the units do not fit."
        cause = f"{self.described(node.left)} {self.described(node.right)}"
        self.report(Code.TYPE, node.span, message, cause, hint)

    def described(self, node: Condition) -> str:
        """What a value is, for a diagnostic: `amount_in_usd` is an amount in USD."""
        found = self._silently(node)
        return f"`{written(node)}` is {words(found)}." if found is not None else ""

    def _silently(self, node: Condition) -> Type | None:
        return Values(catalog=self.catalog).typed(node)

    def call(self, node: Call) -> Type | None:  # noqa: PLR0911 - one a kind of function
        """The type of what a function gives."""
        if node.function in counted.FUNCTIONS:
            found, faults = read_call(node, self.catalog, suggests=self.suggests)
            self.faults.extend(faults)
            return None if found is None else found.type
        if node.function not in functions.FUNCTIONS:
            self._unknown_function(node)
            return None
        for option in node.options:
            cause = f"`{node.function}` has no parts with names; {listed(counted.FUNCTIONS)} have."
            hint = f"Write `{functions.FUNCTIONS[node.function].written}`."
            self.report(Code.SYNTAX, option.span, f"`{option.name}:` cannot stand here.", cause, hint)
            return None
        match node.function:
            case functions.IS_MISSING:
                return self._is_missing(node)
            case functions.DISTANCE_KM:
                return self._distance(node)
            case functions.STARTS_WITH | functions.IP_IN:
                return self._choices(node)
            case _:
                return self._of_one(node)

    def _unknown_function(self, node: Call) -> None:
        name = node.function
        argument = written(node.arguments[0]) if node.arguments else "name"
        known = tuple(functions.FUNCTIONS)
        close = _OTHER_FUNCTIONS.get(name)
        if close is None and self.suggests:
            close = nearest(name, (*known, *_LIKE_IS_MISSING, *_UNLIKE_IS_MISSING))
        if close in (*_LIKE_IS_MISSING, *_UNLIKE_IS_MISSING):
            turned = "not " if close in _UNLIKE_IS_MISSING else ""
            hint = f"Write `{turned}{functions.IS_MISSING}({argument})`."
        elif close is not None:
            hint = f"Did you mean `{functions.FUNCTIONS[close].written}`?"
        else:
            hint = "docs/rules.md lists all functions."
        if name in self.catalog:
            hint = f"`{name}` is a feature and takes no parentheses; join conditions by `and` or `or`."
        elif (
            close is None and self.suggests and (feature := resembling(written(node), self.catalog.names())) is not None
        ):
            hint = f"Did you mean the feature `{feature}`?"
        cause = "docs/rules.md lists the functions: `is_missing`, `count`, `distinct`, `sum`, `starts_with` and others."
        self.report(Code.UNKNOWN_FUNCTION, node.span, f"There is no function `{name}`.", cause, hint)

    def _arguments(self, node: Call, taken: str) -> None:
        function = functions.FUNCTIONS[node.function]
        self.report(
            Code.TYPE, node.span, f"`{function.name}` takes {taken}.", function.doc, f"Write `{function.written}`."
        )

    def _single(self, node: Call, taken: str) -> Condition | None:
        """The one argument, which is read of the payment; None after reporting that it is not so."""
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        if argument is None or isinstance(argument, NamedList) or types.is_fixed(argument):
            self._arguments(node, taken)
            return None
        return argument

    def _is_missing(self, node: Call) -> Type | None:
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        if argument is None or isinstance(argument, NamedList) or types.is_fixed(argument):
            cause = "`is_missing` asks whether the value of one feature or custom field is unknown."
            hint = "Write the name of one feature without quotes, as in `is_missing(email)`."
            self.report(Code.TYPE, node.span, "`is_missing` takes the name of one feature.", cause, hint)
            return None
        return None if self.typed(argument) is None else types.TRUTH

    def _of_one(self, node: Call) -> Type | None:
        is_time = node.function == functions.HOURS_SINCE
        taken = "one length of time" if is_time else "one text"
        argument = self._single(node, taken)
        found = None if argument is None else self.typed(argument)
        if argument is None or found is None:
            return None
        if is_time and found.kind is Kind.TIME:
            return Type(kind=Kind.TIME, unit=types.HOURS, is_float=found.is_float)
        if not is_time and found.kind in (*TEXTUAL, Kind.FIELD) and node.function == functions.LOWER:
            return types.lowered(found)
        if not is_time and found.kind in (Kind.TEXT, Kind.FIELD):
            return Type(kind=Kind.TEXT)
        cause = f"{self.described(argument)} {functions.FUNCTIONS[node.function].doc}"
        hint = f"Write `{functions.FUNCTIONS[node.function].written}`."
        self.report(Code.TYPE, node.span, f"`{node.function}` takes {taken}.", cause, hint)
        return None

    def _choices(self, node: Call) -> Type | None:
        """A function that asks one text for several: beginnings or networks."""
        is_ip = node.function == functions.IP_IN
        taken = f"one text and then {'addresses or networks' if is_ip else 'its beginnings'}, in quotes"
        subject, *choices = node.arguments or (None,)
        if is_ip and choices and isinstance(choices[0], NamedList):
            cause = "A named list of addresses and networks is asked with `in`."
            hint = f"Write `{written(subject) if subject else 'ip_address'} in {written(choices[0])}`."
            self.report(Code.SYNTAX, choices[0].span, "A named list cannot stand here.", cause, hint)
            return None
        if subject is None or isinstance(subject, NamedList) or types.is_fixed(subject) or not choices:
            self._arguments(node, taken)
            return None
        found = self.typed(subject)
        if found is not None and found.kind not in (Kind.TEXT, Kind.FIELD):
            cause = f"{self.described(subject)} {functions.FUNCTIONS[node.function].doc}"
            hint = f"Write `{functions.FUNCTIONS[node.function].written}`."
            self.report(Code.TYPE, subject.span, f"`{node.function}` takes {taken}.", cause, hint)
            return None
        if len(choices) > MAX_CHOICES:
            cause, hint = f"`{node.function}` takes {MAX_CHOICES} at most.", "Keep them in a named list: `in @name`."
            self.report(Code.LIMIT, node.span, "These are too many.", cause, hint)
            return None
        for choice in choices:
            if not isinstance(choice, Text) or not choice.value:
                cause = f"`{node.function}` looks for fixed texts."
                hint = f"Write `{functions.FUNCTIONS[node.function].written}`."
                self.report(Code.TYPE, choice.span, f"`{written(choice)}` is no text to look for.", cause, hint)
            elif is_ip and (fault := network_fault(choice)) is not None:
                self.faults.append(fault)
        return None if found is None else types.TRUTH

    def _distance(self, node: Call) -> Type | None:
        places = [
            argument.name.lower() if isinstance(argument, Name) else argument.value.lower()
            for argument in node.arguments
            if isinstance(argument, Name | Text)
        ]
        is_pair = len(places) == len(node.arguments) == 2  # noqa: PLR2004 - from one place to another
        name = functions.distance_feature(*places) if is_pair else None
        if name is None:
            self._arguments(node, f"two different places of {listed(functions.PLACES)}")
            return None
        if name in self.catalog:
            return types.of_feature(self.catalog[name])
        cause = f"It reads the feature `{name}`, and this installation has no coordinates to make it of."
        hint = "Compare countries instead, as in `billing_country != ip_country`."
        self.report(Code.NOT_AVAILABLE, node.span, "This distance is not available yet.", cause, hint)
        return None


def network_fault(node: Text) -> Diagnostic | None:
    """What is wrong with an address or a network, or None."""
    try:
        ip_network(node.value, strict=False)
    except ValueError:
        cause = "An address is written as in '192.0.2.1', a network as in '192.0.2.0/24' or '2001:db8::/32'."
        parts = node.value.rstrip("*").rstrip(".").split(".")
        hint = "Write the address, a slash and how many of its bits are fixed."
        if node.value.endswith("*") and all(part.isdecimal() for part in parts) and len(parts) < 4:  # noqa: PLR2004
            hint = f"Write '{'.'.join((*parts, *('0',) * (4 - len(parts))))}/{8 * len(parts)}'."
        return Diagnostic(
            code=Code.UNKNOWN_VALUE,
            span=node.span,
            message=f"{quoted(node.value)} is neither an address nor a network.",
            cause=cause,
            hint=hint,
        )
    return None


def words(of: Type) -> str:  # noqa: PLR0911 - one a kind of value
    """What a value of a type is, for a diagnostic."""
    match of.kind:
        case Kind.NUMBER if of.is_open:
            return "a plain number"
        case Kind.NUMBER:
            return {"%": "a number in %", "": "a number"}.get(of.unit, f"a number of {of.unit}")
        case Kind.MONEY:
            return f"an amount in {of.unit}"
        case Kind.TIME:
            return "a length of time" if of.is_open else f"a length of time in {of.unit}"
        case Kind.TEXT:
            return "a text"
        case Kind.COUNTRY:
            return "a country, as a two-letter code"
        case Kind.FIELD:
            return "a custom field"
        case Kind.TRUTH:
            return "true or false"


def has_colons(node: Name) -> bool:
    """Whether the name was written `:name:`, as Radar's attributes are."""
    return node.span.end - node.span.start == len(node.name) + 2


def lists_named(names: Collection[str]) -> str:
    """The named lists that there are, as a person lists them."""
    return listed(f"@{name}" for name in sorted(names))
