"""Looking a data folder's database over: whole, of this version, and what it tells of itself. It reads alone."""

import sqlite3
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from engine.errors import StoreInvalid
from engine.examined import Examined
from engine.jobs import JobState
from engine.stores.sql.keys import SqlApiKeys
from engine.stores.sql.schema import require_current
from engine.stores.sql.sqlite import connect_reader, invalid, reader_engine
from engine.stores.sql.store import DATABASE_NAME
from engine.stores.sql.tables import DECISIONS, JOBS, instant
from engine.stores.sql.writer import Writer

FAULTS_SHOWN_MAX = 5


def examine(folder: Path) -> Examined:
    """Check the pages and read what is needed to judge the rest. Raises StoreInvalid where it cannot be opened.

    It reads the whole file: some seconds a gigabyte.
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
        return _told(file, Writer(driver))
    except (sqlite3.Error, DBAPIError) as error:
        raise invalid(file, error) from error
    finally:
        driver.close()


def _told(file: Path, writer: Writer) -> Examined:
    with reader_engine(file).connect() as connection:
        try:
            require_current(connection, file)
        except StoreInvalid as error:
            return Examined(damage=(), schema_fault=str(error), keys=(), newest_at=None, decisions=0)
        newest, count = connection.execute(select(func.max(DECISIONS.c.at_us), func.count(DECISIONS.c.position))).one()
        waiting = select(func.count(), func.min(JOBS.c.created_at_us)).where(JOBS.c.state == JobState.QUEUED.value)
        jobs, since = connection.execute(waiting).one()
    return Examined(
        damage=(),
        schema_fault=None,
        keys=tuple(SqlApiKeys(writer, file).all()),
        newest_at=None if newest is None else instant(newest),
        decisions=count,
        jobs_waiting=jobs,
        jobs_waiting_since=None if since is None else instant(since),
    )
