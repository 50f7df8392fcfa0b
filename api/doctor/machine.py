"""The machine: versions, limits, and the disk that the data folder is on."""

import platform
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.doctor.finding import Finding, error, fine, note, warning

FREE_BYTES_MIN: Final = 100 * 1024**2
FREE_BYTES_LOW: Final = 1024**3
OPEN_FILES_LOW: Final = 1024
"""One for each connection, and some fifty for files and the process."""
WAL_RESET_MENDED: Final = (3, 51, 3)
_SHARES: Final = "9p afs ceph cifs fuse.glusterfs fuse.sshfs gfs2 lustre nfs nfs4 smb3 smbfs vboxsf virtiofs"
NETWORK_FILE_SYSTEMS: Final = frozenset(_SHARES.split())

MOUNTS: Final = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the machine says of itself. `mounts` is as in Linux's mountinfo, empty elsewhere."""

    python: str
    sqlite: tuple[int, ...]
    open_files_max: int
    mounts: str


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version_info,
        open_files_max=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        mounts=MOUNTS.read_text(encoding="utf-8", errors="replace") if MOUNTS.exists() else "",
    )


def machine_findings(machine: Machine) -> Iterator[Finding]:
    """Versions and limits."""
    sqlite = ".".join(map(str, machine.sqlite))
    versions = f"Python {machine.python}, SQLite {sqlite}"
    if machine.sqlite < WAL_RESET_MENDED:
        said = f"{versions}: before SQLite 3.51.3 two writers can damage a WAL"
        yield note("versions", said, "Assay writes over one connection alone; let no other program write assay.db.")
    else:
        yield fine("versions", versions)
    limit = machine.open_files_max
    if limit != resource.RLIM_INFINITY and limit < OPEN_FILES_LOW:
        said = f"at most {limit} open files: each connection takes one"
        yield warning("open_files", said, "Raise it: 'ulimit -n 65536', or LimitNOFILE= in the service's unit.")
    else:
        yield fine("open_files", "no limit" if limit == resource.RLIM_INFINITY else f"at most {limit:,} open files")


def disk_findings(folder: Path, machine: Machine) -> Iterator[Finding]:
    """The disk of a folder that is there."""
    free = shutil.disk_usage(folder).free
    said = f"{free / 1024**3:,.1f} GiB free"
    if free < FREE_BYTES_LOW:
        level = error if free < FREE_BYTES_MIN else warning
        mend = "Free some space: with a full disk every payment is answered with 503. A decision takes about 8 KB."
        yield level("disk", said, mend)
    else:
        yield fine("disk", said)
    kind = file_system(folder, machine.mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        said = f"{folder} is on a network share ({kind}): SQLite's WAL and its locks do not hold there"
        yield error("file_system", said, "Move the folder to a local disk and set ASSAY_DATA.")
    else:
        yield fine("file_system", kind or "unknown here")


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder is on: of the mounts above it the longest, of equal ones the last."""
    found, longest = "", -1
    wanted = folder.resolve()
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = Path(fields.split(" ")[4].replace("\\040", " ")) if rest else None
        if point is not None and (wanted == point or point in wanted.parents) and len(point.parts) >= longest:
            found, longest = rest.split(" ")[0], len(point.parts)
    return found
