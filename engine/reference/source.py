"""A table's file: read once, with the fingerprint that goes into its version."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import ReferenceInvalid

EMBEDDED: Final = Path(__file__).parent / "data"
"""The folder of the embedded tables; NOTICE.md there names their sources and licences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The bytes of a table's file. `fingerprint` is the first 12 hexadecimal digits of their SHA-256."""

    path: Path
    content: bytes
    fingerprint: str


def read_source(path: Path) -> Source:
    """Read the file whole. Raises ReferenceInvalid where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReferenceInvalid(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    return Source(path=path, content=content, fingerprint=hashlib.sha256(content).hexdigest()[:12])


def decode_source(source: Source, content: bytes) -> str:
    """Give the text of a CSV file: UTF-8, a byte order mark is dropped. Raises ReferenceInvalid where it is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ReferenceInvalid(f"{source.path}, line {line}: not UTF-8; save the table as UTF-8 text") from error
