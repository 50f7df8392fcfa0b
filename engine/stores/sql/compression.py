"""What the ledger's tables keep of a record: JSON, compressed with a dictionary of what its like have in common.

Records are alike: a decision of 4.4 KB with its dictionary takes 0.5 KB and ten microseconds. Each frame (Zstandard,
RFC 8878) names its dictionary by id, so those that are no longer written with stay readable. They are made by
`api.record_dictionaries`; the files are ours, of payments that are made up.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from threading import local
from typing import Final

from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError, get_frame_parameters

from engine.errors import LedgerUnavailable


class RecordPart(StrEnum):
    """What is compressed of a record; each part has a dictionary of its own."""

    DECISION = "decision"
    PAYMENT = "payment"
    ANSWER = "answer"


DICTIONARIES: Final[Mapping[int, RecordPart]] = {
    40_001: RecordPart.DECISION,
    40_002: RecordPart.PAYMENT,
    40_003: RecordPart.ANSWER,
}
"""By id what each is for, the newest last: it compresses. One that was written with is neither changed nor removed."""
FOLDER: Final = Path(__file__).parent / "dictionaries"
LEVEL: Final = 1
"""Level 3 is a twelfth smaller, and takes a quarter longer or, where other work has left nothing of its large tables in
the processor's caches, two fifths."""
PLAIN_BYTES_MAX: Final = 1 << 24
"""No part of a record comes near: a frame that says so is damaged."""

_NEWEST: Final = {part: id_ for id_, part in DICTIONARIES.items()}
_DAMAGED: Final = "A record in the ledger is damaged: restore the database from a backup."


class _Own(local):
    """A thread's own: neither compressors nor decompressors are for several threads at once."""

    def __init__(self) -> None:
        self.compressors: dict[RecordPart, ZstdCompressor] = {}
        self.decompressors: dict[int, ZstdDecompressor] = {}


_own = _Own()


def compressed(part: RecordPart, plain: bytes) -> bytes:
    """One frame, with a checksum."""
    compressor = _own.compressors.get(part)
    if compressor is None:
        dictionary = _dictionary(_NEWEST[part])
        compressor = ZstdCompressor(LEVEL, dict_data=dictionary, write_checksum=True)
        _own.compressors[part] = compressor
    return compressor.compress(plain)


def decompressed(kept: bytes) -> bytes:
    """What `compressed` was given, today or by an earlier version.

    Raises LedgerUnavailable where it is damaged, or a newer version of Assay wrote it; `unreadable` then says of which
    decision it is.
    """
    try:
        said = get_frame_parameters(kept)
        if said.content_size > PLAIN_BYTES_MAX:
            raise LedgerUnavailable(_DAMAGED)
        return (_own.decompressors.get(said.dict_id) or _decompressor(said.dict_id)).decompress(kept)
    except (ZstdError, TypeError) as error:
        # A column may hold text or nothing: SQLite does not mind.
        raise LedgerUnavailable(_DAMAGED) from error


def unreadable(decision_id: str, error: Exception) -> LedgerUnavailable:
    """What a record that cannot be read is to the caller: it names the decision, for one of millions is no help."""
    said = str(error) if isinstance(error, LedgerUnavailable) else _DAMAGED
    message = f"{said} It is that of decision {decision_id}; 'assay doctor' names all that are."
    return LedgerUnavailable(message)


def _decompressor(id_: int) -> ZstdDecompressor:
    if id_ not in DICTIONARIES:
        raise LedgerUnavailable(f"A newer version of Assay wrote a record (dictionary {id_}): use that version.")
    decompressor = _own.decompressors[id_] = ZstdDecompressor(dict_data=_dictionary(id_))
    return decompressor


@cache
def _dictionary(id_: int) -> ZstdCompressionDict:
    """The dictionary, made ready once for all threads."""
    dictionary = ZstdCompressionDict((FOLDER / f"{id_}-{DICTIONARIES[id_]}.zdict").read_bytes())
    dictionary.precompute_compress(LEVEL)
    return dictionary
