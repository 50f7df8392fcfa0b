"""Models at the edge: what is sent, and a model as it is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.promoting import Promoting
from api.schemas.body import RequestInvalid
from api.schemas.listing import Page
from api.schemas.ruleset import Line
from api.shadow import BANDS, Tally
from engine.card_data import holds_card_number
from engine.errors import Fault
from engine.model_changes import BECAUSE_LENGTH_MAX, ChangeKind, ModelChange, ModelState, champion_tag

_WORDS: Final = "Recall at 0.5 % false positives is 9 points higher than the champion's, on five weeks."


class BecauseBody(BaseModel):
    """Why the models in force are changed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"because": "It blocked loyal customers."}]}
    )

    because: Line = Field(min_length=3, max_length=BECAUSE_LENGTH_MAX, description="Why, for the history.")

    def reason(self) -> str:
        """What was written. Raises RequestInvalid where it looks like a card number: it is kept for ever."""
        if holds_card_number(self.because):
            detail = "This looks like a card number: say why the models are changed."
            raise RequestInvalid(Fault(pointer="/because", code="card_data_refused", detail=detail))
        return self.because


class PromoteBody(BecauseBody):
    """Why a model is promoted, and whether against the gate."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"because": _WORDS}]})

    force: StrictBool = Field(
        default=False, description="Promote though the gate does not pass; the history says that it did not."
    )


class CheckShown(BaseModel):
    """One thing that the gate asks."""

    code: str = Field(description="Stable.")
    passes: bool
    text: str = Field(description="In words, with the figure and its limit.")
    value: float | None = None
    limit: float | None = None


class GateShown(BaseModel):
    """Whether what was measured speaks for a promotion."""

    passes: bool
    checks: list[CheckShown]


class ShadowShown(BaseModel):
    """What a challenger did beside the champion since this server began, or since it became one."""

    scored: int = Field(description="Payments that it scored.")
    failed: int = Field(description="Payments that it had no score for.")
    dropped: int = Field(description="Payments that no challenger scored, because decisions come first.")
    took_ms_mean: float | None = Field(description="Milliseconds a score.")
    apart_mean: float | None = Field(description="Mean distance to the champion's probability, 0 to 1.")
    bands: list[float] = Field(description="Bounds of probability, rising.")
    scores: list[int] = Field(description="How many of its scores lie up to each bound, and above the last.")
    champion_scores: list[int] = Field(description="The champion's of the same payments.")


class ModelListed(BaseModel):
    """A model, without what was measured."""

    id: str
    state: ModelState
    kind: str = Field(description="forest, linear or foreign (an analyst's own estimator).")
    share: float | None = Field(
        description="How much of the score is the model's, 0 to 1; the rest is the scorecard's."
    )
    bytes: int = Field(description="The size of its file.")
    fault: str | None = Field(description="Why its file cannot be used: it is not promoted, and does not score.")
    lineage: dict[str, Any] = Field(
        description="What it came from: learner, parameters, data set, windows, counts, figures, versions of libraries."
    )
    gate_passes: bool | None = Field(description="By the last judgement; null: it was not judged beside this champion.")


class ModelShown(ModelListed):
    """A model."""

    gate: GateShown = Field(description="What promoting it now would be told.")
    judged: dict[str, Any] | None = Field(
        description="Its figures on payments that it did not learn from, beside the champion's; null: never judged."
    )
    shadow: ShadowShown | None = Field(description="Null: it is no challenger here.")


class ModelList(Page):
    """The models of the installation, newest first."""

    champion: str | None = Field(description="The model in force; null: the scorecard.")
    scores: str = Field(description="What scores now: the champion, or what stands in for it.")
    fault: str | None = Field(description="Why the champion does not score, where something stands in for it.")
    challengers: list[str]
    data: list[ModelListed]


class ChangeShown(BaseModel):
    """A change of the models in force."""

    number: int
    kind: ChangeKind
    model: str | None = Field(description="Null: the scorecard.")
    at: datetime
    by: str = Field(description="The id of the key.")
    because: str
    is_forced: bool = Field(description="The gate did not pass.")
    gate: GateShown | None = Field(description="What it said of a promotion.")


class ChangeDone(ChangeShown):
    """A change that was just made."""

    champion: str | None = Field(description="The model in force now; null: the scorecard.")


class ChangeList(Page):
    """Changes of the models in force, newest first."""

    data: list[ChangeShown]


def shown_listed(models: Promoting, name: str) -> dict[str, Any]:
    """The public fields of a model in a list."""
    listed, standing = models.files.listed(name), models.standing()
    judged = models.files.judged(name)
    is_beside = judged is not None and judged["champion"] == standing.champion
    return {
        "id": name,
        "state": standing.state_of(name),
        "kind": listed.kind,
        "share": listed.share,
        "bytes": listed.bytes,
        "fault": listed.fault,
        "lineage": dict(listed.lineage),
        "gate_passes": models.gate(name).passes if is_beside else None,
    }


def shown_model(models: Promoting, name: str, tally: Tally | None, dropped: int) -> dict[str, Any]:
    """All public fields of a model."""
    gate = models.gate(name)
    return {
        **shown_listed(models, name),
        "gate": {"passes": gate.passes, "checks": [dict(each) for each in gate.checks]},
        "judged": models.files.judged(name),
        "shadow": None if tally is None else shown_tally(tally, dropped),
    }


def shown_tally(tally: Tally, dropped: int) -> dict[str, Any]:
    """What a challenger did."""
    return {
        "scored": tally.scored,
        "failed": tally.failed,
        "dropped": dropped,
        "took_ms_mean": tally.took_ms_mean,
        "apart_mean": tally.apart_mean,
        "bands": BANDS,
        "scores": tally.bands,
        "champion_scores": tally.champion_bands,
    }


def shown_change(change: ModelChange) -> dict[str, Any]:
    """The public fields of a change."""
    gate: Mapping[str, Any] | None = orjson.loads(change.gate) if change.gate else None
    return {
        "number": change.number,
        "kind": change.kind,
        "model": change.model_id,
        "at": change.at,
        "by": change.by,
        "because": change.because,
        "is_forced": change.is_forced,
        "gate": gate,
    }


def etag_of(champion: str | None) -> str:
    """The champion as an ETag."""
    return f'"{champion_tag(champion)}"'
