"""SQLite: how a database file is opened for writing and for reading, and what its errors mean.

There is one writing connection (sqlite3 of Python 3.11 brings SQLite 3.40, whose WAL may be reset wrongly where two
connections write or checkpoint); readers cannot write nor checkpoint.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from engine.errors import LedgerUnavailable, StoreInvalid
from engine.stores.sql.folder import sync_folder

# Nobody else writes while the lock is held; a stranger's tool is waited for, but not long: the event loop waits too.
BUSY_TIMEOUT_SECONDS = 1.0
FETCH_ROWS = 500
FETCH_ROWS_IN_STEPS = 10

# synchronous=FULL: the WAL is fsynced at each commit, so an answer survives a power cut (contract.md, Durability).
# 400 pages of 4 KiB between checkpoints: the commit that makes one takes 5 ms, one in twenty at 1,000 payments/s.
# With 4,000 pages it took 35 ms once the indexes had grown, and the payments behind it made the slowest hundredth; what
# larger ones save, writing an index page once for more commits, is a tenth of what the disk takes at most.
# The limit gives back the space of a WAL grown beside a long read.
_WRITER_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "foreign_keys = on",
    "wal_autocheckpoint = 400",
    "journal_size_limit = 67108864",
    "cache_size = -65536",
)
_READER_PRAGMAS = ("query_only = on", "wal_autocheckpoint = 0", "foreign_keys = on", "cache_size = -16384")

_MEND_RIGHTS = "Give this user the right to write the folder and its files."
_MEND_FULL = "The disk is full: free some space."
_MENDS = {
    sqlite3.SQLITE_NOTADB: "It is not a database: move it away, or give another data folder.",
    sqlite3.SQLITE_CORRUPT: "It is damaged: restore it from a backup.",
    sqlite3.SQLITE_FULL: _MEND_FULL,
    sqlite3.SQLITE_READONLY: _MEND_RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _MEND_RIGHTS,
    sqlite3.SQLITE_PERM: _MEND_RIGHTS,
    sqlite3.SQLITE_IOERR: "The disk failed or is full: see the system's log, free some space.",
    sqlite3.SQLITE_BUSY: "Another program has it open for writing: close that program.",
}
_SYSTEM_MENDS = {
    errno.EACCES: _MEND_RIGHTS,
    errno.EPERM: _MEND_RIGHTS,
    errno.EROFS: _MEND_RIGHTS,
    errno.ENOSPC: _MEND_FULL,
    errno.EDQUOT: _MEND_FULL,
}
_MEND_UNKNOWN = "Check the file and its disk."


def connect_writer(file: Path) -> sqlite3.Connection:
    """The one writing connection; makes the file (0600) where absent.

    Raises sqlite3.Error or OSError where it cannot, and StoreInvalid where the file system cannot do WAL.
    """
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        sync_folder(file.parent)
    # isolation_level None: transactions are begun and ended in plain sight, never by the driver's guess.
    driver = sqlite3.connect(file, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(driver, _WRITER_PRAGMAS)
        _require_wal(driver, file)
    except (sqlite3.Error, StoreInvalid):
        driver.close()
        raise
    return driver


def connect_reader(file: Path) -> sqlite3.Connection:
    """A connection that reads alone, of a file that is there already. Raises sqlite3.Error."""
    driver = sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _prepare(driver, _READER_PRAGMAS)
    except sqlite3.Error:
        driver.close()
        raise
    return driver


class PointReader:
    """A connection kept for reads of few rows, on the event loop's thread.

    The pages are in memory and a read takes 10-20 us; handing it to a thread costs more than that, and under load many
    milliseconds (group_commit.py says why).
    """

    def __init__(self, file: Path) -> None:
        """Open it. Raises sqlite3.Error."""
        self._driver = connect_reader(file)

    def rows(self, sql: str, parameters: tuple[object, ...]) -> list[Any]:
        """All rows of a query: the statement is at its end then, and pins no old state. Raises LedgerUnavailable."""
        try:
            return self._driver.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def row(self, sql: str, parameters: tuple[object, ...]) -> Any:  # noqa: ANN401 - a driver's row has no type
        """The first row of a query, or None. Raises LedgerUnavailable."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def close(self) -> None:
        """What is asked later raises LedgerUnavailable. Again is no fault."""
        self._driver.close()


def writer_engine(driver: sqlite3.Connection) -> Engine:
    """An engine over the one writing connection; its errors quote no values, as those may be personal."""
    engine = create_engine("sqlite+pysqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader_engine(file: Path) -> Engine:
    """An engine whose every connection is new, its own, and reads alone."""
    connect = partial(connect_reader, file)
    return create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def compiled(statement: ClauseElement, *parameters: str) -> str:
    """A Core statement as SQLite's text, once for ever; the parameters are then given as a tuple in this order."""
    text = statement.compile(dialect=sqlite_dialect())
    assert isinstance(text, SQLCompiler)
    assert tuple(text.positiontup or ()) == parameters, f"{text.positiontup} are not {parameters}"
    return str(text)


def streamed(readers: Engine, sql: str, parameters: tuple[object, ...]) -> Iterator[Any]:
    """The rows of a query as they are stepped to, on a connection of their own, so that no answer is held in memory.

    Raises LedgerUnavailable where the file cannot be read. While it is read, the WAL cannot start anew: read on.
    """
    try:
        with readers.connect() as connection:
            yield from connection.exec_driver_sql(sql, parameters).yield_per(FETCH_ROWS)
    except DBAPIError as error:
        raise unavailable(error) from error


Reading = Callable[[str, tuple[object, ...]], Iterator[Any]]
"""Gives the rows of a query as they are stepped to."""


@contextmanager
def one_state(readers: Engine) -> Iterator[Reading]:
    """Several queries of one and the same state of the file, on a connection of their own.

    Raises LedgerUnavailable where the file cannot be read. Until it is left, the WAL cannot start anew: read on.
    """
    try:
        with readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield lambda sql, given: iter(connection.exec_driver_sql(sql, given).yield_per(FETCH_ROWS_IN_STEPS))
    except DBAPIError as error:
        raise unavailable(error) from error


def unavailable(error: DBAPIError | sqlite3.Error | ValueError | OverflowError) -> LedgerUnavailable:
    """What a failed read or write is to the caller: nothing was recorded, and it may try again."""
    return LedgerUnavailable(f"The ledger is not available: {_cause(error)}. {_mend(error)}")


def invalid(file: Path, error: DBAPIError | sqlite3.Error | OSError) -> StoreInvalid:
    """What a file that cannot be opened is to the operator."""
    return StoreInvalid(f"{file} cannot be opened: {_cause(error)}. {_mend(error)}")


def _prepare(driver: sqlite3.Connection, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        driver.execute(f"PRAGMA {pragma}").fetchall()


def _require_wal(driver: sqlite3.Connection, file: Path) -> None:
    if driver.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        raise StoreInvalid(f"{file} is on a file system without shared memory: give a folder on a local disk.")


def _begin_immediate(connection: Connection) -> None:
    # IMMEDIATE: the write lock is taken at the start, so a transaction never fails for it half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _cause(error: BaseException) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _mend(error: BaseException) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, OSError):
        return _SYSTEM_MENDS.get(origin.errno or 0, _MEND_UNKNOWN)
    # The primary code is the low byte; the rest says which call failed.
    return _MENDS.get(getattr(origin, "sqlite_errorcode", 0) & 0xFF, _MEND_UNKNOWN)
