"""A model read back from its artefact, with everything checked: it may come from anywhere, and cannot run anything."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.features import Catalog
from models import forest, linear
from models.archive import unpacked
from models.calibration import Calibration
from models.foreign import foreign_loaded
from models.forest import Forest
from models.inputs_file import inputs_of
from models.linear import Linear
from models.model import FORMAT, FORMAT_VERSION, Margin, Model
from models.scorecard_file import scorecard_of

Arrays = Mapping[str, npt.NDArray[Any]]

_NAMES: Final = {
    "format", "format_version", "kind", "base", "inputs", "calibration", "share", "scorecard", "catalog", "features",
    "lineage",
}  # fmt: skip
_SHOWN_MAX: Final = 5


def model_of(content: bytes, catalog: Catalog = CATALOG, *, is_verified: bool = False) -> Model:
    """The model whose `content()` this is, for a catalogue that has the features that it reads.

    `is_verified` says that whoever signed it is trusted: only then is an analyst's own estimator loaded, for loading
    it runs code. Raises ModelInvalid with the first fault, naming where it stands.
    """
    said, arrays = unpacked(content)
    if said.get("format") != FORMAT:
        raise ModelInvalid("It is no model of Assay's.")
    if said.get("format_version") != FORMAT_VERSION:
        raise ModelInvalid(f"Its format has the version {said.get('format_version')}, known here is {FORMAT_VERSION}.")
    if said.keys() != _NAMES:
        raise ModelInvalid(f"/: it is an object of {', '.join(sorted(_NAMES))}, no less and no more.")
    _require_features(said["features"], catalog)
    inputs = inputs_of(said["inputs"], catalog)
    if not isinstance(said["lineage"], dict):
        raise ModelInvalid("/lineage: it is an object.")
    model = Model(
        inputs=inputs,
        margin=_margin(said, arrays, len(inputs), is_verified=is_verified),
        calibration=_calibration(said["calibration"]),
        share=_number(said["share"], "/share"),
        scorecard=scorecard_of(orjson.dumps(said["scorecard"]), catalog),
        lineage=said["lineage"],
    )
    if said["features"].keys() != set(model.features):
        raise ModelInvalid("/features: it names what the inputs and the scorecard read, no less and no more.")
    return model


def _require_features(said: Any, catalog: Catalog) -> None:  # noqa: ANN401 - JSON
    """Another catalogue may have more features and other places for them: those that are read are the same."""
    if not isinstance(said, dict):
        raise ModelInvalid("/features: it is an object of each feature's type.")
    absent = [name for name in said if name not in catalog or catalog[name].name != name]
    if absent:
        raise ModelInvalid(f"It is of another catalogue: there is no {_shown(absent)} here. Train it anew.")
    changed = [f"{name} ({catalog[name].type}, not {type_})" for name, type_ in said.items()
               if catalog[name].type != type_]  # fmt: skip
    if changed:
        raise ModelInvalid(f"It is of another catalogue: {_shown(changed)}. Train it anew.")


def _shown(names: list[str]) -> str:
    more = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _margin(said: Mapping[str, Any], arrays: Arrays, inputs: int, *, is_verified: bool) -> Margin:
    kind = said["kind"]
    if kind == "forest":
        base = _number(said["base"], "/base")
        return Forest(inputs=inputs, base=base, **_typed(arrays, forest.ARRAYS))
    if kind == "linear":
        return Linear(base=_number(said["base"], "/base"), **_typed(arrays, linear.ARRAYS))
    if kind == "foreign":
        kept = _typed(arrays, {"estimator": np.dtype("|u1")})["estimator"].tobytes()
        if not is_verified:
            raise ModelInvalid(
                "It holds an estimator of an analyst's own, which runs code when it is loaded: it is taken from a "
                "signed bundle alone, of a key that is trusted here."
            )
        return foreign_loaded(kept, inputs)
    raise ModelInvalid("/kind: it is forest, linear or foreign.")


def _typed(arrays: Arrays, kept: Mapping[str, np.dtype[Any]]) -> dict[str, npt.NDArray[Any]]:
    if arrays.keys() != kept.keys():
        raise ModelInvalid(f"Its arrays are {', '.join(sorted(kept))}, no less and no more.")
    for name, dtype in kept.items():
        if arrays[name].dtype != dtype:
            raise ModelInvalid(f"{name}: it is one row of {dtype.name}.")
    return dict(arrays)


def _calibration(said: Any) -> Calibration:  # noqa: ANN401 - JSON
    if not isinstance(said, dict) or said.keys() != {"log_odds", "calibrated"}:
        raise ModelInvalid("/calibration: it is an object of log_odds and calibrated.")
    knots = {}
    for name, numbers in said.items():
        if not isinstance(numbers, list):
            raise ModelInvalid(f"/calibration/{name}: it is a list of numbers.")
        knots[name] = tuple(_number(number, f"/calibration/{name}") for number in numbers)
    return Calibration(**knots)


def _number(said: Any, where: str) -> float:  # noqa: ANN401 - JSON
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise ModelInvalid(f"{where}: it is a number.")
    return float(said)
