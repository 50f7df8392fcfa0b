"""L6: whether the reasons of decisions are all of the score: their weights with the base are its log-odds."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from api.bench.installation import own_folder, shipped_settings
from api.bench.measure import BenchFailed, Benchmark, Measure
from api.bench.payments import requests
from api.bench.trained_model import setup, trained, with_model
from api.clock import utc_now
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from api.settings import Settings
from api.wiring import pipeline_in_memory
from engine.access import Scope
from engine.decision import Decision
from engine.pipeline import Outline

PAYMENTS: Final = 5_000
"""At most: as many as are decided in the time."""
_NO_HURRY_MS: Final = 600_000
"""What comes late is decided without a score."""


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Decide made-up payments with a trained model, and hold each account against the model over columns."""
    with own_folder() as folder:
        decisions = asyncio.run(_decided(with_model(shipped_settings(folder)), seed, round(seconds * 1_000)))
    return {"gap_log_odds": _gap(decisions), "share_explained": sum(map(_is_explained, decisions)) / len(decisions)}


async def _decided(settings: Settings, seed: int, count: int) -> list[Decision]:
    pipeline = pipeline_in_memory(settings)
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    found: list[Decision] = []

    def keep(outline: Outline) -> bytes:
        found.append(outline.decision)
        return b""

    for body in islice(requests(seed, datetime.now(UTC)), min(count, PAYMENTS)):
        call = call_of(read_request(body), key, utc_now())
        await pipeline.decide(replace(call, budget_ms=_NO_HURRY_MS, render=keep))
    return found


def _gap(decisions: list[Decision]) -> float:
    """The largest distance between an account's sum and the blended log-odds before calibration, made another way."""
    # Every command imports this module, and arrays take longer to load than most commands run.
    import pyarrow as pa  # noqa: PLC0415 - see above

    from models.artifact import model_of  # noqa: PLC0415 - as above

    model = model_of(trained())
    columns = {
        name: pa.chunked_array([pa.array([decision.features[name] for decision in decisions])])
        for name in model.features
    }
    log_odds = model.log_odds(columns)
    return max(abs(_sum(decision) - float(said)) for decision, said in zip(decisions, log_odds, strict=True))


def _sum(decision: Decision) -> float:
    if decision.score is None:
        raise BenchFailed("A payment has no score.")
    return decision.score.base + sum(each.weight for each in decision.score.contributions)


def _is_explained(decision: Decision) -> bool:
    """Whether the score has reasons, each in words with the values in them."""
    contributions = () if decision.score is None else decision.score.contributions
    words = [each.words.filled(decision.features.values) for each in contributions]
    return bool(words) and all(words)


def _setup() -> str:
    return (
        f"Up to {PAYMENTS:,} made-up payments, decided in memory by {setup()}: base and weights of the reasons against "
        "the model's blended log-odds over columns, and the reasons in words."
    )


L6 = Benchmark(
    id="L6",
    title="Reasons are exact",
    measures=(
        Measure(name="gap_log_odds", unit="log-odds", reach="<= 1e-9", digits=15),
        Measure(name="share_explained", unit="share", reach=">= 1", digits=4),
    ),
    setup=_setup,
    run=run,
)
