"""What an analyst may set of each learner, and how large boosted trees grow by how many frauds there are.

Depth-limited trees, small steps and a strong ridge: leaf-wise growth with small leaves collapses on rare fraud.
"""

from collections.abc import Mapping
from typing import Final

from models.learners.learner import Parameter, Parameters

FEW: Final = 300
MANY: Final = 3_000

BOOSTING: Final[Mapping[str, Parameter]] = {
    "depth": Parameter(low=1, high=5, drawn=(2, 5), is_whole=True, doc="The most questions that a tree asks."),
    "trees": Parameter(low=1, high=2_000, drawn=(100, 600), is_whole=True, doc="How many trees."),
    "learning_rate": Parameter(low=0.001, high=1, drawn=(0.01, 0.1), is_log=True, doc="How far each tree goes."),
    "min_samples_leaf": Parameter(
        low=1, high=100_000, drawn=(10, 200), is_whole=True, is_log=True, doc="The fewest payments of a leaf."
    ),
    "l2": Parameter(low=0, high=10_000, drawn=(1, 100), is_log=True, doc="The ridge on a leaf's log-odds."),
}
"""Depth 5 is the most of which a decision's exact reasons are quick."""

LOGISTIC: Final[Mapping[str, Parameter]] = {
    "c": Parameter(
        low=1e-6, high=1e4, drawn=(1e-4, 1), is_log=True, doc="How far coefficients may go: the inverse of the ridge."
    )
}

SCORECARD: Final[Mapping[str, Parameter]] = {
    "ridge": Parameter(
        low=0.01, high=10_000, drawn=(1, 100), is_log=True, doc="How firmly points stay where judgement had put them."
    )
}


def sized(frauds: float, said: Parameters) -> dict[str, float]:
    """What is grown of so many frauds, unless it was said otherwise."""
    if frauds < FEW:
        sizes = {"depth": 3, "trees": 150, "learning_rate": 0.05, "min_samples_leaf": 50, "l2": 10.0}
    elif frauds <= MANY:
        sizes = {"depth": 4, "trees": 300, "learning_rate": 0.03, "min_samples_leaf": 20, "l2": 10.0}
    else:
        sizes = {"depth": 5, "trees": 500, "learning_rate": 0.03, "min_samples_leaf": 20, "l2": 10.0}
    return {**sizes, **said}
