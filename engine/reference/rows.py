"""The rows of a small CSV table: its heading checked, each row with its line for whoever has to mend it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from engine.errors import ReferenceInvalid
from engine.reference.source import Source, decode_source, read_source

Row = tuple[int, list[str]]
"""The number of a line, and its cells."""
T = TypeVar("T")


class Read(NamedTuple, Generic[T]):
    """What a file says, the first 12 hexadecimal digits of its SHA-256, and how many rows it has."""

    table: T
    fingerprint: str
    rows: int


def read_rows(path: Path, columns: Sequence[str]) -> tuple[Source, list[Row]]:
    """The file and its rows below the heading, each as wide as the heading; spaces around cells are dropped.

    Raises ReferenceInvalid naming file, line and mend: also where there is no row at all.
    """
    source = read_source(path)
    lines = decode_source(source, source.content).splitlines()
    try:
        reader = csv.reader(lines, strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except csv.Error as error:
        raise ReferenceInvalid(f"{path}: {error}; write it as {','.join(columns)}") from error
    if not rows or rows[0][1] != list(columns):
        raise ReferenceInvalid(f"{path}, line 1: the heading is not {','.join(columns)}; add it")
    for line, cells in rows:
        if len(cells) != len(columns):
            raise malformed(path, line, f"{len(cells)} columns instead of {len(columns)}")
    if len(rows) == 1:
        raise ReferenceInvalid(f"{path}: no rows; give at least one, or leave the file out")
    return source, rows[1:]


def malformed(path: Path, line: int, cause: str) -> ReferenceInvalid:
    """What is wrong with a row."""
    return ReferenceInvalid(f"{path}, line {line}: {cause}; mend or remove the row")
