"""The benchmarks of learning measure what they say, at a size that a test has time for."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.bench import BENCHMARKS, l2_ulb, l6_reasons, learning, ulb
from api.bench.measure import BenchFailed


def test_s9_trains_and_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "ROWS", 4_000)
    monkeypatch.setattr(learning, "NUMBERS", 22)
    monkeypatch.setattr(learning, "TEXTS", 1)
    monkeypatch.setattr(learning, "RANKED_MIN", 0.3)
    assert learning.run(1)["seconds"] > 0
    assert "4,000 made-up payments" in learning.parts()
    # What ranks no better than it should has no figure.
    monkeypatch.setattr(learning, "RANKED_MIN", 1.0)
    with pytest.raises(BenchFailed, match="ranks with an area of"):
        learning.run(1)


def test_l2_learns_from_the_earlier_part_by_time(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    rows = 3_000
    columns = {name: random.normal(size=rows).astype(np.float32) for name in ulb.NAMES}
    told = columns["V3"] + columns["V7"] + columns["V9"]
    fraud = told + random.normal(size=rows) > 3.5
    table = pa.table({"Time": random.permutation(rows).astype(np.int32), **columns, "Class": fraud.astype(np.int8)})
    pq.write_table(table, tmp_path / "cards.parquet")
    found = ulb.run(tmp_path / "cards.parquet")
    assert found["auc"] > 0.8
    assert 0 < found["recall_at_1pct_fpr"] <= 1


def test_l2_says_why_it_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(l2_ulb, "FILE", Path("nowhere") / "cards.parquet")
    reason = l2_ulb.skipped()
    assert set(reason) == {"auc", "recall_at_1pct_fpr"}
    assert "no data" in reason["auc"]


def test_both_are_named() -> None:
    measures = {each.id: [measure.name for measure in each.measures] for each in BENCHMARKS}
    assert measures["S9"] == ["seconds"]
    assert measures["L2"] == ["auc", "recall_at_1pct_fpr"]


def test_l6_holds_each_account_against_the_model_over_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    found = l6_reasons.run(0.2, 1)
    assert found["gap_log_odds"] < 1e-9
    assert found["share_explained"] == 1
    monkeypatch.setattr(l6_reasons, "_sum", lambda decision: decision.score.base)
    assert l6_reasons.run(0.2, 1)["gap_log_odds"] > 0.01
