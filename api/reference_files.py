"""The operator's reference tables in the data folder: put there whole or not at all, the one before kept for undoing.

They lie in `reference/` beside the ledger. What a setting names goes before them; without either the embedded table
serves. A file is replaced by renaming: the server maps the one it has opened, and reads the new one when told to.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from api.clock import utc_now
from api.settings import Settings
from engine.errors import AssayError, ReferenceInvalid
from engine.reference import Rates, Reference, TableInfo, load_reference
from engine.reference.kinds import kind_of, unpacked
from engine.reference.rates import EMBEDDED_RATES

FOLDER: Final = "reference"
"""Where they lie in the data folder."""
SETTINGS: Final[Mapping[str, str]] = {
    "ip": "ip_database",
    "ip_networks": "ip_database",
    "bins": "bin_table",
    "rates": "rates",
    "mail_domains": "mail_domains",
    "forwarders": "forwarders",
}
"""The setting that names a table's file, by table."""

_PREVIOUS: Final = ".previous"
_DATABASE: Final = ".mmdb"
_SUFFIXES: Final = (_DATABASE, ".csv")
_SHOWN_CURRENCIES: Final = 5
_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


class NothingToUndo(AssayError):
    """No file of this name was put, or taken away."""

    code = "nothing_to_undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTable:
    """A table's file as it was put: what it says of itself, where it lies, and whether one before it is kept."""

    info: TableInfo
    file: Path
    has_previous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A table's file after undoing; where none is there the embedded table serves."""

    file: Path
    is_there: bool


def reference_of(settings: Settings) -> Reference:
    """All tables, the operator's over the embedded ones. Raises ReferenceInvalid."""
    found = with_kept_tables(settings)
    return load_reference(
        ip_database=found.ip_database,
        bin_table=found.bin_table,
        rates=found.rates,
        ip_max_age_days=found.reference_max_age_days,
        mail_domains=found.mail_domains,
        today=_today(),
        forwarders=found.forwarders,
    )


def currencies_in_force(settings: Settings) -> frozenset[str]:
    """Which currencies have a rate; none where the table cannot be read: any other is better than that one."""
    try:
        return frozenset(Rates.load(with_kept_tables(settings).rates or EMBEDDED_RATES).series)
    except ReferenceInvalid:
        return frozenset()


def losses(file: Path, before: frozenset[str]) -> list[str]:
    """What to say of a table of rates that lacks most of the currencies that had one: a part of a table, by mistake."""
    if kind_of(file).table != "rates":
        return []
    lost = sorted(before - Rates.load(file).series.keys())
    if len(lost) * 2 <= len(before):
        return []
    shown = ", ".join(lost[:_SHOWN_CURRENCIES])
    warning = (
        f"it lacks {len(lost)} of the {len(before)} currencies that have a rate now ({shown} ...): amounts in them are "
        "unknown in US dollars then. Rates replace the table in force; give one of all currencies."
    )
    return [warning]


def with_kept_tables(settings: Settings) -> Settings:
    """The settings with the data folder's tables where they name none."""
    folder = settings.data / FOLDER
    kept = {
        "ip_database": folder / "ip",
        "bin_table": folder / "bins.csv",
        "rates": folder / "rates.csv",
        "mail_domains": folder / "mail_domains.csv",
        "forwarders": folder / "forwarders.csv",
    }
    found = {name: path for name, path in kept.items() if getattr(settings, name) is None and _is_kept(path)}
    return settings.model_copy(update=found) if found else settings


def put_table(data: Path, path: Path) -> PutTable:
    """Check a table's file and put it in the data folder; what lay there stays as the one before.

    Raises ReferenceInvalid, and then nothing has changed; OSError where the folder cannot be written.
    """
    kind = kind_of(path)
    with _held(data) as folder:
        file = folder / kind.named(path)
        file.parent.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        # Read from where it will lie: what was checked is what is put there, whatever becomes of the file given.
        staged = _written(file.with_name(f"{file.name}.new"), unpacked(path))
        try:
            info = kind.read(staged, _today())
        except ReferenceInvalid as error:
            staged.unlink()
            raise ReferenceInvalid(str(error).replace(str(staged), str(path))) from error
        has_previous = file.exists()
        if has_previous:
            _keep(file)
        else:
            # What was put aside by undoing is not what was in force before this one: the embedded table was.
            _previous(file).unlink(missing_ok=True)
        staged.replace(file)
        _sync(file.parent)
    return PutTable(info=info, file=file, has_previous=has_previous)


def undo_table(data: Path, name: str) -> Undone:
    """Change a table's file for the one before it; where it was the first, put it aside: the embedded one serves.

    Done twice, it is as it was. Raises NothingToUndo naming what there is.
    """
    with _held(data) as folder:
        files = {file.stem: file for file in _all(folder)}
        file = {stem.lower(): each for stem, each in files.items()}.get(name.lower())
        if file is None:
            there = ", ".join(sorted(files)) or "none"
            raise NothingToUndo(f"No table {name} was put into {folder}. There are: {there}.")
        previous = _previous(file)
        if not file.exists():
            previous.replace(file)
        elif previous.exists():
            older = previous.rename(previous.with_suffix(".older"))
            _keep(file)
            older.replace(file)
        else:
            file.replace(previous)
        _sync(file.parent)
        return Undone(file=file, is_there=file.exists())


def _today() -> date:
    return utc_now().date()


def _is_kept(path: Path) -> bool:
    """Whether a table's file is there, or one in the folder of IP databases."""
    return path.is_file() or any(path.glob(f"*{_DATABASE}"))


def _all(folder: Path) -> Iterator[Path]:
    """The files of tables that are there, or were."""
    for path in (*folder.iterdir(), *(folder / "ip").glob("*")):
        file = path.with_name(path.name.removesuffix(_PREVIOUS))
        if file.suffix in _SUFFIXES:
            yield file


def _previous(file: Path) -> Path:
    return file.with_name(f"{file.name}{_PREVIOUS}")


def _keep(file: Path) -> None:
    """Give the file a second name as the one before, so that it never is without its first."""
    previous = _previous(file)
    previous.unlink(missing_ok=True)
    previous.hardlink_to(file)


def _written(staged: Path, content: bytes) -> Path:
    """A new file that survives a power cut, for its owner alone."""
    staged.unlink(missing_ok=True)
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return staged


@contextmanager
def _held(data: Path) -> Iterator[Path]:
    """The folder of the tables, made where absent, for one command at a time; kill -9 frees it too."""
    folder = data / FOLDER
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    lock = folder / "lock"
    lock.touch(mode=_PRIVATE)
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield folder


def _sync(folder: Path) -> None:
    """A file's own fsync does not cover its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
