"""What an import was asked for, and the file read and checked for it."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.console import console_of
from api.importing.importing import Work
from api.importing.mapping import ImportMapping
from api.importing.mapping_file import file_options, load_mapping
from api.importing.planning import plan
from api.importing.reading import Sheet, read_sheet
from api.importing.rejects import check_rejects, default_rejects

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command that say what is read and where it is told."""

    file: Path
    mapping: Path
    merchant: str | None
    is_dry_run: bool
    rejects: Path | None
    limit: int | None
    as_json: bool

    @property
    def rejects_path(self) -> Path:
        """Where refused rows go."""
        return self.rejects or default_rejects(self.file)

    def read(self) -> tuple[dict[str, Any], Sheet]:
        """The mapping's document and the file's rows. Raises MappingInvalid or ImportFileInvalid."""
        with status(f"reading {self.file}"):
            document = load_mapping(self.mapping)
            return document, read_sheet(self.file, file_options(self.mapping, document))

    def work(self, sheet: Sheet, bound: ImportMapping, now: datetime) -> Work:
        """The rows by the mapping, in the order of their times.

        Raises ImportFileInvalid where refused rows could not be written, before anything is done.
        """
        check_rejects(self.rejects_path, sheet)
        with status("sorting the rows by time"):
            return Work(sheet=sheet, mapping=bound, plan=plan(sheet, bound, now, self.limit), now=now)

    def source(self, sheet: Sheet) -> dict[str, Any]:
        """What tells this file from another: its content's hash and whose it is; and the mapping's hash."""
        return {
            "source": {"sha256": _hash(self.file), "rows": len(sheet.rows), "merchant": self.merchant},
            "mapping_sha256": _hash(self.mapping),
        }


def status(words: str) -> AbstractContextManager[object]:
    """A turning wheel beside these words, at a terminal."""
    return console_of(stderr=True).status(escape(words)) if sys.stderr.isatty() else nullcontext()


@contextmanager
def progress(title: str, rows: int) -> Iterator[Advance]:
    """A bar of so many rows, at a terminal; call what it gives with how many more are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console_of(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task(title, total=rows)

        def advance(count: int) -> None:
            shown.advance(task, count)

        yield advance


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
