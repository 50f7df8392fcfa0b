"""What a learner is: fit(training, parameters, progress) -> Fitted, beside its name and its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.learners.errors import ParametersInvalid
from models.model import Margin
from models.scorecard import Scorecard

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Progress = Callable[[float], None]
"""Told now and then how much is done, from 0 to 1; what it raises passes through, which is how training is stopped."""
Parameters = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Rows of inputs with what is told of them: `matrix` (n, k), NaN unknown; `target` 1 fraud; `weight` above 0."""

    matrix: Floats
    target: Floats
    weight: Floats

    @property
    def frauds(self) -> float:
        """How many frauds, by weight."""
        return float(self.weight @ self.target)

    def rows(self, some: npt.NDArray[Any]) -> "Told":
        """Some of the rows, by mask or by index."""
        return Told(matrix=self.matrix[some], target=self.target[some], weight=self.weight[some])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """All that a learner may know. Payments stand in the order of receipt where they stand once."""

    told: Told
    names: tuple[str, ...]
    """Of the inputs, in the order of the matrix."""
    monotone: Ints
    """1 where the score may only rise with an input, -1 where it may only fall, 0 where it may do both; shape (k,)."""
    scorecard: Scorecard
    """The one in force, which the model is blended with."""
    columns: "Mapping[str, pa.ChunkedArray]" = field(default_factory=dict)
    """What the scorecard reads, as long as `told`."""
    later: Told | None = None
    """Payments that came after; for nothing but to say how long to go on."""
    estimator: Any = None
    """An analyst's own."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """What a learner came to."""

    margin: Margin
    parameters: Mapping[str, Any]
    """All that it was fitted with, by which it can be fitted again."""
    settled: Parameters = field(default_factory=dict)
    """What later payments settled: a fit on all payments takes it from here."""
    scorecard: Scorecard | None = None
    """A scorecard of its own in place of the one in force; the model is then that scorecard alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number that may be set, and what a search draws it from."""

    low: float
    high: float
    doc: str
    is_whole: bool = False
    is_log: bool = False
    """Drawn evenly by its logarithm."""
    drawn: tuple[float, float] | None = None
    """The range of a search, where it is narrower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """One way to learn. `fit` is deterministic: the same training, parameters and seed give the same margin.

    It raises a leaf of TrainingRefused where it cannot learn from what it is given.
    """

    name: str
    doc: str
    fit: Callable[[Training, Parameters, Progress], Fitted]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    requires: str = ""
    """A package that is no part of every installation."""

    def checked(self, said: Mapping[str, Any]) -> Parameters:
        """The parameters as they were said. Raises ParametersInvalid with the name, the range and the mend."""
        for name, value in said.items():
            known = self.parameters.get(name)
            if known is None:
                names = ", ".join(self.parameters) or "none"
                raise ParametersInvalid(f"{name}: the learner {self.name} has no such parameter; it has {names}.")
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not known.low <= value <= known.high or (known.is_whole and value != int(value)):
                kind = "a whole number" if known.is_whole else "a number"
                raise ParametersInvalid(f"{name}: it is {kind} from {known.low:g} to {known.high:g}, not {value!r}.")
        return {name: int(value) if self.parameters[name].is_whole else float(value) for name, value in said.items()}
