"""Writing TOML: a list of texts, then tables of texts, truths, whole numbers and times. `tomllib` reads it back."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

_DELETE: Final = "\x7f"


def toml_document(
    list_name: str,
    texts: Sequence[str],
    table_name: str,
    tables: Sequence[Mapping[str, str | bool | int | datetime]],
) -> str:
    """The document: the list where it has texts, then the tables; no table at all is said as an empty list."""
    parts = []
    if texts:
        parts.append(f"{list_name} = [{', '.join(map(_written, texts))}]\n")
    if not tables:
        parts.append(f"{table_name} = []\n")
    for table in tables:
        lines = [f"[[{table_name}]]", *(f"{key} = {_written(value)}" for key, value in table.items())]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _written(value: str | bool | int | datetime) -> str:  # noqa: FBT001 - a value as it comes
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if "\n" in value and "'''" not in value and _is_plain(value):
        # As people write a rule of several lines: the first line break belongs to the quotes.
        return f"'''\n{value}'''"
    # A text of JSON is a basic string of TOML, but for one character that JSON need not escape.
    return json.dumps(value, ensure_ascii=False).replace(_DELETE, "\\u007f")


def _is_plain(value: str) -> bool:
    """Whether nothing of it would be read otherwise between literal quotes."""
    return not value.endswith("'") and all(each in "\n\t" or (each >= " " and each != _DELETE) for each in value)
