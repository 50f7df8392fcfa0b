"""The operator's key: how local commands speak to the server that holds the data folder's lock.

It lies in the data folder, readable by its owner alone: whoever reads it could read the ledger anyway. Where the server
listens lies beside it. That note outlives a kill -9, and then a stranger may listen there: hence the server keeps the
note locked while it serves, and nobody trusts a note that is not locked.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from api.keys import KeyOf, key_opened, new_key
from engine.access import ApiKey, ApiKeys, Scope
from engine.errors import AssayError

KEY_FILE, SERVER_FILE = "operator.key", "server.json"
KEY_NAME = "operator"


class OperatorKeyMissing(AssayError):
    """The data folder's operator's key cannot be read."""

    code = "operator_key_missing"


def take_over(folder: Path, keys: ApiKeys) -> None:
    """What the folder's new holder does first: whoever has its lock knows that no server of it runs."""
    _forget_server(folder)
    ensure_operator_key(folder, keys)


def ensure_operator_key(folder: Path, keys: ApiKeys) -> None:
    """Make the operator's key where the folder's file has none that is in force and may do everything.

    Those made before are revoked then: whoever removes the file and starts again has replaced the key.
    """
    with suppress(FileNotFoundError):
        if operator_key_kept(folder, keys.key) is not None:
            return
    # First revoked, last written: wherever this breaks off, the next start finds no good key and begins again.
    for earlier in keys.all():
        if earlier.name == KEY_NAME and earlier.revoked_at is None and _may_do_everything(earlier):
            keys.revoke_key(earlier.id, datetime.now(UTC))
    key, text = new_key(name=KEY_NAME, test_mode=False, scopes=frozenset(Scope), merchants=None)
    keys.add_key(key)
    os.close(_write_private(folder / KEY_FILE, text))


def operator_key_kept(folder: Path, key_of: KeyOf) -> ApiKey | None:
    """The key that the folder's file holds; None where it holds none that is in force and may do everything.

    Raises OSError where the file cannot be read.
    """
    kept = key_opened(key_of, (folder / KEY_FILE).read_text(encoding="ascii", errors="replace").strip())
    return kept if kept is not None and _may_do_everything(kept) and kept.scopes >= set(Scope) else None


def _may_do_everything(key: ApiKey) -> bool:
    # Its scopes apart: a newer version may know more of them. A shop's own key that has the name is none of these.
    return key.merchants is None and not key.test_mode


def operator_key(folder: Path) -> str:
    """The operator's key of a folder. Raises OperatorKeyMissing."""
    try:
        return (folder / KEY_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{folder / KEY_FILE} cannot be read: {error}. Restart the server: it makes one where there is none."
        raise OperatorKeyMissing(message) from error


@contextmanager
def server_announced(folder: Path, url: str) -> Iterator[None]:
    """Say where the server of this folder listens, as long as the block runs; kill -9 ends that too."""
    note = _write_private(folder / SERVER_FILE, json.dumps({"url": url, "pid": os.getpid()}), is_locked=True)
    try:
        yield
    finally:
        _forget_server(folder)
        os.close(note)


def _forget_server(folder: Path) -> None:
    (folder / SERVER_FILE).unlink(missing_ok=True)


def server_url(folder: Path) -> str | None:
    """Where the folder's server listens; None where none runs, whatever one that was killed left behind."""
    try:
        with (folder / SERVER_FILE).open(encoding="utf-8") as note:
            if not _is_locked(note.fileno()):
                return None
            said = json.load(note)
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    url = said.get("url") if isinstance(said, dict) else None
    return url if isinstance(url, str) else None


def is_announced(folder: Path) -> bool:
    """Whether a server of the folder runs and its note is there, whatever the note says now."""
    try:
        with (folder / SERVER_FILE).open("rb") as note:
            return _is_locked(note.fileno())
    except FileNotFoundError:
        return False


def _is_locked(descriptor: int) -> bool:
    try:
        # Shared: two that ask at once do not take each other for the server. Closing the file lets go of it.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _write_private(path: Path, text: str, *, is_locked: bool = False) -> int:
    """Write the file whole or not at all; its descriptor, which holds the lock from before the file has its name."""
    staged = path.with_suffix(".new")
    # A file of its own: one that broke off may have left its staged one behind, and a lock is the file's.
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if is_locked:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
        staged.replace(path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
