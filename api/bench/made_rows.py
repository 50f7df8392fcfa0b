"""Data sets put together from columns of numbers, for what is measured about learning."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.dataset import EVENTS, FACTS, FEATURE, Asked, Dataset, of_rows

Ints = npt.NDArray[np.int64]


def dataset_of(columns: Mapping[str, Any], at_us: Ints, frauds: Ints, known_us: Ints, asked: Asked) -> Dataset:
    """Payments received at `at_us`, rising, of one merchant, all of which passed.

    `columns` has a column of numbers or texts for each feature of the catalogue; `frauds` are the rows that were
    charged back, `known_us` when this became known.
    """
    rows = len(at_us)
    made = {FEATURE + each.name: _column(columns.get(each.name), rows) for each in asked.features}
    order = np.argsort(known_us, kind="stable")
    return of_rows(pa.table(_facts(at_us) | made), _events(frauds[order], known_us[order]), asked)


def _column(values: Any, rows: int) -> pa.Array:  # noqa: ANN401 - numbers or texts
    if values is None:
        return pa.nulls(rows, pa.string()).dictionary_encode()
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return pa.array(values, mask=np.isnan(values))
    made = pa.array(values)
    return made.dictionary_encode() if pa.types.is_string(made.type) else made


def _facts(at_us: Ints) -> dict[str, pa.Array]:
    rows = len(at_us)
    ids = pa.array(np.arange(rows)).cast(pa.string())
    said: dict[str, Any] = {
        "id": ids,
        "transaction_id": ids,
        "merchant_id": _same("merchant", rows),
        "test_mode": pa.array(np.zeros(rows, dtype=np.bool_)),
        "at": pa.array(at_us).cast(pa.timestamp("us", tz="UTC")),
        "stage": _same("pre_auth", rows),
        "action": _same("allow", rows),
        "authorized": pa.array(np.ones(rows, dtype=np.bool_)),
        "probability": pa.nulls(rows, pa.float64()),
        "source": _same("recorded", rows),
    }
    return {each.name: said[each.name].cast(each.type) for each in FACTS}


def _same(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text]))


def _events(rows: Ints, known_us: Ints) -> pa.Table:
    said: dict[str, Sequence[Any] | Ints] = {
        "row": rows,
        "kind": ["chargeback"] * len(rows),
        "is_fraud": [True] * len(rows),
        "received_at": known_us,
    }
    return pa.table({each.name: pa.array(said[each.name], each.type) for each in EVENTS})
