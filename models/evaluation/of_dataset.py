"""Scored payments of a data set: what is judged, as the recorded features and the known labels say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recorded_frame import ACTIONS
from engine.rules.columns import Ints, Told, Truth
from models.evaluation.acting import Places
from models.evaluation.scored import Floats, Scored

if TYPE_CHECKING:
    import pyarrow as pa

    from models.dataset import Dataset

READS: Final = (
    "amount_in_usd",
    "card",
    "card_country",
    "customer_payments_30d",
    "email_payments_30d",
    "card_payments_30d",
)
"""The features that are read; one that the data set lacks is unknown."""
_EARLIER: Final = READS[3:]


def scored_of(dataset: "Dataset", probability: Floats) -> Scored:
    """All payments of a data set with a probability each, in its order; `Scored.these` picks those of a test period.

    A payment counts by its label's maturity, and one that can have no label by nothing. A customer is returning who
    paid in the 30 days before by the same account, e-mail address or card, and new where none of them had.
    """
    assert len(probability) == len(dataset), "a probability a payment"
    columns = _features(dataset)
    entity, card = dataset.entity, _told(columns["card"])
    return Scored(
        probability=probability,
        is_fraud=dataset.is_fraud,
        weight=np.where(dataset.is_censored, 0.0, dataset.maturity),
        known=dataset.maturity,
        usd_cents=_numbers(columns["amount_in_usd"], 0),
        entity=entity,
        # A payment without a card is one of its own.
        card=np.where(card.known, card.codes, len(card.told) + np.arange(len(dataset))),
        at_us=dataset.at_us,
        merchant=_told(dataset.table["merchant_id"]),
        country=_told(columns["card_country"]),
        is_new=_is_new([columns[name] for name in _EARLIER], len(dataset)),
    )


def recorded_actions(dataset: "Dataset") -> Places | None:
    """The actions that rules and scorecard took when each payment came; None where some were not decided here."""
    action = _told(dataset.table["action"])
    if not action.known.all():
        return None
    table = np.array([*(ACTIONS.index(each) for each in action.told), 0], dtype=np.int8)
    found: Places = table[action.codes]
    return found


def _features(dataset: "Dataset") -> dict[str, "pa.ChunkedArray"]:
    import pyarrow as pa  # noqa: PLC0415 - columns take long to load

    found = dict(dataset.features(name for name in READS if name in dataset.names))
    return {name: found.get(name, pa.chunked_array([pa.nulls(len(dataset))])) for name in READS}


def _is_new(counts: Sequence["pa.ChunkedArray"], rows: int) -> Truth:
    earlier, known = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_)
    for column in counts:
        earlier = np.maximum(earlier, _numbers(column, 0))
        known |= column.is_valid().to_numpy()
    return Truth.where(earlier == 0, known)


def _numbers(column: "pa.ChunkedArray", unknown: int) -> Ints:
    import pyarrow as pa  # noqa: PLC0415 - as above

    found: Ints = column.cast(pa.int64()).fill_null(unknown).to_numpy()
    return found


def _told(column: "pa.ChunkedArray") -> Told:
    import pyarrow as pa  # noqa: PLC0415 - as above

    texts = column.cast(pa.string()).combine_chunks()
    coded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    return Told(coded.indices.fill_null(-1).to_numpy().astype(np.int64), coded.dictionary.to_pylist())
