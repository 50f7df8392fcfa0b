from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from engine.reference.clock import TimeZones, minute_of

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 12, tzinfo=UTC)

TIME_ZONES = TimeZones.load()


@pytest.mark.parametrize(
    ("country", "winter", "summer"),
    [
        ("GB", 0, 60),
        ("DE", 60, 120),  # two zones that agree: Berlin, Büsingen
        ("JP", 540, 540),
        ("IN", 330, 330),
        ("NP", 345, 345),
        ("AR", -180, -180),  # twelve zones that agree
        ("IE", 0, 60),
        ("MA", 60, 60),
    ],
)
def test_offsets(country: str, winter: int, summer: int) -> None:
    assert offsets(country, WINTER) == {winter}
    assert offsets(country, SUMMER) == {summer}


def offsets(place: str, at: datetime) -> frozenset[int]:
    return TIME_ZONES.offsets_minutes(place, minute_of(at))


@pytest.mark.parametrize("country", ["US", "BR", "AU", "RU", "CA", "MX", "ID", "ES", "PT", "CN"])
def test_zones_that_disagree_are_all_told(country: str) -> None:
    assert len(offsets(country, WINTER)) > 1


def test_agreement_is_judged_at_the_instant() -> None:
    # The north of Cyprus kept summer time through the winter of 2016.
    assert offsets("CY", datetime(2017, 1, 15, tzinfo=UTC)) == {120, 180}
    assert offsets("CY", datetime(2018, 1, 15, tzinfo=UTC)) == {120}


@pytest.mark.parametrize("country", ["XK", "ZZ", "", "gb", "BV", "Nowhere/At_All"])
def test_a_place_without_zones_has_none(country: str) -> None:
    assert offsets(country, WINTER) == frozenset()


def test_a_zone_is_a_place() -> None:
    assert offsets("America/New_York", WINTER) == {-300}
    assert offsets("America/New_York", SUMMER) == {-240}


def test_summer_time_begins_to_the_minute() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert offsets("GB", change - timedelta(microseconds=1)) == {0}
    assert offsets("GB", change) == {60}


def test_an_instant_may_be_given_in_any_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    change = datetime(2026, 3, 29, 10, tzinfo=tokyo)
    assert offsets("GB", change - timedelta(seconds=1)) == {0}
    assert offsets("GB", change) == {60}
    with pytest.raises(AssertionError):
        minute_of(datetime(2026, 3, 29, 10))  # noqa: DTZ001 - that is what is wrong with it


@pytest.mark.parametrize("place", ["US", "GB", "LB", "AU", "MA", "CY", "America/Santiago", "Europe/Berlin", "DE"])
def test_the_offsets_of_a_minute_are_those_of_its_zones(place: str) -> None:
    """Through days on which clocks change, too."""
    folder = files("tzdata") / "zoneinfo"
    lines = (folder / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    zones = []
    for country, _, name, *_ in rows:
        if place in (country, name):
            with folder.joinpath(*name.split("/")).open("rb") as stream:
                zones.append(ZoneInfo.from_file(stream))
    for hours in range(0, 365 * 24, 3):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=hours % 60)
        plainly = [at.astimezone(zone).utcoffset() for zone in zones]
        assert offsets(place, at) == {each // timedelta(minutes=1) for each in plainly if each is not None}


def test_offsets_change_at_whole_minutes_and_once_a_day_at_most() -> None:
    """What is held is held for a minute or a day; every change from 2000 to 2040 must lie on a minute."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    zones = [ZoneInfo(line.split("\t")[2]) for line in table.splitlines() if line and not line.startswith("#")]
    start, days = datetime(2000, 1, 1, tzinfo=UTC), 40 * 365
    changes = 0
    for zone in zones:
        before, last = start.astimezone(zone).utcoffset(), 0
        for day in range(7, days, 7):
            after = (start + timedelta(days=day)).astimezone(zone).utcoffset()
            if after != before:
                changes += 1
                changed = _change(zone, start + timedelta(days=day - 7))
                assert changed % 60 == 0, zone.key
                assert changed - last > 2 * 86_400, zone.key
                last = changed
            before = after
    assert changes > 1000


def _change(zone: ZoneInfo, start: datetime) -> int:
    """Seconds since the epoch of the zone's change within the week from `start`, by halving."""
    low, high = int(start.timestamp()), int(start.timestamp()) + 7 * 86_400

    def offset(seconds: int) -> timedelta | None:
        return datetime.fromtimestamp(seconds, tz=zone).utcoffset()

    before = offset(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return high


def test_the_version_is_that_of_the_package() -> None:
    assert TIME_ZONES.version.startswith("tzdata 20")
