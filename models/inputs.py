"""Inputs: the numbers that a model reads, each made of one feature, the same for one payment and for columns of them.

Numbers, money (in hundredths) and booleans (0 or 1) are as they are; a text is what its codes say. Unknown is NaN,
always: a model decides by what it learnt of unknowns, and no value stands in for one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid, ScoreInvalid
from engine.features import Catalog, Feature, FeatureType, Value
from models.words import Said, said_of, said_of_ratio

if TYPE_CHECKING:
    import pyarrow as pa

Vector = npt.NDArray[np.float64]
"""One payment's inputs, shape (k,)."""
Matrix = npt.NDArray[np.float64]
"""Inputs of n payments, shape (n, k)."""

INPUTS_MAX: Final = 2_000
CODES_MAX: Final = 100_000
_MET_MAX: Final = 4_096
"""Texts of an input whose number is kept as they were written: most payments have few of them."""
TEXTS: Final = frozenset({FeatureType.STRING, FeatureType.COUNTRY})
NUMBERS: Final = frozenset({FeatureType.INTEGER, FeatureType.NUMBER, FeatureType.MONEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One number, made of one feature.

    With `per` it is the number divided by that feature's: NaN where either is unknown, or the divisor is 0. Trees ask
    about one number at a time, and so never find out by themselves that an amount is ten times what is usual here.

    `codes` has a text's number (a target encoding, or 1 for a value that is flagged); a text that is not in it is
    `unseen`. Texts ignore case unless the feature is case-sensitive. `monotone` is 1 where the score may only rise with
    it, -1 where it may only fall.
    """

    feature: str
    codes: Mapping[str, float] | None = None
    unseen: float = 0.0
    monotone: int = 0
    per: str = ""
    """Another feature that is a number; empty: it is not divided."""
    name: str = ""
    """Its own; empty: the feature's, `ip_country=NG` of a flag, `amount_in_usd/card_amount_usd_30d` of a ratio."""
    group: str = ""
    """The group of reasons that it speaks in; empty: the feature's."""
    said: Said | None = None
    """The words of its reasons; None: the feature's."""


class Inputs:
    """The inputs of a model, in order, read by the positions of one catalogue. Immutable."""

    __slots__ = ("_coded", "_divided", "_get", "catalog", "inputs", "names")

    def __init__(self, inputs: Sequence[Input], catalog: Catalog) -> None:
        """Settle names, groups and words. Raises ModelInvalid where an input cannot be of this catalogue."""
        if not 1 <= len(inputs) <= INPUTS_MAX:
            raise ModelInvalid(f"A model has 1 to {INPUTS_MAX:,} inputs, not {len(inputs):,}.")
        self.catalog = catalog
        self.inputs = tuple(_settled(each, catalog) for each in inputs)
        self.names = tuple(each.name for each in self.inputs)
        if len(set(self.names)) < len(self.names):
            raise ModelInvalid("Two inputs have one name: give one of them a name of its own.")
        positions = [catalog.position(each.feature) for each in self.inputs]
        # An itemgetter of one gives no tuple: a stretch of one does.
        first = positions[0]
        self._get = itemgetter(*positions) if len(positions) > 1 else itemgetter(slice(first, first + 1))
        self._coded = tuple(
            (at, _Coded(each, catalog[each.feature])) for at, each in enumerate(self.inputs) if each.codes is not None
        )
        self._divided = tuple((at, catalog.position(each.per)) for at, each in enumerate(self.inputs) if each.per)

    def __len__(self) -> int:
        """How many inputs there are."""
        return len(self.inputs)

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of reasons of each input."""
        return tuple(each.group for each in self.inputs)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features that are read, each once, in the order of the first input."""
        return tuple(dict.fromkeys(name for each in self.inputs for name in (each.feature, each.per) if name))

    def vector(self, values: tuple[Value, ...]) -> Vector:
        """One payment's inputs, shape (k,), from its features' values. Raises ScoreInvalid where a number is none."""
        known: Any = self._get(values)
        if self._coded or self._divided:
            known = list(known)
            for at, coded in self._coded:
                known[at] = coded[known[at]]
        try:
            for at, position in self._divided:
                known[at] = _ratio(known[at], values[position])
            # None becomes NaN, True 1.
            return np.fromiter(known, np.float64, len(known))
        except OverflowError as error:
            raise ScoreInvalid("A feature's value is too large for a model.") from error

    def matrix(self, columns: "Mapping[str, pa.ChunkedArray]") -> Matrix:
        """The inputs of n payments, shape (n, k), from columns by the features' names: each row as `vector` has it."""
        from models.input_columns import coded, numbers, ratios  # noqa: PLC0415 - columns load slowly

        made = np.empty((len(columns[self.inputs[0].feature]), len(self.inputs)), dtype=np.float64)
        codes = dict(self._coded)
        for at, each in enumerate(self.inputs):
            column = columns[each.feature]
            made[:, at] = coded(column, codes[at].__getitem__) if at in codes else numbers(column)
            if each.per:
                made[:, at] = ratios(made[:, at], numbers(columns[each.per]))
        return made

    def content(self) -> list[dict[str, object]]:
        """The inputs in JSON's types, with all that they say; `models.inputs_file.inputs_of` reads them back."""
        return [_content(each) for each in self.inputs]


def folded(text: str, feature: Feature) -> str:
    """A text as codes have it: in lower case, unless the feature tells case apart."""
    return text if feature.case_sensitive else text.lower()


def _settled(given: Input, catalog: Catalog) -> Input:
    if given.feature not in catalog:
        raise ModelInvalid(f"There is no feature {given.feature!r}; docs/features.md lists all.")
    feature = catalog[given.feature]
    is_text = feature.type in TEXTS
    if is_text != (given.codes is not None):
        raise ModelInvalid(f"{feature.name} is a {feature.type}: {'it has codes' if is_text else 'it has no codes'}.")
    if given.monotone not in (-1, 0, 1):
        raise ModelInvalid(f"{feature.name}: monotone is -1, 0 or 1, not {given.monotone}.")
    if given.per:
        _check_divisor(given, feature, catalog)
    codes = given.codes
    if codes is not None:
        codes = {folded(text, feature): float(code) for text, code in codes.items()}
        _check_codes(given, codes)
    return replace(
        given,
        feature=feature.name,
        codes=codes,
        unseen=float(given.unseen),
        per=catalog[given.per].name if given.per else "",
        name=given.name or (f"{feature.name}/{given.per}" if given.per else _name(feature.name, codes, given.unseen)),
        group=given.group or feature.reason or feature.name,
        said=given.said or (said_of_ratio(feature, catalog[given.per]) if given.per else said_of(feature)),
    )


def _check_divisor(given: Input, feature: Feature, catalog: Catalog) -> None:
    if given.per not in catalog:
        raise ModelInvalid(f"{feature.name}: there is no feature {given.per!r} to divide by.")
    if feature.type not in NUMBERS or catalog[given.per].type not in NUMBERS:
        raise ModelInvalid(f"{feature.name}/{given.per}: both are numbers, or there is no ratio.")


def _ratio(number: Any, divisor: Any) -> float | None:  # noqa: ANN401 - a feature's value
    """As `models.input_columns.ratios`. Both are rounded to floats first, as columns are. Raises OverflowError."""
    if number is None or not divisor:
        return None
    found = float(number) / float(divisor)
    return found if isfinite(found) else None


def _check_codes(given: Input, codes: Mapping[str, float]) -> None:
    if not 1 <= len(codes) <= CODES_MAX:
        raise ModelInvalid(f"{given.feature}: 1 to {CODES_MAX:,} texts have codes, not {len(codes):,}.")
    if given.codes is not None and len(codes) < len(given.codes):
        raise ModelInvalid(f"{given.feature}: two codes are of texts that differ in case alone.")
    if not np.isfinite([given.unseen, *codes.values()]).all():
        raise ModelInvalid(f"{given.feature}: codes are finite numbers.")


def _name(feature: str, codes: Mapping[str, float] | None, unseen: float) -> str:
    if codes is not None and len(codes) == 1 and not unseen and list(codes.values()) == [1.0]:
        return f"{feature}={next(iter(codes))}"
    return feature


class _Coded(dict[Any, Any]):
    """The numbers of such texts as were met, None of one that is unknown."""

    __slots__ = ("_codes", "_feature", "_unseen")

    def __init__(self, given: Input, feature: Feature) -> None:
        """`given` is settled and has codes."""
        super().__init__({None: None})
        assert given.codes is not None, "a text has codes"
        self._codes = dict(given.codes)
        self._unseen = given.unseen
        self._feature = feature

    def __missing__(self, text: str | None) -> float | None:
        """Look up a text that was not met."""
        if len(self) >= _MET_MAX:
            self.clear()
        number = None if text is None else self._codes.get(folded(text, self._feature), self._unseen)
        self[text] = number
        return number


def _content(each: Input) -> dict[str, object]:
    assert each.said is not None, "inputs are settled"
    return {
        "feature": each.feature,
        "codes": None if each.codes is None else list(map(list, each.codes.items())),
        "unseen": each.unseen,
        "monotone": each.monotone,
        "per": each.per,
        "name": each.name,
        "group": each.group,
        "said": [each.said.known, each.said.special, each.said.unknown],
    }
