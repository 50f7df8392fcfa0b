"""A mapping bound to a file's columns: which cell gives which field of the request, and which gives a label."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from api.importing.times import TimeFormat
from api.schemas import InputWarning
from engine.errors import Fault, PaymentInvalid
from engine.iso import CURRENCY_EXPONENTS
from engine.ledger import LabelKind

TEXT, NUMBER, BOOLEAN = "text", "number", "boolean"
KINDS = (TEXT, NUMBER, BOOLEAN)

_WHOLE = re.compile(r"-?[0-9]{1,18}(\.0+)?")
_NUMBER = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,17})?")
_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,30}")
_COMMA_DECIMAL = re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}([. ][0-9]{3})+)(,[0-9]+)?")
BOOLEANS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
_ROUNDED = InputWarning(
    code="amount_rounded",
    input_pointer="/order/amount",
    warning="More decimals than the currency has; rounded half to even, as the mapping says.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value comes from: a constant, or one or more columns joined; then translated where a value is listed."""

    columns: tuple[int, ...] = ()
    constant: str | None = None
    join: str = " "
    kind: str = TEXT
    is_key: bool = False
    """Of a custom field: payments that share it are counted, as a policy can ask for."""
    translations: Mapping[str, str]

    def text(self, cells: Sequence[str]) -> str:
        """The value of a row; "" is none."""
        if self.constant is not None:
            return self.constant
        if len(self.columns) == 1:
            text = cells[self.columns[0]]
        else:
            text = self.join.join([cells[column] for column in self.columns if cells[column]])
        return self.translations.get(text, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSource:
    """Where a row's label stands: its column, what its values mean (None: no label), and its times' columns.

    Either a column says when it became known, or it did so long after the payment (`known_after`).
    """

    column: int
    meanings: Mapping[str, tuple[LabelKind, bool] | None]
    occurred_at: int | None
    known_at: int | None
    known_after: timedelta | None
    time: TimeFormat
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """A checked mapping, bound to the columns of one file. `fields` are by group and name of the request."""

    fields: tuple[tuple[str, str, Source], ...]
    time: Source
    time_format: TimeFormat
    labels: LabelSource | None
    round_amounts: bool
    decimal_comma: bool
    unmapped: tuple[str, ...]
    card_columns: frozenset[int]
    """Columns that give card fields or are named as such: what is refused there is not written anywhere again."""

    def request_fields(self, cells: Sequence[str]) -> tuple[dict[str, Any], tuple[InputWarning, ...]]:
        """A row as the fields of a decision request, without its time, and what was done to them.

        Raises PaymentInvalid for an amount that is not written as the mapping says.
        """
        fields: dict[str, Any] = {}
        for group, name, source in self.fields:
            if text := source.text(cells):
                fields.setdefault(group, {})[name] = text if source.kind == TEXT else _typed(text, source.kind)
        warnings = self._settle_amount(fields.get("order", {}))
        if "shopping_cart" in fields:
            fields["shopping_cart"] = [fields["shopping_cart"]]
        return fields, warnings

    def _settle_amount(self, order: dict[str, Any]) -> tuple[InputWarning, ...]:
        """Bring the amount into the request's form, exactly; only `round_amounts` changes its value."""
        minor = order.get("amount_minor", "")
        if _WHOLE.fullmatch(minor):
            order["amount_minor"] = int(minor.partition(".")[0])
        amount = order.get("amount", "")
        if self.decimal_comma and amount:
            order["amount"] = amount = with_point(amount)
        exponent = CURRENCY_EXPONENTS.get(str(order.get("currency", "")).upper())
        if exponent is None or not _DECIMAL.fullmatch(amount):
            return ()
        exact = Decimal(amount)
        rounded = exact.quantize(Decimal(1).scaleb(-exponent), rounding=ROUND_HALF_EVEN)
        if rounded == exact or self.round_amounts:
            order["amount"] = format(rounded, "f")
        return (_ROUNDED,) if rounded != exact and self.round_amounts else ()


def with_point(amount: str) -> str:
    """An amount with a decimal comma as one with a point. Raises PaymentInvalid."""
    if not _COMMA_DECIMAL.fullmatch(amount):
        # Never taken as it stands: 1.234 is a thousand here, and 12.50 nothing that the mapping's word covers.
        detail = "Not an amount with a decimal comma, such as 1.234,56; the mapping says decimal_comma = true."
        raise PaymentInvalid(Fault(pointer="/order/amount", code="amount_invalid", detail=detail))
    return amount.replace(".", "").replace(" ", "").replace(",", ".")


def _typed(text: str, kind: str) -> str | int | float | bool:
    """A custom value in the type that the mapping gives it; text where it is none, for the payment still counts."""
    if kind == BOOLEAN:
        return BOOLEANS.get(text.lower(), text)
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
