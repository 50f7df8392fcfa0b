"""A backtest timed over a ledger of a million payments, which is made once for all runs."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from api.bench.fifty_rules import fifty_rules
from api.bench.long_ledger import DAYS, make_ledger, setup
from api.bench.measure import BenchFailed
from api.clock import utc_now
from api.wiring import frames_of_parquet, opened_frames, segments_written
from api.wiring.measuring import opened_labels
from engine.catalog import CATALOG
from engine.ledger import Label, LabelKind, Labels, Ledger
from engine.recorded_frame import RecordedFrames
from engine.rules import default_source, parse_ruleset
from models import backtest
from models.backtest import Report, Setting, reads, wanted_for

PAYMENTS: Final = 1_000_000
DECIDED: Final = 20_000
TAIL: Final = timedelta(hours=2)
"""So long ago a server's segments end at most."""
_LABELLED: Final = 101
"""One payment in so many is reported as fraud."""
_RULE: Final = "more-23"


def run() -> Mapping[str, float]:
    """Time both ways of reading in turn. Raises BenchFailed where a payment is left out or comes out otherwise."""
    folder, now = Path(_fixture().name) / "data", utc_now()
    with opened_frames(folder) as (frames, _, labels):
        alone = frames_of_parquet(folder)
        return {
            "seconds_parquet": _timed(alone, labels, now, at_least=PAYMENTS * 99 // 100),
            "seconds_ledger": _timed(frames, labels, now, at_least=PAYMENTS),
        }


@cache
def _fixture() -> "TemporaryDirectory[str]":
    """The ledger with its segments; it is gone with the process."""
    made, now = TemporaryDirectory(prefix="assay-bench-"), utc_now()
    folder = Path(made.name) / "data"
    asyncio.run(make_ledger(folder, PAYMENTS, DECIDED, 1, now))
    segments_written(folder, now - TAIL, lambda _: None)
    with opened_frames(folder) as (_, ledger, _):
        labels = _labels(ledger, now)
    with opened_labels(folder) as store:
        store.record_labels(labels)
    return made


def _labels(ledger: Ledger, now: datetime) -> list[Label]:
    """Chargebacks ten days after their payments."""
    return [
        Label(
            merchant_id=record.key.merchant_id,
            test_mode=False,
            transaction_id=record.key.transaction_id,
            kind=LabelKind.CHARGEBACK,
            is_fraud=True,
            occurred_at=record.at,
            received_at=min(record.at + timedelta(days=10), now),
            source="bench",
        )
        for number, record in enumerate(ledger.between(now - timedelta(days=DAYS + 1), now))
        if number % _LABELLED == 0
    ]


def _timed(frames: RecordedFrames, labels: Labels, now: datetime, *, at_least: int) -> float:
    """From the two rulesets' texts being compiled to the report, reading included."""
    live = Setting(ruleset=parse_ruleset(default_source(), CATALOG, ()))
    candidate = Setting(ruleset=parse_ruleset(fifty_rules(), CATALOG, ()))
    started = time.perf_counter()
    start, end = now - timedelta(days=DAYS + 1), now + timedelta(days=1)
    wanted = wanted_for((live, candidate), merchant_id=None, test_mode=False, start=start, end=end)
    report = backtest.run(frames.read(wanted), labels, live=live, candidate=candidate, as_of=now, rule_id=_RULE)
    seconds = time.perf_counter() - started
    _require(report, at_least)
    return seconds


def _require(report: Report, at_least: int) -> None:
    looked_at, same = report.population.payments.payments, report.population.same_as_recorded
    if looked_at < at_least or same != looked_at:
        raise BenchFailed(f"{looked_at} payments were looked at, and {same} of them came out as they were recorded.")
    if report.matched is None or not report.matched.group.all.payments or not report.population.frauds.payments:
        raise BenchFailed("The rule caught nothing, or there was no fraud.")


def parts() -> str:
    """What is timed, in words."""
    settings = [Setting(ruleset=parse_ruleset(text, CATALOG, ())) for text in (default_source(), fifty_rules())]
    features, _ = reads(settings)
    return (
        f"{setup(PAYMENTS, DECIDED)} One payment in {_LABELLED} is labelled. The {len(settings[1].ruleset.rules)} "
        f"rules of api/bench/fifty_rules.py beside the {len(settings[0].ruleset.rules)} shipped ones, which decided: "
        f"reading {len(features)} features, evaluating, settling both, every figure with its interval. "
        "seconds_parquet: the segments' files alone; seconds_ledger: the segments, and from the ledger what came in "
        f"the last {TAIL.seconds // 3600} to 3 hours. The ledger is made once and takes most of the time; --seconds "
        "changes nothing."
    )
