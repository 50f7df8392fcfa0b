"""The log: one line an event, only the fields that are listed here, and no card number in any of them.

JSON on a stream that nobody looks at, readable on a terminal. What other libraries log goes the same way, without what
they filled in: a driver's or a framework's words may quote what a shopper typed.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, Final, TextIO

import orjson
import structlog

from engine.card_data import LENGTH_MIN, holds_card_number, token_holds_card_number
from engine.errors import AssayError

LEVELS: Final = ("debug", "info", "warning", "error")

_LISTED: Final = """
    action cause changed code commits count decision_id degraded detail error event failed field file folder found host
    is_clean job_id key_id kind level limit line logger mode model number of part payments pid policies policy port
    reason request_id result role rules ruleset seconds shed signal source stage started status suspect table test_mode
    timestamp total turned_away under_way url version versions waiting where
"""
PLAIN: Final = frozenset(_LISTED.split())
"""Fields whose values we make ourselves."""
MASKED: Final = frozenset({"merchant_id", "transaction_id", "idempotency_key", "user_id", "supersedes"})
"""Ids of others: enough of them to find the payment again, and no card number."""
NOT_LISTED: Final = "(not listed)"
CARD_NUMBER_REMOVED: Final = "(digits removed)"
_KEY_REMOVED: Final = r"\1(removed)"
_EMAIL_REMOVED: Final = "(address removed)"

_KEY = re.compile(r"(assay_(?:live|test)_[a-z0-9]{12}_)[A-Za-z0-9_-]{20,}")
_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_LONG_DIGITS = re.compile(rf"(?<![0-9A-Za-z_])[0-9](?:[ .-]?[0-9]){{{LENGTH_MIN - 1},}}(?![0-9A-Za-z_])")
_TEXT_LENGTH_MAX: Final = 1_000
_TEXT_SEARCHED_MAX: Final = 10_000
_ID_SHOWN: Final = (4, 2)
_ID_LENGTH_MIN: Final = 10
"""Shorter ids show their first character alone."""

Event = MutableMapping[str, Any]


@contextmanager
def logs_kept(level: str = "info", stream: TextIO | None = None) -> Iterator[None]:
    """Send structlog's and the standard library's events to the stream (standard error), from this level on."""
    out = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            no_exception,
            listed_alone,
            _rendered(is_terminal=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(out),
        cache_logger_on_first_use=False,
    )
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    handlers, root_level, propagate = root.handlers[:], root.level, uvicorn.propagate
    root.handlers[:] = [_ToStructlog()]
    # The others' chatter is for whoever looks for a fault in them.
    root.setLevel(number if level == "debug" else max(number, logging.WARNING))
    uvicorn.propagate = True
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(root_level)
        uvicorn.propagate = propagate
        structlog.reset_defaults()


def no_exception(_: object, __: str, event: Event) -> Event:
    """Replace an exception by its type, our code of it and its place: neither message nor locals are logged."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(told(error))
    return event


def told(error: BaseException) -> dict[str, str]:
    """What may be logged of an exception: its type, the file and line that raised it, and our own code of it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    known = {"code": error.code} if isinstance(error, AssayError) else {}
    return {"error": type(error).__name__, "where": where, **known}


def listed_alone(_: object, __: str, event: Event) -> Event:
    """Only what is listed passes; of another field the name is kept, for whoever forgot to list it."""
    return {_scrubbed(name): _passed(name, value) for name, value in event.items()}


def masked(identifier: str) -> str:
    """An id of others: its first four and last two characters, of a short one the first alone."""
    first, last = _ID_SHOWN
    if len(identifier) < _ID_LENGTH_MIN:
        return f"{identifier[:1]}..."
    return f"{identifier[:first]}...{identifier[-last:]}"


def _passed(name: str, value: object) -> object:
    if name == "timestamp":
        return value
    if name in MASKED:
        return masked(value) if isinstance(value, str) else NOT_LISTED
    return _clean(value) if name in PLAIN else NOT_LISTED


def _clean(value: object) -> object:
    """The value in JSON's types without what must not be logged; what is of no plain type is its type's name."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        cleaned = _scrubbed(str(value))
        return value if cleaned == str(value) else cleaned
    if isinstance(value, str | PurePath):
        return _scrubbed(str(value))
    if isinstance(value, dict):
        return {_scrubbed(str(name)): _clean(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in value]
    return type(value).__name__


def _scrubbed(text: str) -> str:
    """The second net: what looks like a card number, a key's secret or an address is taken out of any text."""
    shown = _KEY.sub(_KEY_REMOVED, text[:_TEXT_SEARCHED_MAX])
    shown = _EMAIL.sub(_EMAIL_REMOVED, shown)
    shown = _LONG_DIGITS.sub(CARD_NUMBER_REMOVED, shown)
    if holds_card_number(shown) or token_holds_card_number(shown):
        return CARD_NUMBER_REMOVED
    # Cut last, lest a number's first half be left where the cut is.
    return shown if len(shown) <= _TEXT_LENGTH_MAX else f"{shown[:_TEXT_LENGTH_MAX]}..."


def _rendered(*, is_terminal: bool) -> structlog.typing.Processor:
    if is_terminal:
        return structlog.dev.ConsoleRenderer(colors=True)

    def as_json(_: object, __: str, event: Event) -> str:
        # What happened comes first, whoever reads it.
        ordered = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event} | dict(event)
        return orjson.dumps(ordered).decode()

    return as_json


class _Lines:
    """Writes lines; where nobody takes them any more, a decision is worth more than its log."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def _write(self, line: str) -> None:
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except (OSError, ValueError):
            return

    msg = debug = info = warning = error = critical = fatal = exception = log = _write


class _ToStructlog(logging.Handler):
    """What others log, by our rules: the template of their message, never what they filled into it."""

    def emit(self, record: logging.LogRecord) -> None:
        told_by = {"logger": record.name, "source": f"{record.filename}:{record.lineno}"}
        if record.exc_info is not None and record.exc_info[1] is not None:
            told_by |= told(record.exc_info[1])
        # A template that is no text, or was filled in before it came, is not for us to trust.
        template = record.msg if isinstance(record.msg, str) and (record.args or _is_plain(record.msg)) else "(message)"
        structlog.get_logger().log(min(record.levelno, logging.ERROR), template, **told_by)


def _is_plain(message: str) -> bool:
    """Whether a message without arguments is a fixed sentence: one that holds digits, quotes or colons may quote."""
    return re.fullmatch(r"[A-Za-z ,.()\-]{1,120}", message) is not None
