"""A call of a function over velocities to what it counts, or all that is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules.counted import (
    ALL,
    COUNT,
    DISTINCT,
    MAX_SECONDS,
    MERCHANT,
    OF_AMOUNTS,
    SCOPES,
    STATUSES,
    TIMES,
    Counted,
    calls,
    is_seen,
    length,
    told_apart,
)
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.format import written
from engine.rules.tree import (
    Call,
    Comparison,
    Condition,
    Custom,
    Duration,
    Name,
    NamedList,
    Number,
    Operand,
    Option,
    Text,
    Truth,
)
from engine.suggest import listed, nearest

BY, WITHIN, STATUS, SCOPE, DELAY = OPTIONS = ("by", "within", "status", "scope", "delay")
MAX_KEYS: Final = 4
"""How many features payments can be asked to share."""

_LIKE_OPTIONS: Final = {
    "window": WITHIN,
    "last": WITHIN,
    "period": WITHIN,
    "over": WITHIN,
    "key": BY,
    "keys": BY,
    "per": BY,
    "group_by": BY,
    "outcome": STATUS,
    "where": STATUS,
    "offset": DELAY,
}
_LIKE_STATUSES: Final = {
    "approved": "authorized",
    "accepted": "authorized",
    "successful": "authorized",
    "success": "authorized",
    "failed": "declined",
    "refused": "declined",
    "rejected": "declined",
    "denied": "declined",
    "chargeback": "disputed",
    "chargebacks": "disputed",
    "charged_back": "disputed",
    "dispute": "disputed",
    "efw": "fraud_warning",
    "refund": "refunded",
}
_EXAMPLES: Final = {
    COUNT: "count(by: card, within: 1h)",
    DISTINCT: "distinct(card, by: ip_address, within: 10m)",
    **{name: f"{name}(amount_in_usd, by: card, within: 24h)" for name in OF_AMOUNTS},
    **{name: f"{name}(by: card)" for name in TIMES},
}
_SHORT: Final = {
    "ip": "ip_address",
    "mail": "email",
    "bin": "card_bin6",
    "user": "customer",
    "phone": "phone_normalized",
}
"""What people call the features that payments share most."""


def read_call(call: Call, catalog: Catalog, *, suggests: bool = True) -> tuple[Counted | None, tuple[Diagnostic, ...]]:
    """What the call counts, None where a fault hides it; and the faults, with the nearest names where it `suggests`."""
    reading = _Reading(call=call, catalog=catalog, suggests=suggests)
    counted = reading.counted()
    return (None if reading.faults else counted), tuple(reading.faults)


def counted_in(condition: Condition, catalog: Catalog) -> tuple[Counted, ...]:
    """What a condition counts; a call with a fault counts nothing."""
    found = (read_call(call, catalog)[0] for call in calls(condition))
    return tuple(each for each in found if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    call: Call
    catalog: Catalog
    suggests: bool
    faults: list[Diagnostic] = field(default_factory=list)

    def report(self, code: Code, span: Span, message: str, cause: str, hint: str) -> None:
        self.faults.append(Diagnostic(code=code, span=span, message=message, cause=cause, hint=hint))

    @property
    def example(self) -> str:
        return _EXAMPLES[self.call.function]

    def counted(self) -> Counted:
        options = self.options()
        measured = self.measured()
        by = self.keys(options.get(BY))
        within = self.window(options.get(WITHIN))
        status = self.status(options.get(STATUS))
        scope = self.word(options.get(SCOPE), SCOPES) or MERCHANT
        delay = self.delay(options.get(DELAY))
        if within is not None and delay and within + delay > MAX_SECONDS and not self.faults:
            cause = f"A function looks back {length(MAX_SECONDS)} at most, the delay included."
            self.report(
                Code.LIMIT, options[DELAY].span, "Window and delay are too long.", cause, "Shorten one of them."
            )
        if measured is not None and measured.name in by and self.call.function == DISTINCT:
            cause = f"Payments with the same `{measured.name}` have one `{measured.name}`."
            hint = f"Write `{self.example}`, with another feature after `by:`."
            self.report(Code.TYPE, self.call.span, "This is always 0 or 1.", cause, hint)
        return Counted(
            function=self.call.function,
            measured=measured,
            by=tuple(sorted(by)),
            within_seconds=within,
            status=status,
            scope=scope,
            delay_seconds=delay,
        )

    def options(self) -> dict[str, Option]:
        found: dict[str, Option] = {}
        for option in (*self.call.options, *self.compared()):
            if option.name not in OPTIONS:
                close = _LIKE_OPTIONS.get(option.name) or nearest(option.name, OPTIONS)
                hint = f"Did you mean `{close}:`?" if close else f"Write `{self.example}`."
                cause = f"The parts of a function are {listed(f'{name}:' for name in OPTIONS)}."
                self.report(Code.UNKNOWN_NAME, option.span, f"There is no part `{option.name}:`.", cause, hint)
                # It is looked at as what was probably meant, so that only its own faults are named.
                found.update({close: replace(option, name=close)} if close else {})
            elif option.name in found:
                cause = "Each part stands once."
                self.report(
                    Code.SYNTAX, option.span, f"`{option.name}:` stands twice.", cause, "Leave one of them out."
                )
            else:
                found[option.name] = option
        return found

    def compared(self) -> list[Option]:
        """What was written as in `by=card`, after reporting."""
        found = []
        for argument in self.call.arguments:
            if not isinstance(argument, Comparison):
                continue
            name = argument.left.name.lower() if isinstance(argument.left, Name) else BY
            value = argument.right
            cause = "What a function counts by is written with a colon."
            hint = f"Write `{name}: {written(value)}`."
            self.report(Code.SYNTAX, argument.span, "A comparison is not counted.", cause, hint)
            if isinstance(value, Name | Custom | Text | Number | Truth | Duration):
                found.append(Option(span=argument.span, name=name, values=(value,)))
        return found

    def measured(self) -> Feature | None:
        """What is summed or told apart, the one argument without a name; None where the function takes none."""
        function = self.call.function
        given = [each for each in self.call.arguments if not isinstance(each, Comparison)]
        if not _takes_feature(function):
            if given:
                words = written(given[0])
                hint = f"Write `{function}(by: {words}, ...)`, as in `{self.example}`."
                cause = f"`{function}` takes no feature; what payments share stands after `by:`."
                self.report(Code.SYNTAX, given[0].span, f"`{words}` cannot stand here.", cause, hint)
            return None
        if len(given) != 1:
            what = "feature whose values are told apart" if function == DISTINCT else "amount"
            span = given[1].span if given else self.call.span
            cause = f"`{function}` takes one {what}, first of all."
            self.report(
                Code.SYNTAX,
                span,
                f"`{function}` lacks its {what}." if not given else "This is one too many.",
                cause,
                f"Write `{self.example}`.",
            )
            return None
        return self.value_told_apart(given[0]) if function == DISTINCT else self.amount(given[0])

    def value_told_apart(self, node: Condition | NamedList) -> Feature | None:
        if isinstance(node, Name):
            return self.feature(node, "told apart")
        self.no_name(node, "told apart")
        return None

    def amount(self, node: Condition | NamedList) -> Feature | None:
        if not isinstance(node, Name):
            self.no_name(node, "added up")
            return None
        is_known = node.name in self.catalog
        if is_known and _is_amount(feature := self.catalog[node.name]):
            return feature
        amounts = [each.name for each in self.catalog if _is_amount(each)]
        if not is_known:
            message = f"There is no feature `{node.name}`."
            cause = "An amount has a currency, which its name says."
        else:
            message = f"`{node.name}` is no amount of a payment."
            cause = f"`{self.call.function}` is of amounts that a request carries."
        code = Code.TYPE if is_known else Code.UNKNOWN_NAME
        self.report(code, node.span, message, cause, f"Write {' or '.join(f'`{name}`' for name in amounts)}.")
        return None

    def no_name(self, node: Condition | NamedList | Operand, done: str) -> None:
        if isinstance(node, Custom):
            cause = "Counters see the fields that the merchant's policy declares, as features."
            hint = "Declare the field in the policy; then its feature's name, `custom_...`, can stand here."
            self.report(Code.TYPE, node.span, f"`{written(node)}` is not counted.", cause, hint)
            return
        cause = f"What is {done} is one feature, by its name."
        self.report(Code.TYPE, node.span, f"`{written(node)}` is no name.", cause, f"Write `{self.example}`.")

    def keys(self, option: Option | None) -> tuple[str, ...]:
        if option is None and self.call.arguments and not _takes_feature(self.call.function):
            # What stands there without a name was reported, and was probably meant.
            return ()
        if option is None:
            cause = "A function counts the payments that share something with this one."
            hint = f"Say what they share, as in `{self.example}`."
            self.report(Code.SYNTAX, self.call.span, f"`{self.call.function}` lacks its `by:`.", cause, hint)
            return ()
        if len(option.values) > MAX_KEYS:
            cause = f"Payments are counted by {MAX_KEYS} features at most."
            self.report(Code.LIMIT, option.span, "These are too many.", cause, "Keep those that tell shoppers apart.")
            return ()
        found: list[str] = []
        for value in option.values:
            if not isinstance(value, Name):
                self.no_name(value, "shared")
            elif (feature := self.feature(value, "counted by")) is None:
                continue
            elif feature.name in found:
                cause = f"`{value.name}` is `{feature.name}`, which stands there already."
                self.report(Code.SYNTAX, value.span, "The same stands twice.", cause, "Leave one of them out.")
            else:
                found.append(feature.name)
        return tuple(found)

    def feature(self, node: Name, done: str) -> Feature | None:
        found = told_apart(node.name, self.catalog)
        if found is not None:
            return found
        if node.name in self.catalog:
            cause = "Payments are told apart by texts and countries that are known before anything is counted."
            message = f"`{node.name}` cannot be {done}."
            self.report(Code.TYPE, node.span, message, cause, f"Write another feature, as in `{self.example}`.")
            return None
        short = _SHORT.get(node.name.lower())
        close = short if short in self.catalog else self.nearest_key(node.name)
        hint = f"Did you mean `{close}`?" if close else "docs/features.md lists all names."
        cause = "What is counted by is the name of a feature, and the catalogue has none of this name."
        self.report(Code.UNKNOWN_NAME, node.span, f"There is no feature `{node.name}`.", cause, hint)
        return None

    def nearest_key(self, name: str) -> str | None:
        if not self.suggests:
            return None
        return nearest(name, [each for each in self.catalog.names() if told_apart(each, self.catalog) is not None])

    def window(self, option: Option | None) -> int | None:
        if option is None:
            if self.call.function not in TIMES:
                cause = "How far back is counted is part of what is counted."
                hint = f"Write it, as in `{self.example}`; `within: all` counts from the first payment on."
                self.report(Code.SYNTAX, self.call.span, f"`{self.call.function}` lacks its `within:`.", cause, hint)
            return None
        value = self.single(option)
        if isinstance(value, Name | Text) and _said(value) == ALL:
            return None
        return self.seconds(option, value)

    def delay(self, option: Option | None) -> int:
        return 0 if option is None else self.seconds(option, self.single(option)) or 0

    def seconds(self, option: Option, value: Operand | None) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Duration):
            number = written(value) if isinstance(value, Number) else "1"
            cause = f"After `{option.name}:` stands a length of time: a number and one of `s`, `m`, `h` and `d`."
            hint = f"Write `{option.name}: {number}h` or `{option.name}: {number}d`."
            self.report(Code.TYPE, value.span, f"`{written(value)}` is no length of time.", cause, hint)
            return None
        seconds = value.seconds
        if seconds.denominator != 1 or not 1 <= seconds <= MAX_SECONDS:
            too_long = seconds > MAX_SECONDS
            hint = f"Write `{option.name}: {length(MAX_SECONDS)}`" if too_long else f"Write `{option.name}: 1s`"
            hint += ", or `within: all` for all time." if too_long and option.name == WITHIN else " or another."
            cause = f"A length of time is a whole number of seconds, from 1s to {length(MAX_SECONDS)}."
            self.report(
                Code.LIMIT,
                value.span,
                f"`{written(value)}` is too {'long' if too_long else 'short or too fine'}.",
                cause,
                hint,
            )
            return None
        return int(Fraction(seconds))

    def status(self, option: Option | None) -> str | None:
        if option is None:
            return None
        found = self.word(option, (ALL, *STATUSES), _LIKE_STATUSES)
        return None if found == ALL else found

    def word(self, option: Option | None, words: Sequence[str], like: dict[str, str] | None = None) -> str | None:
        value = None if option is None else self.single(option)
        if value is None or option is None or _said(value) in words:
            return _said(value) or None
        said = _said(value) or written(value)
        close = (like or {}).get(said) or nearest(said, words)
        hint = f"Did you mean `{close}`?" if close else f"Write `{option.name}: {words[0]}`."
        cause = f"After `{option.name}:` stands one of {listed(words)}."
        self.report(Code.UNKNOWN_VALUE, value.span, f"There is no {option.name} `{said}`.", cause, hint)
        return None

    def single(self, option: Option) -> Operand | None:
        if len(option.values) == 1:
            return option.values[0]
        cause = f"Several can stand after `by:` alone; `{option.name}:` has one value."
        self.report(Code.SYNTAX, option.span, f"`{option.name}:` has several values.", cause, "Write one of them.")
        return None


def _takes_feature(function: str) -> bool:
    """Whether a function has an argument without a name: what is summed or told apart."""
    return function not in (COUNT, *TIMES)


def _is_amount(feature: Feature) -> bool:
    return feature.type is FeatureType.MONEY and is_seen(feature)


def _said(value: Operand | None) -> str:
    """The word that is written, with or without quotes."""
    return value.name.lower() if isinstance(value, Name) else value.value.lower() if isinstance(value, Text) else ""
