"""Forests of the learners' own estimators: scikit-learn's gradient boosting and LightGBM's boosters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid
from models.forest import LEAF, Floats, Forest

_LARGEST: Final = float(np.finfo(np.float64).max)
_LIGHTGBM_INFINITY: Final = 1e300
"""How LightGBM writes a threshold that is infinite."""


def forest_of_hgb(estimator: Any, edges: Sequence[Floats | None] | None = None) -> Forest:  # noqa: ANN401 - no types
    """The forest of a fitted HistGradientBoostingClassifier of two classes, without categorical features.

    `edges` has each input's edges where it was trained on codes, `searchsorted(edges, x, side="left")`, and None where
    it was trained on the values themselves: a threshold t of codes is x <= edges[floor(t)], exactly. Raises
    ModelInvalid where it is of more classes or asks for categories.
    """
    if estimator.n_trees_per_iteration_ != 1:
        raise ModelInvalid("A model tells fraud from the rest: the estimator was trained on more than two classes.")
    grown = estimator._predictors  # noqa: SLF001 - no other way
    trees = [_hgb_tree(predictors[0].nodes, edges) for predictors in grown]
    base = float(np.ravel(estimator._baseline_prediction)[0])  # noqa: SLF001 - as above
    return _forest(trees, int(estimator.n_features_in_), base)


def forest_of_lightgbm(booster: Any) -> Forest:  # noqa: ANN401 - an optional part
    """The forest of a LightGBM booster of a binary objective, without categorical features.

    Raises ModelInvalid where it is of another kind.
    """
    said = booster.dump_model()
    if said["num_tree_per_iteration"] != 1 or not said["objective"].startswith(("binary", "cross_entropy")):
        raise ModelInvalid("A model tells fraud from the rest: train with the objective binary.")
    trees = [_lightgbm_tree(tree["tree_structure"]) for tree in said["tree_info"]]
    return _forest(trees, said["max_feature_idx"] + 1, 0.0)


Tree = dict[str, npt.NDArray[Any]]


def _forest(trees: list[Tree], inputs: int, base: float) -> Forest:
    sizes = [len(tree["feature"]) for tree in trees]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    from_start = np.repeat(starts, sizes)
    is_leaf = joined["feature"] == LEAF
    return Forest(
        inputs=inputs,
        base=base,
        starts=starts.astype(np.int32),
        feature=joined["feature"].astype(np.int32),
        threshold=np.where(is_leaf, 0.0, joined["threshold"]),
        missing_left=joined["missing_left"].astype(np.bool_) & ~is_leaf,
        left=np.where(is_leaf, 0, joined["left"] + from_start).astype(np.int32),
        right=np.where(is_leaf, 0, joined["right"] + from_start).astype(np.int32),
        value=np.where(is_leaf, joined["value"], 0.0),
        cover=joined["cover"].astype(np.float64),
    )


def _hgb_tree(nodes: npt.NDArray[Any], edges: Sequence[Floats | None] | None) -> Tree:
    if (nodes["is_categorical"] != 0).any():
        raise ModelInvalid("The estimator asks for categories: give it codes instead (categorical_features=None).")
    is_leaf = nodes["is_leaf"] != 0
    feature = np.where(is_leaf, LEAF, nodes["feature_idx"].astype(np.int64))
    thresholds = [
        _raw(float(threshold), None if edges is None or at == LEAF else edges[at])
        for threshold, at in zip(nodes["num_threshold"], feature, strict=True)
    ]
    return _in_order(
        {
            "feature": feature,
            "threshold": np.array(thresholds),
            "missing_left": nodes["missing_go_to_left"] != 0,
            "left": nodes["left"].astype(np.int64),
            "right": nodes["right"].astype(np.int64),
            "value": nodes["value"].astype(np.float64),
            "cover": nodes["count"].astype(np.float64),
        }
    )


def _raw(threshold: float, edges: Floats | None) -> float:
    """The threshold of raw values. An infinite one tells known from unknown: no known number is above the largest."""
    if edges is None or not np.isfinite(threshold):
        return min(threshold, _LARGEST)
    at = int(np.floor(threshold))
    return float(edges[at]) if at < len(edges) else _LARGEST


def _in_order(tree: Tree) -> Tree:
    """The tree with children behind their parents, the root first."""
    order = list(_walk(tree))
    places = np.zeros(len(tree["feature"]), dtype=np.int64)
    places[order] = np.arange(len(order))
    moved = {name: array[order] for name, array in tree.items()}
    is_leaf = moved["feature"] == LEAF
    for name in ("left", "right"):
        moved[name] = np.where(is_leaf, 0, places[np.where(is_leaf, 0, moved[name])])
    return moved


def _walk(tree: Tree) -> Iterator[int]:
    waiting = [0]
    while waiting:
        at = waiting.pop()
        yield at
        if tree["feature"][at] != LEAF:
            waiting += (int(tree["right"][at]), int(tree["left"][at]))


def _lightgbm_tree(root: Mapping[str, Any]) -> Tree:
    rows: list[tuple[int, float, bool, int, int, float, float]] = []
    waiting: list[tuple[Mapping[str, Any], int, int]] = [(root, LEAF, 0)]
    children: dict[tuple[int, int], int] = {}
    while waiting:
        node, parent, side = waiting.pop()
        at = len(rows)
        children[parent, side] = at
        if "leaf_value" in node:
            # A tree of one leaf says no count: it has no share to tell.
            rows.append((LEAF, 0.0, False, 0, 0, node["leaf_value"], node.get("leaf_count", 1) or 1))
            continue
        rows.append(_lightgbm_question(node))
        waiting += ((node["right_child"], at, 1), (node["left_child"], at, 0))
    names = ("feature", "threshold", "missing_left", "left", "right", "value", "cover")
    tree = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    for name, side in (("left", 0), ("right", 1)):
        tree[name] = np.array([children.get((at, side), 0) for at in range(len(rows))])
    return tree


def _lightgbm_question(node: Mapping[str, Any]) -> tuple[int, float, bool, int, int, float, float]:
    if node["decision_type"] != "<=":
        raise ModelInvalid("The booster asks for categories: give it codes instead.")
    if node["missing_type"] == "Zero":
        raise ModelInvalid("The booster takes 0 for unknown: train with zero_as_missing=false.")
    # Where no unknown was seen in training, LightGBM takes one for 0.
    goes_left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
    threshold = float(node["threshold"]) if node["threshold"] < _LIGHTGBM_INFINITY else _LARGEST
    return int(node["split_feature"]), threshold, bool(goes_left), 0, 0, 0.0, float(node["internal_count"])
