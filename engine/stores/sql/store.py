"""The data folder opened: the ledger, the labels and the API keys of one installation."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from engine.errors import LedgerUnavailable, StoreInvalid
from engine.stores.sql.folder import hold_folder
from engine.stores.sql.keys import SqlApiKeys
from engine.stores.sql.labels import SqlLabels
from engine.stores.sql.ledger import SqlLedger
from engine.stores.sql.schema import upgrade
from engine.stores.sql.sqlite import connect_writer, invalid
from engine.stores.sql.writer import Writer

DATABASE_NAME = "assay.db"


class Store:
    """What is kept in one data folder. `open_store` makes it; `close` gives the folder back."""

    def __init__(
        self, *, writer: Writer, ledger: SqlLedger, labels: SqlLabels, keys: SqlApiKeys, resources: ExitStack
    ) -> None:
        """`resources` closes everything, last opened first."""
        self.writer = writer
        self.ledger = ledger
        self.labels = labels
        self.keys = keys
        self._resources = resources

    def close(self) -> None:
        """Commit what waits, checkpoint, close, let the folder go. On the event loop's thread; again is no fault."""
        self._resources.close()


def open_store(folder: Path) -> Store:
    """Open the folder's store, made where absent and upgraded where older, and hold its lock until it is closed.

    Raises DataFolderInUse where another process holds it; StoreInvalid, naming the file and the mend, where it cannot
    be opened, is damaged, or was written by a newer version of Assay.
    """
    file = folder / DATABASE_NAME
    with ExitStack() as resources:
        resources.callback(hold_folder(folder).close)
        try:
            writer = Writer(connect_writer(file))
            resources.callback(writer.close)
            upgrade(writer, file)
            ledger = SqlLedger(writer, file)
            resources.callback(ledger.close)
            labels, keys = SqlLabels(writer, file), SqlApiKeys(writer, file)
        except (sqlite3.Error, DBAPIError, OSError) as error:
            raise invalid(file, error) from error
        except LedgerUnavailable as error:
            raise StoreInvalid(f"{file} cannot be upgraded: {error}") from error
        opened = resources.pop_all()
    return Store(writer=writer, ledger=ledger, labels=labels, keys=keys, resources=opened)
