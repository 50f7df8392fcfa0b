"""The device's clock against where its shopper says to be, the local hour, and the visit's length."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.clock import CLOCK
from engine.features import Unknown, Value
from engine.payment import Contact, Device, Order, Payment
from engine.reference import Reference

FEATURES = [feature.name for feature in CLOCK.features]
WINTER, SUMMER = datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)
NOWHERE, AMBIGUOUS = Unknown("country_unknown"), Unknown("ambiguous")
NOWHERE_GIVEN = Contact()


def of(
    reference: Reference,
    device: Device,
    known: Mapping[str, Value] = MappingProxyType({}),
    at: datetime = WINTER,
    billing: Contact = NOWHERE_GIVEN,
) -> dict[str, Value | Unknown]:
    payment = Payment(
        transaction_id="tx-1",
        merchant_id="shop-a",
        at=at,
        order=Order(amount_minor=4990, currency="USD"),
        device=device,
        billing=billing,
    )
    read = {"ip_country": None, "ip_time_zone": None, "billing_country": None, **known}
    return dict(zip(FEATURES, CLOCK.compute(payment, reference, read), strict=True))


@pytest.mark.parametrize(
    ("offset", "known", "hour", "matches_ip"),
    [
        (None, {}, None, None),
        (60, {}, 13, NOWHERE),
        (-480, {"ip_country": "US"}, 4, AMBIGUOUS),
        (180, {"ip_country": "US"}, 15, False),
        (-780, {"ip_country": "US"}, 23, False),
        (0, {"ip_country": "XK"}, 12, AMBIGUOUS),
        (None, {"ip_country": "DE", "billing_country": "JP"}, 13, None),
        (None, {"ip_country": "US", "billing_country": "JP"}, 21, None),
        (None, {"ip_country": "US", "billing_country": "BR"}, AMBIGUOUS, None),
        (None, {"ip_country": "US", "ip_time_zone": "America/New_York"}, 7, None),
        (-300, {"ip_country": "US", "ip_time_zone": "America/New_York"}, 7, True),
        (60, {"ip_country": "US", "ip_time_zone": "America/New_York"}, 13, False),
        (60, {"ip_country": "DE", "ip_time_zone": "Nowhere/At_All"}, 13, True),
        (60, {"billing_country": "DE"}, 13, NOWHERE),
        (None, {"billing_country": "XK"}, AMBIGUOUS, None),
    ],
)
def test_the_local_hour(
    reference: Reference,
    offset: int | None,
    known: dict[str, Value],
    hour: Value | Unknown,
    matches_ip: Value | Unknown,
) -> None:
    found = of(reference, Device(timezone_offset=offset), known)
    assert (found["local_hour"], found["device_clock_matches_ip"]) == (hour, matches_ip)


@pytest.mark.parametrize(
    ("offset", "at", "known", "values"),
    [
        (60, WINTER, {"ip_country": "DE", "billing_country": "DE"}, (True, 0, True)),
        (60, SUMMER, {"ip_country": "DE", "billing_country": "DE"}, (True, 60, False)),
        (-480, WINTER, {"ip_country": "US", "billing_country": "US"}, (True, 0, True)),
        (
            -480,
            WINTER,
            {"ip_country": "US", "ip_time_zone": "America/New_York"},
            (True, 180, NOWHERE),
        ),
        (420, WINTER, {"ip_country": "US", "billing_country": "VN"}, (True, 720, True)),
        (345, WINTER, {"ip_country": "NP"}, (True, 0, Unknown("country_unknown"))),
        (17, WINTER, {"ip_country": "GB"}, (False, 17, Unknown("country_unknown"))),
        (0, WINTER, {"ip_time_zone": "Nowhere/At_All"}, (True, Unknown("country_unknown"), Unknown("country_unknown"))),
    ],
)
def test_the_clock(
    reference: Reference, offset: int, at: datetime, known: dict[str, Value], values: tuple[Value | Unknown, ...]
) -> None:
    found = of(reference, Device(timezone_offset=offset), known, at)
    names = ("is_device_clock_possible", "device_clock_minutes_off_ip", "device_clock_matches_billing")
    assert tuple(found[name] for name in names) == values


@pytest.mark.parametrize(
    ("country", "postal", "offset", "matches"),
    [
        ("US", "00901", -240, True),
        ("US", "00901", -480, False),
        ("US", "96910", 600, True),
        ("US", "96799", -660, True),
        ("US", "10001", -240, False),
        ("US", None, 600, False),
        ("FR", "97400", 240, True),
        ("FR", "75001", 240, False),
        ("DK", "3900", -120, True),
    ],
)
def test_a_territory_has_its_own_time_under_its_countrys_code(
    reference: Reference, *, country: str, postal: str | None, offset: int, matches: bool
) -> None:
    billing = Contact(country=country, postal=postal)
    found = of(reference, Device(timezone_offset=offset), {"billing_country": country}, billing=billing)
    assert found["device_clock_matches_billing"] is matches


@pytest.mark.parametrize(
    ("seconds", "band"),
    [(0, "under_10s"), (10, "under_1m"), (299.9, "under_5m"), (300, "under_30m"), (3600, "under_3h"), (1e9, "longer")],
)
def test_the_visits_length(reference: Reference, seconds: float, band: str) -> None:
    assert of(reference, Device(session_age=seconds))["session_age_band"] == band


COUNTRY = st.none() | st.sampled_from(("US", "AQ", "XK", "BV", "ZZ", "DE"))


@given(st.none() | st.integers(), COUNTRY, COUNTRY, st.none() | st.text(max_size=20), st.none() | st.floats(0))
def test_nothing_makes_it_raise(
    reference: Reference,
    offset: int | None,
    ip_country: str | None,
    billing_country: str | None,
    zone: str | None,
    age: float | None,
) -> None:
    known: dict[str, Value] = {"ip_country": ip_country, "billing_country": billing_country, "ip_time_zone": zone}
    found = of(reference, Device(timezone_offset=offset, session_age=age), known)
    assert len(found) == len(FEATURES)
    hour = found["local_hour"]
    assert hour is None or hour == AMBIGUOUS or hour in range(24)
