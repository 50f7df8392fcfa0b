"""The data folder: whose it is, who may read it, who holds it."""

import fcntl
import os
import stat
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

from api.client import Client
from api.doctor.finding import Finding, error, fine, note, warning
from api.operator import KEY_FILE, server_url

LOCK_FILE: Final = "lock"
_OTHERS: Final = 0o077


def folder_findings(folder: Path) -> Iterator[Finding]:
    """Owner, permissions and the operator's key of a folder that is there."""
    if not folder.is_dir():
        yield error("folder", f"{folder} is no folder", "Give another one with --data or ASSAY_DATA.")
        return
    yield from _access(folder)
    open_to_others = [path.name for path in sorted(folder.iterdir()) if _mode(path) & _OTHERS]
    if _mode(folder) & _OTHERS:
        said = f"{folder} is open to other users ({_mode(folder):04o}); it holds payments and a key to everything"
        yield warning("permissions", said, f"chmod 700 {folder}")
    elif open_to_others:
        said = f"open to other users: {', '.join(open_to_others)}"
        yield warning("permissions", said, f"chmod 600 {folder}/*")
    else:
        yield fine("permissions", f"{folder} is its owner's alone")
    if not (folder / KEY_FILE).is_file():
        said = f"there is no {KEY_FILE}: the commands cannot speak to a running server"
        yield warning("operator_key", said, "Restart the server: it makes one.")
    elif not os.access(folder / KEY_FILE, os.R_OK):
        yield error("operator_key", f"{KEY_FILE} cannot be read by this user", "Run this as the folder's owner.")
    else:
        yield fine("operator_key", f"{KEY_FILE} is there")


def _access(folder: Path) -> Iterator[Finding]:
    owner = folder.stat().st_uid
    if owner != os.getuid():
        said = f"{folder} belongs to user {owner}, and this is user {os.getuid()}"
        yield warning("owner", said, "Run Assay and its commands as the folder's owner.")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield error("folder", f"{folder} cannot be written by this user", "Run this as its owner, or chown it.")
    else:
        yield fine("folder", str(folder))


def server_findings(folder: Path) -> Iterator[Finding]:
    """Whether a server runs on the folder and can decide; it is asked without a key."""
    url = server_url(folder)
    if url is None:
        holder = _holder(folder / LOCK_FILE)
        if holder is None:
            yield note("server", "no server runs on this folder", "'assay serve' starts one.")
        else:
            said = f"{holder} holds the folder, and it is no server: no payment can be decided meanwhile"
            yield warning("server", said, "Let it end (an import?), or stop it.")
        return
    try:
        reply = Client(url=url, key="").call("GET", "/readyz")
    except OSError as failed:
        said = f"the server at {url} holds the folder and does not answer ({failed})"
        yield error("server", said, "Restart it; its log says why it hangs.")
        return
    if reply.status == HTTPStatus.OK:
        yield fine("server", f"ready at {url}")
    else:
        said = f"the server at {url} is not ready (status {reply.status}): it cannot record decisions"
        yield error("server", said, "See its log for 'ledger_fails', and the disk.")


def _holder(lock: Path) -> str | None:
    """Who holds the lock, as it noted; None where it is free. Asked only where no server runs; let go at once."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return f"process {os.pread(descriptor, 200, 0).decode(errors='replace').strip() or 'unknown'}"
    else:
        return None
    finally:
        os.close(descriptor)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        # A WAL comes and goes while a server runs.
        return 0
