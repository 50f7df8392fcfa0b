"""The data folder read without its lock, also while a server holds it: readers can neither write nor checkpoint."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from engine.errors import StoreInvalid
from engine.stores.sql.counted import SqlCounted
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.labels import SqlLabels
from engine.stores.sql.ledger import SqlLedger
from engine.stores.sql.lists import SqlLists
from engine.stores.sql.model_changes import SqlModelChanges
from engine.stores.sql.outcomes import SqlOutcomes
from engine.stores.sql.policies import SqlPolicies
from engine.stores.sql.schema import require_current
from engine.stores.sql.sqlite import PointReader, connect_reader, invalid, reader_engine
from engine.stores.sql.store import DATABASE_NAME
from engine.stores.sql.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What can be read of a data folder. What would write raises LedgerUnavailable: the connection cannot."""

    ledger: SqlLedger
    outcomes: SqlOutcomes
    labels: SqlLabels
    lists: SqlLists
    counted: SqlCounted
    model_changes: SqlModelChanges
    policies: SqlPolicies


@contextmanager
def open_reader(folder: Path) -> Iterator[Reading]:
    """Open the folder's store for reading; what a server commits meanwhile is seen by the next query.

    Raises StoreInvalid where there is none, it is damaged, or another version of Assay wrote it.
    """
    file = folder / DATABASE_NAME
    if not file.is_file():
        raise StoreInvalid(f"{folder} holds no ledger: give the data folder of a server, or play one by `assay demo`.")
    with ExitStack() as resources:
        try:
            with reader_engine(file).connect() as connection:
                require_current(connection, file)
            writer = Writer(connect_reader(file))
            resources.callback(writer.driver.close)
            reader = PointReader(file)
            resources.callback(reader.close)
            group = GroupCommit(writer)
            resources.callback(group.close)
        except (sqlite3.Error, DBAPIError) as error:
            raise invalid(file, error) from error
        yield Reading(
            ledger=SqlLedger(writer, group, reader, file),
            outcomes=SqlOutcomes(writer, group, reader, file),
            labels=SqlLabels(writer, group, reader, file),
            lists=SqlLists(writer, file),
            counted=SqlCounted(file),
            model_changes=SqlModelChanges(writer, file),
            policies=SqlPolicies(writer, file),
        )
