"""Three payments to try by hand: an ordinary one, a suspicious one, one that is refused."""

from typing import Any

from api.demo.payments import TESTED_SHOP
from models.simulator import TESTING_ADDRESS


def examples(run: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Each example's title and body; `run` makes its transaction ids new."""
    return (
        ("an ordinary payment", _ordinary(run)),
        ("a suspicious payment", _suspicious(run)),
        ("a payment amid card testing", _refused(run)),
    )


def _ordinary(run: str) -> dict[str, Any]:
    return {
        "event": {"transaction_id": f"try-{run}-ordinary", "merchant_id": "atelier-nord"},
        "order": {"amount": "59.90", "currency": "EUR"},
        "credit_card": {
            "issuer_id_number": "513110",
            "last_digits": "4417",
            "token": "tok_try_ordinary",
            "cvv_result": "M",
            "avs_result": "Y",
        },
        "email": {"address": "chloe.dubois@example.com"},
        "billing": {"country": "FR", "postal": "69002"},
        "shipping": {"country": "FR", "postal": "69002"},
        "device": {"ip_address": "90.60.70.80", "session_age": 340},
    }


def _suspicious(run: str) -> dict[str, Any]:
    return {
        "event": {"transaction_id": f"try-{run}-suspicious", "merchant_id": "voltwerk"},
        "order": {"amount": "689.00", "currency": "USD"},
        "credit_card": {
            "issuer_id_number": "493001",
            "last_digits": "0382",
            "token": "tok_try_suspicious",
            "cvv_result": "M",
            "avs_result": "A",
        },
        "email": {"address": "k.miller7719@example.net"},
        "billing": {"country": "US", "postal": "30301"},
        "shipping": {"country": "RO", "delivery_speed": "overnight"},
        "device": {"ip_address": "5.188.10.20", "session_age": 48},
    }


def _refused(run: str) -> dict[str, Any]:
    return {
        "event": {"transaction_id": f"try-{run}-refused", "merchant_id": TESTED_SHOP.merchant_id},
        "order": {"amount": "3.99", "currency": "USD"},
        "credit_card": {
            "issuer_id_number": "414720",
            "last_digits": "9034",
            "token": "tok_try_refused",
            "cvv_result": "N",
        },
        "email": {"address": "qx551203@example.net"},
        "billing": {"country": "US", "postal": "60601"},
        "device": {"ip_address": TESTING_ADDRESS, "session_age": 3},
    }
