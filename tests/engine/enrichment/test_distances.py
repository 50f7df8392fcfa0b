"""Where addresses are and how far apart: known as well as the places are, or not at all."""

import lzma
from collections.abc import Callable
from dataclasses import replace
from math import acos, cos, radians, sin
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.distances import CLOSE_KM, DISTANCES, _ip_place, _measured
from engine.errors import ReferenceInvalid
from engine.features import Unknown, Value
from engine.iso import COUNTRIES
from engine.payment import Contact, Device, Payment
from engine.reference import Place, Places, Reference
from engine.reference.places import _city_place, _zip_of, distance_km, folded_place

TABLE: Final = Places.load()


@pytest.mark.parametrize(
    ("country", "region", "city", "postal", "latitude", "longitude", "by"),
    [
        ("US", "CA", "San Francisco", "94103", 37.77, -122.41, "postal"),
        ("US", "CA", "San Francisco", "94103-1234", 37.77, -122.41, "postal"),
        ("US", None, None, "10001", 40.75, -74.0, "postal"),
        ("US", "IL", "Springfield", None, 39.8, -89.64, "city"),
        ("US", "MO", "Springfield", "0", 37.22, -93.3, "city"),
        ("US", None, "Springfield", None, 38.96, -92.66, "country"),
        ("US", "MN", "Saint Paul", None, 44.94, -93.09, "city"),
        ("US", "MN", "ST. PAUL", None, 44.94, -93.09, "city"),
        ("US", "ME", "Paris", None, 38.96, -92.66, "country"),
        ("US", "TX", "Paris", None, 33.66, -95.56, "city"),
        ("US", "MS", "Houston", None, 38.96, -92.66, "country"),
        ("US", "OK", "Miami", "0", 38.96, -92.66, "country"),
        ("US", "us-or", "Portland", None, 45.52, -122.68, "city"),
        ("US", "Calif.", "Los Angeles", None, 34.05, -118.24, "city"),
        ("US", "PR", "San Juan", None, 18.47, -66.11, "city"),
        ("CA", "NS", "Windsor", None, 48.67, -88.49, "country"),
        ("CA", "ON", "Windsor", None, 42.3, -83.02, "city"),
        ("AU", "TAS", "Perth", None, -33.58, 144.8, "country"),
        ("AU", "WA", "Perth", None, -31.95, 115.86, "city"),
        ("GB", "ENG", "Perth", None, 52.58, -1.42, "country"),
        ("FR", "75", "Paris", None, 48.85, 2.35, "city"),
        ("GB", None, "London", "SW1Y 4JH", 51.51, -0.13, "city"),
        ("GB", None, "Nether Wallop", None, 52.58, -1.42, "country"),
        ("CA", "ON", "Toronto", None, 43.71, -79.4, "city"),
        ("CA", "QC", "Montr\u00e9al", None, 45.51, -73.59, "city"),
        ("DE", None, "M\u00fcnchen", None, 48.14, 11.58, "city"),
        ("DE", None, "Muenchen", None, 48.14, 11.58, "city"),
        ("DE", None, "Munich", None, 48.14, 11.58, "city"),
        ("DE", None, "G\u00f6ttingen", None, 51.53, 9.93, "city"),
        ("AT", None, "Wien", None, 48.21, 16.37, "city"),
        ("FR", None, "Paris", None, 48.85, 2.35, "city"),
        ("FR", None, "Saint-\u00c9tienne", None, 45.43, 4.39, "city"),
        ("ES", None, "Sevilla", None, 37.38, -5.97, "city"),
        ("IT", None, "Firenze", None, 43.78, 11.25, "city"),
        ("BR", None, "S\u00e3o Paulo", None, -23.55, -46.64, "city"),
        ("JP", None, "\u6771\u4eac", None, 35.69, 139.69, "city"),
        ("RU", None, "\u041c\u043e\u0441\u043a\u0432\u0430", None, 55.75, 37.62, "city"),
        ("VA", None, None, None, 41.9, 12.45, "country"),
        # The one on the Saale is called Halle as well, and is larger than that in Westphalia.
        ("DE", None, "Halle", None, 51.05, 9.79, "country"),
        ("DE", None, "Halle (Saale)", None, 51.48, 11.97, "city"),
        ("CO", None, "Florida", None, 5.9, -74.86, "country"),
    ],
)
def test_where_an_address_is(
    country: str,
    region: str | None,
    city: str | None,
    postal: str | None,
    latitude: float,
    longitude: float,
    by: str,
) -> None:
    place = TABLE.locate(country, region, city, postal)
    assert place is not None
    assert (place.latitude, place.longitude) == pytest.approx((latitude, longitude), abs=0.06)
    assert place.precision == by


