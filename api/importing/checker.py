"""Collecting the mistakes of a mapping file: each with its key, the cause, the mend, and the nearest right name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine.errors import AssayError

TOP_KEYS = (
    "fields",
    "values",
    "time",
    "labels",
    "file",
    "outcomes",
    "refunds",
    "velocities",
    "round_amounts",
    "decimal_comma",
)
MISPLACED = "stands inside a table; move it above the first line in [brackets]"


class MappingInvalid(AssayError):
    """A mapping file that does not check: names the file, each key, the cause and the mend."""

    code = "mapping_invalid"


@dataclass(slots=True)
class Checker:
    """Collects the mistakes of one mapping file, and the columns that it uses."""

    path: Path
    columns: tuple[str, ...]
    faults: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def fault(self, key: str, cause: str) -> None:
        """Keep a mistake."""
        self.faults.append(f"{key}: {cause}")

    def finish(self) -> None:
        """Raise MappingInvalid with all mistakes, where there is one."""
        if self.faults:
            raise MappingInvalid("\n  ".join([f"{self.path} does not check:", *self.faults]))

    def column(self, key: str, name: object) -> int | None:
        """The place of a column, which is used from now on; None, and a mistake, where there is none."""
        if not isinstance(name, str):
            self.fault(key, "not the name of a column in quotes")
        elif name not in self.columns:
            self.fault(key, f"the file has no column '{name}'{nearest(name, self.columns)}")
        else:
            at = self.columns.index(name)
            self.used.add(at)
            return at
        return None

    def known(self, table: Mapping[str, Any], key: str, names: Iterable[str]) -> None:
        """Every key of a table that is none of these names is a mistake."""
        names = tuple(names)
        for name in table:
            if name in names:
                continue
            if key and name in TOP_KEYS:
                self.fault(f"{key}.{name}", MISPLACED)
            else:
                self.fault(f"{key}.{name}" if key else name, f"no such key{nearest(name, names)}")

    def table(self, document: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
        """The table of this (dotted) name, empty where absent; without `keys` it may hold any."""
        table = document.get(name.rpartition(".")[2], {})
        if not isinstance(table, dict):
            self.fault(name, f"not a table; write [{name}] on a line of its own")
            return {}
        if keys:
            self.known(table, name, keys)
        return table

    def text(self, table: Mapping[str, Any], key: str, name: str) -> str:
        """The text under a name; "" where absent."""
        value = table.get(name, "")
        if isinstance(value, str):
            return value
        self.fault(f"{key}.{name}", "not text in quotes")
        return ""

    def flag(self, document: Mapping[str, Any], name: str, key: str = "") -> bool:
        """Whether something is set to true, in the table of this key or at the top."""
        value = document.get(name, False)
        if isinstance(value, bool):
            return value
        self.fault(f"{key}.{name}" if key else name, "write true or false, without quotes")
        return False


def flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Entries by dotted name, whether the name was quoted ("order.amount" = ) or not (order.amount = )."""
    for name, given in table.items():
        if "." not in name and isinstance(given, dict):
            yield from ((f"{name}.{inner}", value) for inner, value in given.items())
        else:
            yield name, given


def cell_text(value: object) -> str:
    """A TOML value as the text of a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def nearest(name: str, names: Iterable[str]) -> str:
    """A question for the nearest name; "" where none is near."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.6) or _same_letters(name, names)
    return f"; did you mean '{close[0]}'?" if close else ""


def _same_letters(name: str, names: Iterable[str]) -> list[str]:
    plain = {candidate.lower().replace("_", "").replace(" ", ""): candidate for candidate in names}
    found = plain.get(name.lower().replace("_", "").replace(" ", ""))
    return [] if found is None else [found]
