"""Changes of models in this process's memory: for measuring without a disk, and for tests."""

from collections.abc import Sequence

from engine.errors import ModelChanged
from engine.model_changes import ModelChange


class MemoryModelChanges:
    """Keeps changes as the port says, durability apart: they end with the process."""

    def __init__(self) -> None:
        self._changes: list[ModelChange] = []

    def all(self) -> Sequence[ModelChange]:
        """Every change, oldest first."""
        return tuple(self._changes)

    def append(self, change: ModelChange) -> None:
        """Keep a change. Raises ModelChanged where its number is taken."""
        if change.number != len(self._changes) + 1:
            raise ModelChanged(
                f"Change {change.number} of the models was made meanwhile: look at them, then try again."
            )
        self._changes.append(change)
