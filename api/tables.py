"""The reference tables in words: what the installation's answer and `assay data` say of each, made in one place."""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, Field

from engine.reference import MISSING, Reference, TableInfo


class TableShown(BaseModel):
    """A reference table as it is in force, or a part of one."""

    name: str
    what: str = Field(description="What it tells; empty where it is missing.")
    version: str = Field(description="What decisions name in `data_versions`; `missing`: its features are unknown.")
    built: date | None = Field(description="The day as of which its content stood, where its publisher says.")
    age_days: int | None
    max_age_days: int | None = Field(description="Older than that it is stale; null: it does not age.")
    is_stale: bool
    rows: int | None
    source: str
    licence: str
    attribution: str = Field(description="What its licence asks to be shown with what is taken from it.")
    parts: list["TableShown"] = Field(description="The tables that it is made of, where it is of several.")


def tables_shown(reference: Reference, today: date) -> list[TableShown]:
    """Every table, in the order of their names in decisions; the missing ones too."""
    infos = {info.name: info for info in reference.infos()}
    return [_missing(name) if name not in infos else _shown(infos[name], today) for name in reference.tables()]


def made_on(reference: Reference) -> Iterator[tuple[str, date]]:
    """The day of each table that says one; of one in parts that of the oldest."""
    for info in reference.infos():
        days = [each.built for each in (info, *info.parts) if each.built is not None]
        if days:
            yield info.name, min(days)


def _shown(info: TableInfo, today: date) -> TableShown:
    return TableShown(
        name=info.name,
        what=info.what,
        version=info.version,
        built=info.built,
        age_days=info.age_days(today),
        max_age_days=info.max_age_days,
        is_stale=info.is_stale(today),
        rows=info.rows,
        source=info.source,
        licence=info.licence,
        attribution=info.attribution,
        parts=[_shown(part, today) for part in info.parts],
    )


def _missing(name: str) -> TableShown:
    return TableShown(
        name=name,
        what="",
        version=MISSING,
        built=None,
        age_days=None,
        max_age_days=None,
        is_stale=False,
        rows=None,
        source="",
        licence="",
        attribution="",
        parts=[],
    )
