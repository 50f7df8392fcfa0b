"""Small models for the tests of what keeps, promotes and serves them."""

from typing import Any

import numpy as np

from engine.catalog import CATALOG
from models.calibration import Calibration
from models.inputs import Input, Inputs
from models.linear import Linear
from models.model import Model
from models.registry import Judged, ModelFiles
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

LINE = Calibration(log_odds=(-10.0, 10.0), calibrated=(-10.0, 10.0))


def small_model(base: float = -3.0, share: float = 1.0, **lineage: Any) -> Model:
    """A line over the amount: payments cost more than they are worth; `base` tells models apart."""
    inputs = Inputs((Input(feature="amount_in_usd"),), CATALOG)
    one = np.ones(1)
    margin = Linear(
        base=base,
        coefficient=one * 0.5,
        center=one * 0.0,
        low=one * 0.0,
        high=one * 1e7,
        is_log=np.array([True]),
        unknown=one * 0.0,
    )
    card = Scorecard(ITEMS, CATALOG, 0.012)
    return Model(
        inputs=inputs, margin=margin, calibration=LINE, share=share, scorecard=card, lineage={"learner": "x", **lineage}
    )


def judged_as(name: str, champion: str | None, *, passes: bool = True) -> dict[str, Any]:
    """What is kept of a judgement."""
    text = (
        "Known frauds are 250 by weight (at least 200)." if passes else "Known frauds are 9 by weight (at least 200)."
    )
    check = {"code": "frauds", "passes": passes, "text": text, "value": 250 if passes else 9, "limit": 200}
    return {"model": name, "champion": champion, "gate": {"passes": passes, "checks": [check]}}


def kept(files: ModelFiles, base: float = -3.0, champion: str | None = None, *, passes: bool | None = True) -> str:
    """A model put into a folder, judged beside a champion; None: never judged."""
    name = files.put(small_model(base))
    if passes is not None:
        files.judge(name, Judged(said=judged_as(name, champion, passes=passes), report="<p>report</p>", card="# card"))
    return name
