"""Receipt times: each merchant's and mode's clock never goes back."""

from datetime import UTC, datetime, timedelta

from engine.receipt import ReceiptTimes

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_time_that_was_taken_is_the_earliest_from_then_on() -> None:
    times = ReceiptTimes()
    assert times.take("a", NOON, test_mode=False) == NOON
    assert times.take("a", NOON - HOUR, test_mode=False) == NOON
    assert times.take("a", NOON + HOUR, test_mode=False) == NOON + HOUR


def test_merchants_and_modes_have_clocks_of_their_own() -> None:
    times = ReceiptTimes()
    times.take("a", NOON, test_mode=False)
    assert times.take("b", NOON - HOUR, test_mode=False) == NOON - HOUR
    assert times.take("a", NOON - HOUR, test_mode=True) == NOON - HOUR


def test_a_look_takes_nothing() -> None:
    times = ReceiptTimes()
    times.take("a", NOON, test_mode=False)
    assert times.peek("a", NOON + HOUR, test_mode=False) == NOON + HOUR
    assert times.peek("a", NOON - HOUR, test_mode=False) == NOON
    assert times.take("a", NOON, test_mode=False) == NOON


def test_times_restored_are_kept_to() -> None:
    times = ReceiptTimes()
    times.restore({("a", False): NOON})
    assert times.take("a", NOON - HOUR, test_mode=False) == NOON


def test_how_far_the_clock_is_behind_is_known() -> None:
    times = ReceiptTimes()
    times.take("a", NOON, test_mode=False)
    assert times.behind == timedelta()
    times.take("a", NOON - HOUR, test_mode=False)
    assert times.behind == HOUR
    times.take("a", NOON + HOUR, test_mode=False)
    assert times.behind == timedelta()