def test_nearly_every_country_is_somewhere() -> None:
    # Bouvet Island, Heard Island, Antarctica and the like have no place of 500 people.
    nowhere = {country for country in COUNTRIES if TABLE.country(country) is None}
    assert nowhere <= {"AQ", "BV", "GS", "HM", "IO", "UM", "TF"}
    assert all(place.radius_km >= 3 for country in COUNTRIES if (place := TABLE.country(country)) is not None)


def test_every_line_of_the_table_is_a_place() -> None:
    cities = [_city_place(line) for lines in TABLE._lines.values() for line in lines.split("\n")]  # noqa: SLF001
    zips = [_zip_of(line).place for line in TABLE._zip_lines.values()]  # noqa: SLF001
    assert len(cities) > 30_000
    assert len(zips) > 40_000
    assert all(-90 <= each.latitude <= 90 and -180 <= each.longitude <= 180 for each in (*cities, *zips))
    assert TABLE.info.rows == len(cities) + len(zips) + len(COUNTRIES) - 4


_DEGREES: Final = st.tuples(st.floats(-89, 89), st.floats(-179, 179), st.integers(0, 3000))


@given(_DEGREES, _DEGREES)
def test_the_distance_is_the_great_circles(left: tuple[float, float, int], right: tuple[float, float, int]) -> None:
    one, other = (Place(latitude, longitude, radius, "city") for latitude, longitude, radius in (left, right))
    south, north = radians(left[0]), radians(right[0])
    cosine = sin(south) * sin(north) + cos(south) * cos(north) * cos(radians(right[1] - left[1]))
    plain = acos(max(-1.0, min(1.0, cosine))) * 6371.0088
    assert distance_km(one, other) == pytest.approx(plain, abs=0.2)
    distance, error = _measured(one, other)
    if isinstance(distance, int) and isinstance(error, int):
        assert error == left[2] + right[2]
        assert error <= max(CLOSE_KM, distance / 2)
    else:
        assert distance == Unknown("imprecise")


LONDON: Final = Contact(country="GB", city="London", postal="SW1Y 4JH")
PARIS: Final = Contact(country="FR", city="Paris", postal="75008")
_HALLE: Final = Contact(country="DE", city="Halle", postal="06108")
AUSTIN: Final = Contact(country="US", region="TX", city="Austin", postal="78701")


@pytest.mark.parametrize(
    ("billing", "shipping", "between", "within"),
    [
        (LONDON, PARIS, (344, 5), None),
        (LONDON, LONDON, (0, 0), 130),
        (AUSTIN, AUSTIN, (0, 1), 10),
        (AUSTIN, replace(AUSTIN, postal="78702"), (3, 3), 30),
        (LONDON, Contact(country="AU"), (16_600, 800), 2800),
        (Contact(country="FR"), PARIS, "imprecise", None),
        (LONDON, Contact(), "place_unknown", None),
        (LONDON, Contact(city="Paris"), "place_unknown", None),
        (Contact(), Contact(), None, None),
        # Of one postal code both are where the better known one is.
        (_HALLE, replace(_HALLE, city="Halle (Saale)"), (0, 0), 60),
        (replace(PARIS, city=None), PARIS, (0, 0), 130),
        # With a district or a sorting office, and without.
        (Contact(country="CZ", city="Praha 1"), Contact(country="CZ", city="Prague"), (0, 0), 130),
        (Contact(country="FR", city="Lyon Cedex 03"), Contact(country="FR", city="Lyon"), (0, 0), 130),
        (
            Contact(country="DK", city="K\u00f8benhavn \u00d8"),
            Contact(country="DK", city="K\u00f8benhavn"),
            (0, 0),
            130,
        ),
        (Contact(country="CZ", city="Nowhere 1"), Contact(country="CZ", city="Prague"), "imprecise", None),
        # New Caledonia and Polynesia, written as France.
        (
            Contact(country="FR", city="Noum\u00e9a", postal="98800"),
            Contact(country="NC", city="Noum\u00e9a", postal="98800"),
            (0, 0),
            130,
        ),
        (Contact(country="FR", city="Papeete", postal="98714"), Contact(country="PF", city="Papeete"), (0, 0), 130),
        # R\u00e9union, written as France.
        (PARIS, Contact(country="FR", city="Saint-Denis", postal="97400"), (9_400, 60), 130),
        (PARIS, Contact(country="FR", city="Saint-Denis", postal="93200"), (8, 8), 130),
        (
            AUSTIN,
            Contact(country="US", address="CMR 456 Box 12", city="APO", region="AE", postal="09012"),
            "place_unknown",
            None,
        ),
        (LONDON, Contact(country="GB", address="BFPO 57", postal="BF1 2AU"), "place_unknown", None),
    ],
)
def test_how_far_shipping_is_from_billing(
    make_payment: Callable[..., Payment],
    reference: Reference,
    billing: Contact,
    shipping: Contact,
    between: tuple[int, int] | str | None,
    within: int | None,
) -> None:
    found, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
    name, error = "distance_between_billing_and_shipping_address", "distance_between_billing_and_shipping_error_km"
    if isinstance(between, tuple):
        assert found[name] == pytest.approx(between[0], abs=between[1])
        assert within is None or found[error] == pytest.approx(0, abs=within)
    else:
        assert (found[name], causes.get(name)) == (None, between)
        assert (found[error], causes.get(error)) == (None, between)


