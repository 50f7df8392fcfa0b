"""An analyst's own estimator, kept by joblib: loaded from a bundle alone whose signature was verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid, ScoreInvalid

Floats = npt.NDArray[np.float64]

LOG_ODDS_MAX: Final = 30.0
"""An estimator that is sure says 0 or 1; its log-odds end here."""
_TWO_CLASSES: Final = 2
_FAULTS: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What an analyst's classes raise where they are not at home."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Foreign:
    """Any estimator with `predict_proba` of two classes, of inputs of shape (n, k) with NaN for unknown.

    It cannot say what each input added, so its reason is one: the model. Loading it runs code of whoever made it.
    """

    inputs: int
    """How many inputs there are."""
    content: bytes
    """The estimator by joblib."""
    estimator: Any = field(repr=False)

    @property
    def kind(self) -> str:
        """Its name in the manifest."""
        return "foreign"

    def log_odds(self, matrix: Floats) -> Floats:
        """The log-odds of n payments, shape (n,), of their inputs, shape (n, k). Raises ScoreInvalid where none are."""
        try:
            probability = np.asarray(self.estimator.predict_proba(matrix), dtype=np.float64)
        except _FAULTS as error:
            raise ScoreInvalid(f"The estimator failed: {type(error).__name__}.") from error
        if probability.shape != (len(matrix), _TWO_CLASSES) or not np.isfinite(probability).all():
            raise ScoreInvalid("The estimator gave no probability of each of two classes for each payment.")
        share = np.clip(probability[:, 1], np.exp(-LOG_ODDS_MAX), 1 - np.exp(-LOG_ODDS_MAX))
        return np.log(share) - np.log1p(-share)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The estimator's bytes."""
        return {"estimator": np.frombuffer(self.content, dtype=np.uint8)}


def foreign_of(estimator: Any, inputs: int) -> Foreign:  # noqa: ANN401 - any estimator
    """Keep a fitted estimator. Raises ModelInvalid where it cannot say a probability."""
    import joblib  # noqa: PLC0415 - it loads multiprocessing

    if not hasattr(estimator, "predict_proba"):
        raise ModelInvalid(f"A {type(estimator).__name__} has no predict_proba: wrap it in CalibratedClassifierCV.")
    kept = BytesIO()
    joblib.dump(estimator, kept)
    return Foreign(inputs=inputs, content=kept.getvalue(), estimator=estimator)


def foreign_loaded(content: bytes, inputs: int) -> Foreign:
    """Load an estimator whose signature was verified: this runs code. Raises ModelInvalid where it does not load."""
    import joblib  # noqa: PLC0415 - as above

    try:
        estimator = joblib.load(BytesIO(content))
    except _FAULTS as error:
        raise ModelInvalid(
            f"The estimator does not load here ({type(error).__name__}: {error}): install what it was trained with."
        ) from error
    return Foreign(inputs=inputs, content=content, estimator=estimator)
