"""The data folder opened: what one installation keeps, from its ledger to its jobs."""

import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from engine.errors import LedgerUnavailable, StoreInvalid
from engine.stores.sql.counted import SqlCounted
from engine.stores.sql.folder import hold_folder
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.jobs import SqlJobs
from engine.stores.sql.keys import SqlApiKeys
from engine.stores.sql.labels import SqlLabels
from engine.stores.sql.ledger import SqlLedger
from engine.stores.sql.lists import SqlLists
from engine.stores.sql.model_changes import SqlModelChanges
from engine.stores.sql.outcomes import SqlOutcomes
from engine.stores.sql.policies import SqlPolicies
from engine.stores.sql.rulesets import SqlRulesets
from engine.stores.sql.schema import upgrade
from engine.stores.sql.scheme_reports import SqlSchemeReports
from engine.stores.sql.sqlite import PointReader, connect_writer, invalid
from engine.stores.sql.writer import Writer

DATABASE_NAME = "assay.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is kept in one data folder. `open_store` makes it; `close` gives the folder back."""

    counted: SqlCounted
    writer: Writer
    ledger: SqlLedger
    outcomes: SqlOutcomes
    labels: SqlLabels
    scheme_reports: SqlSchemeReports
    keys: SqlApiKeys
    policies: SqlPolicies
    rulesets: SqlRulesets
    lists: SqlLists
    jobs: SqlJobs
    model_changes: SqlModelChanges
    resources: ExitStack
    """Closes everything, last opened first."""

    def close(self) -> None:
        """Commit what waits, checkpoint, close, let the folder go. On the event loop's thread; again is no fault."""
        self.resources.close()


def has_store(folder: Path) -> bool:
    """Whether the folder's store was made."""
    return (folder / DATABASE_NAME).is_file()


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
            reader = PointReader(file)
            resources.callback(reader.close)
            group = GroupCommit(writer)
            resources.callback(group.close)
            ledger = SqlLedger(writer, group, reader, file, writes_alone=True)
            outcomes = SqlOutcomes(writer, group, reader, file)
            labels, keys = SqlLabels(writer, group, reader, file), SqlApiKeys(writer, file)
            policies, rulesets = SqlPolicies(writer, file), SqlRulesets(writer, file)
            lists, jobs = SqlLists(writer, file), SqlJobs(writer, reader, file)
            scheme_reports = SqlSchemeReports(labels, writer, group, reader, file)
            model_changes = SqlModelChanges(writer, file)
        except (sqlite3.Error, DBAPIError, OSError) as error:
            raise invalid(file, error) from error
        except LedgerUnavailable as error:
            raise StoreInvalid(f"{file} cannot be upgraded: {error}") from error
        opened = resources.pop_all()
    return Store(
        counted=SqlCounted(file),
        writer=writer,
        ledger=ledger,
        outcomes=outcomes,
        labels=labels,
        scheme_reports=scheme_reports,
        keys=keys,
        policies=policies,
        rulesets=rulesets,
        lists=lists,
        jobs=jobs,
        model_changes=model_changes,
        resources=opened,
    )
