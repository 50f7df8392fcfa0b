"""docs/promises.md: each promise names the test that holds it, and each test of tests/contract holds a promise."""

import ast
import re
from pathlib import Path

from tests.docs.documents import ROOT, read


def _tests() -> set[str]:
    found: set[str] = set()
    for file in sorted((ROOT / "tests" / "contract").glob("test_*.py")):
        found |= {name for name in _functions(file) if name.startswith("test_")}
    return found


def _functions(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in ast.walk(tree) if isinstance(node, kinds)]


def test_every_promise_names_its_test_and_every_contract_test_is_a_promise() -> None:
    items = re.split(r"^- ", read("docs/promises.md"), flags=re.MULTILINE)[1:]
    named: list[str] = []
    for item in items:
        words = " ".join(item.split("\n\n", maxsplit=1)[0].split())
        tests = re.findall(r"`(test_\w+)`", words)
        assert tests, f"no test holds: {words}"
        named += tests
    assert set(named) == _tests()
