"""Payments with a score and with what became of them: every figure of an evaluation is made of these."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.rules.columns import Ints, Mask, Told, Truth

Floats = npt.NDArray[np.float64]

_KNOWN_MIN: Final = 0.25
"""A fraud stands for four at most: of younger payments too little is known to say."""
DAY_US: Final = 86_400 * 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """One item a payment in every array, in the order of receipt.

    What became of a payment that was blocked by us, declined by the bank or asked to authenticate is not known: its
    `weight` is 0, so it counts for the shares of actions and for nothing that asks whether it was fraud.
    """

    probability: Floats
    """Of reported third-party fraud, 0 to 1."""
    is_fraud: Mask
    weight: Floats
    """How far a payment counts, 0 to 1."""
    known: Floats
    """Of the fraud labels that ever come, the share that has come at the payment's age (models.maturity)."""
    usd_cents: Ints
    """The amounts; 0 where one is unknown."""
    entity: Ints
    """Payments of one entity (cards, e-mail addresses and devices that belong together) come and go together."""
    card: Ints
    at_us: Ints
    """Microseconds since the epoch, UTC."""
    merchant: Told
    country: Told
    is_new: Truth
    """Whether the customer was new to the shop."""

    def __post_init__(self) -> None:
        """Refuse what cannot be: a fault of whoever put it together."""
        rows = len(self.probability)
        lengths = {len(getattr(self, each.name)) for each in fields(self) if each.name not in _IN_PARTS}
        lengths |= {len(self.merchant.codes), len(self.country.codes), len(self.is_new.true)}
        assert lengths == {rows}, f"one item a payment in every array, not {sorted(lengths)}"
        assert _are_shares(self.probability), "probabilities are from 0 to 1"
        assert _are_shares(self.weight), "weights are from 0 to 1"
        assert _are_shares(self.known), "maturities are from 0 to 1"

    @classmethod
    def of(cls, probability: Floats, is_fraud: Mask, **given: Any) -> "Scored":  # noqa: ANN401 - the fields
        """Of probabilities and labels alone; what else is known is given by name.

        Else each payment counts in full, is matured, has no amount, merchant or country, and stands for itself.
        """
        rows = len(probability)
        nobody = Told(np.full(rows, -1), ())
        itself = np.arange(rows, dtype=np.int64)
        unsaid = {
            "weight": np.ones(rows),
            "known": np.ones(rows),
            "usd_cents": np.zeros(rows, dtype=np.int64),
            "entity": given.get("card", itself),
            "card": given.get("entity", itself),
            "at_us": np.zeros(rows, dtype=np.int64),
            "merchant": nobody,
            "country": nobody,
            "is_new": Truth.unknown(rows),
        }
        return cls(probability=probability, is_fraud=is_fraud, **{**unsaid, **given})

    def __len__(self) -> int:
        """How many payments there are."""
        return len(self.probability)

    @cached_property
    def counted(self) -> Mask:
        """Those of which it is known what they were."""
        return self.weight > 0

    @cached_property
    def stands_for(self) -> Floats:
        """How many payments each stands for: of young ones a known fraud stands for those that are not known yet too.

        Without it fraud would seem rarer, and precision lower, the younger the payments are.
        """
        return np.where(self.is_fraud, self.weight / np.maximum(self.known, _KNOWN_MIN), self.weight)

    def these(self, rows: Ints) -> "Scored":
        """Some payments."""
        arrays = {each.name: getattr(self, each.name)[rows] for each in fields(self) if each.name not in _IN_PARTS}
        return Scored(
            **arrays,
            merchant=Told(self.merchant.codes[rows], self.merchant.told),
            country=Told(self.country.codes[rows], self.country.told),
            is_new=Truth(self.is_new.true[rows], self.is_new.false[rows]),
        )


_IN_PARTS: Final = ("merchant", "country", "is_new")


def _are_shares(values: Floats) -> bool:
    return bool(np.all((values >= 0) & (values <= 1)))
