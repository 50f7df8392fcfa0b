"""Reading the documents: their generated parts, tables and fenced examples."""

import os
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^```(\w*)[^\n`]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language and what is in it."""

    language: str
    text: str


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [Block(match[1], match[2]) for match in _FENCED.finditer(text)]


def part(text: str, marker: str) -> str:
    """What stands between `<!-- marker -->` (or `<!-- marker: ... -->`) and `<!-- end of marker -->`."""
    match = re.search(rf"<!-- {marker}(?:: \w+)? -->\n(.*?)<!-- end of {marker} -->", text, re.DOTALL)
    assert match, f"there is no part {marker}"
    return match[1]


def check_generated(name: str, marker: str, content: str) -> None:
    """The part is what the code says; with ASSAY_UPDATE_GOLDEN=1 it is rewritten first."""
    text = read(name)
    written = text.replace(f"-->\n{part(text, marker)}<!-- end of {marker}", f"-->\n{content}<!-- end of {marker}")
    if os.environ.get("ASSAY_UPDATE_GOLDEN") == "1":
        (ROOT / name).write_text(written, encoding="utf-8")
    assert text == written, f"{name} is stale: run this test with ASSAY_UPDATE_GOLDEN=1"


def codes_listed(name: str, marker: str, column: int) -> list[str]:
    """The `codes` in backticks in one column of a table."""
    rows = [line.replace("\\|", "").split("|") for line in part(read(name), marker).splitlines()[2:]]
    return [code for row in rows for code in re.findall(r"`([a-z_0-9]+)`", row[column])]
