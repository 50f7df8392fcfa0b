"""The notebooks run from top to bottom on a folder that a server may hold, and are committed without what they said."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from typer.testing import CliRunner

from api.bench.data_sets import absence
from api.bench.l1_handbook import FILE
from api.cli import app
from api.settings import Settings
from api.wiring import assembled
from tests.docs.demo_traffic import play_demo
from tests.docs.documents import blocks, read
from tests.docs.shop_orders import write_orders

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def held_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with the demonstration's payments, its lock held as a server holds it."""
    folder = tmp_path_factory.mktemp("notebooks") / "data"
    with assembled(Settings(data=folder)) as assembly:
        play_demo(assembly)
        yield folder


def notebook_at(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


def code_of(path: Path) -> list[Any]:
    return [cell for cell in notebook_at(path).cells if cell.cell_type == "code"]


def said(cell: Any) -> str:
    return "".join(output.get("text") or output["data"].get("text/plain", "") for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    for cell in code_of(path):
        assert (cell.outputs, cell.execution_count) == ([], None), "Clear all outputs before committing."


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_nothing(path: Path) -> None:
    for cell in code_of(path):
        tree = compile(cell.source, path.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert not any(
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in ast.walk(tree)
        )


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_explore_decisions(held_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_DATA", str(held_folder))
    notebook = notebook_at(FOLDER / "01_explore_decisions.ipynb")
    NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(FOLDER)}}).execute()
    shown = [said(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert shown[0].startswith("337 payments")
    assert "blinkvr" in shown[1]
    assert "rule:ip-many-cards" in "".join(shown)
    assert "card testing" in shown[-2]
    assert "changed since: nothing\nsame bytes: True" in shown[-1]


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_train_judge_promote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a shop's own past, and promoted: where no reason is given, nothing is."""
    write_orders(tmp_path / "orders.csv", 1_100)
    (mapping,) = [block.text for block in blocks(read("docs/learning.md")) if "[outcomes]" in block.text]
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    folder = str(tmp_path / "data")
    imported = ["import", str(tmp_path / "orders.csv"), "--mapping", str(tmp_path / "map.toml"), "--history"]
    assert CliRunner().invoke(app, [*imported, "--data", folder]).exit_code == 0
    monkeypatch.setenv("ASSAY_DATA", folder)
    monkeypatch.setenv("LAST_DAY", "2026-01-01")
    monkeypatch.setenv("BECAUSE", "first model")
    notebook = notebook_at(FOLDER / "02_train_judge_promote.ipynb")
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}}).execute()
    shown = [said(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "average precision" in shown[6]
    assert "known frauds count (at least 200)." in shown[7]
    assert "it scores the same: True" in shown[8]
    assert "  champion  boosting" in shown[9]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_handbook_on_a_small_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """One customer of eight, three weeks: it is the way that is tested here, and figures are not."""
    if reason := absence(FILE):
        pytest.skip(reason)
    monkeypatch.setenv("HANDBOOK_SHARE", "8")
    notebook = notebook_at(FOLDER / "03_fraud_detection_handbook.ipynb")
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}}).execute()
    shown = [said(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "payments" in shown[0]
    assert "0 rejected" in shown[1]
    assert "Assay, all past" in shown[-1]
    assert "XGBoost" in shown[-1]
