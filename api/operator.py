"""The operator's key: how local commands speak to the server that holds the data folder's lock.

It lies in the data folder, readable by its owner alone: whoever reads it could read the ledger anyway.
"""

import json
import os
from pathlib import Path

from api.auth import new_key
from engine.access import ApiKeys, Scope

KEY_FILE, SERVER_FILE = "operator.key", "server.json"


def ensure_operator_key(folder: Path, keys: ApiKeys) -> None:
    """Make the operator's key at the folder's first opening, or again where its file was removed."""
    path = folder / KEY_FILE
    if path.exists():
        return
    key, text = new_key(name="operator", test_mode=False, scopes=frozenset(Scope), merchants=None)
    keys.add_key(key)
    _write_private(path, text)


def operator_key(folder: Path) -> str:
    """The operator's key of a folder."""
    return (folder / KEY_FILE).read_text(encoding="ascii").strip()


def announce_server(folder: Path, url: str) -> None:
    """Say where the server of this folder listens."""
    _write_private(folder / SERVER_FILE, json.dumps({"url": url, "pid": os.getpid()}))


def withdraw_server(folder: Path) -> None:
    """Take the announcement back at a clean stop."""
    (folder / SERVER_FILE).unlink(missing_ok=True)


def server_url(folder: Path) -> str | None:
    """Where the folder's server said that it listens; after a kill -9 it may be gone, so ask before you trust."""
    try:
        announced = json.loads((folder / SERVER_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    url = announced.get("url")
    return url if isinstance(url, str) else None


def _write_private(path: Path, text: str) -> None:
    staged = path.with_suffix(".new")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
