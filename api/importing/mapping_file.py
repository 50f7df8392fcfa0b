"""The mapping file (TOML): read, checked as a whole, and bound to the columns of the file that is imported.

Every mistake is told at once: the key, the cause, the mend, and the nearest name where one is close.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.importing.checker import MISPLACED, TOP_KEYS, Checker, MappingInvalid, cell_text, flat, nearest
from api.importing.mapping import KINDS, TEXT, ImportMapping, Source
from api.importing.mapping_history import HistoryMapping, history_mapping, refuse_history
from api.importing.mapping_labels import labels_of, time_format_of
from api.importing.reading import DELIMITERS, FileOptions
from api.importing.times import TimeFormat
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from engine.card_data import is_card_number_name, is_cvv_name

TIME_FIELD, CUSTOM = "event.time", "custom"
MERCHANT_FIELDS = ("event.merchant_id", "event.shop_id")
FIELDS = frozenset(
    f"{group}.{name}"
    for group, names in {**GROUP_READERS, "shopping_cart": CART_ITEM_READERS}.items()
    for name in names
)
"""Every field of a request that a mapping can give, beside `custom.<name>`; a cart has one line."""

_NO_TRANSLATIONS: Mapping[str, str] = MappingProxyType({})


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
    checker = Checker(path, ())
    table = checker.table(document, "file", ("encoding", "delimiter"))
    encoding, delimiter = checker.text(table, "file", "encoding"), checker.text(table, "file", "delimiter")
    if delimiter and delimiter not in DELIMITERS:
        checker.fault("file.delimiter", 'no delimiter; write one of "," ";" "\\t" "|"')
    is_utf8 = not encoding or encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
    try:
        b"".decode(encoding or "utf-8")
    except LookupError:
        checker.fault("file.encoding", 'not an encoding; write "utf-8", "cp1252" or "utf-16"')
    checker.finish()
    # A byte order mark is no part of the first column's name.
    return FileOptions(encoding="utf-8-sig" if is_utf8 else encoding, delimiter=delimiter or None)


def bind_mapping(
    path: Path, document: Mapping[str, Any], columns: tuple[str, ...], merchant_id: str | None
) -> ImportMapping:
    """The mapping over these columns; `merchant_id` is the merchant of every row where the mapping names none.

    Raises MappingInvalid with every mistake.
    """
    checker = Checker(path, columns)
    sources, time_format = _read(checker, document, merchant_id)
    refuse_history(checker, document, sources)
    return _bound(checker, document, sources, time_format, merchant_id)


def bind_history(
    path: Path, document: Mapping[str, Any], columns: tuple[str, ...], merchant_id: str | None
) -> tuple[ImportMapping, HistoryMapping]:
    """As `bind_mapping`, and what an import of history reads beside. Raises MappingInvalid with every mistake."""
    checker = Checker(path, columns)
    sources, time_format = _read(checker, document, merchant_id)
    history = history_mapping(checker, document, sources, time_format)
    return _bound(checker, document, sources, time_format, merchant_id), history


def _read(
    checker: Checker, document: Mapping[str, Any], merchant_id: str | None
) -> tuple[dict[str, Source], TimeFormat]:
    checker.known(document, "", TOP_KEYS)
    translations = _translations(checker, document)
    sources = _sources(checker, document, translations)
    _check_required(checker, sources, merchant_id)
    return sources, time_format_of(checker, document, "time")


def _bound(
    checker: Checker,
    document: Mapping[str, Any],
    sources: dict[str, Source],
    time_format: TimeFormat,
    merchant_id: str | None,
) -> ImportMapping:
    columns = checker.columns
    labels = labels_of(checker, document, time_format)
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


def _sources(
    checker: Checker, document: Mapping[str, Any], translations: Mapping[str, Mapping[str, str]]
) -> dict[str, Source]:
    table = checker.table(document, "fields", ())
    sources: dict[str, Source] = {}
    for name, given in flat(table):
        key = f'fields."{name}"'
        if _is_field(checker, key, name):
            source = source_of(checker, key, given, translations.get(name, _NO_TRANSLATIONS))
            if source.kind != TEXT and not name.startswith("custom."):
                checker.fault(f"{key}.type", "only custom fields are given a type; the others have theirs")
            if source.is_key and not name.startswith("custom."):
                checker.fault(f"{key}.velocity_key", "only custom fields are made keys")
            sources[name] = source
    for name in translations:
        if name not in sources:
            mend = nearest(name, sources) or ("" if name in FIELDS else nearest(name, FIELDS))
            checker.fault(f'values."{name}"', f"[fields] does not give this field{mend}")
    return sources


def _is_field(checker: Checker, key: str, name: str) -> bool:
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
    if name in TOP_KEYS:
        checker.fault(f"fields.{name}", MISPLACED)
        return False
    if name in GROUP_READERS:
        checker.fault(key, f"a group of fields; name one of it, such as '{name}.{next(iter(GROUP_READERS[name]))}'")
        return False
    mend = nearest(name, FIELDS) or f"{_home(name)}; your own values go to custom.<name>"
    checker.fault(key, f"no such field{mend}")
    return False


def source_of(checker: Checker, key: str, given: object, translations: Mapping[str, str]) -> Source:
    """Where a field's value comes from, by what the mapping gives it."""
    if isinstance(given, str):
        given = {"column": given}
    if not isinstance(given, dict):
        checker.fault(key, 'write a column as "name", or a constant as { constant = "value" }')
        given = {"constant": ""}
    checker.known(given, key, ("column", "columns", "constant", "join", "type", "velocity_key"))
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
        constant=None if constant is None else cell_text(constant),
        join=checker.text(given, key, "join") if "join" in given else " ",
        kind=str(kind),
        is_key=checker.flag(given, "velocity_key", key),
        translations=translations,
    )


def _translations(checker: Checker, document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for name, given in flat(checker.table(document, "values", ())):
        if isinstance(given, dict) and not any(isinstance(value, (dict, list)) for value in given.values()):
            tables[name] = {value: cell_text(meaning) for value, meaning in given.items()}
        else:
            checker.fault(f'values."{name}"', 'write a table of "value in the file" = "value in the request"')
    return tables


def _check_required(checker: Checker, sources: Mapping[str, Source], merchant_id: str | None) -> None:
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


def _split(name: str) -> tuple[str, str]:
    group, _, rest = name.partition(".")
    return group, rest


def _home(name: str) -> str:
    """Where a field of this name stands, if its group was forgotten or wrong."""
    homes = sorted(known for known in FIELDS if known.partition(".")[2] == name.rpartition(".")[2])
    return f"; did you mean '{homes[0]}'?" if homes else ""
