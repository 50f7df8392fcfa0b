"""The mapping file (TOML): read, checked as a whole, and bound to the columns of the file that is imported.

Every mistake is told at once: the key, the cause, the mend, and the nearest name where one is close.
"""

import codecs
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from api.importing.mapping import KINDS, TEXT, ImportMapping, LabelSource, Source
from api.importing.reading import FileOptions
from api.importing.times import FORMATS, ISO, TimeFormat
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from engine.card_data import is_card_number_name, is_cvv_name
from engine.errors import AssayError
from engine.ledger import LabelKind

TIME_FIELD, CUSTOM, NO_LABEL = "event.time", "custom", "none"
MERCHANT_FIELDS = ("event.merchant_id", "event.shop_id")
FIELDS = frozenset(
    f"{group}.{name}"
    for group, names in {**GROUP_READERS, "shopping_cart": CART_ITEM_READERS}.items()
    for name in names
)
"""Every field of a request that a mapping can give, beside `custom.<name>`; a cart has one line."""

_TOP = ("fields", "values", "time", "labels", "file", "round_amounts", "decimal_comma")
_NO_TRANSLATIONS: Mapping[str, str] = MappingProxyType({})


class MappingInvalid(AssayError):
    """A mapping file that does not check: names the file, each key, the cause and the mend."""

    code = "mapping_invalid"


