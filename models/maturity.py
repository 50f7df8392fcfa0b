"""How much of what will be reported as fraud is known by a payment's age.

A curve F(age): the share of the fraud labels that ever come that have come by then. The curves here are fixed defaults;
`models.chain_ladder` estimates others from the labels that came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

_DAY_US: Final = 86_400 * 1_000_000

MATURE_SHARE: Final = 0.9
"""A payment is matured when so much of the fraud of its age is known: 60 days by the default curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points of F, straight lines between them: 0 at age 0, 1 from the last point on."""

    name: str
    days: tuple[float, ...]
    shares: tuple[float, ...]
    """Rising, the last is 1."""

    def __post_init__(self) -> None:
        """Refuse what is no such curve."""
        assert len(self.days) == len(self.shares), "a share for each day"
        assert list(self.days) == sorted(self.days), "days rise"
        assert list(self.shares) == sorted(self.shares), "what is known stays known"
        assert self.shares[-1] == 1, "in the end all is known"

    def share(self, age_us: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """F at ages in microseconds; 0 before a payment was made."""
        found: npt.NDArray[np.float64] = np.interp(age_us / _DAY_US, (0.0, *self.days), (0.0, *self.shares))
        return found

    @property
    def mature_after_days(self) -> float:
        """The age from which a payment counts as matured."""
        return float(np.interp(MATURE_SHARE, (0.0, *self.shares), (0.0, *self.days)))


CHARGEBACKS: Final = Curve(
    name="chargebacks",
    days=(7, 14, 21, 30, 45, 60, 90, 120),
    shares=(0.06, 0.28, 0.47, 0.65, 0.83, 0.90, 0.96, 1.0),
)
FRAUD_WARNINGS: Final = Curve(name="fraud_warnings", days=(7, 14, 30, 60, 120), shares=(0.39, 0.69, 0.91, 0.98, 1.0))
"""TC40 and SAFE: quicker, and not every merchant gets them."""

DEFAULT: Final = CHARGEBACKS
"""The slower one: with it nothing counts as matured too early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """A curve for all payments, and one for those of each card network that has its own."""

    all: Curve = DEFAULT
    by_network: Mapping[str, Curve] = field(default_factory=dict)
    """By the card's brand."""
    labels: int = 0
    """From how many fraud labels they were estimated."""

    def share(
        self, age_us: npt.NDArray[np.int64], network: npt.NDArray[np.integer], networks: Sequence[str]
    ) -> npt.NDArray[np.float64]:
        """F at ages in microseconds of payments whose network is a place in `networks`, -1 where it is unknown."""
        found = self.all.share(age_us)
        for place, name in enumerate(networks):
            if name in self.by_network:
                some = network == place
                found[some] = self.by_network[name].share(age_us[some])
        return found
