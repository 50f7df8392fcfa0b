"""A history put in its folder: both tables first, then the manifest that names them, so that a kill leaves no half."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from api.importing.history_rows import FEATURE
from engine.errors import AssayError
from engine.velocity.batch import Numbers
from engine.velocity.batch.relations import Held, column_of
from engine.velocity.relations import RELATIONS
from models.history import FOLDER, FORMAT, MANIFEST, History, histories_in, history_at, sha256_of

GROUP_ROWS: Final = 65_536
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PART: Final = ".part"


class HistoryRefused(AssayError):
    """An import of history that would not be what was meant: a name that is taken, the same file again."""

    code = "history_refused"


def name_for(file: Path, given: str | None) -> str:
    """The history's name: the one given, else one made of the file's. Raises HistoryRefused."""
    name = given if given is not None else re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-_")[:64]
    if not _NAME.fullmatch(name):
        raise HistoryRefused(
            f"--name {name!r} is no name: lower-case letters, digits, - and _, a letter or digit first, at most 64."
        )
    return name


def check_name(data: Path, name: str, source: Mapping[str, Any], *, is_replaced: bool) -> None:
    """Refuse a name that is taken, and a file that is there under another name. Raises HistoryRefused."""
    if (data / FOLDER / name / MANIFEST).exists() and not is_replaced:
        raise HistoryRefused(
            f"There is a history '{name}' already: add --replace to put this file in its place, or give another --name."
        )
    for other in histories_in(data):
        if other.name != name and other.manifest.get("source") == source["source"]:
            raise HistoryRefused(
                f"This very file is the history '{other.name}' already, and payments are learnt from once: "
                f"add --name {other.name} --replace to import it anew."
            )


@contextmanager
def histories_held(data: Path) -> Iterator[None]:
    """Hold the folder of the histories, not the data folder: a server may run. kill -9 frees it too.

    Raises HistoryRefused where another import holds it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HistoryRefused(f"Another import of history writes to {folder}; wait for its end.") from error
        yield


def write_history(
    data: Path,
    name: str,
    payments: pa.Table,
    numbers: Numbers,
    labels: pa.Table,
    facts: dict[str, Any],
) -> History:
    """Write the tables and put them in force; what stood under the name before stays until then. Raises OSError."""
    folder = data / FOLDER / name
    folder.mkdir(mode=0o700, exist_ok=True)
    files = {
        "payments": _written(folder, "payments", _groups(payments, numbers)),
        "labels": _written(folder, "labels", iter([_plain(labels)])),
    }
    rows = {"payments": payments.num_rows, "labels": labels.num_rows}
    named = {kind: {"file": file.name, "sha256": digest, "rows": rows[kind]} for kind, (file, digest) in files.items()}
    manifest = {"format": FORMAT, "name": name, "rows": payments.num_rows, **named, **facts}
    part = folder / (MANIFEST + _PART)
    with _private(part) as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    part.replace(folder / MANIFEST)
    _sync(folder)
    _sync(folder.parent)
    keep = {MANIFEST, *(file.name for file, _ in files.values())}
    for path in folder.iterdir():
        if path.name not in keep:
            path.unlink()
    found = history_at(folder)
    assert found is not None, "its manifest was written"
    return found


def _groups(payments: pa.Table, numbers: Numbers) -> Iterator[pa.Table]:
    """The payments with their velocities, some rows at a time."""
    for start in range(0, max(payments.num_rows, 1), GROUP_ROWS):
        table = _plain(payments.slice(start, GROUP_ROWS))
        end = start + table.num_rows
        for velocity, values, known in zip(numbers.velocities, numbers.values, numbers.known, strict=True):
            mask = None if known is None else ~known[start:end]
            table = table.append_column(FEATURE + velocity.name, pa.array(values[start:end], pa.int64(), mask=mask))
        yield _related(table)


def _related(table: pa.Table) -> pa.Table:
    """The payments with their relations, as the live path makes them of the same features."""
    for relation in RELATIONS:
        inputs = [_held(table[FEATURE + name]) for name in relation.form.reads]
        found = column_of(relation.form, inputs)
        table = table.append_column(FEATURE + relation.name, pa.array(found.values, mask=~found.known))
    return table


def _held(column: pa.ChunkedArray) -> Held:
    return Held(column.fill_null(0).to_numpy(), column.is_valid().to_numpy())


def _plain(table: pa.Table) -> pa.Table:
    """Texts as texts, whatever the file makes of them."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _written(folder: Path, kind: str, tables: Iterator[pa.Table]) -> tuple[Path, str]:
    """A Parquet file, durable, under a name of its content's."""
    part = folder / f"{kind}.parquet{_PART}"
    first = next(tables)
    with _private(part) as file, pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    digest = sha256_of(part)
    path = folder / f"{kind}-{digest[:12]}.parquet"
    part.replace(path)
    return path, digest


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    """A file for its owner's eyes, written to the disk before it is closed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
