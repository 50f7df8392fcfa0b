"""What a model looks at most: how far each input moves scores, on average."""

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.features import Catalog
from models.evaluation.facts import TopInput
from models.evaluation.scored import Floats
from models.foreign import Foreign
from models.forest import Forest
from models.forest_account import account_of
from models.inputs import Input
from models.linear import Linear
from models.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

SAMPLE: Final = 500
"""So many payments are explained: each takes about a tenth of a millisecond."""
TOP: Final = 15


def top_inputs(model: Model, columns: "Mapping[str, pa.ChunkedArray]") -> tuple[TopInput, ...]:
    """The inputs that move the scores of these payments most, by mean absolute contribution in log-odds.

    `columns` are features by name, as of `Dataset.features`; a sample of the rows is looked at. An estimator of the
    analyst's own cannot say what each input adds: then there is none.
    """
    if isinstance(model.margin, Foreign) or not model.share:
        return ()
    rows = len(next(iter(columns.values()))) if columns else 0
    places = np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE)).astype(np.int64))
    matrix = model.inputs.matrix({name: columns[name].take(places) for name in model.inputs.features})
    moved = np.abs(_contributions(model.margin, matrix)).sum(axis=0)
    whole = float(moved.sum())
    order = np.argsort(-moved, kind="stable")[:TOP]
    return tuple(
        TopInput(name=each.name, words=_words(model.inputs.catalog, each), share=float(moved[place]) / whole)
        for place, each in ((place, model.inputs.inputs[place]) for place in order.tolist())
        if moved[place] > 0
    )


def _contributions(margin: Forest | Linear, matrix: Floats) -> Floats:
    """What each input adds to each payment's log-odds, (n, k)."""
    if isinstance(margin, Linear):
        return margin.contributions(matrix)
    account = account_of(margin)
    return np.array([account.contributions(row) for row in matrix]).reshape(matrix.shape)


def _words(catalog: Catalog, given: Input) -> str:
    """What the input is, whatever its value; a flag's name has the value, a ratio's both features."""
    said = catalog[given.feature].doc.rstrip(".")
    if given.per:
        per = catalog[given.per].doc.rstrip(".")
        return f"{said}, divided by: {per}"
    return f"{said}: {given.name.partition('=')[2]}" if "=" in given.name else said
