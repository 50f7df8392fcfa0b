"""What a model looks at most, against every payment's own account."""

import numpy as np
import pyarrow as pa
import pytest

from engine.catalog import CATALOG
from models.evaluation import top_inputs
from models.evaluation.looked_at import TOP
from models.forest import Forest
from models.forest_account import account_of
from models.inputs import Input, Inputs
from models.linear import Linear
from models.model import Model
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS
from tests.models.trained import CALIBRATION, foreign_model, forest_model, made_features

ROWS = 60


def columns_of(model: Model) -> dict[str, pa.ChunkedArray]:
    random = np.random.default_rng(1)
    rows = [made_features(random) for _ in range(ROWS)]
    return {name: pa.chunked_array([[row[name] for row in rows]]) for name in model.inputs.features}


def test_the_shares_are_mean_contributions_of_every_payment() -> None:
    model = forest_model()
    columns = columns_of(model)
    found = top_inputs(model, columns)
    assert isinstance(model.margin, Forest)
    account, matrix = account_of(model.margin), model.inputs.matrix(columns)
    moved = np.sum([np.abs(account.contributions(row)) for row in matrix], axis=0)
    shares = dict(zip(model.inputs.names, (moved / moved.sum()).tolist(), strict=True))
    assert len(found) <= TOP
    assert [each.share for each in found] == sorted((each.share for each in found), reverse=True)
    assert {each.name: each.share for each in found} == pytest.approx({each.name: shares[each.name] for each in found})
    assert all(each.words and not each.words.endswith(".") for each in found)


def test_an_input_is_told_in_words() -> None:
    inputs = Inputs(
        (
            Input(feature="amount_in_usd"),
            Input(feature="ip_country", codes={"NG": 1.0}, name="ip_country=NG"),
            Input(feature="amount_in_usd", per="card_amount_usd_30d"),
        ),
        CATALOG,
    )
    one = np.ones(3)
    margin = Linear(
        base=0.0, coefficient=one, center=0 * one, low=0 * one, high=one * 1e7, is_log=one > 0, unknown=0 * one
    )
    model = Model(
        inputs=inputs, margin=margin, calibration=CALIBRATION, share=1, scorecard=Scorecard(ITEMS, CATALOG), lineage={}
    )
    columns = {
        "amount_in_usd": pa.chunked_array([[5_000, 100]]),
        "ip_country": pa.chunked_array([["NG", None]]),
        "card_amount_usd_30d": pa.chunked_array([[10, 5]]),
    }
    amount = CATALOG["amount_in_usd"].doc.rstrip(".")
    assert {each.name: each.words for each in top_inputs(model, columns)} == {
        "amount_in_usd": amount,
        "ip_country=NG": CATALOG["ip_country"].doc.rstrip(".") + ": NG",
        "amount_in_usd/card_amount_usd_30d": f"{amount}, divided by: " + CATALOG["card_amount_usd_30d"].doc.rstrip("."),
    }


def test_what_cannot_say_says_nothing() -> None:
    assert top_inputs(foreign_model(), columns_of(foreign_model())) == ()
    assert top_inputs(forest_model(share=0.0), columns_of(forest_model())) == ()
    empty = {name: column.slice(0, 0) for name, column in columns_of(forest_model()).items()}
    assert top_inputs(forest_model(), empty) == ()
