"""The made-up payments: deterministic, valid, and as varied as they say."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from api.bench.kill import shared_payments
from api.bench.payments import MERCHANTS, REQUEST_BYTES_MIN, SHARES, payments, requests, setup
from api.schemas import DecisionRequest, read_request

AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def made(count: int, seed: int = 1) -> list[dict[str, Any]]:
    return list(islice(payments(seed, AT), count))


def test_one_seed_gives_the_same_bytes() -> None:
    assert list(islice(requests(3, AT), 200)) == list(islice(requests(3, AT), 200))
    assert list(islice(requests(3, AT), 200)) != list(islice(requests(4, AT), 200))


def test_every_request_is_valid_and_odd_in_nothing() -> None:
    for body in islice(requests(1, AT), 500):
        payment, warnings = read_request(body).to_payment("shop-north", test_mode=False, received_at=AT)
        assert not warnings
        assert payment.card.token is not None


def test_every_request_fills_all_groups_and_is_large_enough() -> None:
    assert {len(body) >= REQUEST_BYTES_MIN for body in islice(requests(1, AT), 500)} == {True}
    for payment in made(500):
        assert payment.keys() == DecisionRequest.model_fields.keys()
        assert all(payment.values())


def test_transaction_ids_are_distinct_over_runs() -> None:
    ids = [payment["event"]["transaction_id"] for seed in (1, 2) for payment in made(500, seed)]
    assert len(set(ids)) == len(ids)


def test_customers_come_back_and_some_keys_are_hot() -> None:
    sample = made(4_000)
    cards = Counter(payment["credit_card"]["token"] for payment in sample)
    addresses = Counter(payment["device"]["ip_address"] for payment in sample)
    assert 0.5 < len(cards) / len(sample) < 0.93
    assert cards.most_common(1)[0][1] >= 8
    assert addresses.most_common(1)[0][1] >= 30
    customers = {payment["credit_card"]["token"]: payment["email"] for payment in sample}
    assert all(payment["email"] == customers[payment["credit_card"]["token"]] for payment in sample)
    merchants = Counter(payment["event"]["merchant_id"] for payment in sample)
    assert all(abs(merchants[name] / len(sample) - share / 100) < 0.03 for name, share in MERCHANTS.items())


def test_the_shares_are_stated() -> None:
    assert sum(SHARES.values()) == 100
    assert all(f"{share} % {crowd.value}" in setup() for crowd, share in SHARES.items())


def test_payments_of_the_crash_test_share_their_keys() -> None:
    sample = list(islice(shared_payments(1, AT), 300))
    assert len({payment["credit_card"]["token"] for payment in sample}) == 3
    assert len({payment["email"]["address"] for payment in sample}) == 4
    assert len({payment["device"]["ip_address"] for payment in sample}) == 5
    assert {payment["order"]["currency"] for payment in sample} == {"USD"}
