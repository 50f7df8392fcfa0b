"""The rejects file: the rows that were not recorded, as they were, each with its line, a code and the reason.

It can be mended and imported with the same mapping: its own four columns are left out then.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from api.importing.reading import FileOptions, ImportFileInvalid, Sheet
from api.importing.refusal import Refusal
from engine.card_data import holds_card_number, is_bare_card_length, is_cvv_name

OWN_COLUMNS = ("row", "code", "field", "reason")
REMOVED = "[card data removed]"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def default_rejects(file: Path) -> Path:
    """FILE.rejects.csv."""
    return file.with_name(f"{file.name}.rejects.csv")


def check_rejects(path: Path, sheet: Sheet) -> None:
    """Refuse, before anything is decided, a place that could not be written or holds something else.

    Raises ImportFileInvalid.
    """
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ImportFileInvalid(f"{path} cannot be written; give another place with --rejects PATH.")
    if path.exists() and (path.samefile(sheet.path) or not _is_rejects(path, sheet.options)):
        raise ImportFileInvalid(f"{path} is there and is no rejects file; give another place with --rejects PATH.")


def write_rejects(
    path: Path, sheet: Sheet, card_columns: frozenset[int], refusals: Iterable[tuple[int, Refusal]]
) -> Path | None:
    """Write the file at once, in the source's order; none, and an old one removed, where nothing was refused.

    What in the `card_columns` has a card number's length is not written again.
    """
    ordered = sorted(refusals, key=lambda entry: entry[0])
    if not ordered:
        path.unlink(missing_ok=True)
        return None
    staged = path.with_name(f"{path.name}.new")
    # Its rows hold what shoppers typed: for the owner's eyes.
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Written as the source is, so that the same mapping reads it.
    with os.fdopen(descriptor, "w", encoding=sheet.options.encoding, errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.options.delimiter or ",")
        writer.writerow([*original_columns(sheet.columns), *_own_columns(sheet.columns)])
        writer.writerows(_rows(sheet, card_columns, ordered))
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    return path


def is_own_heading(columns: Sequence[str]) -> bool:
    """Whether a heading is that of a rejects file."""
    return tuple(columns[-len(OWN_COLUMNS) :]) == _own_columns(original_columns(columns))


def _rows(sheet: Sheet, card_columns: frozenset[int], refusals: Sequence[tuple[int, Refusal]]) -> Iterator[list[str]]:
    width = len(original_columns(sheet.columns))
    for index, refusal in refusals:
        row = sheet.rows[index]
        cells = [*row.cells, *[""] * width][:width]
        yield [
            *(_clean(cell, at, sheet.columns, card_columns) for at, cell in enumerate(cells)),
            str(row.line),
            *map(_inert, (refusal.code, refusal.field, refusal.reason)),
        ]


def _clean(cell: str, at: int, columns: Sequence[str], card_columns: frozenset[int]) -> str:
    """The cell as it was, unless it may be card data: whatever the reason, none is written anew (law 10)."""
    is_card = at in card_columns and is_bare_card_length(cell)
    # A single letter is what the check said (a shop may call that column "CVV"), and the mended row needs it.
    is_letter = len(cell) == 1 and cell.isalpha()
    is_sensitive = bool(cell) and not is_letter and is_cvv_name(columns[at])
    return REMOVED if is_card or is_sensitive or holds_card_number(cell) else cell


def _inert(text: str) -> str:
    """Our own cells never begin as a formula does; the merchant's are given back as they were."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def original_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns without ours, where the file is a rejects file that was mended."""
    for own in (OWN_COLUMNS, tuple(f"reject_{name}" for name in OWN_COLUMNS)):
        if tuple(columns[-len(own) :]) == own:
            return tuple(columns[: -len(own)])
    return tuple(columns)


def _own_columns(columns: Sequence[str]) -> tuple[str, ...]:
    original = original_columns(columns)
    return tuple(f"reject_{name}" for name in OWN_COLUMNS) if set(OWN_COLUMNS) & set(original) else OWN_COLUMNS


def _is_rejects(path: Path, options: FileOptions) -> bool:
    try:
        with path.open(encoding=options.encoding, newline="") as file:
            return is_own_heading(next(csv.reader(file, delimiter=options.delimiter or ","), []))
    except (OSError, UnicodeError, csv.Error):
        return False
