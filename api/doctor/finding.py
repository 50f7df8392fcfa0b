"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters: an error keeps Assay from working as it promises, a warning will or may."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: what is so, and where it is wrong, how to mend it."""

    check: str
    level: Level
    found: str
    mend: str = ""


def fine(check: str, found: str) -> Finding:
    """Nothing to mend."""
    return Finding(check=check, level=Level.OK, found=found)


def note(check: str, found: str, mend: str = "") -> Finding:
    """Good to know."""
    return Finding(check=check, level=Level.NOTE, found=found, mend=mend)


def warning(check: str, found: str, mend: str) -> Finding:
    """Something that will or may go wrong."""
    return Finding(check=check, level=Level.WARNING, found=found, mend=mend)


def error(check: str, found: str, mend: str) -> Finding:
    """Something that is wrong now."""
    return Finding(check=check, level=Level.ERROR, found=found, mend=mend)
