"""Which table a file is: told by what is in it, whatever it is called."""

import csv
import lzma
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import maxminddb

from engine.errors import ReferenceInvalid
from engine.reference import bins, forwarders, mail_domains, rates
from engine.reference.forwarders import Forwarders
from engine.reference.ip_files import info_of as ip_info_of
from engine.reference.rates import Rates
from engine.reference.source import Source, read_source
from engine.reference.table import TableInfo

_MMDB_MARK: Final = b"\xab\xcd\xefMaxMind.com"
_MMDB_TAIL_BYTES: Final = 128 * 1024
"""A MaxMind database says what it is behind this mark, within so many bytes of its end."""
_XZ_MARK: Final = b"\xfd7zXZ\x00"
_HEADING_BYTES_MAX: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table that the operator can bring. `form` says in words what its file looks like.

    `read` reads a file whole, as it is read to be used on a day, and gives what it says of itself; it raises
    ReferenceInvalid.
    `named` is what such a file is called where tables are kept; IP databases have a folder, for there may be several.
    """

    table: str
    form: str
    read: Callable[[Path, date], TableInfo]
    named: Callable[[Path], str]


def kind_of(path: Path) -> Kind:
    """Which table this file is. Raises ReferenceInvalid where it cannot be read or is none that there are."""
    source = read_source(path)
    if _MMDB_MARK in source.content[-_MMDB_TAIL_BYTES:]:
        return _IP
    heading = _heading(source)
    for columns, kind in _CSV:
        if heading == columns:
            return kind
    forms = "; ".join(kind.form for kind in (_IP, *(kind for _, kind in _CSV)))
    raise ReferenceInvalid(f"{path}: no table that Assay reads. It reads {forms}.")


def unpacked(path: Path) -> bytes:
    """What is in a file, or where it is xz what was packed. Raises ReferenceInvalid."""
    content = read_source(path).content
    try:
        return lzma.decompress(content) if content.startswith(_XZ_MARK) else content
    except (lzma.LZMAError, EOFError) as error:
        raise ReferenceInvalid(f"{path}: a broken xz file ({error}); pack it again") from error


def _heading(source: Source) -> list[str]:
    """The first line's cells; empty where the file is no text."""
    content = source.content
    try:
        if content.startswith(_XZ_MARK):
            content = lzma.LZMADecompressor().decompress(content, _HEADING_BYTES_MAX)
        lines = content[:_HEADING_BYTES_MAX].decode("utf-8-sig", errors="replace").splitlines()
        return [cell.strip() for cell in next(csv.reader(lines), [])]
    except (csv.Error, lzma.LZMAError, EOFError):
        return []


def _edition(path: Path) -> str:
    """A database's type, as a file's name."""
    with maxminddb.open_database(path, maxminddb.MODE_MMAP) as database:
        kind = database.metadata().database_type
    return f"ip/{re.sub(r'[^A-Za-z0-9]+', '-', kind).strip('-')}.mmdb"


_IP: Final = Kind(
    table="ip",
    form="MaxMind databases (.mmdb)",
    read=lambda path, _: ip_info_of(path),
    named=_edition,
)
_CSV: Final = (
    (
        bins.COLUMNS,
        Kind(
            table="bins",
            form=f"a CSV of {','.join(bins.COLUMNS)}",
            read=lambda path, _: bins.info_of(path),
            named=lambda _: "bins.csv",
        ),
    ),
    (
        rates.COLUMNS,
        Kind(
            table="rates",
            form=f"a CSV of {','.join(rates.COLUMNS)}",
            read=lambda path, today: Rates.load(path, today).info,
            named=lambda _: "rates.csv",
        ),
    ),
    (
        mail_domains.COLUMNS,
        Kind(
            table="mail_domains",
            form=f"a CSV of {','.join(mail_domains.COLUMNS)}",
            read=lambda path, _: mail_domains.info_of(path),
            named=lambda _: "mail_domains.csv",
        ),
    ),
    (
        forwarders.COLUMNS,
        Kind(
            table="forwarders",
            form=f"a CSV of {','.join(forwarders.COLUMNS)}",
            read=lambda path, _: Forwarders.load(path).info,
            named=lambda _: "forwarders.csv",
        ),
    ),
)
