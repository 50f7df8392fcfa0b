"""A file of rows, CSV or Parquet, as text: nothing is guessed, rounded or taken as missing on the way.

CSV is read by the standard library, not by pandas: it alone says on which line of the file a row stands (cells may hold
newlines) and leaves a row with too many cells to be refused by itself.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import AssayError

DELIMITERS = (",", ";", "\t", "|")
_PARQUET = b"PAR1"
_NOT_ROWS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive; save the sheet as 'CSV UTF-8', or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as 'CSV UTF-8'"),
    (b"\x1f\x8b", "compressed (gzip); unpack it"),
)
_QUOTED = re.compile(r'"[^"]*"')


class ImportFileInvalid(AssayError):
    """A file to import that cannot be read as rows: names the file, the line, the cause and the mend."""

    code = "import_file_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a CSV file is written; without a delimiter the heading tells it."""

    encoding: str = "utf-8-sig"
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on (of a Parquet file: its number), and its cells as text."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a file holds: named columns and rows in the file's order, and how it was written."""

    path: Path
    options: FileOptions
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(path: Path, options: FileOptions) -> Sheet:
    """All rows of a file. Raises ImportFileInvalid."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImportFileInvalid(f"{path} cannot be read: {error.strerror or error}.") from error
    for magic, what in _NOT_ROWS:
        if content.startswith(magic):
            raise ImportFileInvalid(f"{path} is {what}.")
    if content.startswith(_PARQUET):
        # Loaded where it is used: pyarrow takes a third of a second that no other command should wait for.
        from api.importing.parquet import read_parquet  # noqa: PLC0415

        columns, rows = read_parquet(path)
    else:
        text = _decoded(path, content, options.encoding).removeprefix("\ufeff")
        options = replace(options, delimiter=options.delimiter or _delimiter(text))
        columns, rows = _read_csv(path, text, options)
    _check_heading(path, columns)
    return Sheet(path=path, options=options, columns=columns, rows=rows)


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        guess = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"
        raise ImportFileInvalid(
            f"{path}, line {line}: byte 0x{content[error.start]:02X} is not {encoding.removesuffix('-sig').upper()}. "
            f'Save the file as UTF-8, or write encoding = "{guess}" under [file] in the mapping.'
        ) from None
    except UnicodeError as error:
        raise ImportFileInvalid(f"{path} is not {encoding}: {error}. Save the file as UTF-8.") from None


def _read_csv(path: Path, text: str, options: FileOptions) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    # strict: after a stray quotation mark nobody knows where rows end, so no part of such a file is taken.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=options.delimiter or ",", strict=True)
    try:
        rows = tuple(_csv_rows(reader))
    except csv.Error as error:
        raise ImportFileInvalid(
            f"{path}, line {reader.line_num}: {error}. Look for a quotation mark that is not closed, or not doubled "
            "inside a quoted cell, on this line or above."
        ) from None
    if not rows:
        raise ImportFileInvalid(f"{path} is empty: the first line names the columns.")
    return rows[0].cells, rows[1:]


def _csv_rows(reader: Iterator[list[str]]) -> Iterator[Row]:
    line = 1
    for cells in reader:
        if cells:
            yield Row(line, tuple([cell.strip() for cell in cells]))
        line = getattr(reader, "line_num", line) + 1


def _delimiter(text: str) -> str:
    heading = _QUOTED.sub("", text.partition("\n")[0])
    return max(DELIMITERS, key=heading.count)


def _check_heading(path: Path, columns: tuple[str, ...]) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        named = ", ".join(repr(name) for name in twice)
        raise ImportFileInvalid(f"{path}: the heading names {named} more than once; give each column its own name.")
