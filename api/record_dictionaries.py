"""Makes the dictionaries that the ledger compresses records with: `python -m api.record_dictionaries FOLDER FIRST_ID`.

They are trained on records of payments that are made up: of two seeds, scored by a model and by the shipped scorecard,
with every group filled, with groups left out, and of more shops. The same code gives the same bytes. Dictionaries that
records were written with stay as they are, so what this makes anew takes new ids.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
import typer
from zstandard import train_dictionary

from api.bench.installation import own_folder, shipped_settings
from api.bench.payments import payments
from api.bench.trained_model import with_model
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from api.settings import Settings
from api.wiring import pipeline_in_memory
from engine.access import Scope
from engine.ledger import DecisionRecord
from engine.pipeline import Call, Outline, Pipeline
from models.simulator import Period, World, orders, shops

SEEDS: Final = (11, 12)
PAYMENTS: Final = 1_000
"""Of each seed and kind, once with each scorer."""
DICTIONARY_BYTES: Final = 32 * 1024
"""With 16 KB decisions are a twentieth larger; with 64 KB no smaller, and slower to compress."""
LEVEL: Final = 3
_AT: Final = datetime(2026, 11, 2, tzinfo=UTC)
_APART: Final = timedelta(milliseconds=37)
_LATER: Final = timedelta(minutes=20)
_PATIENT_MS: Final = 60_000
_LEFT_OUT: Final = 0.3
_OPTIONAL: Final = ("account", "email", "billing", "shipping", "card", "authentication", "device", "cart", "custom")
_SHOPS: Final = 8
_SHOPPERS: Final = 2_000
_ORDERS_PER_SECOND: Final = 0.02

_Asked = tuple[datetime, dict[str, Any]]
"""When a request is received, and its body."""


def main(folder: Path, first_id: int) -> None:
    """Write `<id>-<content>.zdict` for decisions, payments and answers into the folder, with ids from the first on."""
    samples: dict[str, list[bytes]] = {}
    with own_folder() as data:
        for settings in (shipped_settings(data), with_model(shipped_settings(data))):
            for seed in SEEDS:
                for record in records(settings, seed, PAYMENTS):
                    for content in ("decision", "payment", "answer"):
                        samples.setdefault(content, []).append(getattr(record, content))
    for id_, (content, dictionary) in enumerate(dictionaries(samples, first_id).items(), start=first_id):
        (folder / f"{id_}-{content}.zdict").write_bytes(dictionary)


def dictionaries(samples: Mapping[str, Sequence[bytes]], first_id: int) -> dict[str, bytes]:
    """A dictionary for each content of these samples, with ids from the first on."""
    made = {}
    for id_, (content, own) in enumerate(samples.items(), start=first_id):
        # The trainer learns from one end and judges by the other: both are to hold some of all kinds.
        mixed: list[bytes | bytearray | memoryview[int]] = [*own]
        Random(first_id).shuffle(mixed)  # noqa: S311 - the same order for one id
        made[content] = train_dictionary(DICTIONARY_BYTES, mixed, dict_id=id_, level=LEVEL).as_bytes()
    return made


def records(settings: Settings, seed: int, number: int) -> list[DecisionRecord]:
    """The records of so many made-up payments of each kind; the same for one seed."""
    made: list[DecisionRecord] = []
    kinds = (
        _received(payments(seed, _AT), _AT),
        # Later than they say: the answer has a warning.
        _received(_with_gaps(seed), _AT + _LATER),
        _of_more_shops(seed),
    )
    for asked in kinds:
        pipeline = pipeline_in_memory(settings)
        pipeline.tell(made.append)
        asyncio.run(_decided(pipeline, islice(asked, number), Random(seed)))  # noqa: S311 - made up
    return made


async def _decided(pipeline: Pipeline, asked: Iterator[_Asked], random: Random) -> None:
    key = new_key(name="made-up", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    for at, body in asked:
        await pipeline.decide(_repeatable(call_of(read_request(orjson.dumps(body)), key, at), random))


def _repeatable(call: Call, random: Random) -> Call:
    """The call with an answer that neither a clock nor chance has a say in."""
    id_ = f"dec_{random.getrandbits(128):032x}"
    steps = {step: random.randrange(40, 400) / 1000 for step in ("enrich", "velocity", "decide")}

    def render(outline: Outline) -> bytes:
        total = round(sum(steps.values()), 3)
        return call.render(outline._replace(id=id_, timing_ms={**steps, "total": total}))

    return replace(call, render=render, budget_ms=_PATIENT_MS)


def _received(bodies: Iterator[dict[str, Any]], start: datetime) -> Iterator[_Asked]:
    return ((start + place * _APART, body) for place, body in enumerate(bodies))


def _with_gaps(seed: int) -> Iterator[dict[str, Any]]:
    """Payments of which each tells some groups alone."""
    random = Random(seed)  # noqa: S311 - made up
    for body in payments(seed + 100, _AT):
        yield {name: group for name, group in body.items() if name not in _OPTIONAL or random.random() > _LEFT_OUT}


def _of_more_shops(seed: int) -> Iterator[_Asked]:
    world = World(seed=seed + 200, shops=shops(_SHOPS), shoppers=_SHOPPERS, run=f"m{seed}")
    return ((event.at, dict(event.body)) for event in orders(world, Period(start=_AT), _ORDERS_PER_SECOND))


if __name__ == "__main__":
    typer.run(main)
