"""Comparing A with B says what comparing B with A says: which of two addresses pays is no matter to what they share."""

from collections.abc import Callable
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.payment import Contact, Device, Payment
from engine.reference import Reference

_COMPARED: Final = (
    "shipping_address_matches_billing",
    "shipping_similarity_to_billing_percent",
    "shipping_city_matches_billing",
    "shipping_postal_matches_billing",
    "shipping_phone_matches_billing",
    "shipping_country_matches_billing",
    "distance_between_billing_and_shipping_address",
    "distance_between_billing_and_shipping_error_km",
)
_OF_ONE: Final = (
    "{}_is_military",
    "{}_is_po_box",
    "{}_postal_is_valid",
    "distance_between_ip_and_{}_address",
    "distance_between_ip_and_{}_error_km",
)
_CONTACTS: Final = st.builds(
    Contact,
    country=st.sampled_from((None, "US", "PR", "GU", "FI", "AX", "FR", "RE", "GB", "JE", "DE", "CA")),
    region=st.sampled_from((None, "PR", "IL", "MO", "QC", "San Juan")),
    city=st.sampled_from((None, "San Juan", "Springfield", "Mariehamn", "Saint-Denis", "St Denis", "Lyon 3", "Lyon")),
    postal=st.sampled_from((None, "00901", "00901-1234", "22100", "AX-22100", "97400", "62701", "D-80331", "75001")),
    address=st.sampled_from((None, "Calle 5 #12", "Calle 5", "12 Calle 5", "PO Box 12", "BP 12")),
    address_2=st.sampled_from((None, "#12", "12", "Apt 12")),
    phone_number=st.sampled_from((None, "787 722 1234", "+1 787 722 1234", "12")),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(Contact(country="US", postal="00901-1234"), Contact(country="PR", postal="00901"))
@example(Contact(country="FI", postal="22100"), Contact(country="AX", postal="AX-22100"))
@example(Contact(country="PR", region="PR", city="San Juan"), Contact(country="US", region="IL", city="san juan"))
@given(_CONTACTS, _CONTACTS)
def test_which_address_pays_is_no_matter(
    make_payment: Callable[..., Payment], reference: Reference, one: Contact, other: Contact
) -> None:
    device = Device(ip_address="86.130.10.20")
    found, causes = enrich(make_payment(billing=one, shipping=other, device=device), reference)
    swapped, swapped_causes = enrich(make_payment(billing=other, shipping=one, device=device), reference)
    for name in _COMPARED:
        assert causes.get(name, found[name]) == swapped_causes.get(name, swapped[name]), name
    for each in _OF_ONE:
        for group, its_other in (("billing", "shipping"), ("shipping", "billing")):
            name, same = each.format(group), each.format(its_other)
            assert causes.get(name, found[name]) == swapped_causes.get(same, swapped[same]), name
