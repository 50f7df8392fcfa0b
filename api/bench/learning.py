"""A model trained and judged on made-up payments, timed from the data set to the figures with their intervals."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from api.bench.made_rows import dataset_of
from api.bench.measure import BenchFailed
from engine.features import Catalog, Feature, FeatureType
from models.dataset import Asked, Dataset
from models.evaluation import evaluate, scored_of
from models.plan import Plan, parts_of
from models.training import train

ROWS: Final = 1_000_000
NUMBERS: Final = 190
"""Of which half are counts with a long tail, and a tenth of every one is unknown."""
TEXTS: Final = 10
DIFFERENT: Final = 3_000
"""Texts of each, such as BINs."""
DAYS: Final = 180
RANKED_MIN: Final = 0.8
"""The share of what the drawn odds themselves rank better than chance: a model of less was not learnt."""

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400 * 1_000_000
_BASE: Final = -10.0
_UNKNOWN: Final = 0.1
_CHANCE: Final = 0.5
_TELLING: Final = 20
"""So many numbers have to do with fraud, and the first text."""


def run(seed: int) -> Mapping[str, float]:
    """Train and evaluate once. Raises BenchFailed where what was learnt ranks no better than chance nearly does."""
    (dataset, log_odds), plan = made(seed), Plan(seed=seed)
    start = time.perf_counter()
    model = train(dataset, plan)
    test = parts_of(dataset, plan).test
    probability = np.zeros(len(dataset))
    probability[test] = model.score_matrix(
        {name: column.slice(int(test[0]), len(test)) for name, column in dataset.features(model.features).items()}
    )
    scored = scored_of(dataset, probability).these(test)
    evaluation = evaluate(scored)
    seconds = time.perf_counter() - start
    auc, drawn = evaluation.ranking.roc_auc.value, float(roc_auc_score(dataset.is_fraud[test], log_odds[test]))
    if auc is None or auc - _CHANCE < RANKED_MIN * (drawn - _CHANCE):
        raise BenchFailed(f"The model ranks with an area of {auc}, the odds that were drawn with {drawn:.4f}.")
    return {"seconds": seconds}


def parts() -> str:
    """The set-up in words."""
    return (
        f"{ROWS:,} made-up payments of {DAYS} days with {NUMBERS} numbers (half of them long-tailed counts, a tenth of "
        f"each unknown) and {TEXTS} texts of {DIFFERENT:,} values, about 1 % fraud, charged back within 60 days. Timed "
        "from the data set in memory: inputs and risks of texts, one earlier fold, the fit (boosting as it is by "
        "default), blend, calibration, the scores of the last 28 days and all figures with their intervals. One run; "
        "--seconds changes nothing."
    )


def made(seed: int) -> tuple[Dataset, npt.NDArray[np.float64]]:
    """The data set, and the log-odds by which its frauds were drawn."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    log_odds = np.full(ROWS, _BASE)
    for number in range(NUMBERS):
        values = _number(random, number)
        if number < _TELLING:
            log_odds += 0.35 * np.clip(values / values.std(), 0, 4)
        values[random.random(ROWS) < _UNKNOWN] = np.nan
        columns[f"number_{number}"] = values
    for number in range(TEXTS):
        places = np.minimum(random.geometric(10 / DIFFERENT, ROWS), DIFFERENT - 1)
        if not number:
            log_odds += random.normal(0, 0.7, DIFFERENT)[places]
        columns[f"text_{number}"] = np.array([f"{each:06}" for each in range(DIFFERENT)])[places]
    fraud = np.flatnonzero(random.random(ROWS) < 1 / (1 + np.exp(-log_odds)))
    start_us = round(_START.timestamp() * 1e6)
    at_us = start_us + np.sort(random.integers(0, DAYS * _DAY_US, ROWS))
    known_us = at_us[fraud] + random.integers(0, 60 * _DAY_US, len(fraud))
    told = known_us <= start_us + DAYS * _DAY_US
    end = _START + timedelta(days=DAYS)
    asked = Asked(start=_START, end=end, as_of=end, catalog=_catalog())
    return dataset_of(columns, at_us, fraud[told], known_us[told], asked), log_odds


def _number(random: np.random.Generator, number: int) -> npt.NDArray[np.float64]:
    if number % 2:
        return random.normal(size=ROWS)
    return random.geometric(0.3, ROWS).astype(np.float64) + np.floor(random.pareto(2.0, ROWS))


def _catalog() -> Catalog:
    numbers = [_feature(f"number_{each}", FeatureType.NUMBER) for each in range(NUMBERS)]
    return Catalog((*numbers, *(_feature(f"text_{each}", FeatureType.STRING) for each in range(TEXTS))))


def _feature(name: str, type_: FeatureType) -> Feature:
    return Feature(name=name, type=type_, doc=name, source="bench")
