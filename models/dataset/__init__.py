"""Data sets to learn from: payments as they were decided, with what has become known of them since."""

from models.dataset.asked import Asked
from models.dataset.build import as_known, build, of_rows
from models.dataset.events import EVENTS
from models.dataset.manifest import Counts, FeatureFact, HistoryFact, Manifest
from models.dataset.table import FACTS, FEATURE, LABELS, RECORDED, Dataset

__all__ = [
    "EVENTS",
    "FACTS",
    "FEATURE",
    "LABELS",
    "RECORDED",
    "Asked",
    "Counts",
    "Dataset",
    "FeatureFact",
    "HistoryFact",
    "Manifest",
    "as_known",
    "build",
    "of_rows",
]
