"""What a report and a model card say of a model beside its figures: what it learnt from, and what it goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TopInput:
    """An input that moves scores much."""

    name: str
    words: str
    """What it is, for a reader who does not know the catalogue."""
    share: float
    """Of all that inputs move scores by (mean absolute contribution in log-odds), 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Of one model. Times are ISO 8601 in UTC; what is not known is None, and is left out."""

    id: str
    learner: str
    created_at: str | None = None
    labels_as_of: str | None = None
    """The instant by whose knowledge payments were labelled."""
    trained_from: str | None = None
    trained_until: str | None = None
    rows: int | None = None
    """Payments learnt from."""
    frauds: int | None = None
    dataset: str | None = None
    """The fingerprint of the training data."""
    share: float | None = None
    """Of the model in the score, 0 to 1; the rest is the scorecard's. Both in log-odds."""
    inputs: int | None = None
    top_inputs: tuple[TopInput, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the libraries that made it."""
