"""Opening and closing the data folder: its lock, its file, its settings, and what stands in the way."""

import contextlib
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from engine.errors import DataFolderInUse, StoreInvalid
from engine.ledger import DecisionRecord
from engine.stores.sql import Store, open_store
from engine.stores.sql.sqlite import connect_reader, reader_engine

NewRecord = Callable[..., DecisionRecord]

HOLD = """
import sys, time
from pathlib import Path
from engine.stores.sql import open_store
store = open_store(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def setting(driver: sqlite3.Connection, name: str) -> object:
    return driver.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_folder_and_its_files_are_the_owners_alone(store: Store, tmp_path: Path) -> None:
    assert store.keys.all() == []
    folder = tmp_path / "data"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes.pop("data") == 0o700
    assert {"assay.db", "assay.db-wal", "lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_the_writer_is_set_to_survive_a_power_cut(store: Store) -> None:
    driver = store.writer.driver
    assert setting(driver, "journal_mode") == "wal"
    assert setting(driver, "synchronous") == 2
    assert setting(driver, "foreign_keys") == 1
    assert setting(driver, "busy_timeout") == 1000
    assert setting(driver, "wal_autocheckpoint") == 400


@pytest.mark.usefixtures("store")
def test_a_reader_can_neither_write_nor_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "data" / "assay.db"
    reader = connect_reader(file)
    assert setting(reader, "query_only") == 1
    assert setting(reader, "wal_autocheckpoint") == 0
    reader.execute("PRAGMA query_only = off")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM labels")
    with pytest.raises(sqlite3.OperationalError, match="I/O error"):  # the file is not open for writing
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    reader.close()
    with reader_engine(file).connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM labels")


async def test_a_clean_close_leaves_one_file_and_frees_the_folder(
    store: Store, record: NewRecord, tmp_path: Path
) -> None:
    await store.ledger.append(record(1))
    store.close()
    store.close()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["assay.db", "lock"]
    again = open_store(tmp_path / "data")
    assert await again.ledger.find(record(1).key, None) == record(1)
    again.close()


@pytest.mark.usefixtures("store")
def test_a_second_store_of_the_same_process_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderInUse, match=rf"data is in use by process {os.getpid()} \(.+\): stop it"):
        open_store(tmp_path / "data")


def test_another_process_is_named_and_its_kill_9_frees_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(DataFolderInUse, match=f"process {child.pid} "):
            open_store(folder)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    open_store(folder).close()


def test_a_store_that_does_not_open_frees_the_folder(tmp_path: Path) -> None:
    (tmp_path / "assay.db").write_bytes(b"no database at all, but long enough to look like one " * 100)
    for _ in range(2):
        with pytest.raises(StoreInvalid, match=r"assay\.db.*not a database: move it away"):
            open_store(tmp_path)


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    file = tmp_path / "assay.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(StoreInvalid, match=r"assay\.db.*restore it from a backup"):
        open_store(tmp_path)


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreInvalid, match=r"data cannot hold Assay's data: .* Give a folder"):
        open_store(tmp_path / "data")


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """As a user whom permissions bind; root is bound by none."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((), r"cannot hold Assay's data: Permission denied. Give a folder"),
        (("lock",), r"assay\.db cannot be opened: .*Permission denied.* Give this user the right"),
        (("lock", "assay.db"), r"assay\.db cannot be opened: .*Give this user the right"),
    ],
)
def test_what_may_not_be_written_is_named(files: tuple[str, ...], expected: str) -> None:
    # Not below tmp_path: another user cannot pass through its parents.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in files:
            (folder / file).touch()
            (folder / file).chmod(0o666 if file == "lock" else 0o444)
        folder.chmod(0o555)
        try:
            with without_rights(), pytest.raises(StoreInvalid, match=expected):
                open_store(folder)
        finally:
            folder.chmod(0o755)


@pytest.mark.parametrize(("limit", "expected"), [(0, "free space"), (4096, "free some space")])
def test_a_full_disk_is_named(tmp_path: Path, limit: int, expected: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(StoreInvalid, match=expected):
            open_store(tmp_path / "data")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    open_store(tmp_path / "data").close()
