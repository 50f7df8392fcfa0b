"""What a look over a data folder's database found: `assay doctor` judges it."""

from dataclasses import dataclass
from datetime import datetime

from engine.access import ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`damage` is the database's own words; where there is any, or a `schema_fault`, the rest was not read."""

    damage: tuple[str, ...]
    schema_fault: str | None
    keys: tuple[ApiKey, ...]
    newest_at: datetime | None
    decisions: int
    jobs_waiting: int = 0
    jobs_waiting_since: datetime | None = None
    """When the one that waits longest was asked for."""
