"""search(): parameters that do better on later weeks, chosen by folds in time and never by the days to judge by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from models.calibrate import log_loss
from models.learners import learner_named
from models.learners.errors import NoPositives
from models.learners.learner import Learner, Parameter, Progress
from models.learners.prequential import out_of_time
from models.plan import Plan
from models.ready import Ready

FIRST: Final = 12
"""How many are drawn, the learner's own among them."""
KEPT: Final = 3
"""One in so many goes on to the next round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Parameters, and how they did: the mean log-loss in nats of later payments; lower is better."""

    parameters: Mapping[str, Any]
    log_loss: float
    folds: int
    """Of how many folds: those that did badly on the last one were asked no more."""


def search(ready: Ready, *, tries: int = FIRST, jobs: int = 1, progress: Progress = lambda _: None) -> list[Tried]:
    """Draw parameters, judge all on one fold, and the best third again on all folds; the best first.

    Folds are of the payments that are learnt from, each judged on what came after; the days that the plan keeps to
    judge by are not looked at. What the plan says itself is not drawn. `jobs` run side by side. Deterministic for the
    plan's seed. `progress` is told how much is done, from 0 to 1. Raises NoPositives where no fold has frauds on both
    sides, and what the learner raises.
    """
    learner = learner_named(ready.plan.learner)
    said = learner.checked(ready.plan.parameters)
    drawn = [{**each, **said} for each in draws(learner, tries, ready.plan.seed)]
    ways = [dict(each) for each in {tuple(sorted(each.items())): each for each in drawn}.values()]
    first = _round(ready, learner, ways, jobs, last_only=True, told=lambda done: progress(done * 0.5))
    best = [dict(each.parameters) for each in first[: max(1, len(first) // KEPT)]]
    again = _round(ready, learner, best, jobs, last_only=False, told=lambda done: progress(0.5 + done * 0.5))
    kept = {tuple(sorted(each.parameters.items())) for each in again}
    return again + [each for each in first if tuple(sorted(each.parameters.items())) not in kept]


def draws(learner: Learner, count: int, seed: int) -> list[dict[str, float]]:
    """The learner's own parameters, which are none said, and others drawn from its ranges."""
    random = np.random.default_rng(seed)
    return [
        {},
        *({name: _drawn(each, random) for name, each in learner.parameters.items()} for _ in range(count - 1)),
    ]


def _drawn(parameter: Parameter, random: np.random.Generator) -> float:
    low, high = parameter.drawn or (parameter.low, parameter.high)
    value = float(np.exp(random.uniform(np.log(low), np.log(high))) if parameter.is_log else random.uniform(low, high))
    return round(value) if parameter.is_whole else float(f"{value:.3g}")


def _round(
    ready: Ready, learner: Learner, ways: list[dict[str, float]], jobs: int, *, last_only: bool, told: Progress
) -> list[Tried]:
    """All of them on the same folds, the best first; equal ones as they came."""
    results = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(
        delayed(_tried)(ready, learner, way, last_only=last_only) for way in ways
    )
    found = []
    for number, each in enumerate(results, start=1):
        found.append(each)
        told(number / len(ways))
    return sorted(found, key=lambda each: each.log_loss)


def _tried(ready: Ready, learner: Learner, way: dict[str, float], *, last_only: bool) -> Tried:
    later = out_of_time(
        ready.material,
        ready.items,
        lambda training, told: learner.fit(training, way, told),
        estimator=ready.plan.estimator,
        progress=lambda _: None,
        last_only=last_only,
    )
    if later is None:
        raise NoPositives("parameters: no fold in time has frauds on both sides, so nothing can be searched. Set them.")
    loss = log_loss(later.learnt, later.items.target, later.items.weight) / later.items.weight.sum()
    return Tried(parameters=way, log_loss=float(loss), folds=later.folds)


def searched(plan: Plan, tried: list[Tried]) -> Plan:
    """The plan with the best parameters."""
    return replace(plan, parameters=tried[0].parameters)
