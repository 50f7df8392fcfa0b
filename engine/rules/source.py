"""Rules as people write them: TOML or rows to declarations, with every fault of the set, before any rule is read."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from engine.decision import RuleMode
from engine.rules.toml_document import toml_document
from engine.suggest import listed, nearest

MAX_SOURCE_CHARACTERS: Final = 2_000_000
MAX_LIVE_RULES: Final = 200
MAX_RULES: Final = 1000
"""Limits of a set; only live rules and those in rollout count as live, but the others cost time too."""

MAX_NAME_CHARACTERS: Final = 120
ROLLOUT_PERCENT_MAX: Final = 99
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TEXTS = ("id", "name", "text", "reason", "mode")
_REQUIRED = ("id", "name", "text", "reason")
_KEYS = (*_TEXTS, "mandatory", "rollout_percent", "expires_at")
_SWITCHED_OFF: Final = "switched_off"
_LIVE = (RuleMode.LIVE, RuleMode.ROLLOUT)
_VERSION_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A rule as it is written; text and reason have not been read. `label` names it in faults.

    `rollout_percent` is set where the mode is rollout, and there alone. `expires_at` is UTC.
    """

    label: str
    id: str
    name: str
    text: str
    reason: str
    mode: RuleMode = RuleMode.LIVE
    mandatory: bool = False
    rollout_percent: int | None = None
    expires_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it acts on payments, be it on some alone."""
        return self.mode in _LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a ruleset says: its rules in any order, and which of the operator's default rules it switches off."""

    rules: tuple[Declared, ...] = ()
    switched_off: tuple[str, ...] = ()

    def text(self) -> str:
        """It as TOML, which `read_source` reads back; the same text for the same rules in any order."""
        rows = [_row(rule) for rule in sorted(self.rules, key=lambda rule: rule.id)]
        return toml_document(_SWITCHED_OFF, sorted(set(self.switched_off)), "rule", rows)

    @property
    def version(self) -> str:
        """The hash of what it says."""
        return sha256(self.text().encode()).hexdigest()[:_VERSION_CHARACTERS]


def read_source(source: str, *, is_merchants: bool = False, is_limited: bool = True) -> tuple[Content, tuple[str, ...]]:
    """The rules that have a text, and the faults of the file, each naming the rule.

    Where there are faults, a rule may be without some of its keys and serves to find the faults of its text alone. Only
    a merchant's may switch off rules of the operator's. What is kept of several sets together is not limited.
    """
    if len(source) > MAX_SOURCE_CHARACTERS and is_limited:
        message = f"The file has more than {MAX_SOURCE_CHARACTERS} characters. Keep long lists outside the rules."
        return Content(), (message,)
    try:
        source.encode()
        document = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        # tomllib reads nested arrays by recursion, and passes on the errors of numbers and dates.
        return Content(), (f"The file is not valid TOML: {_why(error)}. Each rule begins with a line `[[rule]]`.",)
    known = ("rule", _SWITCHED_OFF) if is_merchants else ("rule",)
    faults = [
        f"`{key[:40]}` is not known at the top of the file. Rules stand under `[[rule]]`."
        for key in document
        if key not in known
    ]
    switched_off = document.get(_SWITCHED_OFF, []) if is_merchants else []
    if "rule" not in document and not switched_off:
        faults.append("The file has no rule. Each begins with a line `[[rule]]`; `rule = []` runs without any.")
    if not isinstance(switched_off, list) or not all(isinstance(each, str) for each in switched_off):
        faults.append(f"`{_SWITCHED_OFF}` is not a list of ids. Write `{_SWITCHED_OFF} = ['cvc-mismatch']`.")
        switched_off = []
    rows = document.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        said = "`rule` is not a list of tables. Write `[[rule]]`, with two brackets on each side."
        return Content(), (*faults, said)
    rules, row_faults = read_rows(rows, is_limited=is_limited)
    return Content(rules=rules, switched_off=tuple(switched_off)), (*faults, *row_faults)


