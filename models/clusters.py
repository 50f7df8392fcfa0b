"""Entities: payments that share a card, an e-mail address or a device, in one group; each payment is in one.

Payments of one entity are not independent of each other: intervals draw whole entities, and what is told from fraud to
fraud within one is counted once. An identifier that many others are seen with (a device "unknown", an address typed
for everyone, a card that is tested with fifty addresses) would join strangers, so it joins nothing.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

DEGREE_MAX: Final = 12
"""An identifier joins payments where it is seen with at most so many others: a family's device has twelve cards at
most."""

Ints = npt.NDArray[np.int64]


def entities(identifiers: Sequence[npt.NDArray[np.integer[Any]]], degree_max: int = DEGREE_MAX) -> Ints:
    """A number for each of n payments: 0 for the entity of the first, and on by first appearance.

    `identifiers` are kinds of them, the strongest first: for each kind an array of n numbers, one for each different
    card, say, and -1 where it is unknown. Two payments are of one entity where a chain of shared identifiers joins
    them. One with more than `degree_max` others joins no chain; a payment that has only such is of the entity of the
    strongest, and of no other. A payment without any is an entity of its own.
    """
    nodes, count = _numbered(identifiers)
    joins = np.append(_degrees(nodes, count) <= degree_max, False)
    links = np.where(joins[nodes], nodes, -1)
    # Whoever has but crowded ones is joined to the first of them, which is reached by such payments alone.
    alone = np.flatnonzero((links < 0).all(axis=0) & (nodes >= 0).any(axis=0))
    strongest = (nodes[:, alone] >= 0).argmax(axis=0)
    links[strongest, alone] = nodes[strongest, alone]
    rows = np.arange(links.shape[1])
    first = links[(links >= 0).argmax(axis=0), rows]
    linked = [(first[each >= 0], each[each >= 0]) for each in links]
    component = _components(count, *(np.concatenate(side) for side in zip(*linked, strict=True)))
    return _by_appearance(np.where(first >= 0, component[first], count + rows))


def _components(count: int, one: Ints, other: Ints) -> Ints:
    """A number for each of so many nodes, equal where edges join them. One node more stands for an unknown one.

    FastSV (Zhang, Azad, Hu 2020, "FastSV: a distributed-memory connected component algorithm with fast convergence"):
    each round hooks trees to smaller ones along all edges at once, and halves all paths.
    """
    differs = one != other
    one, other = one[differs], other[differs]
    parent = np.arange(count + 1, dtype=np.int64)
    while True:
        grand = parent[parent]
        for here, there in ((one, other), (other, one)):
            np.minimum.at(parent, parent[here], grand[there])
            np.minimum.at(parent, here, grand[there])
        parent = np.minimum(parent, grand)
        if np.array_equal(parent[parent], grand):
            return grand


def _numbered(identifiers: Sequence[npt.NDArray[np.integer[Any]]]) -> tuple[Ints, int]:
    """All kinds in one numbering, shape (kinds, n), and how many numbers there are; -1 is unknown."""
    nodes, count = [], 0
    for codes in identifiers:
        nodes.append(np.where(codes >= 0, codes.astype(np.int64) + count, -1))
        count += int(codes.max(initial=-1)) + 1
    return np.stack(nodes), count


def _degrees(nodes: Ints, count: int) -> Ints:
    """With how many different others each identifier is seen."""
    degrees = np.zeros(count, dtype=np.int64)
    for one, other in combinations(nodes, 2):
        both = (one >= 0) & (other >= 0)
        # As np.unique, whose hashing takes ten times as long.
        pairs = np.sort(one[both] * count + other[both])
        different = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        degrees += np.bincount(different // max(count, 1), minlength=count)
        degrees += np.bincount(different % max(count, 1), minlength=count)
    return degrees


def _by_appearance(component: npt.NDArray[np.integer[Any]]) -> Ints:
    """The same groups, numbered as they come."""
    _, first, places = np.unique(component, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[places]
