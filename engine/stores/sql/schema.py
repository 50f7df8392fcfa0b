"""The schema's upgrade when a store is opened, by the Alembic migrations that are installed with this package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.errors import StoreInvalid
from engine.stores.sql.writer import Writer

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(writer: Writer, file: Path) -> None:
    """Bring the database to this version's tables, in one transaction: all of it or nothing.

    Raises StoreInvalid where a newer version of Assay wrote the file, and LedgerUnavailable where it cannot be written.
    """
    config, scripts = _migrations()
    known = {script.revision for script in scripts.walk_revisions()}
    with writer.transaction() as connection:
        current = revision(connection)
        if current == scripts.get_current_head():
            return
        if current is not None and current not in known:
            raise StoreInvalid(
                f"{file} was written by a newer version of Assay (schema {current}): install that version, "
                "or restore a backup made before the upgrade."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(connection: Connection, file: Path) -> None:
    """Raise StoreInvalid where the tables are not this version's: who reads alone cannot upgrade them."""
    current = revision(connection)
    if current is None:
        raise StoreInvalid(f"{file} has none of Assay's tables: what it held is lost. Restore it from a backup.")
    if current != _migrations()[1].get_current_head():
        raise StoreInvalid(
            f"{file} was written by another version of Assay (schema {current}): read it with that version, "
            "or start this version's server on it once, which upgrades it."
        )


def revision(connection: Connection) -> str | None:
    """Which version's tables the database has; None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def _migrations() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)
