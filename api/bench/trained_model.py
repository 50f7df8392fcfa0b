"""The model that is measured with: boosted trees with exact reasons over the catalogue, blended with the scorecard.

It is trained at set-up on payments that are made up, with labels that are drawn: it costs what a real one does, and
says nothing of anybody.
"""

import asyncio
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from api.bench.cores import pinned, two_cores
from api.bench.payments import requests
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from api.settings import Settings
from api.wiring import pipeline_in_memory
from engine.access import Scope
from engine.catalog import CATALOG
from engine.features import Features
from engine.pipeline import Call, Outline

TREES: Final = 300
DEPTH: Final = 4
SHARE: Final = 0.7
"""Of the model against the scorecard, which is reckoned too."""
_PAYMENTS: Final = 2_000
_SEED: Final = 20_261_130
_TEXTS: Final = ("ip_country", "card_country", "billing_country", "shipping_country", "card_brand", "card_funding")
"""Coded by the rate among the payments, as a model of a shop has them coded by fraud."""
_AT: Final = datetime(2026, 11, 2, tzinfo=UTC)


def setup() -> str:
    """The model in words."""
    return f"a model of {TREES} trees to depth {DEPTH} with exact reasons, blended with the shipped scorecard"


def with_model(settings: Settings) -> Settings:
    """The settings with the model, in a file beside the data folder."""
    file = settings.data.parent / "bench.model"
    file.write_bytes(trained())
    return settings.model_copy(update={"model": file})


@cache
def trained() -> bytes:
    """The model's artefact; made once a process, in a few seconds."""
    import numpy as np  # noqa: PLC0415 - learning takes a second to load
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - as above

    from models.calibration import IDENTITY  # noqa: PLC0415 - as above
    from models.forest_export import forest_of_hgb  # noqa: PLC0415 - as above
    from models.inputs import TEXTS, Input, Inputs  # noqa: PLC0415 - as above
    from models.model import Model  # noqa: PLC0415 - as above
    from models.scorecard import Scorecard  # noqa: PLC0415 - as above
    from models.scorecard_items import ITEMS  # noqa: PLC0415 - as above

    made = asyncio.run(_payments())
    numbers = [
        Input(feature=each.name)
        for each in CATALOG
        if each.type not in TEXTS and each.source != "score" and _varies(each.name, made)
    ]
    inputs = Inputs([*numbers, *(Input(feature=name, codes=_codes(name, made)) for name in _TEXTS)], CATALOG)
    matrix = np.array([inputs.vector(features.values) for features, _ in made])
    random = np.random.default_rng(_SEED)
    # Flatter than the scorecard sees it, so that every tree finds something to ask to its full depth.
    fraud = random.random(len(made)) < 0.05 + 0.6 * np.array([probability for _, probability in made])
    estimator = HistGradientBoostingClassifier(
        max_iter=TREES, max_depth=DEPTH, max_leaf_nodes=None, learning_rate=0.03, min_samples_leaf=10,
        early_stopping=False, random_state=_SEED,
    )  # fmt: skip
    with pinned(two_cores()[0]):
        # On one core scikit-learn takes one thread: several wait for each other longer than so few rows take.
        estimator.fit(matrix, fraud.astype(np.int64))
    return Model(
        inputs=inputs,
        margin=forest_of_hgb(estimator),
        calibration=IDENTITY,
        share=SHARE,
        scorecard=Scorecard(ITEMS, CATALOG),
        lineage={"learner": "bench", "payments": len(made)},
    ).content()


async def _payments() -> list[tuple[Features, float]]:
    """The features of made-up payments, and how likely fraud the scorecard thinks each."""
    pipeline = pipeline_in_memory(Settings.model_construct(data=Path("none")))
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    made: list[tuple[Features, float]] = []

    def keep(outline: Outline) -> bytes:
        score = outline.decision.score
        made.append((outline.decision.features, 0.0 if score is None else score.probability))
        return b""

    for body in islice(requests(_SEED, _AT), _PAYMENTS):
        call = call_of(read_request(body), key, _AT)
        await pipeline.decide(Call(payment=call.payment, fingerprint=call.fingerprint, render=keep))
    return made


def _varies(name: str, made: list[tuple[Features, float]]) -> bool:
    return len({features[name] for features, _ in made} - {None}) > 1


def _codes(name: str, made: list[tuple[Features, float]]) -> dict[str, float]:
    seen = [text for features, _ in made if isinstance(text := features[name], str)]
    return {text.lower(): round(seen.count(text) / len(made), 6) for text in sorted(set(seen))}
