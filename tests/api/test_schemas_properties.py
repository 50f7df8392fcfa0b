"""Whatever is sent: a Payment with warnings, or a declared error; and a planted card number never comes out."""

import copy
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from api.schemas import read_request
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from engine.errors import MalformedJson, PaymentInvalid
from engine.payment import Payment
from engine.payment_record import payment_bytes, payment_of
from tests.api.decision_requests import CARD_NUMBER, LEAST, NOW
from tests.api.test_schemas_card_data import FREE_TEXT, WRITTEN

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | st.text(max_size=40)
    | st.text(st.sampled_from("0123456789 -.@:/+\0\u0661x"), max_size=40)
    | st.sampled_from(
        ["", " ", "USD", "JPY", "12.50", "GB", "81.2.69.160", "::1", "a@b.co", "2026-11-23T17:00:00Z", "0" * 300]
    )
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def group(names: Any) -> st.SearchStrategy[Any]:
    return (
        st.dictionaries(st.sampled_from([*names, "cvv", "extra", "number"]) | st.text(max_size=6), JUNK, max_size=6)
        | JUNK
    )


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        **{name: group(readers) for name, readers in GROUP_READERS.items()},
        "shopping_cart": st.lists(group(CART_ITEM_READERS), max_size=3) | JUNK,
        "custom": st.dictionaries(st.text(max_size=10), JUNK, max_size=5) | JUNK,
        "options": group(["deadline_ms", "explain", "dry_run"]),
        "extra": JUNK,
    },
)
ALMOST_RIGHT = REQUESTS.map(lambda fields: {**fields, **copy.deepcopy(LEAST)})


def attempt(body: bytes) -> tuple[Payment | None, str]:
    """The payment, and all that a caller would read."""
    try:
        payment, warnings = read_request(body).to_payment("shop-1", test_mode=False, received_at=NOW)
    except PaymentInvalid as error:
        return None, f"{error!s}{error!r}{error.faults!r}"
    except MalformedJson as error:
        return None, f"{error!s}{error!r}"
    assert all(warning.input_pointer[:1] in ("", "/") for warning in warnings)
    return payment, repr(warnings)


@given(REQUESTS | ALMOST_RIGHT)
@example({**LEAST, "custom": {"a": 10**25, "b": 1e300, "c": -0.0}})
@example({**LEAST, "shopping_cart": [{"price": "1E+999999999", "quantity": "5.0"}]})
@example({**LEAST, "shopping_cart": [{"price": "sNaN"}]})
@example({**LEAST, "device": {"ip_address": "1.1.1.1%0"}})
def test_any_object_is_a_payment_or_a_declared_error(fields: dict[str, Any]) -> None:
    body = json.dumps(fields).encode()
    payment, _ = attempt(body)
    if payment is not None:
        assert payment_of(payment_bytes(payment)) == payment


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"a": text}).encode()[:-1]))
def test_any_bytes_are_a_declared_error(body: bytes) -> None:
    payment, _ = attempt(body)
    assert payment is None


@given(
    ALMOST_RIGHT,
    st.sampled_from(FREE_TEXT),
    st.sampled_from(WRITTEN),
    st.text(st.characters(exclude_categories=["Nd", "Cs", "Cc"]), max_size=10),
    st.text(st.characters(exclude_categories=["Nd", "Cs", "Cc"]), max_size=10),
)
def test_a_card_number_in_free_text_never_comes_out(
    fields: dict[str, Any], pointer: str, number: str, before: str, after: str
) -> None:
    node: Any = fields
    *parents, last = pointer.strip("/").split("/")
    for name in parents:
        if isinstance(node, list):
            node = node[0]
            continue
        if not isinstance(node.get(name), list if name == "shopping_cart" else dict):
            node[name] = [{}] if name == "shopping_cart" else {}
        node = node[name]
        if name == "shopping_cart":
            node[:] = [{}]
    node[last] = f"{before}{number}{after}"
    payment, said = attempt(json.dumps(fields).encode())
    written = said if payment is None else said + payment_bytes(payment).decode() + repr(payment)
    assert CARD_NUMBER not in written
    assert number not in written
