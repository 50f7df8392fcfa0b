"""How often what the tables tell of a payment's fields is held from an earlier payment."""

from typing import Final

from api.bench.measure import Measure
from engine.reference import Reference

HELD_MEASURES: Final = (Measure(name="held_percent", unit="%"), Measure(name="held_within_percent", unit="%"))
HELD_SETUP: Final = (
    "`held_percent`: how often all that the profile tells was held, `held_within_percent`: where it was not, how often "
    "a part of it was"
)


class HeldShares:
    """Counts the misses of tables' answers: those of the profile, asked for each payment, and of the parts within."""

    def __init__(self, reference: Reference) -> None:
        self._answers = reference.answers
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._missed = {name: each.missed for name, each in self._answers.items()}

    def percents(self, payments: int) -> dict[str, float]:
        """The measures, after so many payments. The parts within are asked where the profile is not held."""
        missed = {name: each.missed - self._missed.get(name, 0) for name, each in self._answers.items()}
        of_profile = missed.pop("profile")
        asked_within = max(of_profile * len(missed), 1)
        return {
            "held_percent": 100 * (1 - of_profile / payments),
            "held_within_percent": 100 * (1 - sum(missed.values()) / asked_within),
        }
