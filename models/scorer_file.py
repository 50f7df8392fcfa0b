"""A scorer read back from its content, whatever made it: a scorecard (JSON), a model, a model with its signature."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from engine.features import Catalog
from engine.score import Scorer
from models.scorecard_file import scorecard_of

KEY_FILE: Final = "model_key"
"""In a data folder: the installation's key, which vouches for models."""
_ARCHIVE: Final = b"PK\x03\x04"


def scorer_of_content(content: bytes, catalog: Catalog, role: str, key_file: Path | None = None) -> Scorer:
    """The scorer whose `content()` this is, for this catalogue.

    `key_file` holds the installation's key: what needs trust is taken where it was signed by that. Raises ModelInvalid.
    """
    if not content.startswith(_ARCHIVE):
        return scorecard_of(content, catalog, role=role)
    # A shop without a model of its own loads none of this.
    from models.archive import manifest_of  # noqa: PLC0415
    from models.artifact import model_of  # noqa: PLC0415
    from models.scorer import scorer_of  # noqa: PLC0415
    from models.signing import FORMAT, bundle_of, signing_key_at, verified  # noqa: PLC0415

    if manifest_of(content).get("format") != FORMAT:
        return scorer_of(model_of(content, catalog), catalog, role)
    own = verified(bundle_of(content), None if key_file is None else signing_key_at(key_file))
    model = model_of(own, catalog, is_verified=True)
    # A scorer that needs no trust is kept without its signature: it replays anywhere.
    return scorer_of(model, catalog, role, content if model.needs_trust else None)


def scorers_of(folder: Path) -> Callable[[bytes, Catalog, str], Scorer]:
    """Read scorers back with the trust of this data folder's key."""
    return partial(scorer_of_content, key_file=folder / KEY_FILE)