@pytest.mark.parametrize(
    ("region", "city", "postal", "within_km"),
    [("Oregon", "Portland", "97205", 20), ("Maine", "Portland", "04101", 20), ("Maine", "Paris", "75460", None)],
)
def test_a_region_is_known_by_its_name(
    make_payment: Callable[..., Payment],
    reference: Reference,
    region: str,
    city: str,
    postal: str,
    within_km: int | None,
) -> None:
    billing = Contact(country="US", city=city, region=region)
    found, causes = enrich(make_payment(billing=billing, shipping=Contact(country="US", postal=postal)), reference)
    name = "distance_between_billing_and_shipping_address"
    if within_km is None:
        assert (found[name], causes[name]) == (None, "imprecise")
    else:
        assert found[name] == pytest.approx(0, abs=within_km)


@pytest.mark.parametrize(
    ("postal", "city", "country", "expected"),
    [
        ("94103", "San Francisco", "US", True),
        ("94103-0001", "SAN FRANCISCO", "US", True),
        ("94103", "Oakland", "US", False),
        ("10001", "NYC", "US", True),
        ("11201", "Manhattan", "US", False),
        ("78701", "Austin, TX", "US", True),
        ("78701", "Austin, NY", "US", False),
        ("20001", "Washington D.C.", "US", True),
        ("00000", "Oakland", "US", "not_found"),
        ("75008", "Paris", "FR", "not_told"),
        ("75008", "Paris", None, "country_unknown"),
        ("94103", None, "US", None),
    ],
)
def test_a_zip_code_is_of_its_city(
    make_payment: Callable[..., Payment],
    reference: Reference,
    postal: str,
    city: str | None,
    country: str | None,
    expected: bool | str | None,
) -> None:
    found, causes = enrich(make_payment(shipping=Contact(country=country, city=city, postal=postal)), reference)
    assert causes.get("shipping_postal_in_city", found["shipping_postal_in_city"]) == expected


def test_an_ip_address_is_at_its_coordinates_or_in_its_country() -> None:
    known: dict[str, Value] = {"ip_country": "AU", "ip_latitude": None, "ip_longitude": None}
    assert _ip_place(known, TABLE) == TABLE.country("AU")
    known |= {"ip_latitude": -33.87, "ip_longitude": 151.2, "ip_accuracy_radius_km": 20}
    assert _ip_place(known, TABLE) == Place(-33.87, 151.2, 20, "city")


def test_far_from_the_ip_address(make_payment: Callable[..., Payment], reference: Reference) -> None:
    payment = make_payment(billing=Contact(country="AU"), device=Device(ip_address="86.130.10.20"))
    found, causes = enrich(payment, reference)
    assert found["distance_between_ip_and_billing_address"] == pytest.approx(16_600, abs=1000)
    assert causes["distance_between_ip_and_shipping_address"] == "place_unknown"


def test_a_missing_table_is_unknown(make_payment: Callable[..., Payment], reference: Reference) -> None:
    found, causes = enrich(make_payment(billing=AUSTIN, shipping=LONDON), replace(reference, places=None))
    names = [feature.name for feature in DISTANCES.features]
    assert {(found[name], causes[name]) for name in names} == {(None, "places")}


@pytest.mark.parametrize("content", [b"", lzma.compress(b"[]"), lzma.compress(b'{"version": "1"}')])
def test_a_broken_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "places.json.xz"
    path.write_bytes(content)
    with pytest.raises(ReferenceInvalid, match="no table of places"):
        Places.load(path)


_TEXT: Final = st.one_of(st.none(), st.text(max_size=12))


@given(st.one_of(st.sampled_from(("US", "GB", "VA")), st.text(max_size=3)), _TEXT, _TEXT, _TEXT)
def test_any_text_is_looked_up(country: str, region: str | None, city: str | None, postal: str | None) -> None:
    assert TABLE.locate(country, region, city, postal) == TABLE.locate.__wrapped__(country, region, city, postal)
    if city is not None and postal is not None:
        assert TABLE.is_postal_in_city(postal, city) in (True, False, None)
        assert folded_place(folded_place(city)) == folded_place(city) or not city.isascii()
