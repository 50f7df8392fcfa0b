"""Lists as CSV: a heading, then a value a line. What is written can be read again, and opens as no formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.schemas.body import RequestInvalid
from api.schemas.list_values import VALUE_LENGTH_MAX, Written
from engine.errors import Fault
from engine.lists import EntryType

COLUMNS: Final = ("type", "value", "reason", "expires_at")
REMOVED: Final = "[card data removed]"
"""What a rejects file holds in the place of card data: no value."""
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_DELIMITERS: Final = (",", ";", "\t")
_TYPES: Final = {each.value: each for each in EntryType}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a CSV: an entry as it was written, or what keeps it from being one."""

    number: int
    written: Written | Fault


def read_csv(body: bytes) -> list[Line]:
    """The lines that hold anything. Raises RequestInvalid where the heading or the encoding is wrong."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _invalid("value_invalid", "Not UTF-8: save the file as CSV in UTF-8.") from None
    rows = _rows(text)
    heading = [cell.strip().lower() for cell in next(rows, (0, []))[1]]
    unknown = [cell for cell in heading if cell not in COLUMNS]
    if "value" not in heading or unknown or len(set(heading)) < len(heading):
        detail = f"The first line names the columns, each once: value, and as needed {', '.join(COLUMNS)}."
        raise _invalid("heading_invalid", detail)
    return [_line(number, dict(zip(heading, cells, strict=False)), len(cells) > len(heading)) for number, cells in rows]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        raise _invalid("value_invalid", f"Line {reader.line_num} is no CSV: check its quotes.") from None


def _line(number: int, cells: dict[str, str], is_wide: bool) -> Line:  # noqa: FBT001 - of one caller
    said = {name: plain(cell.strip()) for name, cell in cells.items()}
    kind = said.get("type", "").lower()
    if is_wide:
        detail = "It has more cells than the heading: put a value that holds the separator in quotes."
        return Line(number=number, written=Fault(pointer="/value", code="too_many", detail=detail))
    if kind and kind not in _TYPES:
        detail = f"Not a type. Send one of: {', '.join(_TYPES)}."
        return Line(number=number, written=Fault(pointer="/type", code="value_unknown", detail=detail))
    value = said.get("value", "")
    if value == REMOVED:
        detail = "Card data stood here, which no list takes: write the processor's token, or leave the line out."
        return Line(number=number, written=Fault(pointer="/value", code="card_data_refused", detail=detail))
    if len(value) > VALUE_LENGTH_MAX:
        detail = f"At most {VALUE_LENGTH_MAX} characters."
        return Line(number=number, written=Fault(pointer="/value", code="too_long", detail=detail))
    return Line(
        number=number,
        written=Written(
            pointer="",
            value=value,
            type=_TYPES.get(kind),
            reason=said.get("reason") or None,
            expires_at=said.get("expires_at") or None,
        ),
    )


def csv_line(cells: Iterable[str]) -> str:
    """A line of CSV; a cell that would open as a formula begins with an apostrophe."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow([inert(cell) for cell in cells])
    return line.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def plain(cell: str) -> str:
    """The cell that `inert` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def _invalid(code: str, detail: str) -> RequestInvalid:
    return RequestInvalid(Fault(pointer="", code=code, detail=detail))


def too_many(lines: Sequence[Line], most: int) -> RequestInvalid | None:
    """What is wrong with a file of more lines than one call takes."""
    if len(lines) <= most:
        return None
    return _invalid("too_many", f"At most {most} lines at once: send the file in parts, as 'assay lists import' does.")
