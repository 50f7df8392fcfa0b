"""A model: inputs, what a learner made of them, the scorecard that it is blended with, and the calibration of both."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid
from models.archive import packed
from models.calibration import Calibration
from models.foreign import Foreign
from models.forest import Forest
from models.inputs import Inputs
from models.linear import Linear
from models.scorecard import Scorecard

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
Margin = Forest | Linear | Foreign
"""What a learner comes to."""

FORMAT: Final = "assay-model"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A trained model, as it is kept, judged and served.

    Its log-odds are `share` of the margin's and the rest of the scorecard's (0-1: blends are made in log-odds); the
    calibration makes a probability of them. `lineage` is what it came from: learner, parameters, windows, counts,
    figures, versions of libraries, in JSON's types.
    """

    inputs: Inputs
    margin: Margin
    calibration: Calibration
    share: float
    scorecard: Scorecard
    lineage: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raises ModelInvalid where the parts are not of one model."""
        if self.margin.inputs != len(self.inputs):
            raise ModelInvalid(f"/inputs: the {self.margin.kind} is of {self.margin.inputs}, not {len(self.inputs)}.")
        if not 0 <= self.share <= 1:
            raise ModelInvalid("/share: it is from 0 (the scorecard alone) to 1 (the model alone).")

    @property
    def id(self) -> str:
        """Names the model by its content: `model-` and 12 digits."""
        return model_id(self.content())

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all features that it reads, the scorecard's among them."""
        return tuple(dict.fromkeys((*self.inputs.features, *(item.feature for item in self.scorecard.items))))

    @property
    def needs_trust(self) -> bool:
        """Whether loading it runs code of whoever made it: then it is kept with its signature."""
        return isinstance(self.margin, Foreign)

    def log_odds(self, columns: "Mapping[str, pa.ChunkedArray]") -> Floats:
        """The blended log-odds of n payments before calibration, shape (n,), from columns of `features` by name."""
        from models.scorecard_columns import scorecard_log_odds  # noqa: PLC0415 - columns take long to load

        learnt = self.margin.log_odds(self.inputs.matrix(columns))
        if self.share == 1:
            return learnt
        return self.share * learnt + (1 - self.share) * scorecard_log_odds(self.scorecard, columns)

    def score_matrix(self, columns: "Mapping[str, pa.ChunkedArray]") -> Floats:
        """The probabilities of n payments, shape (n,), from columns of `features` by name."""
        return self.calibration.probabilities(self.log_odds(columns))

    def content(self) -> bytes:
        """The artefact, all that scores and all that it says; `models.artifact.model_of` reads it back.

        Raises ModelInvalid where it is too large.
        """
        catalog = self.inputs.catalog
        manifest = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "kind": self.margin.kind,
            "base": None if isinstance(self.margin, Foreign) else float(self.margin.base),
            "inputs": self.inputs.content(),
            "calibration": self.calibration.content(),
            "share": float(self.share),
            "scorecard": self.scorecard.said(),
            "catalog": catalog.fingerprint,
            "features": {name: catalog[name].type.value for name in self.features},
            "lineage": self.lineage,
        }
        return packed(manifest, self.margin.arrays())


def model_id(content: bytes) -> str:
    """The id of an artefact."""
    return f"model-{hashlib.sha256(content).hexdigest()[:12]}"
