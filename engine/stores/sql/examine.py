"""Looking a data folder's database over: whole, of this version, and what it tells of itself. It reads alone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from engine.errors import StoreInvalid
from engine.examined import Examined
from engine.jobs import JobState
from engine.stores.sql.keys import SqlApiKeys
from engine.stores.sql.schema import require_current, revision
from engine.stores.sql.sqlite import connect_reader, invalid, reader_engine
from engine.stores.sql.store import DATABASE_NAME
from engine.stores.sql.tables import DECISIONS, JOBS, instant
from engine.stores.sql.unreadable import unreadable_records
from engine.stores.sql.writer import Writer

FAULTS_SHOWN_MAX = 5


def examine(folder: Path, progress: Callable[[int], None]) -> Examined:
    """Check the pages, read every record and what is needed to judge the rest. Raises StoreInvalid.

    It reads the whole file, and every record: `progress` is told how many were read, now and then.
    """
    file = folder / DATABASE_NAME
    try:
        driver = connect_reader(file)
    except sqlite3.Error as error:
        raise invalid(file, error) from error
    try:
        rows = driver.execute(f"PRAGMA quick_check({FAULTS_SHOWN_MAX})").fetchall()
        damage = tuple(str(row[0]) for row in rows if row[0] != "ok")
        if damage:
            return Examined(damage=damage, schema_fault=None, keys=(), newest_at=None, decisions=0)
        return _told(file, Writer(driver), progress)
    except (sqlite3.Error, DBAPIError) as error:
        raise invalid(file, error) from error
    finally:
        driver.close()


def _told(file: Path, writer: Writer, progress: Callable[[int], None]) -> Examined:
    with reader_engine(file).connect() as connection:
        try:
            require_current(connection, file)
        except StoreInvalid as error:
            is_empty = revision(connection) is None
            return Examined(damage=(), schema_fault=str(error), keys=(), newest_at=None, decisions=0, is_empty=is_empty)
        newest, count = connection.execute(select(func.max(DECISIONS.c.at_us), func.count(DECISIONS.c.position))).one()
        waiting = select(func.count(), func.min(JOBS.c.created_at_us)).where(JOBS.c.state == JobState.QUEUED.value)
        jobs, since = connection.execute(waiting).one()
    unreadable = list(unreadable_records(writer.driver, progress))
    return Examined(
        damage=(),
        schema_fault=None,
        unreadable=tuple(unreadable[:FAULTS_SHOWN_MAX]),
        unreadable_count=len(unreadable),
        keys=tuple(SqlApiKeys(writer, file).all()),
        newest_at=None if newest is None else instant(newest),
        decisions=count,
        jobs_waiting=jobs,
        jobs_waiting_since=None if since is None else instant(since),
    )
