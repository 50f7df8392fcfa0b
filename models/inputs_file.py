"""Inputs read back from a model's manifest, with everything checked: it may come from anywhere."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from engine.errors import ModelInvalid
from engine.features import Catalog
from models.inputs import CODES_MAX, INPUTS_MAX, Input, Inputs
from models.words import Said, check_template

TEXT_LENGTH_MAX: Final = 500
_NAMES: Final = {"feature", "codes", "unseen", "monotone", "per", "name", "group", "said"}
_SAID: Final = 3
_PAIR: Final = 2


def inputs_of(said: Any, catalog: Catalog) -> Inputs:  # noqa: ANN401 - JSON
    """Read back what `Inputs.content` wrote, for a catalogue of any day. Raises ModelInvalid, naming the input."""
    each = _list(said, "/inputs", INPUTS_MAX)
    return Inputs([_input(one, f"/inputs/{index}", catalog) for index, one in enumerate(each)], catalog)


def _input(said: Any, where: str, catalog: Catalog) -> Input:  # noqa: ANN401 - JSON
    if not isinstance(said, dict) or said.keys() != _NAMES:
        raise ModelInvalid(f"{where}: it is an object of {', '.join(sorted(_NAMES))}, no less and no more.")
    for name in ("feature", "name", "group"):
        _require_text(said[name], f"{where}/{name}")
    _require_text(said["per"], f"{where}/per", is_empty_good=True)
    _require_number(said["unseen"], f"{where}/unseen")
    if said["monotone"] not in (-1, 0, 1) or isinstance(said["monotone"], bool):
        raise ModelInvalid(f"{where}/monotone: it is -1, 0 or 1.")
    return Input(
        feature=said["feature"],
        codes=None if said["codes"] is None else _codes(said["codes"], f"{where}/codes"),
        unseen=said["unseen"],
        monotone=said["monotone"],
        per=said["per"],
        name=said["name"],
        group=said["group"],
        said=_said(said["said"], f"{where}/said", catalog),
    )


def _codes(said: Any, where: str) -> Mapping[str, float]:  # noqa: ANN401 - JSON
    codes: dict[str, float] = {}
    for index, pair in enumerate(_list(said, where, CODES_MAX)):
        if not isinstance(pair, list) or len(pair) != _PAIR:
            raise ModelInvalid(f"{where}/{index}: it is a pair of a text and its number.")
        text, code = pair
        _require_text(text, f"{where}/{index}/0", is_empty_good=True)
        _require_number(code, f"{where}/{index}/1")
        if text in codes:
            raise ModelInvalid(f"{where}/{index}/0: the text stands twice.")
        codes[text] = code
    return codes


def _said(said: Any, where: str, catalog: Catalog) -> Said:  # noqa: ANN401 - JSON
    texts = _list(said, where, _SAID)
    if len(texts) != _SAID:
        raise ModelInvalid(f"{where}: it is the words of a known value, of a special one and of an unknown one.")
    for index, text in enumerate(texts):
        _require_text(text, f"{where}/{index}", is_empty_good=index == 1)
        check_template(text, f"{where}/{index}", catalog)
    known, special, unknown = texts
    return Said(known=known, special=special, unknown=unknown)


def _list(said: Any, where: str, length_max: int) -> list[Any]:  # noqa: ANN401 - JSON
    if not isinstance(said, list) or len(said) > length_max:
        raise ModelInvalid(f"{where}: it is a list of at most {length_max:,}.")
    return said


def _require_text(said: Any, where: str, *, is_empty_good: bool = False) -> None:  # noqa: ANN401 - JSON
    if not isinstance(said, str) or len(said) > TEXT_LENGTH_MAX or not (said or is_empty_good):
        raise ModelInvalid(f"{where}: it is a text of at most {TEXT_LENGTH_MAX} characters.")


def _require_number(said: Any, where: str) -> None:  # noqa: ANN401 - JSON
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        raise ModelInvalid(f"{where}: it is a finite number.")
