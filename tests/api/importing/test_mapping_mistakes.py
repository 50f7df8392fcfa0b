"""What a merchant is told about mistakes in a mapping, word for word.

golden/mistakes.txt holds mappings in lines that begin with `> `, then what is said about each. To add one write its
`> ` lines; ASSAY_UPDATE_GOLDEN=1 has the answers rewritten. Read them before committing.
"""

import os
from pathlib import Path

import pytest

from api.importing.checker import MappingInvalid
from tests.api.importing.desk import Desk

GOLDEN = Path(__file__).parent / "golden" / "mistakes.txt"
HEADING = "id,shop,time,amount,currency,email,card,status,known,note"
MARK = "> "


def mappings(content: str) -> list[str]:
    blocks: list[list[str]] = []
    inside = False
    for line in content.splitlines():
        if line.startswith(MARK) and not inside:
            blocks.append([])
        inside = line.startswith(MARK)
        if inside:
            blocks[-1].append(line.removeprefix(MARK))
    return ["\n".join(lines) for lines in blocks]


def answered(desk: Desk, mapping: str) -> str:
    error = desk.run(desk.payments(heading=HEADING), mapping).error
    assert isinstance(error, MappingInvalid), mapping
    asked = "\n".join(f"{MARK}{line}" for line in mapping.split("\n"))
    return f"{asked}\n{str(error).replace(str(desk.folder), '.')}"


def test_mistakes_read_as_recorded(desk: Desk) -> None:
    recorded = GOLDEN.read_text(encoding="utf-8")
    said = "\n\n".join(answered(desk, mapping) for mapping in mappings(recorded)) + "\n"
    if os.environ.get("ASSAY_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(said, encoding="utf-8")
    else:
        assert said == recorded, "If the new words are better, run with ASSAY_UPDATE_GOLDEN=1."


def test_a_mistake_touches_no_data_folder(desk: Desk) -> None:
    answered(desk, "[fields]")
    assert not desk.data.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_mapping_that_cannot_be_read(desk: Desk, content: bytes | None) -> None:
    path = desk.folder / "absent.toml" if content is None else desk.file("odd.toml", content)
    error = desk.run(desk.payments(), path).error
    assert isinstance(error, MappingInvalid)
    assert path.name in str(error)
