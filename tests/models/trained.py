"""Models for tests, trained in a blink on made-up inputs: quick, of every kind, of no worth."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from engine.catalog import CATALOG
from engine.features import Catalog, Features, FeatureType, Value
from models.calibration import Calibration
from models.foreign import foreign_of
from models.forest_export import forest_of_hgb
from models.inputs import TEXTS, Input, Inputs
from models.linear import Linear
from models.model import Margin, Model
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

Floats = npt.NDArray[np.float64]

CODED = (
    Input(feature="ip_country", codes={"NG": 1.0}),
    Input(feature="card_country", codes={"US": -1.5, "GB": -2.0, "NG": 1.25}, unseen=-0.5),
    Input(feature="email_domain", codes={"mail.example": 0.5, "burner.example": 2.5}, unseen=0.125),
)
CALIBRATION = Calibration(log_odds=(-6.0, -1.0, 3.0), calibrated=(-7.0, -1.5, 2.0))
TEXT_VALUES = ("NG", "US", "GB", "FR", "mail.example", "burner.example", "Burner.Example", "never.example")


def all_inputs(catalog: Catalog = CATALOG) -> Inputs:
    """Every number, flag and money of the catalogue, and a few texts by their codes."""
    numbers = (Input(feature=each.name) for each in catalog if each.type not in TEXTS and each.source != "score")
    return Inputs([*numbers, *CODED], catalog)


def drawn(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Skewed numbers, many of them equal, a fifth unknown."""
    matrix = np.round(rng.lognormal(sigma=1.5, size=(rows, columns)), 1)
    matrix[rng.random((rows, columns)) < 0.2] = np.nan
    return matrix


def labels_of(rng: np.random.Generator, matrix: Floats) -> npt.NDArray[np.int64]:
    """Fraud by a few inputs, by unknowns among them and by two together."""
    known = np.nan_to_num(matrix)
    log_odds = known[:, 0] + np.where(np.isnan(matrix[:, 1]), 1.5, -0.2) * known[:, 2] + known[:, 3] * known[:, 4] / 4
    return (rng.random(len(matrix)) < 1 / (1 + np.exp(3.5 - log_odds))).astype(np.int64)


def boosted(matrix: Floats, fraud: npt.NDArray[np.int64], **parameters: Any) -> HistGradientBoostingClassifier:
    given = {"max_iter": 30, "max_depth": 4, "learning_rate": 0.1, "early_stopping": False, "random_state": 0}
    return HistGradientBoostingClassifier(**{**given, **parameters}).fit(matrix, fraud)


@cache
def forest_model(share: float = 0.6) -> Model:
    inputs, rng = all_inputs(), np.random.default_rng(1)
    matrix = drawn(rng, 3_000, len(inputs))
    return model_with(forest_of_hgb(boosted(matrix, labels_of(rng, matrix))), share)


@cache
def linear_model(share: float = 0.6) -> Model:
    rng, count = np.random.default_rng(2), len(all_inputs())
    margin = Linear(
        base=-4.0,
        coefficient=rng.normal(size=count) / 10,
        center=rng.normal(size=count),
        low=np.zeros(count),
        high=np.full(count, 1e5),
        is_log=np.arange(count) % 2 == 0,
        unknown=rng.normal(size=count) / 10,
    )
    return model_with(margin, share)


@cache
def foreign_model(share: float = 0.6) -> Model:
    inputs, rng = all_inputs(), np.random.default_rng(3)
    matrix = drawn(rng, 500, len(inputs))
    estimator = DecisionTreeClassifier(max_depth=3, random_state=0).fit(matrix, labels_of(rng, matrix))
    return model_with(foreign_of(estimator, len(inputs)), share)


def model_with(margin: Margin, share: float) -> Model:
    return Model(
        inputs=all_inputs(),
        margin=margin,
        calibration=CALIBRATION,
        share=share,
        scorecard=Scorecard(ITEMS, CATALOG),
        lineage={"learner": margin.kind, "parameters": {"seed": 1}},
    )


def made_features(rng: np.random.Generator) -> Features:
    """One payment's features: of each type what it can be, a fifth unknown."""
    return Features(CATALOG, tuple(made_value(rng, at) for at in range(len(CATALOG))))


def made_value(rng: np.random.Generator, at: int) -> Value:
    feature = CATALOG.features[at]
    if rng.random() < 0.2 or feature.source == "score":
        return None
    if feature.type is FeatureType.BOOLEAN:
        return bool(rng.random() < 0.5)
    if feature.type in TEXTS:
        return str(rng.choice(feature.values or TEXT_VALUES))
    number = float(np.round(rng.lognormal(sigma=1.5), 1))
    return number if feature.type is FeatureType.NUMBER else int(number * (100 if feature.unit == "USD" else 1))
