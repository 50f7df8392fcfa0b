"""Histories: what imports of foreign payments left to learn from, each in a folder of its own under the data folder.

A folder counts by its manifest, which names its two files and their hashes: it is written last and swapped whole, so a
reader sees an import that is complete, or the one before it, or none.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from engine.catalog import CATALOG
from engine.errors import AssayError
from engine.features import Catalog, Feature, FeatureType

FOLDER: Final = "history"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
"""Of the manifest and both tables; another one is of a newer version."""

_PIECE_BYTES: Final = 1 << 20


class HistoryInvalid(AssayError):
    """A history that cannot be read as its import wrote it: names the file, the cause and the mend."""

    code = "history_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One import: its payments with features (Parquet, in the order of their times), and their labels (Parquet).

    `manifest` has what the import said of them: rows, hashes of the source and the mapping, features, velocities.
    """

    name: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def payments(self) -> Path:
        """The payments: facts, and `feature_<name>` for each feature, null where unknown."""
        return self.folder / str(self.manifest["payments"]["file"])

    @property
    def labels(self) -> Path:
        """The labels, each with when it became known."""
        return self.folder / str(self.manifest["labels"]["file"])

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the mapping's own: its custom fields, what they are keys of, and its velocities."""
        return tuple(
            Feature(
                name=each["name"],
                type=FeatureType(each["type"]),
                doc=each["doc"],
                source=f"history {self.name}",
                unit=each["unit"],
                case_sensitive=each["case_sensitive"],
            )
            for each in self.manifest["features"]
        )

    def check(self) -> None:
        """Hash both files; raises HistoryInvalid where one is not as it was written."""
        for kind, path in (("payments", self.payments), ("labels", self.labels)):
            try:
                found = sha256_of(path)
            except OSError as error:
                raise HistoryInvalid(f"{path} cannot be read: {error.strerror or error}. {_MEND}") from error
            if found != self.manifest[kind]["sha256"]:
                raise HistoryInvalid(f"{path} is not as it was written: its hash is another. {_MEND}")


_MEND: Final = "Import the file again with --replace."


def catalog_with(histories: Iterable[History]) -> Catalog:
    """The shipped catalogue and, behind it, the histories' own features, each name once: what a training can read."""
    own = {each.name: each for history in histories for each in history.features}
    return Catalog((*CATALOG, *(feature for name, feature in own.items() if name not in CATALOG)))


def histories_in(data: Path) -> tuple[History, ...]:
    """The histories of a data folder by name. Raises HistoryInvalid where a manifest cannot be read."""
    return tuple(_histories(data / FOLDER))


def _histories(folder: Path) -> Iterator[History]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        found = history_at(path) if path.is_dir() else None
        if found is not None:
            yield found


def history_at(folder: Path) -> History | None:
    """The history of this folder; None where no import was completed there. Raises HistoryInvalid."""
    path = folder / MANIFEST
    try:
        manifest = orjson.loads(path.read_bytes())
        is_ours = manifest["format"] == FORMAT and all(manifest[kind]["file"] for kind in ("payments", "labels"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HistoryInvalid(f"{path} cannot be read: {error.strerror or error}.") from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise HistoryInvalid(f"{path} is not the manifest of a history. {_MEND}") from error
    if not is_ours:
        raise HistoryInvalid(f"{path} is of another format, of a newer version of Assay. {_MEND}")
    return History(name=folder.name, folder=folder, manifest=manifest)


def sha256_of(path: Path) -> str:
    """The hash of a file, in hex. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
