"""Ruleset files: TOML to declarations, with every fault of the file found, before any rule is read."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.decision import RuleMode
from engine.rules.suggest import listed, nearest

MAX_SOURCE_CHARACTERS: Final = 2_000_000
MAX_LIVE_RULES: Final = 200
MAX_RULES: Final = 1000
"""Limits of a file; shadow rules do not count as live, but cost time too."""

_MAX_NAME_CHARACTERS = 120
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TEXTS = ("id", "name", "text", "reason", "mode")
_REQUIRED = ("id", "name", "text", "reason")
_KEYS = (*_TEXTS, "mandatory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A rule as its file declares it; text and reason have not been read. `label` names it in faults."""

    label: str
    id: str
    name: str
    text: str
    reason: str
    mode: RuleMode
    mandatory: bool


def read_source(source: str) -> tuple[tuple[Declared, ...], tuple[str, ...]]:
    """The rules that have a text, and the faults of the file, each naming the rule.

    Where there are faults, a rule may be without some of its keys and serves to find the faults of its text alone.
    """
    if len(source) > MAX_SOURCE_CHARACTERS:
        return (), (f"The file has more than {MAX_SOURCE_CHARACTERS} characters. Keep long lists outside the rules.",)
    try:
        source.encode()
        document = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        # tomllib reads nested arrays by recursion, and passes on the errors of numbers and dates.
        return (), (f"The file is not valid TOML: {_why(error)}. Each rule begins with a line `[[rule]]`.",)
    faults = [
        f"`{key[:40]}` is not known at the top of the file. Rules stand under `[[rule]]`."
        for key in document
        if key != "rule"
    ]
    if "rule" not in document:
        faults.append("The file has no rule. Each begins with a line `[[rule]]`; `rule = []` runs without any.")
    rows = document.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return (), (*faults, "`rule` is not a list of tables. Write `[[rule]]`, with two brackets on each side.")
    declared = []
    for number, row in enumerate(rows, start=1):
        faults.extend(_row_faults(number, row))
        if isinstance(row.get("text"), str):
            declared.append(_declared(number, row))
    faults.extend(_set_faults(rows))
    return tuple(declared), tuple(faults)


def _why(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")


def _label(number: int, row: Mapping[str, object]) -> str:
    """How a fault names its rule."""
    name = row.get("id")
    return f"rule {name[:64]}" if isinstance(name, str) and name else f"rule number {number}"


def _row_faults(number: int, row: Mapping[str, object]) -> list[str]:
    faults = [f"`{key}` is missing." for key in _REQUIRED if key not in row]
    for key, value in row.items():
        close = nearest(key, _KEYS)
        if key not in _KEYS:
            hint = f"Did you mean `{close}`?" if close else f"The keys are {listed(_KEYS)}."
            faults.append(f"`{key[:40]}` is not a key of a rule. {hint}")
        elif key in _TEXTS and not isinstance(value, str):
            faults.append(f"`{key}` is not a text. Write it in quotes.")
        elif key == "mandatory" and not isinstance(value, bool):
            faults.append("`mandatory` is neither true nor false. Write it without quotes.")
        elif key in ("id", "name", "reason") and not str(value).strip():
            faults.append(f"`{key}` is empty.")
    if isinstance(name := row.get("id"), str) and name and not _ID.fullmatch(name):
        faults.append("`id` has other characters than a-z, 0-9 and - between them, or more than 64.")
    if isinstance(name := row.get("name"), str) and len(name) > _MAX_NAME_CHARACTERS:
        faults.append(f"`name` is longer than {_MAX_NAME_CHARACTERS} characters.")
    if isinstance(mode := row.get("mode"), str) and mode not in tuple(RuleMode):
        faults.append(f"`mode` is {mode[:40]!r}. Write one of {listed(RuleMode)}.")
    return [f"{_label(number, row)}: {fault}" for fault in faults]


def _set_faults(rows: list[Mapping[str, object]]) -> list[str]:
    faults = []
    ids = Counter(name for row in rows if isinstance(name := row.get("id"), str) and name)
    for name, count in ids.items():
        if count > 1:
            faults.append(f"rule {name[:64]}: {count} rules have this id. Give each its own.")
    live = sum(row.get("mode", RuleMode.LIVE) == RuleMode.LIVE for row in rows)
    if live > MAX_LIVE_RULES:
        faults.append(f"{live} rules are live; a set has {MAX_LIVE_RULES} at most. Join rules, or set some to shadow.")
    if len(rows) > MAX_RULES:
        faults.append(f"There are {len(rows)} rules; a file has {MAX_RULES} at most.")
    return faults


def _declared(number: int, row: Mapping[str, object]) -> Declared:
    # Where a row has faults, its text is checked all the same; no ruleset comes of it.
    return Declared(
        label=_label(number, row),
        id=str(row.get("id", "")),
        name=str(row.get("name", "")),
        text=str(row["text"]),
        reason=str(row.get("reason", "")),
        mode=RuleMode.SHADOW if row.get("mode") == RuleMode.SHADOW else RuleMode.LIVE,
        mandatory=bool(row.get("mandatory", False)),
    )
