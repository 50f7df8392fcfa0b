"""Where an address is and what its network is, as features: known, unknown with its cause, never raising."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.enrichment import ENRICHMENTS, enrich
from engine.enrichment.clock import CLOCK
from engine.enrichment.ip import IP
from engine.enrichment.network import NETWORK
from engine.features import Unknown
from engine.payment import Device, Payment
from engine.reference import Reference, load_ip_tables
from engine.reference.ip import IpPlace
from engine.reference.ip_facts import IpFacts

MMDB = Path(__file__).parents[2] / "fixtures" / "mmdb"
PLACE = tuple(feature.name for feature in IP.features)
FACTS = tuple(feature.name for feature in NETWORK.features[2:])
Make = Callable[..., Payment]


@pytest.fixture(scope="module")
def of_cities(reference: Reference) -> Reference:
    return replace(reference, ip=load_ip_tables(MMDB / "GeoIP2-City-Test.mmdb").locations)


def features(payment: Payment, reference: Reference) -> dict[str, object]:
    """Each feature, an unknown as `?cause`."""
    known, causes = enrich(payment, reference)
    return {name: f"?{causes.get(name, 'not_provided')}" if value is None else value for name, value in known.items()}


def test_the_features_stand_as_the_tables_have_their_parts() -> None:
    assert tuple(f"ip_{part}" for part in IpPlace._fields) == PLACE
    renamed = {"is_anonymous": "is_anonymous_ip", "kind": "ip_network_kind", "provider": "ip_network_provider"}
    named = [renamed.get(part, part if part.startswith("is_") else f"ip_{part}") for part in IpFacts._fields]
    assert tuple(named) == FACTS


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "2.125.160.216",
            ("GB", "FR", "ENG", "Boxford", "OX1", 51.75, -1.25, 100, "Europe/London"),
        ),
        ("81.2.69.160", ("GB", "US", "ENG", "London", "?not_found", 51.5142, -0.0931, 100, "Europe/London")),
        ("216.160.83.56", ("US", "GB", "WA", "Milton", "98354", 47.2513, -122.3149, 22, "America/Los_Angeles")),
        ("::ffff:216.160.83.56", ("US", "GB", "WA", "Milton", "98354", 47.2513, -122.3149, 22, "America/Los_Angeles")),
        ("2001:218::1", ("JP", "JP", "?not_found", "?not_found", "?not_found", 35.68536, 139.75309, 100, "Asia/Tokyo")),
        ("73.15.20.30", ("?not_found",) * 9),
        ("192.168.0.1", ("?private_ip",) * 9),
        ("192.0.2.1", ("?reserved_ip",) * 9),
        ("nonsense", ("?ip_invalid",) * 9),
        (None, ("?not_provided",) * 9),
    ],
)
def test_where_an_address_is(
    make_payment: Make, of_cities: Reference, address: str | None, expected: tuple[object, ...]
) -> None:
    found = features(make_payment(device=Device(ip_address=address)), of_cities)
    assert tuple(found[name] for name in PLACE) == expected


@pytest.mark.parametrize(
    ("address", "country", "zone"),
    [("193.0.6.139", "NL", "Europe/Amsterdam"), ("133.11.0.1", "JP", "Asia/Tokyo"), ("8.8.8.8", "US", "?no_table")],
)
def test_a_table_of_countries_knows_the_zone_of_a_country_of_one(
    make_payment: Make, reference: Reference, address: str, country: str, zone: str
) -> None:
    found = features(make_payment(device=Device(ip_address=address)), reference)
    assert (found["ip_country"], found["ip_time_zone"], found["ip_city"]) == (country, zone, "?no_table")


def test_the_zone_of_the_address_tells_the_local_hour(make_payment: Make, of_cities: Reference) -> None:
    """A country of several zones alone does not: the embedded table leaves it unknown."""
    payment = make_payment(device=Device(ip_address="216.160.83.56"), at=datetime(2026, 11, 30, 20, 0, tzinfo=UTC))
    assert features(payment, of_cities)["local_hour"] == 12
    assert "ip_time_zone" in CLOCK.reads


def test_a_missing_table_makes_its_own_features_unknown(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(device=Device(ip_address="185.220.101.1"))
    whole = features(payment, reference)
    without_places = features(payment, replace(reference, ip=None))
    assert {without_places[name] for name in PLACE} == {"?geo"}
    assert [without_places[name] for name in FACTS] == [whole[name] for name in FACTS]
    without_networks = features(payment, replace(reference, ip_networks=None))
    assert {without_networks[name] for name in FACTS} == {"?ip_networks"}
    assert {name for name in whole if whole[name] != without_networks[name]} <= set(FACTS)
    assert without_networks["ip_normalized"] == "185.220.101.1"


def test_old_tables_tell_nothing(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(device=Device(ip_address="185.220.101.1"), at=datetime(2028, 6, 1, tzinfo=UTC))
    found = features(payment, reference)
    assert {found[name] for name in PLACE} == {"?geo_stale"}
    assert (found["is_tor"], found["ip_network_kind"]) == ("?geo_stale", "?geo_stale")
    assert (found["ip_asn"], found["ip_normalized"]) == ("?no_table", "185.220.101.1")
    assert features(payment.received(payment.at - timedelta(days=500)), reference)["is_tor"] is True


def test_what_the_features_say_is_about_features_that_are() -> None:
    names = {feature.name for enrichment in ENRICHMENTS for feature in enrichment.features}
    assert len(names) == sum(len(enrichment.features) for enrichment in ENRICHMENTS)
    assert all(feature.reason for feature in (*IP.features[1:], *NETWORK.features[2:]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.one_of(st.text(), st.ip_addresses().map(str)))
def test_no_address_makes_it_raise(make_payment: Make, reference: Reference, address: str) -> None:
    payment = make_payment(device=Device(ip_address=address))
    for enrichment in (IP, NETWORK):
        values = enrichment.compute(payment, reference, {})
        assert len(values) == len(enrichment.features)
        assert all(value is not None for value in values), "an address was sent: each unknown says why"
        assert enrichment.compute(payment, reference, {}) == values
        assert any(isinstance(value, Unknown) for value in values)
