"""A forest of decision trees as flat arrays: what any learner of boosted trees comes to, in one form.

Trees ask of raw inputs: a value that is at most the threshold goes left, an unknown where the node says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

NODES_MAX: Final = 1_000_000
TREES_MAX: Final = 10_000
DEPTH_MAX: Final = 32
VALUE_MAX: Final = 100.0
"""A leaf's log-odds: beyond all that evidence can say."""
LEAF: Final = -1
"""In place of the feature that a node asks of."""


class Margin(Protocol):
    """What a learner comes to: log-odds of a matrix of inputs."""

    @property
    def kind(self) -> str:
        """`forest`, `linear` or `foreign`."""

    def log_odds(self, matrix: Floats) -> Floats:
        """The log-odds of n payments, shape (n,), of their inputs, shape (n, k), NaN unknown."""

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """What it is made of, as the artefact keeps it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """All nodes of all trees, one tree after the other, each tree's root first, children behind parents.

    Arrays of shape (nodes,): `feature` is the input that a node asks of, LEAF of a leaf; `left` and `right` are nodes
    of the same tree, counted from the start of the arrays; `value` is a leaf's log-odds, 0 of others; `cover` is the
    weight of the training rows that came by. `starts` has each tree's root, shape (trees,).
    """

    inputs: int
    """How many inputs there are."""
    base: float
    """Log-odds before any tree."""
    starts: Places
    feature: Places
    threshold: Floats
    missing_left: npt.NDArray[np.bool_]
    left: Places
    right: Places
    value: Floats
    cover: Floats

    def __post_init__(self) -> None:
        """Raises ModelInvalid where a walk could leave the arrays or go on for ever, or a number is none."""
        _check_shapes(self)
        _check_numbers(self)
        _check_links(self)

    @property
    def kind(self) -> str:
        """Its name in the manifest."""
        return "forest"

    @cached_property
    def depths(self) -> Places:
        """How many questions stand above each node, shape (nodes,)."""
        depths = np.zeros(len(self.feature), dtype=np.int32)
        is_level = np.zeros(len(self.feature), dtype=np.bool_)
        is_level[self.starts] = True
        level = np.flatnonzero(is_level)
        depth = 0
        while len(level := level[self.feature[level] != LEAF]):
            depth += 1
            level = np.concatenate([self.left[level], self.right[level]])
            depths[level] = depth
        return depths

    @property
    def depth(self) -> int:
        """The most questions that one payment is asked by one tree."""
        return int(self.depths.max())

    def log_odds(self, matrix: Floats) -> Floats:
        """The log-odds of n payments, shape (n,), of their inputs, shape (n, k), NaN unknown."""
        summed = np.full(len(matrix), self.base)
        rows = np.arange(len(matrix))
        for start in self.starts.tolist():
            summed += self.value[self._leaves(matrix, rows, start)]
        return summed

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """What it is made of, as the artefact keeps it."""
        return {name: getattr(self, name) for name in ARRAYS}

    def _leaves(self, matrix: Floats, rows: npt.NDArray[np.intp], start: int) -> Places:
        """The leaf that each row comes to, of the tree that starts here."""
        at = np.full(len(rows), start, dtype=np.int32)
        asked = rows if self.feature[start] != LEAF else rows[:0]
        while len(asked):
            nodes = at[asked]
            found = matrix[asked, self.feature[nodes]]
            goes_left = (found <= self.threshold[nodes]) | (np.isnan(found) & self.missing_left[nodes])
            at[asked] = reached = np.where(goes_left, self.left[nodes], self.right[nodes])
            asked = asked[self.feature[reached] != LEAF]
        return at


def narrowed(forest: Forest) -> tuple[Forest, list[int]]:
    """The same trees over the inputs that they ask of alone, and where these stand among all; one at least."""
    asked = np.unique(forest.feature[forest.feature != LEAF])
    if not len(asked):
        asked = np.zeros(1, dtype=np.int32)
    renamed = np.searchsorted(asked, forest.feature).astype(np.int32)
    renamed[forest.feature == LEAF] = LEAF
    return replace(forest, inputs=len(asked), feature=renamed), asked.tolist()


ARRAYS: Final[Mapping[str, np.dtype[Any]]] = {
    "starts": np.dtype("<i4"),
    "feature": np.dtype("<i4"),
    "threshold": np.dtype("<f8"),
    "missing_left": np.dtype("|b1"),
    "left": np.dtype("<i4"),
    "right": np.dtype("<i4"),
    "value": np.dtype("<f8"),
    "cover": np.dtype("<f8"),
}
"""The arrays of a forest and how each is kept."""


def _check_shapes(forest: Forest) -> None:
    nodes = len(forest.feature)
    for name, kept in ARRAYS.items():
        array = getattr(forest, name)
        if array.ndim != 1 or array.dtype != kept:
            raise ModelInvalid(f"{name}: it is one row of {kept.name}.")
        if name != "starts" and len(array) != nodes:
            raise ModelInvalid(f"{name}: it has {len(array):,} nodes, feature has {nodes:,}.")
    if not 1 <= len(forest.starts) <= TREES_MAX or not nodes <= NODES_MAX:
        raise ModelInvalid(f"A forest has 1 to {TREES_MAX:,} trees and at most {NODES_MAX:,} nodes.")


def _check_numbers(forest: Forest) -> None:
    if not np.isfinite(forest.base) or not np.isfinite(forest.value).all() or abs(forest.value).max() > VALUE_MAX:
        raise ModelInvalid(f"value: log-odds are numbers from -{VALUE_MAX:g} to {VALUE_MAX:g}.")
    if np.isnan(forest.threshold).any():
        raise ModelInvalid("threshold: it is a number at every node.")
    if not np.isfinite(forest.cover).all() or not (forest.cover > 0).all():
        raise ModelInvalid("cover: it is a number above 0 at every node.")
    if not ((forest.feature >= LEAF) & (forest.feature < forest.inputs)).all():
        raise ModelInvalid(f"feature: it is one of {forest.inputs} inputs, or {LEAF} of a leaf.")


def _check_links(forest: Forest) -> None:
    """Children stand behind their parents, and every node but a root has one parent, in its own tree."""
    nodes = len(forest.feature)
    if forest.starts[0] != 0 or not (np.diff(forest.starts) > 0).all() or forest.starts[-1] >= nodes:
        raise ModelInvalid("starts: trees stand one behind the other, the first at 0.")
    parents = np.flatnonzero(forest.feature != LEAF)
    ends = np.append(forest.starts[1:], nodes)[np.searchsorted(forest.starts, parents, side="right") - 1]
    children = np.concatenate([forest.left[parents], forest.right[parents]])
    if not ((children > np.tile(parents, 2)) & (children < np.tile(ends, 2))).all():
        raise ModelInvalid("left, right: a child stands behind its parent, in the same tree.")
    if not np.array_equal(np.sort(np.concatenate([children, forest.starts])), np.arange(nodes)):
        raise ModelInvalid("left, right: every node but a root has one parent.")
    if forest.depth > DEPTH_MAX:
        raise ModelInvalid(f"A tree asks at most {DEPTH_MAX} questions of a payment, not {forest.depth}.")
