"""The stable codes that the decision call can answer with, found in its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from api import errors
from api.schemas import reading
from engine.errors import AssayError

ROOT = Path(__file__).parents[2]
SOURCES = (
    *sorted(ROOT.glob("api/*.py")),
    *sorted(ROOT.glob("api/routes/*.py")),
    *sorted(ROOT.glob("api/schemas/*.py")),
    ROOT / "engine" / "payment.py",
    ROOT / "engine" / "policy.py",
    ROOT / "engine" / "scheme_feedback.py",
    ROOT / "engine" / "rulesets.py",
    ROOT / "engine" / "snapshots.py",
)
_POSITIONAL = {"Odd": "warning", "Wrong": "fault"}
_NAMED = {"Problem": "problem", "Fault": "fault", "InputWarning": "warning"}


def codes(kind: str) -> frozenset[str]:
    """Codes of one kind: problem, fault or warning."""
    found = {code for path in SOURCES for each, code in _codes_in(path) if each == kind}
    if kind == "problem":
        found |= {error.code for error in _leaves(AssayError) if error in errors._STATUSES}  # noqa: SLF001
        found |= {*errors._HTTP_CODES.values(), "http_error"}  # noqa: SLF001
    if kind == "fault":
        found |= {code for code, _ in reading._FAULTS.values()}  # noqa: SLF001
    return frozenset(found)


def _leaves(error: type[AssayError]) -> Iterator[type[AssayError]]:
    for child in error.__subclasses__():
        yield child
        yield from _leaves(child)


def _codes_in(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        named = [word.value for word in node.keywords if word.arg == "code"]
        if node.func.id in _NAMED and named:
            yield from ((_NAMED[node.func.id], text) for text in _texts(named[0]))
        elif node.func.id in _POSITIONAL and node.args:
            yield from ((_POSITIONAL[node.func.id], text) for text in _texts(node.args[0]))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
