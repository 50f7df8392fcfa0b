"""The walk of docs/learning.md from a CSV file to a promoted model and back, run as it is written."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.docs.documents import blocks, read
from tests.docs.shop_orders import HEAD, write_orders

_MODEL = re.compile(r"model-[0-9a-f]{12}")
_FIGURE = re.compile(r"[-+]?\d[\d,.]*")


def steps(consoles: list[str]) -> list[tuple[list[str], list[str]]]:
    """Each command, and the lines that it prints among others."""
    found: list[tuple[list[str], list[str]]] = []
    for line in "".join(consoles).splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:]), []))
        else:
            found[-1][1].append(line)
    return found


def shape(line: str) -> str:
    """A line but for its figures: another processor rounds otherwise, and a forest may then split otherwise."""
    return " ".join(_FIGURE.sub("0", _MODEL.sub("model", line)).split())


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_walk_from_orders_to_a_promoted_model_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = read("docs/learning.md")
    (orders,) = [block.text for block in blocks(text) if block.language == "csv"]
    assert orders.splitlines()[0].split(",") == list(HEAD)
    (mapping,) = [block.text for block in blocks(text) if block.language == "toml" and "[outcomes]" in block.text]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_DATA", raising=False)
    write_orders(Path("orders.csv"), 4_000)
    Path("last-year.toml").write_text(mapping, encoding="utf-8")
    walked = steps([block.text for block in blocks(text) if block.language == "console"])
    assert [command[1] for command, _ in walked] == [
        "import", "train", "models", "promote", "models", "rollback", "models",
    ]  # fmt: skip
    trained = ""
    for command, said in walked:
        named = [_MODEL.sub(trained, word) for word in command[1:]]
        result = CliRunner().invoke(app, named, env={"COLUMNS": "80"})
        assert result.exit_code == 0, (command, result.output, result.exception)
        printed = [shape(line) for line in result.output.splitlines()]
        assert all(shape(line) in printed for line in said), (said, result.output)
        if command[1] == "train":
            (trained,) = {path.stem for path in Path("var/assay/models").glob("*.html")}
