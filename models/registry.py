"""The registry: models as signed files named by their content, each with how it was judged.

A file is written whole or not at all, and never changed: what has its name is it, or has been tampered with, and is
refused. A promoted model is pointed at (`engine.model_changes`), not copied, so that going back takes no time.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.score import Scorer
from models.archive import unpacked
from models.artifact import model_of
from models.foreign import Foreign
from models.model import Model, model_id
from models.scorer import scorer_of
from models.signing import bundle_of, signing_key_at, signing_key_in, verified

FOLDER: Final = "models"
KEY_FILE: Final = "model_key"
BUNDLE_BYTES_MAX: Final = 256 * 1024 * 1024
_STAGED: Final = ".new"
_ID_DIGITS: Final = frozenset("0123456789abcdef")
_ID_LENGTH: Final = len("model-") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How a model was judged on payments that it did not learn from."""

    said: Mapping[str, Any]
    """Its figures, those of what it was compared with, and what the gate says, in JSON's types."""
    report: str
    """For a person, a page of HTML."""
    card: str
    """The model card, Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model of the folder without all that scores: what it says of itself, or why it cannot be used."""

    id: str
    kind: str = ""
    share: float | None = None
    """How much of the score is the model's, and not the scorecard's."""
    lineage: Mapping[str, Any]
    bytes: int
    fault: str | None = None


class ModelFiles:
    """The models of one data folder. Whoever trains adds to it without the folder's lock: no file has two writers."""

    def __init__(self, data: Path) -> None:
        """Nothing is made before the first model is."""
        self._folder = data / FOLDER
        self._key_file = data / KEY_FILE
        self._listed: dict[str, tuple[tuple[int, int], Listed]] = {}

    def put(self, model: Model, judged: Judged | None = None) -> str:
        """Sign a model and keep it durably; its id. Raises ModelInvalid where it is too large, or OSError."""
        content = model.content()
        name = model_id(content)
        if judged is not None:
            self.judge(name, judged)
        # Last: whatever was written before it is nothing without it.
        self._write(self.file_of(name), signing_key_in(self._key_file).signed(content).packed())
        return name

    def file_of(self, name: str) -> Path:
        """Where a model of this id is, whether there is one or not."""
        assert is_model_id(name), "an id names no other file"
        return self._folder / f"{name}.model"

    def has(self, name: str) -> bool:
        """Whether there is a file of this id; it may be unusable."""
        return self.file_of(name).is_file()

    def ids(self) -> tuple[str, ...]:
        """The ids of all models, by when their files were written, newest first."""
        if not self._folder.is_dir():
            return ()
        found = [
            (path.stat().st_mtime_ns, path.stem) for path in self._folder.glob("*.model") if is_model_id(path.stem)
        ]
        return tuple(name for _, name in sorted(found, reverse=True))

    def model(self, name: str) -> Model:
        """The model of this id. Raises ModelInvalid where it is gone, was tampered with, or another installation's."""
        # Signed here, so that an analyst's own estimator may be loaded.
        return model_of(self._read(name)[1], is_verified=True)

    def scorer(self, name: str, role: str) -> Scorer:
        """The scorer of the model of this id. Raises ModelInvalid."""
        packed, content = self._read(name)
        model = model_of(content, is_verified=True)
        # An estimator of an analyst's own is replayed from a signed bundle alone.
        kept = packed if isinstance(model.margin, Foreign) else None
        return scorer_of(model, CATALOG, role, kept)

    def listed(self, name: str) -> Listed:
        """What a model says of itself. It is read once, as long as its file stays."""
        file = self.file_of(name)
        try:
            stat = file.stat()
        except OSError as error:
            return Listed(id=name, lineage={}, bytes=0, fault=f"{file} cannot be read: {error.strerror}.")
        mark = (stat.st_mtime_ns, stat.st_size)
        known = self._listed.get(name)
        if known is not None and known[0] == mark:
            return known[1]
        made = self._list(name, stat.st_size)
        self._listed[name] = (mark, made)
        return made

    def judge(self, name: str, judged: Judged) -> None:
        """Keep how a model was judged, in place of what was kept before. Raises OSError."""
        # The page and the card first: what is said names both.
        self._write(self.report_of(name), judged.report.encode())
        self._write(self.card_of(name), judged.card.encode())
        self._write(self._said_of(name), orjson.dumps(judged.said, option=orjson.OPT_INDENT_2))

    def judged(self, name: str) -> Mapping[str, Any] | None:
        """How the model was judged last; None where it never was, or what is kept cannot be read."""
        try:
            said = orjson.loads(self._said_of(name).read_bytes())
        except (OSError, ValueError):
            return None
        return said if isinstance(said, dict) and said.get("model") == name else None

    def report_of(self, name: str) -> Path:
        """Where the report on a model is, once it was judged."""
        return self.file_of(name).with_suffix(".html")

    def card_of(self, name: str) -> Path:
        """Where a model's card is, once it was judged."""
        return self.file_of(name).with_suffix(".md")

    def clear_staged(self) -> None:
        """Remove what a training that was killed left half done. For who knows that none runs."""
        if self._folder.is_dir():
            judged = (each for kind in ("json", "html", "md") for each in self._folder.glob(f"*.{kind}"))
            alone = (each for each in judged if is_model_id(each.stem) and not self.has(each.stem))
            for left in (*self._folder.glob(f".*{_STAGED}"), *alone):
                left.unlink(missing_ok=True)

    def _said_of(self, name: str) -> Path:
        return self.file_of(name).with_suffix(".json")

    def _read(self, name: str) -> tuple[bytes, bytes]:
        """A model's file and the content in it, signed here and of this very id. Raises ModelInvalid."""
        file = self.file_of(name)
        try:
            if file.stat().st_size > BUNDLE_BYTES_MAX:
                raise ModelInvalid(f"{file} has more than {BUNDLE_BYTES_MAX // 1024**2} MiB: no model is so large.")
            packed = file.read_bytes()
        except OSError as error:
            mend = "Restore it from a backup, or promote another model."
            raise ModelInvalid(f"The model {file} cannot be read: {error.strerror}. {mend}") from error
        try:
            content = verified(bundle_of(packed), signing_key_at(self._key_file))
        except ModelInvalid as error:
            raise ModelInvalid(f"The model {file} cannot be used: {error}") from error
        if model_id(content) != name:
            raise ModelInvalid(f"The model {file} cannot be used: it is {model_id(content)} under another's name.")
        return packed, content

    def _list(self, name: str, size: int) -> Listed:
        try:
            said, _ = unpacked(self._read(name)[1])
        except ModelInvalid as error:
            return Listed(id=name, lineage={}, bytes=size, fault=str(error))
        lineage = said["lineage"] if isinstance(said.get("lineage"), dict) else {}
        return Listed(id=name, kind=str(said.get("kind")), share=said.get("share"), lineage=lineage, bytes=size)

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all, durably."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = self._folder / f".{path.name}.{secrets.token_hex(4)}{_STAGED}"
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
        except OSError:
            with suppress(OSError):
                staged.unlink()
            raise
        _sync(self._folder)


def is_model_id(text: str) -> bool:
    """Whether a text can be a model's id: it then names no file but one of the folder."""
    digits = text.removeprefix("model-")
    return len(text) == _ID_LENGTH and text.startswith("model-") and _ID_DIGITS.issuperset(digits)


def _sync(folder: Path) -> None:
    """Have the folder's own entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
