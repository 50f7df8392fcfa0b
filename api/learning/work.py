"""The jobs done: a model trained, judged beside the champion, or compared with another. They read the data folder.

What they add to it is the model's own files, under names that nothing else has: no lock is needed, and what is killed
half way leaves no model.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from api.job_process import Task, Tell
from api.learning.contenders import Contender, champion_of, contender_of, of_model
from api.learning.judging import Beside, compared, figures_said, gate_said, judged, plain
from api.learning.plan import LearningPlan, plan_of
from api.settings import Settings, read_settings
from api.wiring import dataset_in, policies_in
from engine.errors import AssayError
from engine.jobs import Progress
from models.dataset import Asked, Dataset
from models.dataset.table import Ints, microseconds
from models.evaluation import Policies, gate
from models.model import Model
from models.plan import Plan, parts_of
from models.ready import Ready, ready_for
from models.registry import ModelFiles
from models.search import search, searched
from models.training import train

_READ: Final = 25
_SEARCHED: Final = 65
_TRAINED: Final = 85
"""Of a hundred steps: what has been read, searched, and trained."""
_JUDGING: Final = "judging it on days that it did not learn from"
_DONE: Final = Progress(done=100, total=100, words="done")


class NothingToJudge(AssayError):
    """No payment of the period is new to the model."""

    code = "nothing_to_judge"


def train_model(task: Task, tell: Tell) -> dict[str, Any]:
    """Train a model, judge it, and keep both; what is told of it."""
    plan, files, settings = _asked(task)
    dataset = _dataset(task, plan, tell, _READ)
    wanted = _plan(plan)
    champion = champion_of(plan.champion, files, settings)
    before, learns_from = _model_of(plan.champion, files), _READ
    if plan.search:
        learns_from = _SEARCHED
        wanted = _searched(plan, ready_for(dataset, wanted, champion=before), tell)
    told = _within(tell, learns_from, _TRAINED, f"learning from {len(dataset):,} payments ({plan.learner})")
    model = train(dataset, wanted, champion=before, progress=told)
    tell(Progress(done=_TRAINED, total=100, words=_JUDGING))
    beside = _beside(task, plan, dataset, champion)
    made = judged(model, of_model(model), beside, contender_of(None, files, settings))
    name = files.put(model, made)
    tell(_DONE)
    return _said(name, made.said, files)


def evaluate_model(task: Task, tell: Tell) -> dict[str, Any]:
    """Judge a model anew, beside today's champion and with today's labels, in place of the judgement before."""
    plan, files, settings = _asked(task)
    assert plan.model is not None, "one is judged"
    model = files.model(plan.model)
    dataset = _dataset(task, plan, tell, _TRAINED)
    tell(Progress(done=_TRAINED, total=100, words=_JUDGING))
    champion = champion_of(plan.champion, files, settings)
    beside = _beside(task, plan, dataset, champion, [_learnt_until(model)])
    made = judged(model, of_model(model), beside, contender_of(None, files, settings))
    files.judge(plan.model, made)
    tell(_DONE)
    return _said(plan.model, made.said, files)


def compare_models(task: Task, tell: Tell) -> dict[str, Any]:
    """Two models, or one and the scorecard, on the same payments; nothing is kept of it but the job's result."""
    plan, files, settings = _asked(task)
    one, other = contender_of(plan.other, files, settings), contender_of(plan.model, files, settings)
    until = [_learnt_until(files.model(name)) for name in (plan.model, plan.other) if name is not None]
    dataset = _dataset(task, plan, tell, _TRAINED)
    tell(Progress(done=_TRAINED, total=100, words="comparing them"))
    comparison = compared(one, other, _beside(task, plan, dataset, one, until))
    tell(_DONE)
    return plain(
        {
            "model": plan.model,
            "other": plan.other,
            "figures": figures_said(comparison.challenger),
            "other_figures": figures_said(comparison.champion),
            "differences": comparison.differences,
            "segments": comparison.segments,
            "evidence": comparison.evidence,
            "agreement": comparison.agreement,
            "thresholds": comparison.thresholds,
            "gate": gate_said(gate(comparison)),
        }
    )


def _asked(task: Task) -> tuple[LearningPlan, ModelFiles, Settings]:
    """The process has the server's environment, and the folder by its own word."""
    return plan_of(task.arguments), ModelFiles(task.folder), read_settings({"data": task.folder})


def _plan(plan: LearningPlan) -> Plan:
    return Plan(
        learner=plan.learner,
        parameters=plan.parameters,
        trusted=plan.trusted,
        gap_days=plan.gap_days,
        test_days=plan.test_days,
        seed=plan.seed,
    )


def _searched(plan: LearningPlan, ready: Ready, tell: Tell) -> Plan:
    """The plan with the parameters that did best on earlier days. One core stays with the server."""
    words = f"trying {plan.search} sets of parameters on earlier days ({plan.learner})"
    jobs = max(1, (os.cpu_count() or 1) - 1)
    found = search(ready, tries=plan.search, jobs=jobs, progress=_within(tell, _READ, _SEARCHED, words))
    return searched(ready.plan, found)


def _dataset(task: Task, plan: LearningPlan, tell: Tell, until: int) -> Dataset:
    asked = Asked(start=plan.start, end=plan.end, as_of=plan.as_of)
    return dataset_in(task.folder, asked, _within(tell, 0, until, "reading the recorded payments"))


def _beside(
    task: Task, plan: LearningPlan, dataset: Dataset, champion: Contender, learnt_until: Sequence[str | None] = ()
) -> Beside:
    """The days that are judged on: the last ones, as the training keeps them, and none that was learnt from."""
    rows = parts_of(dataset, _plan(plan)).test
    return Beside(
        dataset=dataset,
        rows=_unlearnt(dataset, rows, learnt_until),
        policies=Policies(own=policies_in(task.folder)),
        champion=champion,
        champion_id=plan.champion,
        at=task.at,
    )


def _unlearnt(dataset: Dataset, rows: Ints, learnt_until: Sequence[str | None]) -> Ints:
    """The payments that came after all that was learnt from. Raises NothingToJudge."""
    until = max((datetime.fromisoformat(each) for each in learnt_until if each is not None), default=None)
    if until is None:
        return rows
    left = rows[dataset.at_us[rows] > microseconds(until)]
    if not len(left):
        raise NothingToJudge(
            f"All these payments were learnt from, which went on until {until:%Y-%m-%d %H:%M} UTC: "
            "wait for newer ones, or give a later period."
        )
    return left


def _learnt_until(model: Model) -> str | None:
    """The time of the last payment that a model learnt from, as it says itself."""
    train_window = model.lineage.get("train")
    said = train_window.get("end") if isinstance(train_window, dict) else None
    return said if isinstance(said, str) else None


def _model_of(name: str | None, files: ModelFiles) -> Model | None:
    """The champion, which says what payments without a label may still turn out to be."""
    if name is None or files.listed(name).fault is not None:
        return None
    return files.model(name)


def _said(name: str, said: Any, files: ModelFiles) -> dict[str, Any]:  # noqa: ANN401 - JSON
    listed = files.listed(name)
    return {**said, "model": name, "lineage": dict(listed.lineage), "report": str(files.report_of(name))}


def _within(tell: Tell, start: int, end: int, words: str) -> Callable[[float], None]:
    """Tells a share of the steps from one to another."""

    def told(share: float) -> None:
        tell(Progress(done=start + round(share * (end - start)), total=100, words=words))

    return told
