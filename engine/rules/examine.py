"""A ruleset file and all that is wrong with it, fault by fault, for who shows it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from engine.decision import RuleAction
from engine.features import Catalog
from engine.rules.diagnostics import Diagnostic
from engine.rules.parser import parse
from engine.rules.reasons import check_reason
from engine.rules.ruleset import check_rule
from engine.rules.source import Declared, read_source
from engine.rules.tree import RuleTree


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """One fault. `diagnostic` is None where it is of the file and no text's.

    `rule` names the rule, empty where it is of none; `part` is `text` or `reason`, whose text is in `of`.
    """

    rule: str
    part: str
    of: str
    message: str
    diagnostic: Diagnostic | None = None

    def render(self) -> str:
        """The fault for a person."""
        if self.diagnostic is None:
            return self.message
        return f"{self.rule}, within its {self.part}, {self.diagnostic.render(self.of)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A file's rules, each with its tree where it has one, and the faults, those of the file first."""

    rules: tuple[tuple[Declared, RuleTree | None], ...]
    faults: tuple[RuleFault, ...]


def examine(source: str, catalog: Catalog, list_names: Collection[str]) -> Examined:
    """Read every rule of a ruleset file; whatever is wrong is a fault, and nothing is raised."""
    declared, file_faults = read_source(source)
    rules = tuple((each, parse(each.text, catalog.names()).tree) for each in declared)
    faults = [RuleFault(rule="", part="", of="", message=message) for message in file_faults]
    for each, tree in rules:
        faults.extend(_faults(each, tree, catalog, list_names))
    return Examined(rules=rules, faults=tuple(faults))


def _faults(
    declared: Declared, tree: RuleTree | None, catalog: Catalog, list_names: Collection[str]
) -> Iterator[RuleFault]:
    found = (
        ("text", declared.text, check_rule(declared.text, catalog, list_names)),
        ("reason", declared.reason, check_reason(declared.reason, catalog.names())),
    )
    for part, of, diagnostics in found:
        for diagnostic in diagnostics:
            yield RuleFault(rule=declared.label, part=part, of=of, message=diagnostic.message, diagnostic=diagnostic)
    if declared.mandatory and tree is not None and tree.action is not RuleAction.BLOCK:
        message = f"{declared.label}: `mandatory` is for block rules alone. Leave it out, or begin with `Block`."
        yield RuleFault(rule=declared.label, part="mandatory", of="", message=message)
