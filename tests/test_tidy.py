"""The house rules as tests, over every file that is, or may be, committed.

A rule is one entry in RULES: what it reads, what it finds, how to mend it, and samples it must catch or let pass.
Needles are written as patterns that do not match themselves ([X] is one letter), so this file obeys its own rules.
"""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "models", "api")
MAX_BLOB_BYTES = 10 * 1024 * 1024
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BROAD = (PurePosixPath("api/errors.py"), PurePosixPath("engine/stores/sql/group_commit.py"))

Check = Callable[["Source"], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text file: its path from the repository's root, and what is in it."""

    path: PurePosixPath
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`check` yields one fault a string; it is asked about files under `folders` that end in `suffix`."""

    name: str
    check: Check
    mend: str
    bad: tuple[tuple[str, str], ...]
    good: tuple[tuple[str, str], ...] = ()
    suffix: str = ".py"
    folders: tuple[str, ...] = ()

    def faults(self, source: Source) -> list[str]:
        """What is wrong with this file, each with the file's path."""
        inside = not self.folders or any(source.path.is_relative_to(folder) for folder in self.folders)
        if not inside or not source.path.name.endswith(self.suffix):
            return []
        return [f"{source.path}:{fault}" for fault in self.check(source)]


@cache
def parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def listed() -> tuple[PurePosixPath, ...]:
    """Every tracked file, and every untracked one that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted({PurePosixPath(name) for name in names if name and (ROOT / name).is_file()}))


@cache
def sources() -> tuple[Source, ...]:
    """Every listed file that is text."""
    contents = ((path, (ROOT / path).read_bytes()) for path in listed())
    return tuple(
        Source(path=path, text=content.decode("utf-8", errors="replace"))
        for path, content in contents
        if b"\0" not in content[:8192]
    )


def longer_than(limit: int) -> Check:
    """A check that counts the lines of a file."""

    def check(source: Source) -> Iterator[str]:
        if (count := len(source.text.splitlines())) > limit:
            yield f"{count} lines"

    return check


def long_function(source: Source) -> Iterator[str]:
    for node in ast.walk(parse(source.text)):
        if isinstance(node, FUNCTIONS) and (count := (node.end_lineno or node.lineno) - node.lineno + 1) > 60:
            yield f"{node.lineno}: {node.name} has {count} lines"


def vague_name(source: Source) -> Iterator[str]:
    vague = {"utils", "helpers", "common", "manager", "base_service"}
    yield from (f"1: {part}" for part in (*source.path.parent.parts, source.path.stem) if part in vague)


def matches(pattern: str) -> Check:
    """A check that finds the pattern, line by line."""
    compiled = re.compile(pattern)

    def check(source: Source) -> Iterator[str]:
        for number, line in enumerate(source.text.splitlines(), start=1):
            if match := compiled.search(line):
                yield f"{number}: {match.group().strip()[:60]}"

    return check


def calls(*names: str) -> Check:
    """A check that finds calls of these built-in functions."""

    def check(source: Source) -> Iterator[str]:
        for node in ast.walk(parse(source.text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{node.lineno}: {node.func.id}("

    return check


def imports(*names: str) -> Check:
    """A check that finds absolute imports of these top-level modules."""

    def check(source: Source) -> Iterator[str]:
        for node in ast.walk(parse(source.text)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            else:
                continue
            yield from (f"{node.lineno}: imports {name}" for name in modules if name.split(".")[0] in names)

    return check


def broad_except(source: Source) -> Iterator[str]:
    broad: list[int] = []
    for node in ast.walk(parse(source.text)):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type] if node.type else []
            if not caught:
                yield f"{node.lineno}: bare except"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        words = re.findall(r"\w+", " ".join(ast.unparse(part) for part in caught))
        if not {"Exception", "BaseException"}.isdisjoint(words):
            broad.append(node.lineno)
    allowed = 1 if source.path in BROAD else 0
    yield from (f"{number}: catches everything" for number in broad[allowed:])


def undocumented(source: Source) -> Iterator[str]:
    def visit(body: list[ast.stmt]) -> Iterator[str]:
        for node in body:
            if not isinstance(node, (ast.ClassDef, *FUNCTIONS)) or node.name.startswith("_"):
                continue
            marks = {ast.unparse(mark).split(".")[-1] for mark in node.decorator_list}
            if ast.get_docstring(node) is None and not marks & {"overload", "setter", "override"}:
                yield f"{node.lineno}: {node.name} has no docstring"
            if isinstance(node, ast.ClassDef):
                yield from visit(node.body)

    yield from visit(parse(source.text).body)


def float_money(source: Source) -> Iterator[str]:
    for node in ast.walk(parse(source.text)):
        name, annotation = "", None
        if isinstance(node, ast.arg):
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, annotation = ast.unparse(node.target), node.annotation
        elif isinstance(node, FUNCTIONS):
            name, annotation = node.name, node.returns
        if name.endswith("_minor") and annotation is not None and "float" in ast.unparse(annotation):
            yield f"{annotation.lineno}: {name}: {ast.unparse(annotation)}"


def naive_datetime(source: Source) -> Iterator[str]:
    enough = {"now": 1, "fromtimestamp": 2}  # arguments with which the zone is given
    for node in ast.walk(parse(source.text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner, method = ast.unparse(node.func.value).split(".")[-1], node.func.attr
        given = len(node.args) + len(node.keywords)
        naive = method in {"utcnow", "utcfromtimestamp", "today"} or given < enough.get(method, 0)
        if owner == "datetime" and naive:
            yield f"{node.lineno}: datetime.{method}"


def broken_link(source: Source) -> Iterator[str]:
    prose = re.sub(r"```.*?```|`[^`\n]*`", lambda code: "\n" * code.group().count("\n"), source.text, flags=re.DOTALL)
    for number, line in enumerate(prose.splitlines(), start=1):
        for target in re.findall(r"\]\(<?([^)\s>]+)", line):
            path = target.split("#")[0]
            if not path or re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            start = ROOT if path.startswith("/") else ROOT / source.path.parent
            if not (start / path.lstrip("/")).exists():
                yield f"{number}: {target}"


def badly_numbered(names: Iterable[str]) -> list[str]:
    """Decision records without a four-digit number of their own."""
    names = sorted(names)
    taken = Counter(name[:4] for name in names)
    return [name for name in names if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name) or taken[name[:4]] > 1]


RULES = (
    Rule(
        name="file_length",
        check=longer_than(400),
        mend="At most 400 lines a file: split it by idea.",
        bad=(("engine/a.py", "a = 1\n" * 401),),
        good=(("engine/a.py", "a = 1\n" * 400),),
    ),
    Rule(
        name="function_length",
        check=long_function,
        mend="At most 60 lines a function: take a step out and name it.",
        bad=(("tests/a.py", "async def f():\n" + "    a = 1\n" * 60),),
        good=(("tests/a.py", "def f():\n" + "    a = 1\n" * 59),),
    ),
    Rule(
        name="line_length",
        check=matches(r"^.{121,}"),
        mend="At most 120 characters a line: ruff format.",
        bad=(("api/a.py", "#" * 121),),
        good=(("api/a.py", "#" * 120),),
    ),
    Rule(
        name="vague_name",
        check=vague_name,
        mend="Name the module after what it holds.",
        bad=(("engine/utils.py", ""), ("api/common/a.py", "")),
        good=(("engine/commonwealth.py", ""),),
    ),
    Rule(
        name="unfinished",
        check=matches(r"\b(FIXM[E]|TOD[O])\b|#\s*XX[X]\b"),
        mend="Finish it, or open an issue and say there what is missing.",
        bad=(("tests/a.py", "# FIX" + "ME later"), ("api/a.py", "#XX" + "X: hm"), ("api/a.py", '"""TO' + 'DO"""')),
        good=(("engine/iso.py", 'NO_CURRENCY = "XXX"'),),
    ),
    Rule(
        name="print",
        check=calls("print"),
        mend="Return it, or let api/ log it.",
        folders=("engine", "models"),
        bad=(("models/a.py", "print(1)"),),
        good=(("api/cli.py", "print(1)"), ("engine/a.py", "blueprint(1)")),
    ),
    Rule(
        name="broad_except",
        check=broad_except,
        mend="Catch what you expect. The two broad excepts of the house stand where a caller waits for an answer.",
        bad=(
            ("api/errors.py", "try:\n    f()\nexcept:\n    pass"),
            ("api/errors.py", "try:\n    f()\nexcept Exception:\n    pass\n" * 2),
            ("tests/a.py", "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    pass"),
            ("engine/a.py", "with contextlib.suppress(Exception):\n    f()"),
        ),
        good=(("api/errors.py", "try:\n    f()\nexcept ValueError:\n    pass\nexcept Exception:\n    pass"),),
    ),
    Rule(
        name="eval",
        check=calls("eval", "exec"),
        mend="Parse text into data; never run it.",
        folders=PACKAGES,
        bad=(("engine/a.py", "eval('1')"), ("api/a.py", "exec('a = 1')")),
        good=(("models/a.py", "frame.eval('a')"),),
    ),
    Rule(
        name="pickle",
        check=imports("pickle", "cloudpickle", "dill", "shelve", "marshal"),
        mend="An artefact is data: npz with allow_pickle=False, JSON, Parquet.",
        folders=PACKAGES,
        bad=(("models/a.py", "import pickle"), ("api/a.py", "def f():\n    from pickle import loads")),
        good=(("models/a.py", "from .pickle import a"),),
    ),
    Rule(
        name="upward_import",
        check=imports("tests", "notebooks"),
        mend="The packages stand alone: move what they need into them.",
        folders=PACKAGES,
        bad=(("engine/a.py", "from tests.conftest import ROOT"), ("api/a.py", "import notebooks.a")),
        good=(("tests/a.py", "from tests.conftest import ROOT"),),
    ),
    Rule(
        name="docstring",
        check=undocumented,
        mend="Say in a sentence what it is or gives.",
        folders=PACKAGES,
        bad=(("engine/a.py", "def f(): ..."), ("api/a.py", 'class A:\n    """A."""\n    async def f(self): ...')),
        good=(("engine/a.py", "def _f(): ..."), ("engine/a.py", "class _A:\n    def f(self): ...")),
    ),
    Rule(
        name="float_money",
        check=float_money,
        mend="Money is a whole number of minor units: int.",
        bad=(("engine/a.py", "amount_minor: float"), ("tests/a.py", "def f(amount_minor: 'float | None'): ...")),
        good=(("engine/a.py", "amount_minor: int\nrate: float"),),
    ),
    Rule(
        name="naive_datetime",
        check=naive_datetime,
        mend="A time carries its zone: datetime.now(UTC).",
        bad=(("api/a.py", "datetime.datetime.now()"), ("tests/a.py", "datetime.fromtimestamp(1)")),
        good=(("api/a.py", "datetime.now(UTC)\nclock.now()\ndatetime.fromtimestamp(1, tz=UTC)"),),
    ),
    Rule(
        name="machine_path",
        check=matches(r"(?<![\w.-])/(wor[k]/|roo[t]/|tmp/bas[h])"),
        mend="Name files from the repository's root, or take the folder as a setting.",
        suffix="",
        bad=(("a.toml", "data = '/wor" + "k/x'"), ("Makefile", "file:///roo" + "t/x"), ("a.md", "/tm" + "p/bash_jobs")),
        good=(("a.md", "see docs/work/plan.md and ./root/x"),),
    ),
    Rule(
        name="package_index",
        check=matches(r"--(extra-)?index-ur[l]|--find-link[s]|--trusted-hos[t]|pythonhoste[d]"),
        mend="Name no index: the machine's own pip settings say where packages come from.",
        suffix="",
        bad=(("requirements/run.txt", "--extra-index-ur" + "l file:///x"), ("Makefile", "pip --find-link" + "s x")),
    ),
    Rule(
        name="notebook_store",
        check=matches(r"engine\.store[s]"),
        mend="Only api/wiring names a concrete store; a notebook takes a ledger it is handed.",
        suffix="",
        folders=("notebooks",),
        bad=(("notebooks/a.ipynb", '"from engine.store' + 's.sql import Ledger"'),),
    ),
    Rule(
        name="link",
        check=broken_link,
        mend="The link leads nowhere: mend or drop it.",
        suffix=".md",
        bad=(("docs/a.md", "see [x](missing.md#part)"), ("README.md", "![x](/docs/missing.png)")),
        good=(("docs/a.md", "[x](../LICENSE) [y](#here) [z](https://example.org/a) `[q](r)`\n```\n[x](no.md)\n```"),),
    ),
    Rule(
        name="decision_length",
        check=longer_than(60),
        mend="At most 60 lines a decision record: what it explains at length belongs in the documentation.",
        suffix=".md",
        folders=("docs/decisions",),
        bad=(("docs/decisions/0001-a.md", "a\n" * 61),),
        good=(("docs/a.md", "a\n" * 61), ("docs/decisions/0001-a.md", "a\n" * 60)),
    ),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_house_rule(rule: Rule) -> None:
    faults = [fault for source in sources() for fault in rule.faults(source)]
    assert not faults, f"{rule.mend}\n" + "\n".join(faults)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rule_itself(rule: Rule) -> None:
    for path, text in rule.bad:
        assert rule.faults(Source(path=PurePosixPath(path), text=text)), f"not caught in {path}: {text[:80]}"
    for path, text in rule.good:
        assert not rule.faults(Source(path=PurePosixPath(path), text=text)), f"wrongly caught in {path}: {text[:80]}"


def test_decision_records_are_numbered_once() -> None:
    names = [path.name for path in listed() if path.parent == PurePosixPath("docs/decisions")]
    assert not badly_numbered(names), "Name a record docs/decisions/NNNN-title.md, with the next free number."
    assert badly_numbered(["0001-a.md", "0001-b.md", "0002-c.md", "d.md"]) == ["0001-a.md", "0001-b.md", "d.md"]


def oversized(sizes: Iterable[tuple[str, int]]) -> list[str]:
    return [name for name, size_bytes in sizes if size_bytes > MAX_BLOB_BYTES]


def test_no_file_is_over_ten_megabytes() -> None:
    found = oversized((str(path), (ROOT / path).stat().st_size) for path in listed())
    assert not found, "Generate it, or read it from the optional data folder."
    assert oversized([("a", MAX_BLOB_BYTES), ("b", MAX_BLOB_BYTES + 1)]) == ["b"]
