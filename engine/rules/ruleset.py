"""Rulesets: checked, compiled and versioned by content. What does not check is not activated (law 11)."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

from engine.decision import Reason, Rule, RuleAction, RuleResults
from engine.errors import Fault, RulesInvalid
from engine.features import Catalog, Features, Value
from engine.rules.check import check
from engine.rules.closure import NO_CUSTOM, Compiled, Custom, Lists, Values
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.counted import Counted
from engine.rules.diagnostics import Diagnostic
from engine.rules.list_check import list_faults
from engine.rules.parser import Parsed, parse
from engine.rules.patterns import MAX_RULESET_STEPS, shared_steps
from engine.rules.reasons import ReasonText, check_reason, read_reason
from engine.rules.source import Content, Declared, read_source
from engine.rules.tree import named_lists, patterns_in, reads_custom

_MAX_DIAGNOSTICS = 20
"""Of one rule: nobody reads more at once."""

_VERSION_CHARACTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule with its text as written, its compiled condition and its reason read."""

    rule: Rule
    text: str
    condition: Compiled
    reason: ReasonText

    def said(self, catalog: Catalog, values: tuple[Value, ...]) -> str:
        """The reason with the values of a payment; a score rule's says how much it adds."""
        text = self.reason.filled(catalog, values)
        return f"{text} (rule score {self.rule.points:+d})" if self.rule.points else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Rules that have been checked against a catalogue, those that are evaluated compiled for it, by their ids.

    `hash` is the SHA-256 of the content in hex: the same for the same rules in any order in the file. `content` is all
    that was declared, rules that are paused or drafts too. `reads_custom` says whether a rule reads a custom field of
    the payment, `is_conditional` whether one acts on some payments and not on others. `named_lists` are the lists that
    rules name, by the rules' ids. `called` is what the evaluated rules count by functions over velocities, each once.
    """

    catalog: Catalog
    content: Content
    compiled: tuple[CompiledRule, ...]
    rules: tuple[Rule, ...]
    hash: str
    reads_custom: bool = False
    is_conditional: bool = False
    named_lists: tuple[tuple[str, frozenset[str]], ...] = ()
    called: tuple[Counted, ...] = ()

    def acting(self, transaction_id: str, at: datetime) -> tuple[bool, ...] | None:
        """Of each rule whether it acts on a payment, received `at`; None: all that are live, on every payment."""
        if not self.is_conditional:
            return None
        return tuple([rule.acts_on(transaction_id, at) for rule in self.rules])

    def evaluate(
        self,
        features: Features,
        lists: Lists,
        custom: Custom = NO_CUSTOM,
        acting: tuple[bool, ...] | None = None,
    ) -> RuleResults:
        """The result of every rule for one payment. A named list that `lists` lacks makes its condition unknown.

        `custom` are the payment's custom fields by name, which rules read as `::name::`; `acting` is what `acting`
        gave of the payment.
        """
        assert features.catalog.fingerprint == self.catalog.fingerprint, "compiled for another catalogue"
        values: Values = (*features.values, custom) if self.reads_custom else features.values
        return RuleResults(self.rules, tuple([compiled.condition(values, lists) for compiled in self.compiled]), acting)

    def naming(self, list_name: str) -> tuple[str, ...]:
        """The ids of the rules that name a list, those that are not evaluated too."""
        return tuple(rule_id for rule_id, lists in self.named_lists if list_name in lists)

    def reasons(self, results: RuleResults, features: Features) -> tuple[Reason, ...]:
        """Why, for each rule that fired; a tag is reason for nothing. `results` are this ruleset's."""
        if not results.fired:
            return ()
        assert results.rules == self.rules, "the results of another ruleset"
        fired = {rule.id for rule in results.fired if rule.action is not RuleAction.TAG}
        return tuple(
            Reason(code=compiled.rule.id, text=compiled.said(self.catalog, features.values), source="rule")
            for compiled in self.compiled
            if compiled.rule.id in fired
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFault:
    """What is wrong with one rule of a set.

    `place` is the rule's, from 0, in the order in which the rules were given; `key` is `text`, `reason` or `mandatory`.
    `diagnostic` says where within the text of that key; None where the fault is of the whole.
    """

    place: int
    declared: Declared
    key: str
    diagnostic: Diagnostic | None
    detail: str

    def said(self) -> str:
        """The fault for a person, naming the rule."""
        label = self.declared.label
        return (
            f"{label}: {self.detail}" if self.diagnostic is None else f"{label}, within its {self.key}, {self.detail}"
        )

    def fault(self) -> Fault:
        """The fault for a program; the pointer leads into the rules as a list under `/rules`."""
        code = "value_invalid" if self.diagnostic is None else self.diagnostic.code.value
        return Fault(pointer=f"/rules/{self.place}/{self.key}", code=code, detail=self.said())


def parse_ruleset(source: str, catalog: Catalog, list_names: Collection[str], *, is_limited: bool = True) -> Ruleset:
    """Read, check and compile a ruleset file (TOML).

    `list_names` are without `@`; where they map to the types of their entries, what never fits is a fault too.

    The catalogue has a feature for whatever the rules count (`engine.catalog.read_ruleset` sees to it). What the ledger
    keeps of several sets together is not limited. Raises RulesInvalid with every fault of the file and
    of each rule, each naming the rule.
    """
    content, faults = read_source(source, is_limited=is_limited)
    if is_limited and (costly := too_costly(content.rules)) is not None:
        faults = (*faults, costly)
    return _ruleset(content, catalog, list_names, faults)


def ruleset_of(content: Content, catalog: Catalog, list_names: Collection[str]) -> Ruleset:
    """Check and compile what is written well as a set. Raises RulesInvalid with every fault of each rule."""
    return _ruleset(content, catalog, list_names, ())


def check_rules(rules: Sequence[Declared], catalog: Catalog, list_names: Collection[str]) -> list[PlacedFault]:
    """The faults of every rule in the order in which they are given; none means that the rules can be published."""
    return [
        fault
        for place, declared in enumerate(rules)
        for fault in _checked_rule(place, declared, catalog, list_names)[1]
    ]


def _ruleset(content: Content, catalog: Catalog, list_names: Collection[str], file_faults: Sequence[str]) -> Ruleset:
    checked = [_checked_rule(place, each, catalog, list_names) for place, each in enumerate(content.rules)]
    faults = [fault for _, found in checked for fault in found]
    if file_faults or faults:
        said = [*file_faults, *(fault.said() for fault in faults)]
        raise RulesInvalid("\n\n".join(said), [fault.fault() for fault in faults])
    pairs = sorted(zip(content.rules, checked, strict=True), key=lambda pair: pair[0].id)
    compiled, lines, naming, reading = [], [], [], False
    called: dict[str, Counted] = {}
    for declared, (parsed, _) in pairs:
        assert parsed.tree is not None, "it has no fault"
        lines.append(_line(declared, parsed.canonical))
        if lists := named_lists(parsed.tree.condition):
            naming.append((declared.id, lists))
        if declared.mode.is_evaluated:
            compiled.append(_compiled(declared, parsed, catalog))
            reading = reading or reads_custom(parsed.tree.condition)
            called |= {each.name: each for each in counted_in(parsed.tree.condition, catalog)}
    return Ruleset(
        catalog=catalog,
        content=content,
        compiled=tuple(compiled),
        rules=tuple(entry.rule for entry in compiled),
        # A line begins with the id, and ids are unique: sorted lines are the rules sorted by id.
        hash=hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest(),
        reads_custom=reading,
        is_conditional=any(entry.rule.is_conditional for entry in compiled),
        named_lists=tuple(naming),
        called=tuple(called.values()),
    )


def called_in(rules: Iterable[Declared], catalog: Catalog) -> tuple[Counted, ...]:
    """What rules count by functions over velocities, each once: a catalogue for them has its features.

    `catalog` has all other features. What is not evaluated counts nothing; what has a fault is left out, and named
    where it is checked.
    """
    trees = (parse(each.text, catalog.names()).tree for each in rules if each.mode.is_evaluated)
    found = (each for tree in trees if tree is not None for each in counted_in(tree.condition, catalog))
    return tuple({each.name: each for each in found}.values())


def too_costly(rules: Iterable[Declared]) -> str | None:
    """What is wrong with a set whose patterns of `matches` together would hold up a payment; None if they do not.

    All rules that are evaluated count, in shadow too. What has a fault is left out, and named where it is checked.
    """
    trees = (parse(each.text).tree for each in rules if each.mode.is_evaluated and "matches" in each.text.lower())
    needed = sum(shared_steps(each) for tree in trees if tree is not None for each in patterns_in(tree.condition))
    if needed <= MAX_RULESET_STEPS:
        return None
    return (
        f"The patterns of `matches` take {needed} steps at a character, of {MAX_RULESET_STEPS} at most for all rules "
        "that are live, in rollout or in shadow. Use `like`, `includes` or words joined by `|`, which take none, or "
        "pause rules."
    )


def rules_naming(rules: Iterable[Declared], list_name: str, catalog: Catalog) -> tuple[str, ...]:
    """The ids of the rules that name a list, without compiling them; one at fault names none."""
    trees = ((each.id, parse(each.text, catalog.names()).tree) for each in rules)
    return tuple(name for name, tree in trees if tree is not None and list_name in named_lists(tree.condition))


def check_rule(text: str, catalog: Catalog, list_names: Collection[str]) -> list[Diagnostic]:
    """The faults of one rule, in the order of its text; none means that it can be published."""
    return list(_checked(text, catalog, list_names)[1])


def default_source() -> str:
    """The text of the ruleset that comes with the engine: defaults, none of them mandatory."""
    return resources.files("engine.rules").joinpath("default.toml").read_text(encoding="utf-8")


def _checked_rule(
    place: int, declared: Declared, catalog: Catalog, list_names: Collection[str]
) -> tuple[Parsed, list[PlacedFault]]:
    parsed, diagnostics = _checked(declared.text, catalog, list_names)
    names = catalog.names()
    if not declared.mode.is_evaluated and parsed.tree is not None:
        # Nobody counts for it, and its words may name what will be counted when it is evaluated.
        names = (*names, *(each.name for each in counted_in(parsed.tree.condition, catalog)))
    reason_faults = check_reason(declared.reason, names)
    # A line counts within the text: the file's own line is not known here.
    faults = [
        PlacedFault(place=place, declared=declared, key=key, diagnostic=each, detail=each.render(text))
        for key, text, found in (("text", declared.text, diagnostics), ("reason", declared.reason, reason_faults))
        for each in found
    ]
    if declared.mandatory and parsed.tree is not None and parsed.tree.action is not RuleAction.BLOCK:
        detail = "`mandatory` is for block rules alone. Leave it out, or begin the text with `Block`."
        faults.append(PlacedFault(place=place, declared=declared, key="mandatory", diagnostic=None, detail=detail))
    return parsed, faults


def _checked(text: str, catalog: Catalog, list_names: Collection[str]) -> tuple[Parsed, tuple[Diagnostic, ...]]:
    parsed = parse(text, catalog.names())
    found = parsed.diagnostics
    if parsed.tree is not None:
        found += check(parsed.tree.condition, catalog, list_names)
        found += tuple(list_faults(parsed.tree.condition, catalog, list_names))
    ordered = sorted(found, key=lambda diagnostic: (diagnostic.span.start, diagnostic.span.end))
    return parsed, tuple(ordered[:_MAX_DIAGNOSTICS])


def _compiled(declaration: Declared, parsed: Parsed, catalog: Catalog) -> CompiledRule:
    tree = parsed.tree
    assert tree is not None, "it has no fault"
    rule = Rule(
        id=declaration.id,
        name=declaration.name,
        version=hashlib.sha256(parsed.canonical.encode()).hexdigest()[:_VERSION_CHARACTERS],
        action=tree.action,
        reason=declaration.reason,
        mode=declaration.mode,
        mandatory=declaration.mandatory,
        points=tree.points,
        tag=tree.tag,
        rollout_percent=declaration.rollout_percent,
        expires_at=declaration.expires_at,
    )
    return CompiledRule(
        rule=rule,
        text=declaration.text,
        condition=compile_condition(tree.condition, catalog),
        reason=read_reason(declaration.reason, catalog),
    )


def _line(declaration: Declared, canonical: str) -> str:
    """All that makes a rule what it is, as one line; what came later is said where it is set alone (law 7)."""
    fields: list[object] = [
        declaration.id,
        declaration.name,
        canonical,
        declaration.reason,
        declaration.mode,
        declaration.mandatory,
    ]
    if declaration.rollout_percent is not None or declaration.expires_at is not None:
        expires = declaration.expires_at
        fields += [declaration.rollout_percent, None if expires is None else expires.isoformat()]
    return json.dumps(fields, ensure_ascii=False)
