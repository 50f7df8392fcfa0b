"""The log: what is listed passes, the rest does not, and no card number, key or address is ever in a line."""

import ast
import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from api.logs import CARD_NUMBER_REMOVED, MASKED, NOT_LISTED, PLAIN, logs_kept, masked
from engine.errors import LedgerUnavailable
from tests.docs.documents import ROOT

CARD = "4111111111111111"
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in CARD)
SECRET = "x" * 43

log = structlog.get_logger()


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    out = io.StringIO()
    with logs_kept("info", out):
        yield out


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_event_first(stream: io.StringIO) -> None:
    log.warning("overloaded", under_way=3)
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "under_way"]
    assert line["level"] == "warning"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line["timestamp"])


def test_an_unlisted_field_keeps_its_name_and_loses_its_value(stream: io.StringIO) -> None:
    log.info("x", shopper="Jane Doe", count=2)
    (line,) = lines(stream)
    assert (line["shopper"], line["count"]) == (NOT_LISTED, 2)
    assert "Jane" not in stream.getvalue()


def test_ids_of_others_are_masked(stream: io.StringIO) -> None:
    log.info("x", transaction_id="order-2026-000123", merchant_id="shop-1")
    (line,) = lines(stream)
    assert line["transaction_id"] == "orde...23"
    assert line["merchant_id"] == "s..."
    assert masked(CARD) == "4111...11"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "paid with 4111 1111 1111 1111 today",
        "4111-1111-1111-1111",
        f"tok_{CARD}",
        f"card{CARD}x",
        "1234567890123",
        "%34111111111111111",
        FULL_WIDTH,
        int(CARD),
        [f"a {CARD}"],
        {"a": {f"b {CARD}": CARD}},
        Path("/a") / CARD,
        "x" * 990 + CARD,
    ],
    ids=str,
)
def test_card_numbers_are_taken_out_of_listed_fields_too(stream: io.StringIO, text: object) -> None:
    log.info("x", cause=text)
    (line,) = lines(stream)
    assert not re.search(r"\d{9}", json.dumps(line["cause"]))
    assert FULL_WIDTH[:4] not in json.dumps(line["cause"], ensure_ascii=False)


def test_keys_and_addresses_are_taken_out(stream: io.StringIO) -> None:
    event = f"from jane@example.com with assay_live_abcdefghijkl_{SECRET}"
    log.error(event, cause=f"assay_test_0123456789ab_{SECRET}")
    assert "jane" not in stream.getvalue()
    assert SECRET not in stream.getvalue()
    (line,) = lines(stream)
    assert line["cause"] == "assay_test_0123456789ab_(removed)"


def test_our_own_ids_and_times_stay(stream: io.StringIO) -> None:
    kept = {
        "decision_id": "dec_019abc00000012345678901234567890",
        "request_id": "req_0123456700000001",
        "url": "http://127.0.0.1:8080",
        "version": "0.1.0",
        "cause": "disk I/O error",
    }
    log.info("x", **kept)
    (line,) = lines(stream)
    assert {name: line[name] for name in kept} == kept


def test_an_exception_is_its_type_code_and_place_without_words_or_locals(stream: io.StringIO) -> None:
    card_number = CARD

    def fail() -> None:
        raise LedgerUnavailable(f"no room for {card_number}")

    try:
        fail()
    except LedgerUnavailable:
        log.exception("x")
    (line,) = lines(stream)
    assert (line["error"], line["code"]) == ("LedgerUnavailable", "ledger_unavailable")
    assert re.fullmatch(r"test_logs\.py:\d+", line["where"])
    assert "no room" not in stream.getvalue()


def test_what_others_log_passes_without_what_they_filled_in(stream: io.StringIO) -> None:
    try:
        int(f"{CARD}x")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception for %s", "jane@example.com")
    logging.getLogger("driver").warning(f"could not bind Jane, {CARD}")  # noqa: G004 - what a bad library does
    logging.getLogger("driver").warning("Invalid HTTP request received.")
    logging.getLogger("driver").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("Jane", stacklevel=1)
    found = lines(stream)
    assert [line["event"] for line in found] == [
        "Exception for %s",
        "(message)",
        "Invalid HTTP request received.",
        "(message)",
    ]
    assert found[0]["error"] == "ValueError"
    assert not any(word in stream.getvalue() for word in ("Jane", "jane", CARD, "Traceback"))


def test_levels_below_the_setting_are_left_out() -> None:
    out = io.StringIO()
    with logs_kept("error", out):
        log.warning("a")
        log.error("b")
    assert [line["event"] for line in lines(out)] == ["b"]


def test_a_terminal_gets_words() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with logs_kept("info", out):
        log.info("ready", url="http://127.0.0.1:1", cause=CARD)
    assert "ready" in out.getvalue()
    assert not out.getvalue().startswith("{")
    assert CARD not in out.getvalue()
    assert CARD_NUMBER_REMOVED in out.getvalue()


def test_a_stream_that_nobody_reads_any_more_breaks_nothing() -> None:
    out = io.StringIO()
    with logs_kept("info", out):
        out.close()
        log.info("x")


def test_logging_is_as_it_was_afterwards() -> None:
    before = (logging.getLogger().handlers[:], logging.getLogger().level, structlog.get_config()["processors"])
    with logs_kept("debug", io.StringIO()):
        pass
    assert before == (logging.getLogger().handlers, logging.getLogger().level, structlog.get_config()["processors"])


def test_every_field_that_the_code_logs_is_listed() -> None:
    missing = []
    for path in (*ROOT.glob("api/**/*.py"), *ROOT.glob("engine/**/*.py"), *ROOT.glob("models/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"log\.(debug|info|warning|error|exception)", ast.unparse(node.func)
            ):
                names = {each.arg for each in node.keywords} - PLAIN - MASKED - {"exc_info"}
                missing += [f"{path.name}:{node.lineno} {name}" for name in names]
    assert not missing, "List the field in api/logs.py, or leave it out."
