"""Rulesets: checked, compiled and versioned by content. What does not check is not activated (law 11)."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources

from engine.decision import Reason, Rule, RuleAction, RuleResults
from engine.errors import RulesInvalid
from engine.features import Catalog, Features, Value
from engine.rules.check import check
from engine.rules.closure import NO_CUSTOM, Compiled, Custom, Lists, Values
from engine.rules.compile import compile_condition
from engine.rules.count_check import counted_in
from engine.rules.counted import Counted
from engine.rules.diagnostics import Diagnostic
from engine.rules.list_check import list_faults
from engine.rules.parser import Parsed, parse
from engine.rules.reasons import ReasonText, check_reason, read_reason
from engine.rules.source import Declared, read_source
from engine.rules.tree import RuleTree, named_lists, reads_custom

_MAX_DIAGNOSTICS = 20
"""Of one rule: nobody reads more at once."""

_VERSION_CHARACTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule with its text as written, its compiled condition, its reason read and the lists that it names."""

    rule: Rule
    text: str
    condition: Compiled
    reason: ReasonText
    lists: frozenset[str]

    def said(self, catalog: Catalog, values: tuple[Value, ...]) -> str:
        """The reason with the values of a payment; a score rule's says how much it adds."""
        text = self.reason.filled(catalog, values)
        return f"{text} (rule score {self.rule.points:+d})" if self.rule.points else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Rules that have been checked against a catalogue and compiled for it, in the order of their ids.

    `hash` is the SHA-256 of the content in hex: the same for the same rules in any order in the file. `reads_custom`
    says whether a rule reads a custom field of the payment. `called` is what the rules count by functions over
    velocities, each once.
    """

    catalog: Catalog
    compiled: tuple[CompiledRule, ...]
    rules: tuple[Rule, ...]
    hash: str
    reads_custom: bool = False
    called: tuple[Counted, ...] = ()

    def evaluate(self, features: Features, lists: Lists, custom: Custom = NO_CUSTOM) -> RuleResults:
        """The result of every rule for one payment. A named list that `lists` lacks makes its condition unknown.

        `custom` are the payment's custom fields by name, which rules read as `::name::`.
        """
        assert features.catalog.fingerprint == self.catalog.fingerprint, "compiled for another catalogue"
        values: Values = (*features.values, custom) if self.reads_custom else features.values
        return RuleResults(self.rules, tuple([compiled.condition(values, lists) for compiled in self.compiled]))

    def naming(self, list_name: str) -> tuple[str, ...]:
        """The ids of the rules that name a list."""
        return tuple(compiled.rule.id for compiled in self.compiled if list_name in compiled.lists)

    def reasons(self, results: RuleResults, features: Features) -> tuple[Reason, ...]:
        """Why, for each live rule that is true; a tag is reason for nothing. `results` are this ruleset's."""
        assert results.rules == self.rules, "the results of another ruleset"
        fired = {rule.id for rule in results.fired if rule.action is not RuleAction.TAG}
        return tuple(
            Reason(code=compiled.rule.id, text=compiled.said(self.catalog, features.values), source="rule")
            for compiled in self.compiled
            if compiled.rule.id in fired
        )


