"""The tables `[time]` and `[labels]` of a mapping file."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from api.importing.checker import Checker, nearest
from api.importing.mapping import LabelSource
from api.importing.times import FORMATS, ISO, TimeFormat
from engine.ledger import NEVER_FRAUD, LabelKind
from engine.velocity.spec import is_length, length_us

NO_LABEL = "none"
_WORDS = ("column", "values", "occurred_at", "known_at", "known_after", "source", "time")


def time_format_of(checker: Checker, document: Mapping[str, Any], key: str) -> TimeFormat:
    """How the table of this name says that times are written."""
    table = checker.table(document, key, ("format", "zone"))
    written = checker.text(table, key, "format") or ISO
    if written not in FORMATS and "%" not in written:
        checker.fault(f"{key}.format", f'write one of {", ".join(FORMATS)}, or a pattern such as "%d/%m/%Y %H:%M"')
    elif "%" in written and (fault := _pattern_fault(written)):
        checker.fault(f"{key}.format", fault)
    return TimeFormat(format=written, zone=_zone(checker, key, checker.text(table, key, "zone") or "UTC"))


def _pattern_fault(pattern: str) -> str:
    """What is wrong with a strptime pattern; "" where it is sound and only the empty text does not fit it."""
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007  # parses nothing
    except ValueError as error:
        return str(error) if "bad directive" in str(error) or "stray" in str(error) else ""
    return ""


def _zone(checker: Checker, key: str, name: str) -> tzinfo:
    zones = available_timezones()
    if name == "UTC":
        return UTC
    if name in zones:
        return ZoneInfo(name)
    checker.fault(f"{key}.zone", f"no such time zone{nearest(name, zones) or '; write one such as Europe/London'}")
    return UTC


def labels_of(checker: Checker, document: Mapping[str, Any], time_format: TimeFormat) -> LabelSource | None:
    """Where labels stand, from `[labels]`; None where there is no such table, or a mistake was found."""
    if "labels" not in document:
        return None
    table = checker.table(document, "labels", _WORDS)
    column, known_at = (
        checker.column(f"labels.{name}", table[name]) if name in table else None for name in ("column", "known_at")
    )
    if "column" not in table:
        checker.fault("labels.column", "required: the column that holds the label")
    known_after = _known_after(checker, table)
    occurred_at = checker.column("labels.occurred_at", table["occurred_at"]) if "occurred_at" in table else None
    meanings = _meanings(checker, table)
    own_format = time_format_of(checker, table, "labels.time") if "time" in table else time_format
    source = checker.text(table, "labels", "source") or "import"
    if column is None:
        return None
    return LabelSource(
        column=column,
        meanings=meanings,
        occurred_at=occurred_at,
        known_at=known_at,
        known_after=known_after,
        time=own_format,
        source=source,
    )


def _known_after(checker: Checker, table: Mapping[str, Any]) -> timedelta | None:
    """How long after the payment every label became known, where no column says when each did."""
    if ("known_at" in table) == ("known_after" in table):
        cause = "required: the column that holds when the label became known"
        checker.fault("labels.known_at", f'{cause}, or known_after = "45d" where the file does not say; one of both')
        return None
    length = checker.text(table, "labels", "known_after")
    if not length:
        return None
    if not is_length(length):
        checker.fault("labels.known_after", 'how long after the payment, such as "45d", at most "365d"')
        return None
    return timedelta(microseconds=length_us(length))


def _meanings(checker: Checker, table: Mapping[str, Any]) -> dict[str, tuple[LabelKind, bool] | None]:
    values = checker.table(table, "labels.values", ())
    if not values:
        checker.fault("labels.values", "required: what each label means, in a table [labels.values]")
    meanings: dict[str, tuple[LabelKind, bool] | None] = {}
    for value, given in values.items():
        key = f'labels.values."{value}"'
        if given == NO_LABEL:
            meanings[value] = None
        elif (
            not isinstance(given, dict) or set(given) != {"kind", "is_fraud"} or not isinstance(given["is_fraud"], bool)
        ):
            checker.fault(key, 'write { kind = "chargeback", is_fraud = true }, or "none" for no label')
        elif given["kind"] not in tuple(LabelKind):
            mend = nearest(str(given["kind"]), LabelKind) or f"; write one of {', '.join(LabelKind)}"
            checker.fault(f"{key}.kind", f"no such kind{mend}")
        elif given["is_fraud"] and given["kind"] in NEVER_FRAUD:
            checker.fault(f"{key}.is_fraud", "this kind says by itself that it was no third-party fraud; write false")
        else:
            meanings[value] = (LabelKind(given["kind"]), given["is_fraud"])
    return meanings
