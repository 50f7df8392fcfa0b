"""The champion as parts read it: the model that was promoted last, from the registry's signed file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.decide import FALLBACK
from engine.errors import ModelInvalid
from engine.model_changes import Standing
from engine.score import Scorer
from models.registry import ModelFiles

CHAMPION = "champion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """Which model was promoted, and its file."""

    files: ModelFiles
    standing: Callable[[], Standing]

    @property
    def id(self) -> str | None:
        """The promoted model's; None where none was, or the last one was rolled back."""
        return self.standing().champion

    @property
    def file(self) -> Path | None:
        """The promoted model's file."""
        return None if self.id is None else self.files.file_of(self.id)

    def scorer(self) -> Scorer:
        """The promoted model. Raises ModelInvalid."""
        assert self.id is not None, "there is one to be read"
        return self.files.scorer(self.id, CHAMPION)

    def last_good(self) -> Scorer | None:
        """The newest earlier champion that can be read, as a fallback; None where there is none."""
        for earlier in reversed(self.standing().champions[:-1]):
            if earlier is None:
                return None
            try:
                return self.files.scorer(earlier, FALLBACK)
            except ModelInvalid:
                continue
        return None
