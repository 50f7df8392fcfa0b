"""What a mapping makes of a row: exact amounts, translations, joins, constants, types, times."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from api.importing.refusal import Refusal
from api.importing.times import TimeFormat
from tests.api.importing.desk import HEADING, MAPPING, Desk

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "top", "minor"),
    [
        ("12.50", "EUR", "", 1250),
        ("12.5", "EUR", "", 1250),
        ("12.5000", "EUR", "", 1250),
        ("0.1", "EUR", "", 10),
        ("1000", "JPY", "", 1000),
        ("1000.00", "JPY", "", 1000),
        ("1.234", "KWD", "", 1234),
        ("7.53", "JPY", "round_amounts = true", 8),
        ("0.125", "EUR", "round_amounts = true", 12),
        ("0.135", "EUR", "round_amounts = true", 14),
        ("1.234,56", "EUR", "decimal_comma = true", 123_456),
        ("1 234,5", "EUR", "decimal_comma = true", 123_450),
        ("12", "EUR", "decimal_comma = true", 1200),
        ("1.234", "EUR", "decimal_comma = true", 123_400),
    ],
)
def test_amounts(desk: Desk, amount: str, currency: str, top: str, minor: int) -> None:
    desk.run(desk.payments(f'a1,tea,2026-03-01T10:00:00Z,"{amount}",{currency},'), top + MAPPING)
    (record,) = desk.records()
    payment = orjson.loads(record.payment)
    assert payment["order"]["amount_minor"] == minor


@pytest.mark.parametrize(
    ("amount", "top", "code"),
    [
        ("7.531", "", "amount_decimals"),
        ("12,50", "", "amount_invalid"),
        ("1e3", "", "amount_invalid"),
        ("-1.00", "", "amount_negative"),
        ("", "", "missing"),
        ("12.50", "decimal_comma = true", "amount_invalid"),
        ("1.23,5", "decimal_comma = true", "amount_invalid"),
    ],
)
def test_amounts_that_are_rejected(desk: Desk, amount: str, top: str, code: str) -> None:
    outcome = desk.run(desk.payments(f'a1,tea,2026-03-01T10:00:00Z,"{amount}",EUR,'), top + MAPPING, "--dry-run")
    assert outcome.summary["rejected_by_code"] == {code: 1}


def test_fields_of_every_kind(desk: Desk) -> None:
    mapping = (
        MAPPING.replace('order.amount = "amount"', 'order.amount_minor = "amount"')
        + """
"billing.country" = "land"
credit_card.cardholder_name = { columns = ["first", "middle", "last"], join = "-" }
shopping_cart.category = { constant = "tea" }
shopping_cart.quantity = "pieces"
order.is_gift = "gift"
"custom.tier" = "tier"
"custom.a.b" = { column = "visits", type = "number" }
custom.member = { column = "member", type = "boolean" }
[values."billing.country"]
"" = "AT"
"UK" = "GB"
[values.order.is_gift]
ja = true
"""
    )
    heading = f"{HEADING},land,first,middle,last,pieces,gift,tier,visits,member"
    lines = (
        "m1,tea,2026-03-01T10:00:00Z,1250.0,EUR,, UK ,Ada,,Keller,3,ja,007,12,no",
        "m2,tea,2026-03-01T10:00:00Z,990,EUR,,,,,,,,,many,",
    )
    outcome = desk.run(desk.payments(*lines, heading=heading), mapping)
    assert outcome.summary["decided"] == 2
    first, second = (orjson.loads(record.payment) for record in desk.records())
    assert first["order"] == {"amount_minor": 1250, "currency": "EUR", "is_gift": True}
    assert first["billing"]["country"] == "GB"
    assert first["card"]["cardholder_name"] == "Ada-Keller"
    assert first["cart"] == [{"category": "tea", "quantity": 3}]
    assert first["custom"] == {"tier": "007", "a.b": 12, "member": False}
    assert second["billing"]["country"] == "AT"
    assert second["custom"] == {"a.b": "many"}


@pytest.mark.parametrize(
    ("text", "format_", "zone", "expected"),
    [
        ("2026-03-01T10:00:00Z", "iso", "UTC", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 10:00:00.123456+05:30", "iso", "UTC", datetime(2026, 3, 1, 4, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01", "iso", "America/New_York", datetime(2026, 3, 1, 5, tzinfo=UTC)),
        ("1772359200", "epoch_s", "UTC", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("1772359200.25", "epoch_s", "UTC", datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("1772359200250", "epoch_ms", "UTC", datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("01/07/2026 10:00", "%d/%m/%Y %H:%M", "Europe/London", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("01/07/2026 10:00 +0300", "%d/%m/%Y %H:%M %z", "Europe/London", datetime(2026, 7, 1, 7, tzinfo=UTC)),
    ],
)
def test_times(text: str, format_: str, zone: str, expected: datetime) -> None:
    time = TimeFormat(format=format_, zone=ZoneInfo(zone)).read(text, "/event/time", NOW)
    assert time == expected
    assert isinstance(time, datetime)
    assert time.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "format_", "code", "words"),
    [
        ("", "iso", "time_missing", "no time"),
        ("yesterday", "iso", "time_invalid", "ISO 8601"),
        ("1772359200", "iso", "time_invalid", '"epoch_s"'),
        ("1772359200250", "iso", "time_invalid", '"epoch_ms"'),
        ("1772359200", "epoch_ms", "time_too_early", "milliseconds"),
        ("1772359200250", "epoch_s", "time_invalid", "milliseconds"),
        ("2026-03-01", "epoch_s", "time_invalid", "Not a number"),
        ("nan", "epoch_s", "time_invalid", "Not a number"),
        ("0", "epoch_s", "time_too_early", "2000"),
        ("2026-11-23T17:02:01Z", "iso", "time_in_future", "future"),
        ("0001-01-01T00:00:00+14:00", "iso", "time_invalid", "calendars"),
        ("31/02/2026", "%d/%m/%Y", "time_invalid", "%d/%m/%Y"),
    ],
)
def test_times_that_are_refused(text: str, format_: str, code: str, words: str) -> None:
    refusal = TimeFormat(format=format_).read(text, "/event/time", NOW)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == (code, "/event/time")
    assert words in refusal.reason
    assert len(text) < 2 or text not in refusal.reason, "a value may be card data"
