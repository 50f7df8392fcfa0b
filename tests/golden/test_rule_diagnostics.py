"""What merchants are told about their mistakes, word for word.

Each file in diagnostics/ holds mistakes of one topic: a rule in lines that begin with `> `, then what is said about
it. To add a mistake write its `> ` lines; ASSAY_UPDATE_GOLDEN=1 has the answers rewritten. Read them before committing.
"""

import os
from pathlib import Path

import pytest

from engine.rules import check_rule
from tests.engine.rules.rule_features import CATALOG, LIST_NAMES

FOLDER = Path(__file__).parent / "diagnostics"
FILES = sorted(FOLDER.glob("*.txt"))
MARK = "> "


def rules_in(content: str) -> list[str]:
    rules: list[list[str]] = []
    inside = False
    for line in content.splitlines():
        if line.startswith(MARK) and not inside:
            rules.append([])
        inside = line.startswith(MARK)
        if inside:
            rules[-1].append(line.removeprefix(MARK))
    return ["\n".join(lines) for lines in rules]


def answered(rule: str) -> str:
    asked = "\n".join(f"{MARK}{line}" for line in rule.split("\n"))
    diagnostics = check_rule(rule, CATALOG, LIST_NAMES)
    return "\n".join((asked, *(diagnostic.render(rule) for diagnostic in diagnostics)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_diagnostics_read_as_recorded(path: Path) -> None:
    recorded = path.read_text(encoding="utf-8")
    said = "\n\n".join(answered(rule) for rule in rules_in(recorded)) + "\n"
    if os.environ.get("ASSAY_UPDATE_GOLDEN") == "1":
        path.write_text(said, encoding="utf-8")
    else:
        assert said == recorded, "If the new words are better, run with ASSAY_UPDATE_GOLDEN=1."


def test_every_recorded_rule_is_a_mistake_and_is_explained() -> None:
    rules = [rule for path in FILES for rule in rules_in(path.read_text(encoding="utf-8"))]
    assert len(rules) >= 250
    assert len(set(rules)) == len(rules)
    for rule in rules:
        diagnostics = check_rule(rule, CATALOG, LIST_NAMES)
        assert diagnostics, rule
        for diagnostic in diagnostics:
            assert diagnostic.message, rule
            assert diagnostic.cause, rule
            assert diagnostic.hint, rule
            assert "^" in diagnostic.render(rule)