def load_mapping(path: Path) -> dict[str, Any]:
    """The mapping file as TOML. Raises MappingInvalid."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingInvalid(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingInvalid(f"{path} is not TOML: {error}. Write names with spaces or dots in quotes.") from error


def file_options(path: Path, document: Mapping[str, Any]) -> FileOptions:
    """How the file is written, from `[file]`. Raises MappingInvalid."""
    checker = _Checker(path, ())
    table = checker.table(document, "file", ("encoding", "delimiter"))
    encoding, delimiter = checker.text(table, "file", "encoding"), checker.text(table, "file", "delimiter")
    if delimiter and len(delimiter) != 1:
        checker.fault("file.delimiter", 'not one character; write "," or ";" or "\\t"')
    if encoding:
        try:
            codecs.lookup(encoding)
        except LookupError:
            checker.fault("file.encoding", 'not an encoding; write "utf-8", "cp1252" or "utf-16"')
    checker.finish()
    # A byte order mark is no part of the first column's name.
    is_utf8 = not encoding or codecs.lookup(encoding).name == "utf-8"
    return FileOptions(encoding="utf-8-sig" if is_utf8 else encoding, delimiter=delimiter or None)


def bind_mapping(
    path: Path, document: Mapping[str, Any], columns: tuple[str, ...], merchant_id: str | None
) -> ImportMapping:
    """The mapping over these columns; `merchant_id` is the merchant of every row where the mapping names none.

    Raises MappingInvalid with every mistake.
    """
    checker = _Checker(path, columns)
    checker.known(document, "", _TOP)
    translations = _translations(checker, document)
    sources = _sources(checker, document, translations)
    _check_required(checker, sources, merchant_id)
    time_format = _time_format(checker, document, "time")
    labels = _labels(checker, document, time_format)
    flags = {name: checker.flag(document, name) for name in ("round_amounts", "decimal_comma")}
    checker.finish()
    if merchant_id is not None:
        sources[MERCHANT_FIELDS[0]] = Source(constant=merchant_id, translations=_NO_TRANSLATIONS)
    card_columns = {
        column for name, source in sources.items() for column in source.columns if name.startswith("credit_card.")
    } | {at for at, name in enumerate(columns) if is_card_number_name(name)}
    return ImportMapping(
        fields=tuple((*_split(name), source) for name, source in sources.items() if name != TIME_FIELD),
        time=sources[TIME_FIELD],
        time_format=time_format,
        labels=labels,
        round_amounts=flags["round_amounts"],
        decimal_comma=flags["decimal_comma"],
        unmapped=tuple(name for at, name in enumerate(columns) if at not in checker.used),
        card_columns=frozenset(card_columns),
    )


@dataclass(slots=True)
class _Checker:
    """Collects the mistakes of one mapping file, and the columns that it uses."""

    path: Path
    columns: tuple[str, ...]
    faults: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def fault(self, key: str, cause: str) -> None:
        self.faults.append(f"{key}: {cause}")

    def finish(self) -> None:
        if self.faults:
            raise MappingInvalid("\n  ".join([f"{self.path} does not check:", *self.faults]))

    def column(self, key: str, name: object) -> int | None:
        if not isinstance(name, str):
            self.fault(key, "not the name of a column in quotes")
        elif name not in self.columns:
            self.fault(key, f"the file has no column '{name}'{_nearest(name, self.columns)}")
        else:
            at = self.columns.index(name)
            self.used.add(at)
            return at
        return None

    def known(self, table: Mapping[str, Any], key: str, names: Iterable[str]) -> None:
        names = tuple(names)
        for name in table:
            if name in names:
                continue
            if key and name in _TOP:
                self.fault(f"{key}.{name}", "stands inside a table; move it above the first line in [brackets]")
            else:
                self.fault(f"{key}.{name}" if key else name, f"no such key{_nearest(name, names)}")

    def table(self, document: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
        table = document.get(name.rpartition(".")[2], {})
        if not isinstance(table, dict):
            self.fault(name, f"not a table; write [{name}] on a line of its own")
            return {}
        if keys:
            self.known(table, name, keys)
        return table

    def text(self, table: Mapping[str, Any], key: str, name: str) -> str:
        value = table.get(name, "")
        if isinstance(value, str):
            return value
        self.fault(f"{key}.{name}", "not text in quotes")
        return ""

    def flag(self, document: Mapping[str, Any], name: str) -> bool:
        value = document.get(name, False)
        if isinstance(value, bool):
            return value
        self.fault(name, "write true or false, without quotes")
        return False


def _sources(
    checker: _Checker, document: Mapping[str, Any], translations: Mapping[str, Mapping[str, str]]
) -> dict[str, Source]:
    table = checker.table(document, "fields", ())
    sources: dict[str, Source] = {}
    for name, given in _flat(table):
        key = f'fields."{name}"'
        if _is_field(checker, key, name):
            source = _source(checker, key, given, translations.get(name, _NO_TRANSLATIONS))
            if source.kind != TEXT and not name.startswith("custom."):
                checker.fault(f"{key}.type", "only custom fields are given a type; the others have theirs")
            sources[name] = source
    for name in translations:
        if name not in sources:
            checker.fault(f'values."{name}"', f"[fields] does not give this field{_nearest(name, sources)}")
    return sources


def _is_field(checker: _Checker, key: str, name: str) -> bool:
    group, _, rest = name.partition(".")
    if group == CUSTOM and rest:
        if is_cvv_name(rest) or is_card_number_name(rest):
            checker.fault(
                key, "the name says card number, CVV, PIN or track data, which Assay never takes; leave it out"
            )
            return False
        return True
    if name in FIELDS:
        return True
    mend = _nearest(name, FIELDS) or f"{_home(name)}; your own values go to custom.<name>"
    checker.fault(key, f"no such field{mend}")
    return False


def _source(checker: _Checker, key: str, given: object, translations: Mapping[str, str]) -> Source:
    if isinstance(given, str):
        given = {"column": given}
    if not isinstance(given, dict):
        checker.fault(key, 'write a column as "name", or a constant as { constant = "value" }')
        given = {"constant": ""}
    checker.known(given, key, ("column", "columns", "constant", "join", "type"))
    if sum(name in given for name in ("column", "columns", "constant")) != 1:
        checker.fault(key, "give one of column, columns and constant")
    named = given.get("columns", [given["column"]] if "column" in given else [])
    if not isinstance(named, list):
        checker.fault(f"{key}.columns", 'not a list; write ["first", "second"]')
        named = []
    found = tuple(checker.column(key, name) for name in named)
    kind = given.get("type", TEXT)
    if kind not in KINDS:
        checker.fault(f"{key}.type", f"write one of {', '.join(KINDS)}")
    constant = given.get("constant")
    return Source(
        columns=tuple(at for at in found if at is not None),
        constant=None if constant is None else _plain(constant),
        join=checker.text(given, key, "join") if "join" in given else " ",
        kind=str(kind),
        translations=translations,
    )


def _translations(checker: _Checker, document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for name, given in _flat(checker.table(document, "values", ())):
        if isinstance(given, dict) and not any(isinstance(value, (dict, list)) for value in given.values()):
            tables[name] = {value: _plain(meaning) for value, meaning in given.items()}
        else:
            checker.fault(f'values."{name}"', 'write a table of "value in the file" = "value in the request"')
    return tables


def _check_required(checker: _Checker, sources: Mapping[str, Source], merchant_id: str | None) -> None:
    for names in (
        ("event.transaction_id",),
        (TIME_FIELD,),
        ("order.amount", "order.amount_minor"),
        ("order.currency",),
    ):
        if not any(name in sources for name in names):
            checker.fault(f'fields."{names[0]}"', f"required: say which column gives {' or '.join(names)}")
    named = [name for name in MERCHANT_FIELDS if name in sources]
    if named and merchant_id is not None:
        checker.fault(f'fields."{named[0]}"', "the mapping names the merchant already; leave out --merchant")
    if not named and merchant_id is None:
        checker.fault(f'fields."{MERCHANT_FIELDS[0]}"', 'required: a column, { constant = "shop-1" }, or --merchant ID')


def _time_format(checker: _Checker, document: Mapping[str, Any], key: str) -> TimeFormat:
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


def _zone(checker: _Checker, key: str, name: str) -> tzinfo:
    zones = available_timezones()
    if name == "UTC":
        return UTC
    if name in zones:
        return ZoneInfo(name)
    checker.fault(f"{key}.zone", f"no such time zone{_nearest(name, zones) or '; write one such as Europe/London'}")
    return UTC


def _labels(checker: _Checker, document: Mapping[str, Any], time_format: TimeFormat) -> LabelSource | None:
    if "labels" not in document:
        return None
    table = checker.table(document, "labels", ("column", "values", "occurred_at", "known_at", "source", "time"))
    column, known_at = (
        checker.column(f"labels.{name}", table[name]) if name in table else None for name in ("column", "known_at")
    )
    for name, what in (("column", "the label"), ("known_at", "when the label became known")):
        if name not in table:
            checker.fault(f"labels.{name}", f"required: the column that holds {what}")
    occurred_at = checker.column("labels.occurred_at", table["occurred_at"]) if "occurred_at" in table else None
    meanings = _meanings(checker, table)
    own_format = _time_format(checker, table, "labels.time") if "time" in table else time_format
    source = checker.text(table, "labels", "source") or "import"
    if column is None or known_at is None:
        return None
    return LabelSource(
        column=column,
        meanings=meanings,
        occurred_at=occurred_at,
        known_at=known_at,
        time=own_format,
        source=source,
    )


def _meanings(checker: _Checker, table: Mapping[str, Any]) -> dict[str, tuple[LabelKind, bool] | None]:
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
            kinds = ", ".join(LabelKind)
            checker.fault(f"{key}.kind", f"no such kind{_nearest(str(given['kind']), LabelKind)}; kinds: {kinds}")
        else:
            meanings[value] = (LabelKind(given["kind"]), given["is_fraud"])
    return meanings


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Entries by dotted name, whether the name was quoted ("order.amount" = ) or not (order.amount = )."""
    for name, given in table.items():
        if "." not in name and isinstance(given, dict):
            yield from ((f"{name}.{inner}", value) for inner, value in given.items())
        else:
            yield name, given


def _split(name: str) -> tuple[str, str]:
    group, _, rest = name.partition(".")
    return group, rest


def _plain(value: object) -> str:
    """A TOML value as the text of a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nearest(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1, cutoff=0.6) or _same_letters(name, names)
    return f"; did you mean '{close[0]}'?" if close else ""


def _same_letters(name: str, names: Iterable[str]) -> list[str]:
    plain = {candidate.lower().replace("_", "").replace(" ", ""): candidate for candidate in names}
    found = plain.get(name.lower().replace("_", "").replace(" ", ""))
    return [] if found is None else [found]


def _home(name: str) -> str:
    """Where a field of this name stands, if its group was forgotten or wrong."""
    homes = sorted(known for known in FIELDS if known.partition(".")[2] == name.rpartition(".")[2])
    return f"; did you mean '{homes[0]}'?" if homes else ""
