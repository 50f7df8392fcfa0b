"""The one writing connection and who may use it when."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine.stores.sql.sqlite import unavailable, writer_engine

Row = tuple[object, ...]


class Writer:
    """The writing connection, one transaction at a time.

    Whoever waits here waits for a transaction of another thread, which never needs the waiting thread to end: it
    is bounded by one commit, and the event loop may wait too.
    """

    def __init__(self, driver: sqlite3.Connection) -> None:
        """Take the connection: nobody else uses it from now on."""
        self.driver = driver
        self._engine = writer_engine(driver)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction for Core statements, durable when the block ends. Raises LedgerUnavailable where it is not."""
        with self._lock:
            try:
                with self._engine.begin() as connection:
                    yield connection
            except DBAPIError as error:
                raise unavailable(error) from error

    def insert(self, inserts: Sequence[tuple[str, Sequence[Row]]]) -> list[int]:
        """Begin a transaction and insert by each statement in turn; how many rows of each were new.

        It must be followed by `commit`, in any thread.

        Raises what the driver raises; then there is no transaction and nothing was inserted.
        """
        self._lock.acquire()
        is_begun = False
        try:
            self.driver.execute("BEGIN IMMEDIATE")
            counts = [self.driver.executemany(statement, rows).rowcount for statement, rows in inserts]
            is_begun = True
        finally:
            if not is_begun:
                self._give_back()
        return counts

    def commit(self) -> None:
        """Make durable what `insert` began. Raises sqlite3.Error; then nothing was inserted."""
        try:
            self.driver.commit()
        finally:
            self._give_back()

    def touch(self, timeout_seconds: float) -> None:
        """Write something durably that changes nothing. Raises sqlite3.Error, or TimeoutError where none can write."""
        if not self._lock.acquire(timeout=timeout_seconds):
            raise TimeoutError
        try:
            # The number is in the file's header: writing it takes the whole way to the disk and back.
            self.driver.execute("PRAGMA user_version = 1")
        finally:
            self._lock.release()

    def close(self) -> None:
        """Put the WAL into the database file and close."""
        with self._lock:
            try:
                self.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.OperationalError:
                # Nothing is lost: the WAL stays beside the database, and the next open reads it.
                pass
            finally:
                self.driver.close()
                self._engine.dispose()

    def _give_back(self) -> None:
        try:
            # A statement that failed may have ended the transaction or not; the next one must find none.
            if self.driver.in_transaction:
                self.driver.rollback()
        finally:
            self._lock.release()
