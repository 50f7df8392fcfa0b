"""A ruleset file and all that is wrong with it, fault by fault, for who shows it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.features import Catalog
from engine.rules.diagnostics import Diagnostic
from engine.rules.parser import parse
from engine.rules.ruleset import PlacedFault, check_rules, too_costly
from engine.rules.source import Content, Declared, read_source
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
    content, file_faults = read_source(source, is_merchants=True)
    rules = tuple((each, parse(each.text, catalog.names()).tree) for each in content.rules)
    faults = [RuleFault(rule="", part="", of="", message=message) for message in file_faults]
    if (costly := too_costly(content.rules)) is not None:
        faults.append(RuleFault(rule="", part="", of="", message=costly))
    faults += [_fault(each) for each in check_rules(content.rules, catalog, list_names)]
    return Examined(rules=rules, faults=tuple(faults))


def examined_by(content: Content, faults: Sequence[RuleFault]) -> Examined:
    """A content whose faults are known already."""
    return Examined(rules=tuple((each, parse(each.text).tree) for each in content.rules), faults=tuple(faults))


def _fault(placed: PlacedFault) -> RuleFault:
    declared, diagnostic = placed.declared, placed.diagnostic
    if diagnostic is None:
        return RuleFault(rule=declared.label, part=placed.key, of="", message=placed.said())
    of = declared.reason if placed.key == "reason" else declared.text
    return RuleFault(rule=declared.label, part=placed.key, of=of, message=diagnostic.message, diagnostic=diagnostic)
