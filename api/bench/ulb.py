"""The ULB credit card payments, by the product's own training: the first four fifths by time, judged on the rest."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from api.bench.made_rows import dataset_of
from engine.features import Catalog, Feature, FeatureType
from engine.rules.columns import Ints, Mask
from models.dataset import Asked, Dataset
from models.evaluation.ranking import Ranked, recalls_at, roc_auc
from models.evaluation.scored import Scored
from models.plan import Plan
from models.training import train

TRAIN_SHARE: Final = 0.8
NAMES: Final = (*(f"V{number}" for number in range(1, 29)), "Amount")
"""The data set's own names; its first column, the seconds since the first payment, is the time and no feature."""

_START: Final = datetime(2013, 9, 1, tzinfo=UTC)
_SECOND_US: Final = 1_000_000
_PLAN: Final = Plan(test_days=0)
"""Nothing is kept to judge by: the later part of the file is."""


def run(file: Path) -> Mapping[str, float]:
    """Train on the earlier part with what is the default for so many frauds, and judge on the later."""
    table = pq.read_table(file).sort_by("Time")
    columns = {name: table[name].to_numpy().astype(np.float64) for name in NAMES}
    seconds, is_fraud = table["Time"].to_numpy().astype(np.int64), table["Class"].to_numpy() > 0
    cut = int(len(seconds) * TRAIN_SHARE)
    past, rest = (
        _known_at_once({name: each[some] for name, each in columns.items()}, seconds[some], is_fraud[some])
        for some in (slice(cut), slice(cut, None))
    )
    model = train(past, _PLAN)
    probability = model.score_matrix(rest.features(model.features))
    curve = Ranked.of(Scored.of(probability, is_fraud[cut:])).curve()
    return {"auc": roc_auc(curve), "recall_at_1pct_fpr": recalls_at(curve, 0.01)[0]}


def _known_at_once(columns: Mapping[str, Any], seconds: Ints, is_fraud: Mask) -> Dataset:
    """The file does not say when its labels became known, so they are of the payment's own time, and all have come."""
    at_us = round(_START.timestamp() * 1e6) + seconds * _SECOND_US
    frauds = np.flatnonzero(is_fraud)
    end = _START + timedelta(seconds=int(seconds[-1]) + 1)
    catalog = Catalog(Feature(name=name, type=FeatureType.NUMBER, doc=name, source="ULB") for name in NAMES)
    asked = Asked(start=_START, end=end, as_of=end + timedelta(days=365), catalog=catalog)
    return dataset_of(columns, at_us, frauds, at_us[frauds], asked)
