"""What is judged beside each other: a model, or the scorecard, over columns and one payment at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from api.parts import unpromoted
from api.settings import Settings
from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.features import Features
from engine.score import Scorer
from models.artifact import model_of
from models.calibration import IDENTITY
from models.dataset import Dataset
from models.model import Model
from models.registry import ModelFiles
from models.scorecard import Scorecard
from models.scorecard_columns import scorecard_log_odds
from models.scorer import scorer_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of them."""

    id: str
    scorer: Scorer
    """One payment at a time, as it is served."""
    features: tuple[str, ...]
    """What it reads of columns."""
    over_columns: Callable[[Mapping[str, Any]], Floats]

    def probabilities(self, dataset: Dataset) -> Floats:
        """Of every payment of a data set, shape (n,)."""
        return self.over_columns(dataset.features(self.features))


def of_model(model: Model, role: str = "challenger") -> Contender:
    """A model."""
    return Contender(
        id=model.id,
        scorer=scorer_of(model, CATALOG, role),
        features=model.features,
        over_columns=model.score_matrix,
    )


def of_card(card: Scorecard) -> Contender:
    """A scorecard."""

    def over_columns(columns: Mapping[str, Any]) -> Floats:
        return IDENTITY.probabilities(scorecard_log_odds(card, columns))

    features = tuple(dict.fromkeys(item.feature for item in card.items))
    return Contender(id=card.id, scorer=card, features=features, over_columns=over_columns)


def contender_of(name: str | None, files: ModelFiles, settings: Settings) -> Contender:
    """The model of an id, or what scores where none was promoted. Raises ModelInvalid."""
    if name is not None:
        return of_model(files.model(name))
    scorer = unpromoted(settings)
    return of_card(scorer) if isinstance(scorer, Scorecard) else of_model(model_of(scorer.content()))


def champion_of(name: str | None, files: ModelFiles, settings: Settings) -> Contender:
    """As `contender_of`; where the champion's file cannot be used, the shipped scorecard stands in, as it does live."""
    try:
        return contender_of(name, files, settings)
    except ModelInvalid:
        return contender_of(None, files, settings.model_copy(update={"model": None}))


def features_of(dataset: Dataset, rows: npt.NDArray[np.int64]) -> list[Features]:
    """Some payments as a scorer sees them one at a time; what a data set has not is unknown."""
    names = [each.name for each in CATALOG]
    there = [name for name in names if name in dataset.names]
    columns = {name: column.take(rows).to_pylist() for name, column in dataset.features(there).items()}
    unknown = [None] * len(rows)
    values = zip(*(columns.get(name, unknown) for name in names), strict=True)
    return [Features(CATALOG, row) for row in values]
