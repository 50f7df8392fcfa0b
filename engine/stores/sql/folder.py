"""The data folder and its lock: SQLite has one writer, always, so a folder belongs to one process."""

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

from engine.errors import DataFolderInUse, StoreInvalid

LOCK_NAME = "lock"


class DataFolder:
    """A folder that this process holds until `close`; kill -9 frees it too, because the kernel holds the lock."""

    def __init__(self, path: Path, lock: int) -> None:
        """Keep the folder and the open lock file; `hold_folder` makes these."""
        self.path = path
        self._lock: int | None = lock

    def close(self) -> None:
        """Let go; again is no fault. The file stays: removing it would race with the next holder's open."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            # An emptied note is a courtesy: a full or failing disk must not keep the lock from being freed.
            with suppress(OSError):
                os.ftruncate(lock, 0)
            os.close(lock)


def hold_folder(path: Path) -> DataFolder:
    """Make the folder where absent (0700) and take its lock.

    Raises DataFolderInUse where another process, or another store of this one, holds it; StoreInvalid where the folder
    or its lock file cannot be made or written.
    """
    try:
        _make(path)
        lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _note_holder(lock)
    except BlockingIOError:
        holder = _holder(lock)
        os.close(lock)
        raise DataFolderInUse(
            f"{path} is in use by {holder}: stop it, go through its API, or give another data folder."
        ) from None
    except OSError as error:
        os.close(lock)
        raise _unusable(path, error) from error
    return DataFolder(path, lock)


def sync_folder(path: Path) -> None:
    """Make what was created in the folder survive a power cut: a file's own fsync does not cover its name."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def _note_holder(lock: int) -> None:
    # The program's name and no arguments: an argument may be a secret.
    note = f"{os.getpid()} {Path(sys.argv[0]).name or 'python'}"
    os.ftruncate(lock, 0)
    os.pwrite(lock, note.encode(), 0)


def _holder(lock: int) -> str:
    """Who holds the lock, as it noted; between its lock and its note it is just another process."""
    pid, _, program = os.pread(lock, 4096, 0).decode(errors="replace").partition(" ")
    return f"process {pid} ({program})" if pid.isdecimal() else "another process"


def _unusable(path: Path, error: OSError) -> StoreInvalid:
    return StoreInvalid(
        f"{path} cannot hold Assay's data: {error.strerror or error}. "
        "Give a folder on a local disk with free space that this user may write."
    )
