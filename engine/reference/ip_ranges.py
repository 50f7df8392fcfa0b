"""Networks of hosting providers, content networks, VPNs, Tor and crawlers: the embedded table of the package iporigin.

The package's own reader takes half a second for the table and 120-280 us an address; this one reads the same file.
"""

import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, NamedTuple, Self

from engine.errors import ReferenceInvalid
from engine.reference.source import Source, read_source

KINDS: Final = ("hosting", "cdn", "vpn", "relay", "tor", "crawler")
"""What a network can be: see `IpRange`."""

_MAGIC: Final = b"IPORIGIN"
_FORMAT: Final = 1
_HEADER: Final = struct.Struct("<8sHQHII")
_LENGTH: Final = struct.Struct("<H")
_V4_ROW: Final = struct.Struct("<IIH")
_V6_ROW: Final = struct.Struct("<16s16sH")
_V4_MAX: Final = 2**32 - 1
_RELAYS: Final = frozenset({"Apple Private Relay"})
"""iporigin counts them among the VPNs. But who uses one is not hidden by choice of country: it keeps the shopper's."""


class IpRange(NamedTuple):
    """What is known of a network. `kind` is one of KINDS, `provider` whose it is.

    hosting: a machine in a data centre; cdn: one that stands before others' sites; vpn: an exit of a consumers' VPN;
    relay: an exit of a relay that keeps the country (Apple's Private Relay); tor: an exit of Tor; crawler: a declared
    crawler, or an AI company's machine.
    """

    kind: str
    provider: str


class _Rows(NamedTuple):
    """Ranges that do not overlap, sorted: the first and last address of each, and the position of its label."""

    starts: Sequence[int]
    ends: Sequence[int]
    labels: Sequence[int]


class IpRanges:
    """The table. `version` is the package's, the day of the build and the first 12 digits of the file's SHA-256."""

    __slots__ = ("_labels", "_rows", "built", "rows", "version")

    def __init__(self, *, labels: tuple[IpRange, ...], rows: dict[int, _Rows], built: date, version: str) -> None:
        """`rows` by version of the protocol, 4 and 6."""
        self._labels = labels
        self._rows = rows
        self.built = built
        self.rows = sum(len(each.starts) for each in rows.values())
        self.version = version

    @classmethod
    def load(cls) -> Self:
        """Read the installed package's table, 30 ms. Raises ReferenceInvalid where it is not of the known form."""
        with as_file(files("iporigin") / "data" / "ranges.bin") as path:
            return cls.read(path, f"iporigin {version('iporigin')}")

    @classmethod
    def read(cls, path: Path, name: str) -> Self:
        """Read a table of iporigin's form. Raises ReferenceInvalid, naming the file."""
        source = read_source(path)
        try:
            labels, rows, seconds = _parsed(source)
            built = datetime.fromtimestamp(seconds, UTC).date()
        except (struct.error, ValueError, OverflowError, OSError, KeyError) as error:
            raise ReferenceInvalid(f"{path}: no table of iporigin ({error}); install the package again") from error
        return cls(labels=labels, rows=rows, built=built, version=f"{name} {built} {source.fingerprint}")

    def find(self, number: int, version: int) -> IpRange | None:
        """The network of an address, given as a number of IPv4 or IPv6; None where it is in no list.

        None proves nothing: the lists hold what some fifty providers publish, not every host, VPN and exit there is.
        """
        starts, ends, labels = self._rows[version]
        at = bisect_right(starts, number) - 1
        return self._labels[labels[at]] if at >= 0 and number <= ends[at] else None


def _parsed(source: Source) -> tuple[tuple[IpRange, ...], dict[int, _Rows], int]:
    """Labels, ranges by version, and the Unix time of the build."""
    content = memoryview(source.content)
    magic, form, built, label_count, v4_count, v6_count = _HEADER.unpack_from(content)
    if (magic, form) != (_MAGIC, _FORMAT):
        raise ValueError(f"it begins with {magic!r}, form {form}")
    labels, at = _labels(content, label_count)
    v4_end = at + v4_count * _V4_ROW.size
    v6_end = v4_end + v6_count * _V6_ROW.size
    if v6_end != len(content):
        raise ValueError(f"{len(content)} bytes, where {v6_end} are told")
    v6 = [(int.from_bytes(a), int.from_bytes(b), label) for a, b, label in _V6_ROW.iter_unpack(content[v4_end:v6_end])]
    rows = {4: _rows(list(_V4_ROW.iter_unpack(content[at:v4_end]))), 6: _rows(v6)}
    if max(max(each.labels, default=0) for each in rows.values()) >= max(1, len(labels)):
        raise ValueError("a range has a label that is not there")
    return labels, rows, built


def _labels(content: memoryview, count: int) -> tuple[tuple[IpRange, ...], int]:
    """The labels, and where they end."""
    labels, at = [], _HEADER.size
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        provider, _tab, kind = bytes(content[at : at + length]).decode().partition("\t")
        labels.append(_label(provider, kind))
        at += length
    return tuple(labels), at


def _label(provider: str, kind: str) -> IpRange:
    if provider in _RELAYS:
        return IpRange("relay", provider)
    named = "crawler" if kind == "bot" else kind
    if named not in KINDS:
        raise ValueError(f"the kind {kind!r} is none that is known")
    return IpRange(named, provider)


def _rows(rows: list[tuple[int, int, int]]) -> _Rows:
    starts, ends, labels = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    if any(end < start for start, end in zip(starts, ends, strict=True)) or any(
        following <= end for end, following in zip(ends, starts[1:], strict=False)
    ):
        raise ValueError("its ranges overlap or are not in order")
    if all(end <= _V4_MAX for end in ends):
        # Side by side: a search among numbers that lie all over the memory takes longer.
        return _Rows(array("I", starts), array("I", ends), array("H", labels))
    return _Rows(starts, ends, labels)
