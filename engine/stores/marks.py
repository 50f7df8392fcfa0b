"""A row of marks that counts the set ones in O(log n)."""

from collections.abc import Sequence
from typing import Final

BLOCK: Final = 256
"""Marks that one call counts byte by byte; over whole blocks stands a tree, which a short row has no need of."""
_NO_TREE: Final = [0]


class Marks:
    """Marks by position, each set or not: appended at the end, cleared anywhere.

    The tree is Fenwick's (1994): node i holds the set marks of the `i & -i` blocks that end with block i, from 1 on.
    """

    __slots__ = ("_bytes", "_set", "_tree")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._tree = _NO_TREE
        self._set = 0

    @classmethod
    def of(cls, marks: bytearray) -> "Marks":
        """These marks, 1 or 0 each, which are held from now on."""
        made = cls()
        made._bytes = marks
        made._count()
        return made

    def __len__(self) -> int:
        return len(self._bytes)

    def __getitem__(self, position: int) -> int:
        return self._bytes[position]

    def append(self, mark: int) -> None:
        """Add a mark, 1 or 0, at the end."""
        self._bytes.append(mark)
        self._set += mark
        if not len(self._bytes) % BLOCK:
            self._add_node()

    def pop(self) -> None:
        """Take the last one out."""
        self._set -= self._bytes.pop()
        if len(self._bytes) % BLOCK == BLOCK - 1:
            # The last node covers no other's marks but those before it.
            self._tree.pop()

    def assign(self, position: int, mark: int) -> None:
        """Set the mark at a position to 1 or 0."""
        change = mark - self._bytes[position]
        self._bytes[position] = mark
        self._set += change
        tree = self._tree
        nodes = len(tree)
        node = position // BLOCK + 1
        while node < nodes:
            tree[node] += change
            node += node & -node

    def counts_from(self, positions: Sequence[int]) -> list[int]:
        """For each position, how many marks are set from there to the end."""
        count, tree, marked = self._bytes.count, self._tree, self._set
        if len(self._bytes) < BLOCK:
            return [marked - count(1, 0, position) if position else marked for position in positions]
        counts, near = [], len(self._bytes) - BLOCK
        for position in positions:
            if position >= near:
                counts.append(count(1, position))
                continue
            node = position // BLOCK
            before = count(1, node * BLOCK, position)
            while node:
                before += tree[node]
                node &= node - 1
            counts.append(marked - before)
        return counts

    def drop(self, start: int, stop: int) -> None:
        """Take out the marks in [start, stop): those behind move up. O(n)."""
        del self._bytes[start:stop]
        self._count()

    def _count(self) -> None:
        self._set = self._bytes.count(1)
        self._tree = _NO_TREE
        for _ in range(len(self._bytes) // BLOCK):
            self._add_node()

    def _add_node(self) -> None:
        """Put the first block that the tree has not into the tree: its own marks, and the nodes that it covers."""
        if self._tree is _NO_TREE:
            self._tree = [0]
        tree = self._tree
        node = len(tree)
        marks = self._bytes.count(1, (node - 1) * BLOCK, node * BLOCK)
        child, bound = node - 1, node & (node - 1)
        while child > bound:
            marks += tree[child]
            child &= child - 1
        tree.append(marks)
