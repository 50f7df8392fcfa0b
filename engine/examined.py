"""What a look over a data folder's database found: `assay doctor` judges it."""

from dataclasses import dataclass
from datetime import datetime

from engine.access import ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`damage` is the database's own words; where there is any, or a `schema_fault`, the rest was not read.

    `is_empty` says of a `schema_fault` that no version's tables are there. `unreadable` holds the first ids of
    decisions whose records cannot be read, and `unreadable_count` says how many there are.
    """

    damage: tuple[str, ...]
    schema_fault: str | None
    keys: tuple[ApiKey, ...]
    newest_at: datetime | None
    decisions: int
    is_empty: bool = False
    unreadable: tuple[str, ...] = ()
    unreadable_count: int = 0
    jobs_waiting: int = 0
    jobs_waiting_since: datetime | None = None
    """When the one that waits longest was asked for."""