def parse_ruleset(source: str, catalog: Catalog, list_names: Collection[str]) -> Ruleset:
    """Read, check and compile a ruleset file (TOML).

    `list_names` are without `@`; where they map to the types of their entries, what never fits is a fault too.

    The catalogue has a feature for whatever the rules count (`engine.catalog.read_ruleset` sees to it).
    Raises RulesInvalid with every fault of the file and of each rule, each naming the rule.
    """
    declared, file_faults = read_source(source)
    faults = list(file_faults)
    compiled = []
    lines = []
    reading = False
    called: dict[str, Counted] = {}
    for declaration in declared:
        parsed, diagnostics = _checked(declaration.text, catalog, list_names)
        reason_faults = check_reason(declaration.reason, catalog.names())
        faults.extend(_rendered(declaration.label, "text", declaration.text, diagnostics))
        faults.extend(_rendered(declaration.label, "reason", declaration.reason, reason_faults))
        faults.extend(_rank_faults(declaration, parsed.tree))
        if diagnostics or reason_faults or parsed.tree is None:
            continue
        compiled.append(_compiled(declaration, parsed.tree, parsed.canonical, catalog))
        reading = reading or reads_custom(parsed.tree.condition)
        called |= {each.name: each for each in counted_in(parsed.tree.condition, catalog)}
        lines.append(_content(declaration, parsed.canonical))
    if faults:
        raise RulesInvalid("\n\n".join(faults))
    compiled.sort(key=lambda entry: entry.rule.id)
    return Ruleset(
        catalog=catalog,
        compiled=tuple(compiled),
        rules=tuple(entry.rule for entry in compiled),
        # A line begins with the id, and ids are unique: sorted lines are the rules sorted by id.
        hash=hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest(),
        reads_custom=reading,
        called=tuple(called.values()),
    )


def called_in(source: str, catalog: Catalog) -> tuple[Counted, ...]:
    """What the rules of a file count by functions over velocities, each once: a catalogue for them has its features.

    `catalog` has all other features. What has a fault is left out: `parse_ruleset` names it.
    """
    declared, _ = read_source(source)
    trees = (parse(declaration.text, catalog.names()).tree for declaration in declared)
    found = (each for tree in trees if tree is not None for each in counted_in(tree.condition, catalog))
    return tuple({each.name: each for each in found}.values())


def check_rule(text: str, catalog: Catalog, list_names: Collection[str]) -> list[Diagnostic]:
    """The faults of one rule, in the order of its text; none means that it can be published."""
    return list(_checked(text, catalog, list_names)[1])


def default_source() -> str:
    """The text of the ruleset that comes with the engine: defaults, none of them mandatory."""
    return resources.files("engine.rules").joinpath("default.toml").read_text(encoding="utf-8")


def _checked(text: str, catalog: Catalog, list_names: Collection[str]) -> tuple[Parsed, tuple[Diagnostic, ...]]:
    parsed = parse(text, catalog.names())
    found = parsed.diagnostics
    if parsed.tree is not None:
        found += check(parsed.tree.condition, catalog, list_names)
        found += tuple(list_faults(parsed.tree.condition, catalog, list_names))
    ordered = sorted(found, key=lambda diagnostic: (diagnostic.span.start, diagnostic.span.end))
    return parsed, tuple(ordered[:_MAX_DIAGNOSTICS])


def _rendered(label: str, key: str, text: str, diagnostics: Collection[Diagnostic]) -> list[str]:
    # A line counts within the text: the file's own line is not known here.
    return [f"{label}, within its {key}, {diagnostic.render(text)}" for diagnostic in diagnostics]


def _rank_faults(declaration: Declared, tree: RuleTree | None) -> list[str]:
    if not declaration.mandatory or tree is None or tree.action is RuleAction.BLOCK:
        return []
    return [f"{declaration.label}: `mandatory` is for block rules alone. Leave it out, or begin the text with `Block`."]


def _compiled(declaration: Declared, tree: RuleTree, canonical: str, catalog: Catalog) -> CompiledRule:
    rule = Rule(
        id=declaration.id,
        name=declaration.name,
        version=hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_CHARACTERS],
        action=tree.action,
        reason=declaration.reason,
        mode=declaration.mode,
        mandatory=declaration.mandatory,
        points=tree.points,
        tag=tree.tag,
    )
    return CompiledRule(
        rule=rule,
        text=declaration.text,
        condition=compile_condition(tree.condition, catalog),
        reason=read_reason(declaration.reason, catalog),
        lists=named_lists(tree.condition),
    )


def _content(declaration: Declared, canonical: str) -> str:
    """All that makes a rule what it is, as one line."""
    fields = (
        declaration.id,
        declaration.name,
        canonical,
        declaration.reason,
        declaration.mode,
        declaration.mandatory,
    )
    return json.dumps(fields, ensure_ascii=False)
