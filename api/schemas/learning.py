"""Training, judging and comparing at the edge: what is asked, and the job with what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from api.learning.plan import KINDS, LearningPlan
from api.schemas.backtest import FailureShown, ProgressShown
from api.schemas.body import RequestInvalid
from api.schemas.jobs import shown_state
from api.schemas.listing import Page
from api.schemas.ruleset import Line
from engine.catalog import CATALOG
from engine.errors import Fault
from engine.jobs import Job, JobState
from engine.suggest import nearest
from models.learners import LEARNERS

DAYS_MAX: Final = 1_100
DAYS: Final = 365
TEST_DAYS: Final = 28
SEED_MAX: Final = 2**31 - 1
SEARCH_MAX: Final = 60
OWN_ESTIMATOR: Final = "estimator"
"""The learner that takes code of the analyst's: it is trained from Python, never over HTTP."""
NAMES: Final = tuple(each.name for each in LEARNERS if each.name != OWN_ESTIMATOR)
PARAMETERS_MAX: Final = 50
TRUSTED_MAX: Final = 100

ModelName = Annotated[str, Field(pattern=r"^model-[0-9a-f]{12}$")]
Days = Annotated[StrictInt, Field(ge=1, le=DAYS_MAX)]


class PeriodBody(BaseModel):
    """Which payments: those received in the last days, or from one time until another."""

    model_config = ConfigDict(extra="forbid")

    last_days: Days | None = Field(default=None, description=f"Up to now; in place of `from` and `to`. Else {DAYS}.")
    since: AwareDatetime | None = Field(default=None, alias="from", description="RFC 3339: received from then on.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="Received before then; left out: now.")
    test_days: Days = Field(default=TEST_DAYS, description="The last days, to judge on: nothing is learnt from them.")

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """From when and until when. Raises RequestInvalid."""
        if self.last_days is not None and (self.since is not None or self.until is not None):
            raise _wrong("/last_days", "Send last_days, or from and to, not both.")
        try:
            until = now if self.until is None else self.until.astimezone(UTC)
            since = until - timedelta(days=self.last_days or DAYS) if self.since is None else self.since.astimezone(UTC)
        except OverflowError:
            raise _wrong("/from", "It lies beyond the first or the last year: send another time.") from None
        if since >= min(until, now):
            raise _wrong("/from", "It is not before `to`, or not past: nothing was decided then.")
        if until - since > timedelta(days=DAYS_MAX):
            raise _wrong("/from", f"The period is longer than {DAYS_MAX} days: send a later time.")
        return since, until

    def asked(self) -> dict[str, Any]:
        """What was sent, as it is kept and shown."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class TrainBody(PeriodBody):
    """What to train, and on which payments."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"learner": "logistic", "last_days": 180, "test_days": 14}]},
    )

    learner: str = Field(default=NAMES[0], json_schema_extra={"enum": list(NAMES)}, description="How it is learnt.")
    parameters: dict[str, StrictInt | StrictFloat] = Field(
        default={}, max_length=PARAMETERS_MAX, description="Those of the learner that are not to be as it chooses them."
    )
    gap_days: Annotated[StrictInt, Field(ge=0, le=DAYS_MAX)] = Field(
        default=0, description="Days before those to judge on that are not learnt from either."
    )
    seed: Annotated[StrictInt, Field(ge=0, le=SEED_MAX)] = Field(
        default=0, description="The same data, learner and seed give the same model."
    )
    search: Annotated[StrictInt, Field(ge=0, le=SEARCH_MAX)] = Field(
        default=0,
        description="How many sets of parameters to try on earlier days first, the learner's own among them; 0: none.",
    )
    trusted: list[Line] = Field(
        default=[],
        max_length=TRUSTED_MAX,
        description="Features that may tell fraud nearly alone: they were known before the decision.",
    )

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """As that of each; the days to judge on leave some to learn from. Raises RequestInvalid."""
        since, until = super().period(now)
        if timedelta(days=self.test_days) >= until - since:
            raise _wrong("/test_days", "The period has no more days than these: send fewer, or an earlier from.")
        return since, until

    def checked(self) -> dict[str, float]:
        """The learner's parameters. Raises RequestInvalid, or ParametersInvalid with the range."""
        for at, name in enumerate(self.trusted):
            if name not in CATALOG:
                meant = nearest(name, CATALOG.names())
                hint = "'assay features' lists all." if meant is None else f"Did you mean {meant}?"
                raise _wrong(f"/trusted/{at}", f"There is no such feature. {hint}")
        found = next((each for each in LEARNERS if each.name == self.learner and each.name in NAMES), None)
        if found is None:
            raise _wrong("/learner", f"There is no such learner here; there are {', '.join(NAMES)}.")
        return dict(found.checked(self.parameters))


class EvaluateBody(PeriodBody):
    """On which payments to judge a model: those of the last `test_days` that it did not learn from."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"test_days": 14}]})


class CompareBody(PeriodBody):
    """What to compare a model with, on which payments."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{}, {"other": "model-5f0c1d2e3a4b", "test_days": 14}]}
    )

    other: ModelName | None = Field(default=None, description="A model; null or left out: the champion.")


class LearningJobListed(BaseModel):
    """A training, judgement or comparison, without what came of it."""

    id: str
    kind: str = Field(json_schema_extra={"enum": list(KINDS)})
    state: JobState
    is_cancel_wanted: bool = Field(description="It runs, and stops at its next check.")
    attempts: int = Field(description="How often it was begun; more than once where a process died.")
    progress: ProgressShown
    created_at: datetime
    created_by: str = Field(description="The id of the key.")
    started_at: datetime | None
    finished_at: datetime | None
    asked: dict[str, Any] | None = Field(description="What was sent; null where it cannot be read any more.")
    model: str | None = Field(description="The model that is judged or compared; null for a training.")
    champion: str | None = Field(description="The model in force when it was asked for; null: the scorecard.")
    failure: FailureShown | None


class LearningJobShown(LearningJobListed):
    """A training, judgement or comparison."""

    result: dict[str, Any] | None = Field(
        description="Once it succeeded: `model`, `figures`, the champion's, `differences` and the `gate`."
    )


class LearningJobList(Page):
    """Trainings, judgements and comparisons of one kind, newest first."""

    data: list[LearningJobListed]


def shown_listed_job(job: Job, plan: LearningPlan | None) -> dict[str, Any]:
    """The public fields of a job but its result; None: what it was asked cannot be read."""
    return {
        "id": job.id,
        "kind": job.kind,
        **shown_state(job),
        "asked": None if plan is None else dict(plan.asked),
        "model": None if plan is None else plan.model,
        "champion": None if plan is None else plan.champion,
    }


def shown_job(job: Job, plan: LearningPlan | None, result: bytes | None) -> dict[str, Any]:
    """All public fields of a job."""
    return {**shown_listed_job(job, plan), "result": None if result is None else orjson.loads(result)}


def _wrong(pointer: str, detail: str) -> RequestInvalid:
    return RequestInvalid(Fault(pointer=pointer, code="value_invalid", detail=detail))
