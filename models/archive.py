"""A model's file: a zip of a JSON manifest and numpy arrays. The same content makes the same bytes.

Nothing in it is run when it is read, and nothing is larger in memory than in the file: members are stored, not
compressed, and an array's header is compared with the bytes behind it before any is taken.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt
import orjson

from engine.errors import ModelInvalid

MAGIC: Final = b"PK\x03\x04"
CONTENT_BYTES_MAX: Final = 64 * 1024 * 1024
MEMBERS_MAX: Final = 32
_MANIFEST: Final = "manifest.json"
_ARRAY: Final = ".npy"
_NPY_VERSION: Final = (1, 0)
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00(?P<size>[\x00-\xff]{2})"
    rb"\{'descr': '(?P<type><f8|<i4|\|b1|\|u1)', 'fortran_order': False, 'shape': \((?P<length>[0-9]{1,12}),\), \} *\n"
)
_START: Final = 10
"""Bytes before what a header's size counts."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def packed(manifest: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The file of a manifest and arrays of one dimension. Raises ModelInvalid where it is too large to be read back."""
    kept = BytesIO()
    with ZipFile(kept, "w", ZIP_STORED) as archive:
        archive.writestr(_member(_MANIFEST), orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS))
        for name in sorted(arrays):
            array = BytesIO()
            np.lib.format.write_array(
                array, np.ascontiguousarray(arrays[name]), version=_NPY_VERSION, allow_pickle=False
            )
            archive.writestr(_member(name + _ARRAY), array.getvalue())
    content = kept.getvalue()
    if len(content) > CONTENT_BYTES_MAX:
        raise ModelInvalid(f"The model takes {len(content):,} bytes of at most {CONTENT_BYTES_MAX:,}: make it smaller.")
    return content


def unpacked(content: bytes) -> tuple[dict[str, Any], Mapping[str, npt.NDArray[Any]]]:
    """The manifest, a JSON object, and the arrays of a file. Raises ModelInvalid, naming what is wrong."""
    members = _opened(content)
    manifest = _manifest(members.pop(_MANIFEST, None))
    return manifest, {name.removesuffix(_ARRAY): _array(name, bytes_) for name, bytes_ in members.items()}


def manifest_of(content: bytes) -> dict[str, Any]:
    """The manifest alone. Raises ModelInvalid, naming what is wrong."""
    return _manifest(_opened(content).get(_MANIFEST))


def _opened(content: bytes) -> dict[str, bytes]:
    if len(content) > CONTENT_BYTES_MAX:
        raise ModelInvalid(f"It has {len(content):,} bytes; a model has at most {CONTENT_BYTES_MAX:,}.")
    try:
        with ZipFile(BytesIO(content)) as archive:
            return _members(archive, len(content))
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise ModelInvalid(f"It is no archive of a model: {error}.") from error


def _manifest(member: bytes | None) -> dict[str, Any]:
    if member is None:
        raise ModelInvalid(f"It has no {_MANIFEST}.")
    try:
        manifest = orjson.loads(member)
    except orjson.JSONDecodeError as error:
        raise ModelInvalid(f"{_MANIFEST}: it is not JSON: {error}.") from error
    if not isinstance(manifest, dict):
        raise ModelInvalid(f"{_MANIFEST}: it is an object.")
    return manifest


def _member(name: str) -> ZipInfo:
    """A member that carries no time and no system."""
    member = ZipInfo(name, _EPOCH)
    member.create_system = 0
    member.external_attr = 0
    return member


def _members(archive: ZipFile, content_bytes: int) -> dict[str, bytes]:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(infos) > MEMBERS_MAX or len(set(names)) < len(names):
        raise ModelInvalid(f"It has at most {MEMBERS_MAX} members, each once.")
    if any(info.compress_type != ZIP_STORED for info in infos):
        raise ModelInvalid("Its members are stored, not compressed.")
    if sum(info.file_size for info in infos) > content_bytes:
        raise ModelInvalid("Its members say that they are larger than it is.")
    return {info.filename: archive.read(info) for info in infos}


def _array(name: str, bytes_: bytes) -> npt.NDArray[Any]:
    """The array of a member. Its header is read as it is written here: numpy's own reading takes it for Python."""
    found = _HEADER.match(bytes_)
    if found is None:
        raise ModelInvalid(f"{name}: it is no row of numbers in numpy's format 1.0.")
    dtype, length = np.dtype(found["type"].decode()), int(found["length"])
    if length * dtype.itemsize != len(bytes_) - found.end() or found.end() != _START + int.from_bytes(
        found["size"], "little"
    ):
        raise ModelInvalid(f"{name}: it is not as long as its header says.")
    return np.frombuffer(bytes_, dtype, offset=found.end())
