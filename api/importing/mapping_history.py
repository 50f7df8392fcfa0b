"""What a mapping says for `--history` alone: declared custom fields, what became of payments, velocities of the shop's.

`[outcomes]` and `[refunds]` name the columns of events; `[[velocities]]` are read by `mapping_velocities`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.importing.checker import Checker, nearest
from api.importing.mapping import BOOLEAN, NUMBER, TEXT, Source
from api.importing.mapping_labels import NO_LABEL, time_format_of
from api.importing.mapping_velocities import velocities_of_mapping
from api.importing.times import TimeFormat
from engine.catalog import CATALOG, catalog_of
from engine.custom import CustomField, CustomType
from engine.velocity import Status, Velocity

HISTORY_KEYS: Final = ("outcomes", "refunds", "velocities")
_OUTCOMES: Final = {str(status): status for status in (Status.AUTHORIZED, Status.DECLINED)}
_TYPES: Final = {TEXT: CustomType.STRING, NUMBER: CustomType.NUMBER, BOOLEAN: CustomType.BOOLEAN}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """Where it stands what became of a payment, and when that was learnt: at once where no column says it.

    Without a column for what it was, a time is all there is, and it was `status`.
    """

    at: int | None
    time: TimeFormat
    column: int | None = None
    meanings: Mapping[str, Status | None] = field(default_factory=dict)
    status: Status = Status.REFUNDED


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMapping:
    """What an import of history reads beside the payments themselves."""

    declared: tuple[CustomField, ...] = ()
    """The mapping's custom fields, each a feature as if the merchant's policy declared it."""
    outcomes: EventSource | None = None
    refunds: EventSource | None = None
    velocities: tuple[Velocity, ...] = ()
    """The shop's own, beside all that every installation counts."""


def history_mapping(
    checker: Checker, document: Mapping[str, Any], sources: Mapping[str, Source], time_format: TimeFormat
) -> HistoryMapping:
    """The tables that an import of history alone reads; mistakes are the checker's."""
    declared = _declared(checker, sources)
    velocities = velocities_of_mapping(checker, document, catalog_of(declared))
    return HistoryMapping(
        declared=declared,
        outcomes=_outcomes(checker, document, time_format),
        refunds=_refunds(checker, document, time_format),
        velocities=velocities,
    )


def refuse_history(checker: Checker, document: Mapping[str, Any], sources: Mapping[str, Source]) -> None:
    """Without --history nothing reads these: say so rather than leave out what was asked for."""
    asked = [name for name in HISTORY_KEYS if name in document]
    asked += [f'fields."{name}".velocity_key' for name, source in sources.items() if source.is_key]
    for name in asked:
        checker.fault(name, "only an import with --history reads this; add --history, or leave it out")


def _declared(checker: Checker, sources: Mapping[str, Source]) -> tuple[CustomField, ...]:
    declared: dict[str, CustomField] = {}
    for name, source in sources.items():
        group, _, rest = name.partition(".")
        if group != "custom":
            continue
        custom = CustomField(name=rest, type=_TYPES[source.kind], is_velocity_key=source.is_key)
        if custom.feature_name in declared or custom.feature_name in CATALOG:
            checker.fault(f'fields."{name}"', f"there is a feature {custom.feature_name} already; rename the field")
        elif source.is_key and custom.type is not CustomType.STRING:
            checker.fault(f'fields."{name}".velocity_key', "only texts are keys; leave out the type")
        else:
            declared[custom.feature_name] = custom
    return tuple(declared.values())


def _outcomes(checker: Checker, document: Mapping[str, Any], time_format: TimeFormat) -> EventSource | None:
    if "outcomes" not in document:
        return None
    table = checker.table(document, "outcomes", ("column", "values", "at", "time"))
    if "column" not in table:
        checker.fault("outcomes.column", "required: the column that holds what became of the payment")
    column = checker.column("outcomes.column", table["column"]) if "column" in table else None
    return EventSource(
        column=column,
        at=checker.column("outcomes.at", table["at"]) if "at" in table else None,
        time=time_format_of(checker, table, "outcomes.time") if "time" in table else time_format,
        meanings=_meanings(checker, table),
    )


def _meanings(checker: Checker, table: Mapping[str, Any]) -> dict[str, Status | None]:
    values = checker.table(table, "outcomes.values", ())
    if not values:
        checker.fault("outcomes.values", "required: what each value means, in a table [outcomes.values]")
    meanings: dict[str, Status | None] = {}
    for value, given in values.items():
        if given != NO_LABEL and given not in _OUTCOMES:
            mend = nearest(str(given), _OUTCOMES) or '; write "authorized", "declined" or "none"'
            checker.fault(f'outcomes.values."{value}"', f"no such outcome{mend}")
        meanings[value] = _OUTCOMES.get(str(given))
    return meanings


def _refunds(checker: Checker, document: Mapping[str, Any], time_format: TimeFormat) -> EventSource | None:
    if "refunds" not in document:
        return None
    table = checker.table(document, "refunds", ("at", "time"))
    if "at" not in table:
        checker.fault("refunds.at", "required: the column that holds when the payment was refunded, empty where never")
    return EventSource(
        at=checker.column("refunds.at", table["at"]) if "at" in table else None,
        time=time_format_of(checker, table, "refunds.time") if "time" in table else time_format,
    )
