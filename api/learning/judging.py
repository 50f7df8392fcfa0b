"""Judging a model beside the champion on payments that it did not learn from: figures, the gate, report and card."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from time import process_time_ns
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from api.learning.contenders import Contender, features_of
from engine.errors import ScoreInvalid
from engine.features import Features
from models.dataset import Dataset
from models.evaluation import (
    Check,
    Comparison,
    Evaluation,
    GateResult,
    ModelFacts,
    Policies,
    Scored,
    card_markdown,
    compare,
    evaluate,
    gate,
    report_html,
    top_inputs,
)
from models.evaluation.of_dataset import recorded_actions, scored_of
from models.model import Model
from models.registry import Judged
from models.scorecard import Scorecard

Ints = npt.NDArray[np.int64]

SAMPLE: Final = 500
"""So many payments are scored one at a time: as they would be served."""
PARITY_MAX: Final = 1e-9
"""In probability, between one payment and columns of them."""
SCORE_MS_MAX: Final = 2.0
"""Of processor time a payment: a decision's budget is 150 ms, and hundreds wait for one core."""
_NO_REASON: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a judgement rests on."""

    dataset: Dataset
    rows: Ints
    """Those that are judged on: nothing was learnt from them."""
    policies: Policies
    champion: Contender
    champion_id: str | None
    """As the registry has it; None: the scorecard."""
    at: datetime


def judged(model: Model, contender: Contender, beside: Beside, card: Contender) -> Judged:
    """The model's figures beside the champion's and the scorecard's on the same payments, and what the gate says."""
    scored = {each.id: _scored(each, beside) for each in (contender, beside.champion, card)}
    comparison = _compared(contender, beside, scored)
    result = gate(comparison, more=_checks(contender, beside))
    facts = facts_of(model, beside.dataset)
    scorecard = _of_the_scorecard(scored[card.id], beside)
    champion = (beside.champion_id or "the scorecard", comparison.champion)
    report = report_html(
        comparison.challenger,
        facts=facts,
        champion=champion,
        scorecard=scorecard,
        gate=result,
        policy=beside.policies.default,
    )
    text = card_markdown(facts, comparison.challenger, champion=comparison.champion)
    said = {
        "model": model.id,
        "champion": beside.champion_id,
        "at": beside.at.isoformat(),
        "gate": gate_said(result),
        "figures": figures_said(comparison.challenger),
        "champion_figures": figures_said(comparison.champion),
        "differences": comparison.differences,
        "evidence": comparison.evidence,
    }
    return Judged(said=plain(said), report=report, card=text)


def compared(one: Contender, other: Contender, beside: Beside) -> Comparison:
    """Two on the same payments: `one` is the champion's part."""
    scored = {each.id: _scored(each, beside) for each in (one, other)}
    return _compared(other, replace(beside, champion=one), scored)


def gate_said(result: GateResult) -> dict[str, Any]:
    """The gate's answer as it is kept."""
    return {"passes": result.passes, "checks": [asdict(each) for each in result.reasons]}


def figures_said(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation's figures without its curves: the report has them."""
    return {name: value for name, value in asdict(evaluation).items() if name != "curves"}


def plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """It in JSON's types; what is no finite number is null."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY))
    return found


def facts_of(model: Model, dataset: Dataset) -> ModelFacts:
    """What a report and a card say of a model beside its figures."""
    said = model.lineage
    train: Mapping[str, Any] = said.get("train") or {}
    learnt: Mapping[str, Any] = said.get("dataset") or {}
    return ModelFacts(
        id=model.id,
        learner=str(said.get("learner", "unknown")),
        created_at=said.get("created_at"),
        labels_as_of=said.get("labels_known_at"),
        trained_from=train.get("start"),
        trained_until=train.get("end"),
        rows=train.get("payments"),
        frauds=train.get("frauds_learnt"),
        dataset=learnt.get("fingerprint"),
        share=model.share,
        inputs=len(model.inputs),
        top_inputs=top_inputs(model, dataset.features(model.inputs.features)),
        parameters=dict(said.get("parameters") or {}),
        versions=dict(said.get("versions") or {}),
    )


def _of_the_scorecard(scored: Scored, beside: Beside) -> Evaluation | None:
    """What is there without a model: the scorecard, with what the rules did too where it is the champion."""
    if beside.champion_id is not None:
        return evaluate(scored, policies=beside.policies)
    action = recorded_actions(beside.dataset)
    return None if action is None else evaluate(scored, policies=beside.policies, action=action[beside.rows])


def _scored(contender: Contender, beside: Beside) -> Scored:
    return scored_of(beside.dataset, contender.probabilities(beside.dataset)).these(beside.rows)


def _compared(contender: Contender, beside: Beside, scored: Mapping[str, Scored]) -> Comparison:
    """With the first reasons of a sample: explaining all would take a tenth of a millisecond a payment."""
    champion, challenger = scored[beside.champion.id], scored[contender.id]
    found = compare(champion, challenger, policies=beside.policies)
    if isinstance(beside.champion.scorer, Scorecard):
        # It has reasons of its own kind: that a first model's are others says nothing against the model.
        return found
    places = _sample(len(beside.rows))
    seen = features_of(beside.dataset, beside.rows[places])
    reasons = _first_reasons(beside.champion, seen), _first_reasons(contender, seen)
    small = compare(champion.these(places), challenger.these(places), top_reasons=reasons, draws=2)
    return replace(found, agreement=small.agreement)


def _sample(rows: int) -> Ints:
    """The same of the same rows."""
    if rows <= SAMPLE:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))


def _first_reasons(contender: Contender, seen: Sequence[Features]) -> list[str]:
    """The code of what speaks most against each payment."""
    return [_first(contender, each) for each in seen]


def _first(contender: Contender, features: Features) -> str:
    try:
        parts = contender.scorer.score(features).contributions
    except ScoreInvalid:
        return _NO_REASON
    return max(parts, key=lambda part: part.weight).code if parts else _NO_REASON


def _checks(contender: Contender, beside: Beside) -> tuple[Check, ...]:
    """That it scores one payment as it scores columns, and quickly: what was judged is what would be served."""
    rows = beside.rows[_sample(len(beside.rows))]
    seen = features_of(beside.dataset, rows)
    expected = contender.probabilities(beside.dataset)[rows]
    began, failed, apart = process_time_ns(), 0, 0.0
    for features, probability in zip(seen, expected.tolist(), strict=True):
        try:
            apart = max(apart, abs(contender.scorer.score(features).probability - probability))
        except ScoreInvalid:
            failed += 1
    took_ms = (process_time_ns() - began) / 1e6 / max(1, len(seen))
    return (
        Check(
            code="parity",
            passes=apart <= PARITY_MAX and not failed,
            text=f"One at a time, {len(seen):,} payments score within {apart:.1g} of what was judged "
            f"(at most {PARITY_MAX:g}); {failed:,} have no score (none may).",
            value=apart,
            limit=PARITY_MAX,
        ),
        Check(
            code="speed",
            passes=took_ms <= SCORE_MS_MAX,
            text=f"A score with its reasons takes {took_ms:.2f} ms (at most {SCORE_MS_MAX:g} ms).",
            value=took_ms,
            limit=SCORE_MS_MAX,
        ),
    )
