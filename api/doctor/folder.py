"""The data folder: whose it is, who may read it, who holds it."""

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from shlex import quote
from typing import Final

from api.client import Client
from api.doctor.finding import Finding, error, fine, note, warning
from api.operator import KEY_FILE, SERVER_FILE, is_announced, server_url

LOCK_FILE: Final = "lock"
_OTHERS: Final = 0o077
_PRIVATE: Final = 0o600
_SHOWN_MAX: Final = 5


def folder_findings(folder: Path) -> Iterator[Finding]:
    """Owner and permissions of a folder that is there, and whether there is an operator's key."""
    if not folder.is_dir():
        yield error("folder", f"{folder} is no folder", "Give another one with --data or ASSAY_DATA.")
        return
    yield _owner(folder)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        said = f"{folder} cannot be read, written and entered by this user"
        yield error("folder", said, f"Run this as its owner, or chown it; where you are: chmod u+rwx {folder}")
        return
    yield fine("folder", str(folder))
    yield permissions_finding(folder)
    if not (folder / KEY_FILE).is_file():
        said = f"there is no {KEY_FILE}: the commands cannot speak to a running server"
        yield warning("operator_key", said, "Restart the server: it makes one.")
    elif not os.access(folder / KEY_FILE, os.R_OK):
        yield error("operator_key", f"{KEY_FILE} cannot be read by this user", "Run this as the folder's owner.")


def permissions_finding(folder: Path) -> Finding:
    """Whether the owner can use what is in the folder, at any depth, and nobody else can."""
    # Folders need the right to be entered, files must not get it: one mode for all would lock or open something.
    mend = f"chmod -R u=rwX,go= {quote(str(folder))}"
    paths = sorted(folder.rglob("*"))
    locked = [path for path in paths if _is_locked(path)]
    if locked:
        return error("permissions", f"its owner cannot use: {_named(locked, folder)}", mend)
    mode = stat.S_IMODE(_mode(folder))
    if mode & _OTHERS:
        said = f"{folder} is open to other users ({mode:04o}); it holds payments and a key to everything"
        return warning("permissions", said, mend)
    opened = [path for path in paths if _mode(path) & _OTHERS]
    if opened:
        return warning("permissions", f"open to other users: {_named(opened, folder)}", mend)
    return fine("permissions", f"{folder} is its owner's alone")


def _owner(folder: Path) -> Finding:
    owner = folder.stat().st_uid
    if owner == os.getuid():
        return fine("owner", "this user")
    said = f"{folder} belongs to user {owner}, and this is user {os.getuid()}"
    return warning("owner", said, "Run Assay and its commands as the folder's owner.")


def _is_locked(path: Path) -> bool:
    """Whether the owner's own rights are too few; a superuser is not told by trying, and may not be the owner."""
    mode = _mode(path)
    needed = stat.S_IRUSR | stat.S_IXUSR if stat.S_ISDIR(mode) else stat.S_IRUSR
    return mode & needed != needed


def _named(paths: Sequence[Path], folder: Path) -> str:
    """The first few, as they lie in the folder."""
    shown = ", ".join(str(path.relative_to(folder)) for path in paths[:_SHOWN_MAX])
    return f"{shown} and {len(paths) - _SHOWN_MAX:,} more" if len(paths) > _SHOWN_MAX else shown


def server_findings(folder: Path) -> Iterator[Finding]:
    """Whether a server runs on the folder and can decide; it is asked without a key."""
    url = server_url(folder)
    if url is None:
        yield _without_url(folder)
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


def _without_url(folder: Path) -> Finding:
    """Who holds a folder of which nothing says where a server listens."""
    holder = _holder(folder / LOCK_FILE)
    if holder is None:
        return note("server", "no server runs on this folder", "'assay serve' starts one.")
    if is_announced(folder):
        said = f"{holder} serves the folder, and {SERVER_FILE} does not say where: the commands cannot find it"
        return warning("server", said, "Restart the server: it writes the file anew.")
    said = (
        f"{holder} holds the folder, and no {SERVER_FILE} of its own says where it listens. It is another command, and "
        "no payment can be decided meanwhile; or a server that lost the file: it decides, and the commands cannot "
        "find it"
    )
    return warning("server", said, "Let a command end (an import?), or stop it. Restart a server: it writes the file.")


def _holder(lock: Path) -> str | None:
    """Who holds the lock, as it noted; None where it is free. Let go at once."""
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
        return path.stat().st_mode
    except (FileNotFoundError, PermissionError):
        # A WAL comes and goes while a server runs; what lies in a locked folder is mended with that folder.
        return _PRIVATE
