"""Files of list entries: read in parts that one call takes, and what was refused of them written as it was."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.schemas.list_csv import COLUMNS, REMOVED, csv_line, inert
from engine.card_data import holds_card_number, is_bare_card_length, token_holds_card_number
from engine.errors import AssayError

PART_LINES: Final = 250
"""A call of so many takes about ten milliseconds of the writer, and decisions wait no longer than that."""
PART_BYTES_MAX: Final = 48 * 1024
"""Below what a request's body may have."""
_REJECT_COLUMNS: Final = ("reject_line", "reject_field", "reject_code", "reject_detail")


class ListFileInvalid(AssayError):
    """A file of entries that cannot be read or written: names the file and the mend."""

    code = "list_file_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Lines of a file as one CSV with its heading; `lines` are their numbers in the file, `rows` their cells."""

    body: bytes
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]

    def at(self, line: int) -> tuple[int, tuple[str, ...]]:
        """The line of the file, and its cells, that ends at this line of the part's own CSV."""
        reader = csv.reader(io.StringIO(self.body.decode(), newline=""))
        ends = [reader.line_num for _ in reader][1:]
        index = ends.index(line)
        return self.lines[index], self.rows[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A file of entries: its heading, and its lines that hold anything with their numbers.

    Columns that a rejects file adds are left out, so that one can be mended and imported again.
    """

    heading: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def parts(self) -> Iterator[Part]:
        """The file in parts that one call takes each."""
        head = _line(self.heading)
        lines: list[int] = []
        rows: list[tuple[str, ...]] = []
        text: list[str] = [head]
        size = len(head)
        for number, cells in self.rows:
            line = _line(cells)
            if rows and (len(rows) == PART_LINES or size + len(line.encode()) > PART_BYTES_MAX):
                yield Part(body="".join(text).encode(), lines=tuple(lines), rows=tuple(rows))
                lines, rows, text, size = [], [], [head], len(head)
            lines.append(number)
            rows.append(cells)
            text.append(line)
            size += len(line.encode())
        if rows:
            yield Part(body="".join(text).encode(), lines=tuple(lines), rows=tuple(rows))


def read_list_file(path: Path) -> ListFile:
    """The file. Raises ListFileInvalid."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ListFileInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ListFileInvalid(f"{path} is not UTF-8: save it as CSV in UTF-8.") from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max((",", ";", "\t"), key=first.count))
    try:
        rows = [(reader.line_num, tuple(cells)) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ListFileInvalid(f"{path}: line {reader.line_num} is no CSV ({error}): check its quotes.") from error
    if not rows:
        raise ListFileInvalid(f"{path} is empty: its first line names the columns, {', '.join(COLUMNS)}.")
    kept = [at for at, name in enumerate(rows[0][1]) if name.strip().lower() not in _REJECT_COLUMNS]
    width = len(rows[0][1])
    # A line that is too wide stays so: it is refused, not cut.
    cut = [(number, (*(cells[at] for at in kept if at < len(cells)), *cells[width:])) for number, cells in rows]
    return ListFile(heading=cut[0][1], rows=tuple(cut[1:]))


def write_rejects(path: Path, file: ListFile, rejects: Sequence[tuple[int, tuple[str, ...], dict[str, Any]]]) -> bool:
    """Write the refused lines as they were, each with its line, field, code and mend; whether there is any.

    None are written of which a cell may be card data (law 10), and an old file is removed where nothing was refused.
    Raises ListFileInvalid.
    """
    if not rejects:
        path.unlink(missing_ok=True)
        return False
    width = len(file.heading)
    lines = [_line((*file.heading, *_REJECT_COLUMNS))]
    for number, cells, reject in rejects:
        whole = [*map(_clean, cells), *[""] * width][:width]
        said = (str(number), reject["field"], reject["code"], inert(reject["detail"]))
        lines.append(_line((*whole, *said)))
    write_private(path, lines)
    return True


def write_private(path: Path, lines: Iterable[str]) -> None:
    """Write a file for its owner's eyes, whole or not at all. Raises ListFileInvalid."""
    staged = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except OSError as error:
        raise ListFileInvalid(f"{path} cannot be written: {error.strerror}.") from error


def exported(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Entries as CSV lines that can be imported again, and that no spreadsheet takes for formulas."""
    yield csv_line(COLUMNS)
    for entry in entries:
        yield csv_line(entry[name] or "" for name in COLUMNS)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _clean(cell: str) -> str:
    is_card = is_bare_card_length(cell) or holds_card_number(cell) or token_holds_card_number(cell)
    return REMOVED if is_card else cell
