"""Migrations: they make what tables.py says, once, and refuse what a newer version of Assay wrote."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, create_mock_engine

from engine.errors import StoreInvalid
from engine.stores.sql import open_reader, open_store
from engine.stores.sql.schema import MIGRATIONS
from engine.stores.sql.sqlite import connect_writer
from engine.stores.sql.tables import METADATA
from engine.stores.sql.writer import Writer


def schema(file: Path) -> set[str]:
    """Every table and index, as SQLite keeps its text; blanks apart."""
    driver = sqlite3.connect(file)
    rows = driver.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    driver.close()
    return {" ".join(text.split()) for (text,) in rows if "alembic_version" not in text}


def test_migrations_make_what_the_metadata_says(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'assay.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_migrations_make_it_to_the_letter(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'straight.db'}")
    METADATA.create_all(engine)
    engine.dispose()
    assert schema(tmp_path / "assay.db") == schema(tmp_path / "straight.db")


def test_the_tables_can_be_made_on_postgres() -> None:
    made: list[str] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda statement, *_: made.append(type(statement).__name__))
    METADATA.create_all(engine, checkfirst=False)
    assert made.count("CreateTable") == len(METADATA.tables)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    before = (tmp_path / "assay.db").read_bytes()
    open_store(tmp_path).close()
    assert (tmp_path / "assay.db").read_bytes() == before


def test_a_folder_of_the_first_schema_is_upgraded_and_keeps_what_it_held(tmp_path: Path) -> None:
    _migrate(tmp_path / "assay.db", "0001")
    driver = sqlite3.connect(tmp_path / "assay.db")
    driver.execute(
        "INSERT INTO decisions (id, merchant_id, test_mode, transaction_id, stage, at_us, sequence, counted_at_us, "
        "fingerprint, payment, decision, answer) "
        "VALUES ('dec_1', 'm', 0, 'tx', 'pre_auth', 7, 1, 7, x'01', ?, x'02', x'03')",
        (b'{"supersedes":"tx-0"}',),
    )
    driver.commit()
    driver.close()
    store = open_store(tmp_path)
    (record,) = store.ledger.recent(timedelta(days=1))
    assert (record.id, record.sequence, record.answer, record.supersedes) == ("dec_1", 1, b"\x03", None)
    assert (record.payment, record.decision) == (b'{"supersedes":"tx-0"}', b"\x02")
    assert list(store.ledger.superseded()) == [], "what was counted then stays counted"
    assert list(store.outcomes.recent(timedelta(days=1))) == []
    store.close()
    open_store(tmp_path / "new").close()
    assert schema(tmp_path / "assay.db") == schema(tmp_path / "new" / "assay.db")


def test_who_reads_alone_is_told_that_the_first_schema_needs_an_upgrade(tmp_path: Path) -> None:
    _migrate(tmp_path / "assay.db", "0001")
    with pytest.raises(StoreInvalid, match=r"another version of Assay \(schema 0001\)"), open_reader(tmp_path):
        pass


def _migrate(file: Path, revision: str) -> None:
    """Make the database that a version of Assay with this schema left."""
    writer = Writer(connect_writer(file))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writer.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    writer.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    driver = sqlite3.connect(tmp_path / "assay.db")
    driver.execute("UPDATE alembic_version SET version_num = '9999'")
    driver.commit()
    driver.close()
    with pytest.raises(StoreInvalid, match=r"assay\.db was written by a newer version of Assay \(schema 9999\)"):
        open_store(tmp_path)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    driver = sqlite3.connect(tmp_path / "assay.db")
    driver.execute("CREATE TABLE labels (mine TEXT)")
    driver.close()
    with pytest.raises(StoreInvalid, match=r"assay\.db cannot be upgraded: .*labels already exists"):
        open_store(tmp_path)
    assert schema(tmp_path / "assay.db") == {"CREATE TABLE labels (mine TEXT)"}


def test_migrations_are_beside_the_code_that_runs_them() -> None:
    assert sorted(path.name for path in MIGRATIONS.glob("*.*")) == ["__init__.py", "env.py", "script.py.mako"]
    assert (MIGRATIONS / "versions" / "0001_initial.py").is_file()
    assert (MIGRATIONS / "versions" / "0002_outcomes.py").is_file()
    assert (MIGRATIONS / "versions" / "0004_idempotency_keys.py").is_file()
    assert (MIGRATIONS / "versions" / "0006_rulesets.py").is_file()
