"""Signed models: an artefact with an Ed25519 signature beside it, by the key of the installation that made it.

A forest or a line is data and harms nobody; an analyst's own estimator is code. Whoever holds the key vouches for it.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.errors import ModelInvalid
from models.archive import packed, unpacked

FORMAT: Final = "assay-bundle"
FORMAT_VERSION: Final = 1

_SAID: Final = {"format", "format_version", "key", "signature"}
_MEMBER: Final = "model"
_PURPOSE: Final = b"assay model 1\n"
"""Before what is signed: a signature of ours means nothing else."""
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An artefact and who vouches for it. Whether it is true is what `verified` says."""

    content: bytes
    signature: bytes
    key: bytes
    """The signer's public key, raw."""

    @property
    def key_id(self) -> str:
        """Names the signer's key in words."""
        return key_id(self.key)

    def packed(self) -> bytes:
        """The bundle as a file; `bundle_of` reads it back. Raises ModelInvalid where it is too large."""
        said = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }
        return packed(said, {_MEMBER: np.frombuffer(self.content, dtype=np.uint8)})


class SigningKey:
    """An installation's key. It never leaves its file; its public half is in each bundle."""

    __slots__ = ("_private", "id", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """`public` is the raw public key, `id` names it in words."""
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    def signed(self, content: bytes) -> Bundle:
        """The artefact with this key's signature."""
        return Bundle(content=content, signature=self._private.sign(_message(content)), key=self.public)


def key_id(public: bytes) -> str:
    """The name of a raw public key: 16 digits."""
    return sha256(public).hexdigest()[:16]


def bundle_of(content: bytes) -> Bundle:
    """Read back what `Bundle.packed` wrote: nothing of it is trusted yet. Raises ModelInvalid."""
    said, arrays = unpacked(content)
    if said.keys() != _SAID or said["format"] != FORMAT or arrays.keys() != {_MEMBER}:
        raise ModelInvalid("It is no bundle of a model and its signature.")
    if said["format_version"] != FORMAT_VERSION:
        raise ModelInvalid(f"The bundle has the version {said['format_version']}, known here is {FORMAT_VERSION}.")
    key, signature = _bytes(said, "key", _KEY_BYTES), _bytes(said, "signature", _SIGNATURE_BYTES)
    return Bundle(content=arrays[_MEMBER].tobytes(), signature=signature, key=key)


def verified(bundle: Bundle, key: SigningKey | None) -> bytes:
    """The artefact of a bundle that this installation's key signed.

    Raises ModelInvalid where another key signed it, or what was signed is not what is there.
    """
    if key is None or bundle.key != key.public:
        own = "this installation has no key yet" if key is None else f"this installation's key is {key.id}"
        raise ModelInvalid(
            f"It is signed by the key {bundle.key_id}, and {own}: train it here, or bring it as an artefact."
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(bundle.signature, _message(bundle.content))
    except InvalidSignature as error:
        raise ModelInvalid(f"It was changed after the key {bundle.key_id} signed it: take the original.") from error
    return bundle.content


def signing_key_in(path: Path) -> SigningKey:
    """The key of this file, made at first use for its owner alone (0600). Raises ModelInvalid where it is none."""
    if not path.exists():
        _make(path)
    key = signing_key_at(path)
    assert key is not None, "the key's file was just made"
    return key


def signing_key_at(path: Path) -> SigningKey | None:
    """The key of this file; None where there is none. Raises ModelInvalid where it cannot be read."""
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return None
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ModelInvalid(f"The key {path} cannot be read: {error}. Restore it from a backup.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ModelInvalid(f"The key {path} is no Ed25519 key. Restore it from a backup.")
    return SigningKey(private)


def _make(path: Path) -> None:
    """Make a key; where another process makes one meanwhile, its key stays."""
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{uuid4().hex}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            path.hardlink_to(made)
    finally:
        made.unlink()


def _message(content: bytes) -> bytes:
    return _PURPOSE + sha256(content).digest()


def _bytes(said: dict[str, object], name: str, length: int) -> bytes:
    try:
        found = bytes.fromhex(str(said[name]))
    except ValueError:
        found = b""
    if len(found) != length:
        raise ModelInvalid(f"/{name}: it is {length} bytes in hexadecimal digits.")
    return found