def read_rows(
    rows: Sequence[Mapping[str, object]], *, is_limited: bool = True
) -> tuple[tuple[Declared, ...], tuple[str, ...]]:
    """The rules that have a text, in their order, and the faults of the rows and of the set, each naming the rule."""
    faults = []
    declared = []
    for number, row in enumerate(rows, start=1):
        faults.extend(_row_faults(number, row))
        if isinstance(row.get("text"), str):
            declared.append(_declared(number, row))
    return tuple(declared), (*faults, *_set_faults(rows, is_limited=is_limited))


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
    if isinstance(name := row.get("name"), str) and len(name) > MAX_NAME_CHARACTERS:
        faults.append(f"`name` is longer than {MAX_NAME_CHARACTERS} characters.")
    if isinstance(mode := row.get("mode"), str) and mode not in tuple(RuleMode):
        faults.append(f"`mode` is {mode[:40]!r}. Write one of {listed(RuleMode)}.")
    faults.extend(_condition_faults(row))
    return [f"{_label(number, row)}: {fault}" for fault in faults]


def _condition_faults(row: Mapping[str, object]) -> list[str]:
    """What is wrong about when a rule acts."""
    faults = []
    percent, is_rollout = row.get("rollout_percent"), row.get("mode") == RuleMode.ROLLOUT
    if is_rollout and percent is None:
        faults.append("`rollout_percent` is missing: in rollout, a rule is live at this many percent of the payments.")
    elif percent is not None and not is_rollout:
        faults.append("`rollout_percent` is for rules in rollout. Leave it out, or write `mode = 'rollout'`.")
    elif percent is not None and _percent(percent) is None:
        said = f"Write a whole number from 1 to {ROLLOUT_PERCENT_MAX}; all payments are `mode = 'live'`"
        faults.append(f"`rollout_percent` is no share. {said}, none `mode = 'paused'`.")
    expires = row.get("expires_at")
    if expires is not None and _instant(expires) is None:
        faults.append("`expires_at` is no time with its zone. Write `2027-01-31T00:00:00Z`.")
    return faults


def _percent(value: object) -> int | None:
    is_share = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= ROLLOUT_PERCENT_MAX
    return value if is_share and isinstance(value, int) else None


def _instant(value: object) -> datetime | None:
    """A time as TOML has it or as a text, in UTC; None where it is none or has no zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        # A zone can lead beyond the first and the last year.
        return None


def _set_faults(rows: Sequence[Mapping[str, object]], *, is_limited: bool) -> list[str]:
    faults = []
    ids = Counter(name for row in rows if isinstance(name := row.get("id"), str) and name)
    for name, count in ids.items():
        if count > 1:
            faults.append(f"rule {name[:64]}: {count} rules have this id. Give each its own.")
    if not is_limited:
        return faults
    live = sum(row.get("mode", RuleMode.LIVE) in _LIVE for row in rows)
    if live > MAX_LIVE_RULES:
        faults.append(f"{live} rules are live; a set has {MAX_LIVE_RULES} at most. Join rules, or set some to shadow.")
    if len(rows) > MAX_RULES:
        faults.append(f"There are {len(rows)} rules; a file has {MAX_RULES} at most.")
    return faults


def _declared(number: int, row: Mapping[str, object]) -> Declared:
    # Where a row has faults, its text is checked all the same; no ruleset comes of it.
    mode = row.get("mode")
    return Declared(
        label=_label(number, row),
        id=str(row.get("id", "")),
        name=str(row.get("name", "")),
        text=str(row["text"]),
        reason=str(row.get("reason", "")),
        mode=RuleMode(mode) if isinstance(mode, str) and mode in tuple(RuleMode) else RuleMode.LIVE,
        mandatory=bool(row.get("mandatory", False)),
        rollout_percent=_percent(row.get("rollout_percent")),
        expires_at=_instant(row.get("expires_at")),
    )


def _row(rule: Declared) -> dict[str, str | bool | int | datetime]:
    """A rule's keys as they are written; what is as if left out is left out."""
    row: dict[str, str | bool | int | datetime] = {
        "id": rule.id,
        "name": rule.name,
        "text": rule.text,
        "reason": rule.reason,
    }
    if rule.mode is not RuleMode.LIVE:
        row["mode"] = rule.mode.value
    if rule.mandatory:
        row["mandatory"] = True
    if rule.rollout_percent is not None:
        row["rollout_percent"] = rule.rollout_percent
    if rule.expires_at is not None:
        row["expires_at"] = rule.expires_at
    return row
