"""Which columns of a file give which fields of chargebacks or fraud warnings: by a mapping, or by their own names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from api.importing.checker import Checker, cell_text, nearest
from api.importing.mapping import BOOLEANS, Source, with_point
from api.importing.mapping_file import source_of
from api.importing.mapping_labels import time_format_of
from api.importing.refusal import Refusal
from api.importing.times import TimeFormat
from engine.card_data import is_card_number_name
from engine.errors import PaymentInvalid
from engine.iso import CURRENCY_EXPONENTS
from engine.scheme_report import SchemeReportKind

AMOUNT, AMOUNT_MINOR, TIME, MERCHANT = "amount", "amount_minor", "occurred_at", "merchant_id"
_SHARED: Final = (MERCHANT, "transaction_id", "case_id", "network", AMOUNT, AMOUNT_MINOR, "currency", TIME)
FIELDS: Final = {
    SchemeReportKind.CHARGEBACK: (*_SHARED, "stage", "result", "reason_code"),
    SchemeReportKind.FRAUD_WARNING: (*_SHARED, "fraud_type", "is_withdrawn"),
}
"""What a file can give: the fields of a request, and `amount`, decimal text in main units."""
_REQUIRED: Final = ("transaction_id", "case_id", "network", "currency", TIME)
_TOP_KEYS: Final = ("fields", "values", "time", "file", "decimal_comma")
_NO_TRANSLATIONS: Final[Mapping[str, str]] = MappingProxyType({})
_WHOLE: Final = re.compile(r"[0-9]{1,18}(\.0+)?")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsMapping:
    """A checked mapping, bound to the columns of one file."""

    sources: Mapping[str, Source]
    time_format: TimeFormat
    decimal_comma: bool
    card_columns: frozenset[int]
    """Columns that are named as a card number's: nothing of that length is written from them again."""

    def fields(self, cells: Sequence[str], now: datetime) -> dict[str, Any] | Refusal:
        """A row as the fields of a request, or why it is none."""
        texts = {name: text for name, source in self.sources.items() if (text := source.text(cells))}
        fields: dict[str, Any] = dict(texts)
        if "is_withdrawn" in fields:
            fields["is_withdrawn"] = BOOLEANS.get(texts["is_withdrawn"].lower(), texts["is_withdrawn"])
        if TIME in texts:
            at = self.time_format.read(texts[TIME], f"/{TIME}", now)
            if isinstance(at, Refusal):
                return at
            fields[TIME] = at.isoformat()
        amount_minor = self._amount_minor(texts)
        if isinstance(amount_minor, Refusal):
            return amount_minor
        fields.pop(AMOUNT, None)
        return fields if amount_minor is None else {**fields, AMOUNT_MINOR: amount_minor}

    def _amount_minor(self, texts: Mapping[str, str]) -> int | Refusal | None:
        """The amount in minor units, exactly; None where the row says none, which the request will."""
        if AMOUNT_MINOR in texts:
            if not _WHOLE.fullmatch(texts[AMOUNT_MINOR]):
                return _refused(AMOUNT_MINOR, "Not a whole number of minor units, above zero and without a sign.")
            return int(texts[AMOUNT_MINOR].partition(".")[0])
        if AMOUNT not in texts:
            return None
        try:
            amount = with_point(texts[AMOUNT]) if self.decimal_comma else texts[AMOUNT]
        except PaymentInvalid as error:
            return _refused(AMOUNT, error.faults[0].detail)
        return _exactly(amount, texts.get("currency", "").upper())


def _exactly(amount: str, currency: str) -> int | Refusal:
    """Decimal text of main units in minor units; what is not exactly so many was never charged back."""
    exponent = CURRENCY_EXPONENTS.get(currency)
    if exponent is None:
        mend = "Use an ISO 4217 alphabetic code such as USD."
        return Refusal(code="currency_unknown", field="/currency", reason=mend)
    if not _DECIMAL.fullmatch(amount):
        return _refused(AMOUNT, "Not an amount such as 12.50, above zero and without a sign.")
    exact = Decimal(amount).scaleb(exponent)
    if exact != int(exact):
        return _refused(AMOUNT, "More decimals than the currency has: such an amount was never charged back.")
    return int(exact)


def bind_reports(
    kind: SchemeReportKind, path: Path, document: Mapping[str, Any], columns: tuple[str, ...], merchant: str | None
) -> ReportsMapping:
    """The mapping over these columns; where it has no [fields], each column gives the field of its own name.

    `merchant` is that of every row that names none. Raises MappingInvalid with every mistake.
    """
    checker = Checker(path, columns)
    checker.known(document, "", _TOP_KEYS)
    given = checker.table(document, "fields", ()) if "fields" in document else _by_name(kind, columns)
    translations = _translations(checker, document)
    sources: dict[str, Source] = {}
    for name, said in given.items():
        if name in FIELDS[kind]:
            sources[name] = source_of(checker, f"fields.{name}", said, translations.get(name, _NO_TRANSLATIONS))
        else:
            known = nearest(name, FIELDS[kind]) or f"; there are {', '.join(FIELDS[kind])}"
            checker.fault(f"fields.{name}", f"no such field{known}")
    for name in translations:
        if name not in sources:
            checker.fault(f"values.{name}", f"[fields] does not give this field{nearest(name, sources)}")
    for name in _REQUIRED:
        if name not in sources:
            checker.fault(f"fields.{name}", "required: say which column gives it, or name the column so")
    if (AMOUNT in sources) == (AMOUNT_MINOR in sources):
        checker.fault(f"fields.{AMOUNT}", f"required: say which column gives {AMOUNT}, or {AMOUNT_MINOR}, one of both")
    if MERCHANT not in sources and merchant is None:
        checker.fault(f"fields.{MERCHANT}", 'required: a column, { constant = "shop-1" }, or --merchant ID')
    elif MERCHANT not in sources:
        sources[MERCHANT] = Source(constant=merchant, translations=_NO_TRANSLATIONS)
    time_format, decimal_comma = time_format_of(checker, document, "time"), checker.flag(document, "decimal_comma")
    checker.finish()
    return ReportsMapping(
        sources=sources,
        time_format=time_format,
        decimal_comma=decimal_comma,
        card_columns=frozenset(at for at, name in enumerate(columns) if is_card_number_name(name)),
    )


def _by_name(kind: SchemeReportKind, columns: Sequence[str]) -> dict[str, str]:
    plain = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in columns}
    return {name: plain[name] for name in FIELDS[kind] if name in plain}


def _translations(checker: Checker, document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for name, given in checker.table(document, "values", ()).items():
        if isinstance(given, dict) and not any(isinstance(value, (dict, list)) for value in given.values()):
            tables[name] = {value: cell_text(meaning) for value, meaning in given.items()}
        else:
            checker.fault(f"values.{name}", 'write a table of "value in the file" = "value in the request"')
    return tables


def _refused(name: str, reason: str) -> Refusal:
    return Refusal(code="amount_invalid", field=f"/{name}", reason=reason)
