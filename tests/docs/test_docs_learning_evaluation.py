"""What docs/learning.md says of judging models: its worked example, and what the gate asks."""

import re

import numpy as np
import pytest

from models.evaluation import Evaluation, Limits, Scored, compare, evaluate, gate
from models.evaluation.figures import Estimate
from models.evaluation.scored import DAY_US
from tests.docs.documents import codes_listed, part, read

PAGE = "docs/learning.md"


def table(marker: str) -> list[dict[str, str]]:
    head, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in part(read(PAGE), marker).splitlines()
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


def payments() -> Scored:
    rows = table("judged payments")
    known = np.array([float(row["maturity"]) for row in rows])
    return Scored.of(
        np.array([float(row["probability"]) for row in rows]),
        np.array([row["fraud"] == "yes" for row in rows]),
        weight=np.where([row["fraud"] == "blocked" for row in rows], 0.0, known),
        known=known,
        usd_cents=np.array([int(row["USD"].replace(".", "")) for row in rows]),
        at_us=np.array([int(row["day"]) * DAY_US for row in rows]),
    )


def figures(found: Evaluation) -> dict[str, Estimate]:
    at_one_percent = found.ranking.at_false_positives[-1]
    return {
        "average precision": found.ranking.average_precision,
        "recall at 1 % false positives": at_one_percent.recall,
        "money of it": at_one_percent.value_recall,
        "fraud stopped": found.policy.recall,
        "good payments stopped": found.policy.stopped_good,
        "insult rate": found.policy.insult,
        "approval rate": found.policy.allow,
        "known per expected": found.calibration.observed_per_expected,
        "money saved, USD": found.policy.net,
    }


def test_the_worked_example_gives_its_figures() -> None:
    found = figures(evaluate(payments(), draws=10))
    said = {row["figure"]: float(row["value"]) for row in table("judged figures")}
    assert said.keys() == found.keys()
    for name, estimate in found.items():
        assert estimate.value is not None
        value = estimate.value / 100 if name.endswith("USD") else estimate.value
        assert value == pytest.approx(said[name], abs=0.0005), name


def test_the_gate_asks_what_is_said() -> None:
    scored = payments()
    result = gate(compare(scored, scored, top_reasons=(["a"] * 6, ["a"] * 6), draws=5))
    assert codes_listed(PAGE, "gate limits", 1) == [each.code for each in result.reasons]
    rows = {row["check"].strip("`"): row["asks"] for row in table("gate limits")}
    limits = Limits()
    for code, numbers in {
        "frauds": (limits.frauds_effective,),
        "evidence": (limits.evidence,),
        "average_precision": (limits.average_precision_loss,),
        "calibration": (2, limits.ece_top_gain),
        "segments": (limits.segment_payments, (limits.segment_stopped_ratio - 1) * 100),
        "allowed": (limits.allow_change * 100,),
        "reasons": (limits.reasons_share * 100,),
    }.items():
        assert [float(each) for each in re.findall(r"\d+(?:\.\d+)?", rows[code])] == pytest.approx(numbers), code
