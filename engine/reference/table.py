"""What every reference table says of itself: its name, version and age, where it comes from, on which terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

EMBEDDED_MAX_AGE_DAYS: Final = 550
"""How old an IP table may be: the embedded one, of June 2026, serves until December 2027, a year from its release."""

OPERATORS_OWN: Final = "the operator's own"
"""The source and the licence of a table that the operator brought: on what terms is between them and its publisher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """What there is to say of one table, for `assay data list`, the doctor and the metrics; deciding reads none of it.

    `name` is the table's field in Reference, `what` one phrase. `version` changes where the content does and is what
    decisions record. `built` is the day as of which its content stood, None where its publisher names none; `rows`
    counts what can be found in it, None where that is no number. `attribution` is what its licence asks to be shown
    with results, empty where nothing. `max_age_days`: older than that it is stale; None where it does not age.
    `parts` are the tables that it is made of, where it is of several.
    """

    name: str
    what: str
    version: str
    built: date | None
    rows: int | None
    source: str
    licence: str
    attribution: str = ""
    max_age_days: int | None = None
    parts: tuple["TableInfo", ...] = ()

    @property
    def is_operators(self) -> bool:
        """Whether the operator brought it, or a part of it."""
        return self.source == OPERATORS_OWN or any(part.is_operators for part in self.parts)

    def age_days(self, today: date) -> int | None:
        """How many days ago it was built; None where that is not known."""
        return None if self.built is None else (today - self.built).days

    def is_stale(self, today: date) -> bool:
        """Whether it, or a part of it, is older than it may be. What has no date, or does not age, is not."""
        age = self.age_days(today)
        too_old = age is not None and self.max_age_days is not None and age > self.max_age_days
        return too_old or any(part.is_stale(today) for part in self.parts)


class Table(Protocol):
    """A reference table: loaded once, never changed."""

    @property
    def version(self) -> str:
        """What decisions record: another one wherever the content is."""

    @property
    def info(self) -> TableInfo:
        """What it says of itself."""


Tables = Mapping[str, Table | None]
"""Each table by its name, None where it is missing."""
