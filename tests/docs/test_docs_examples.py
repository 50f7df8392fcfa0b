"""Every example of the documents runs: curl calls go to the application, and their answers are what is shown."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from api.commands import PLACES
from tests.docs.conftest import Demo
from tests.docs.documents import ROOT, blocks, read

DOCUMENTS = ("README.md", *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/*.md"))))
CURL = [name for name in DOCUMENTS if any("curl" in block.text for block in blocks(read(name)))]
SHOWN_TITLES = ("an ordinary payment", "a suspicious payment", "a payment amid card testing")

Shows = Callable[[Any, Any], None]


def called(command: str, demo: Demo) -> Response:
    """A curl command as a call of the application."""
    text = re.sub(r"\$(\w+)", lambda match: demo.keys[match[1]], command)
    words = shlex.split(text.replace("\\\n", " "))
    assert words[0] == "curl", command
    url, headers, body, method = "", {}, None, None
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
            # What curl says of -d where nothing else is said.
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif word == "-X":
            method = next(rest)
        elif not word.startswith("-"):
            url = word
        else:
            assert word in ("-s", "-i", "-si"), f"this test does not know curl's {word}"
    return demo.client.request(method or ("GET" if body is None else "POST"), url, headers=headers, content=body)


@pytest.mark.parametrize("name", CURL)
def test_calls_answer_what_is_shown(name: str, demo: Demo, shows: Shows) -> None:
    found = [block for block in blocks(read(name)) if block.language in ("bash", "json")]
    calls = [index for index, block in enumerate(found) if block.language == "bash" and "curl" in block.text]
    for index in calls:
        response = called(found[index].text, demo)
        follows = found[index + 1] if index + 1 < len(found) else None
        shown = json.loads(follows.text) if follows and follows.language == "json" else {}
        # A problem shows its status; what shows none succeeds.
        assert response.status_code == shown.get("status", response.status_code if response.is_success else 200)
        shows(shown, response.json())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json_is_json(name: str) -> None:
    for block in blocks(read(name)):
        if block.language == "json":
            json.loads(block.text)


def test_the_readme_shows_what_make_run_answers(demo: Demo, shows: Shows) -> None:
    shown = [json.loads(block.text) for block in blocks(read("README.md")) if block.language == "json"]
    assert len(shown) == len(SHOWN_TITLES)
    for answer, title in zip(shown, SHOWN_TITLES, strict=True):
        shows(answer, demo.answers[title])


def test_the_readme_names_what_is_there() -> None:
    """Each row of the map names a file and something that stands in it."""
    rows = re.findall(r"^\|[^|\n]+\| `([^`]+\.py)` \| (`[^|\n]+`) \|", read("README.md"), re.MULTILINE)
    assert len(rows) >= 8
    for path, names in rows:
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)(?:\(\))?`", names):
            assert re.search(rf"\b(def|class) {name}\b|^{name}\b", source, re.MULTILINE), f"{name} is not in {path}"


def test_commands_are_those_of_the_command_line() -> None:
    known = {*PLACES}
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS if Path(name).suffix == ".md")
    assert set(re.findall(r"`assay (\w+)", text)) <= known
    assert set(re.findall(r"^\| `assay (\w+)", read("README.md"), re.MULTILINE)) == known
