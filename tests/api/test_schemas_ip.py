"""IPv4 addresses are read by the system's parser as Python's own reads them."""

from ipaddress import IPv4Address

from hypothesis import example, given
from hypothesis import strategies as st

from api.schemas.values import ip_address


@given(st.integers(0, 2**32 - 1))
@example(0x0A000001)
@example(0xC0A80101)
@example(0xE0000001)
def test_an_address_is_public_where_the_registries_say_so(number: int) -> None:
    address = IPv4Address(number)
    found = ip_address(str(address))
    assert found == str(address) if isinstance(found, str) else not address.is_global or address.is_multicast


SPELLED = st.lists(st.sampled_from(["0", "00", "8", "08", "81", "255", "256", "1e1", "0x8", "٣", ""]), max_size=6)


@given(SPELLED.map(".".join), st.sampled_from(["", " ", "\n", "\0", "%eth0", "/8"]))
@example("8.8.8.8", "")
@example("8.8.8.08", "")
@example("8.8.8", "")
def test_an_address_is_taken_in_its_canonical_form_alone(spelled: str, behind: str) -> None:
    text = spelled + behind
    try:
        plain = str(IPv4Address(text))
    except ValueError:
        plain = ""
    found = ip_address(text)
    assert found == plain if isinstance(found, str) else not plain or not IPv4Address(plain).is_global
