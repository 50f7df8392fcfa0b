"""Inputs of a training: each payment's numbers as they could be known then, and the codes that are served later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from joblib import Parallel, delayed

from engine.features import Feature
from models.input_columns import numbers, ratios
from models.inputs import TEXTS, Input, folded
from models.learners.choosing import is_closed
from models.learners.encoding import History, encoded
from models.learners.threads import threads

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Inputs as they are served, and what they are of the payments that are learnt from, shape (n, inputs)."""

    inputs: tuple[Input, ...]
    matrix: Floats


def prepared(
    features: Sequence[Feature],
    columns: Mapping[str, pa.ChunkedArray],
    history: History,
    pairs: Sequence[tuple[Feature, Feature]] = (),
) -> Prepared:
    """Numbers as they are, a flag for each value of a closed text, the relative risk of an open one; then ratios.

    A text that came to no code by the end says nothing, and is left out.
    """
    inputs: list[Input] = []
    made: list[Floats] = []
    # Sorting, counting and reading columns let other threads run.
    found = Parallel(n_jobs=threads(len(history.at_us) * len(features)), prefer="threads")(
        delayed(_inputs)(feature, columns[feature.name], history) for feature in features
    )
    for each, column in chain.from_iterable(found):
        inputs.append(each)
        made.append(column)
    for number, divisor in pairs:
        inputs.append(Input(feature=number.name, per=divisor.name))
        made.append(ratios(numbers(columns[number.name]), numbers(columns[divisor.name])))
    matrix = np.empty((len(history.at_us), len(made)), dtype=np.float64)
    for at, column in enumerate(made):
        matrix[:, at] = column
    return Prepared(inputs=tuple(inputs), matrix=matrix)


def _inputs(feature: Feature, column: pa.ChunkedArray, history: History) -> list[tuple[Input, Floats]]:
    if feature.type not in TEXTS:
        return [(Input(feature=feature.name, monotone=feature.direction), numbers(column))]
    places, texts = told(column, feature)
    if is_closed(feature):
        return _flags(feature, places, texts)
    found = encoded(places, texts, history)
    if not found.codes:
        return []
    return [(Input(feature=feature.name, codes=found.codes, monotone=1), found.column)]


def _flags(feature: Feature, places: Ints, texts: Sequence[str]) -> list[tuple[Input, Floats]]:
    """One input a value that is told apart from others, 1 where it is so; unknown stays unknown."""
    made = []
    for at, text in enumerate(texts):
        column = np.where(places < 0, np.nan, places == at)
        if np.nanmin(column) < np.nanmax(column) or (places < 0).any():
            made.append((Input(feature=feature.name, codes={text: 1.0}), column))
    return made


def told(column: pa.ChunkedArray, feature: Feature) -> tuple[Ints, list[str]]:
    """Each payment's place among the different texts, -1 unknown; texts as codes have them, in order."""
    encoded_column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    chunks = encoded_column.chunks
    said = [[folded(text, feature) for text in chunk.dictionary.to_pylist()] for chunk in chunks]
    used = [np.unique(chunk.indices.drop_null().to_numpy()) for chunk in chunks]
    texts = sorted({own[at] for own, places in zip(said, used, strict=True) for at in places.tolist()})
    order = {text: at for at, text in enumerate(texts)}
    parts = []
    for chunk, own in zip(chunks, said, strict=True):
        known = np.array([*(order.get(text, -1) for text in own), -1], dtype=np.int64)
        parts.append(known[chunk.indices.cast(pa.int64()).fill_null(len(own)).to_numpy(zero_copy_only=False)])
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64), texts
