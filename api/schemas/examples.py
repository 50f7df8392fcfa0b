"""Examples of the OpenAPI document; the tests send the requests. No address or number in them is a person's."""

from typing import Any

ORDINARY: dict[str, Any] = {
    "event": {"transaction_id": "order-100017", "merchant_id": "shop-1"},
    "account": {"user_id": "user-77", "created_at": "2024-01-31T09:00:00Z", "past_transactions_year": 12},
    "email": {"address": "ada.lovelace@example.com"},
    "billing": {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "address": "12 St James's Square",
        "city": "London",
        "country": "GB",
        "postal": "SW1Y 4JH",
        "phone_country_code": "44",
        "phone_number": "020 7946 0018",
    },
    "credit_card": {
        "issuer_id_number": "41111111",
        "last_digits": "1111",
        "token": "tok_1NvQx2LkdIwHu7ix",
        "brand": "visa",
        "funding": "credit",
        "exp_month": 12,
        "exp_year": 2029,
    },
    "device": {"ip_address": "81.2.69.160", "accept_language": "en-GB", "session_age": 184.5, "timezone_offset": 0},
    "order": {"amount_minor": 12500, "currency": "GBP"},
    "payment": {"method": "card", "mcc": "5942"},
    "shopping_cart": [{"category": "books", "item_id": "isbn-9780141439600", "quantity": 1, "price": "125.00"}],
    "custom": {"tier": "gold", "visits": 12},
}

SUSPICIOUS: dict[str, Any] = {
    "event": {"transaction_id": "order-100018", "merchant_id": "shop-1"},
    "account": {"user_id": "user-9120"},
    "email": {"address": "xk29dqz@mailinator.com"},
    "billing": {"first_name": "John", "last_name": "Smith", "city": "Austin", "country": "US", "postal": "78701"},
    "shipping": {"first_name": "Ivo", "country": "LT", "city": "Vilnius", "delivery_speed": "overnight"},
    "credit_card": {"issuer_id_number": "42424242", "last_digits": "4242", "token": "tok_9f2c77a1", "cvv_result": "N"},
    "device": {"ip_address": "185.220.101.1", "session_age": 9},
    "order": {"amount": "1999.00", "currency": "USD"},
    "shopping_cart": [{"category": "gift cards", "quantity": 10, "price": "199.90"}],
    "options": {"explain": "codes"},
}

REFUSED: dict[str, Any] = {
    "event": {"transaction_id": "order-100019", "merchant_id": "shop-1"},
    "credit_card": {"issuer_id_number": "411111111", "last_digits": "1111"},
    "order": {"amount": "12.345", "currency": "USD"},
}

DECISION_EXAMPLES: dict[str, dict[str, Any]] = {
    "ordinary": {"summary": "An ordinary payment", "value": ORDINARY},
    "suspicious": {"summary": "A suspicious payment", "value": SUSPICIOUS},
    "refused": {"summary": "Wrong input: 422, since the BIN is too long and USD has two decimals", "value": REFUSED},
}
"""Named examples of the request, as OpenAPI 3.1 has them."""

ANSWER_EXAMPLE: dict[str, Any] = {
    "id": "dec_01jdcv8n4se7m1k5w6h2r9t0qa",
    "transaction_id": "order-100018",
    "merchant_id": "shop-1",
    "created_at": "2026-11-23T17:00:00.123456Z",
    "test_mode": False,
    "action": "review",
    "three_ds": "request",
    "risk_score": 12.4,
    "risk_level": "highest",
    "rule_score": 0,
    "tags": ["abroad"],
    "reasons": [
        {"code": "fast-checkout", "text": "Bought 9 seconds after the visit began", "source": "rule", "weight": None},
        {
            "code": "disposable_email",
            "text": "The e-mail address is of a service for throw-away addresses.",
            "source": "model",
            "weight": 1.7,
        },
    ],
    "rules": [
        {
            "id": "fast-checkout",
            "name": "Bought within seconds",
            "version": "3f9a2c41",
            "action": "review",
            "result": True,
            "mode": "live",
        },
        {
            "id": "ships-abroad",
            "name": "Goods go abroad",
            "version": "9b1d07c2",
            "action": "tag",
            "result": True,
            "mode": "live",
        },
    ],
    "advice": {
        "decided_by": ["fast-checkout"],
        "next_step": "Check it before review.expires_at, else review.action_at_expiry holds. If you trust this "
        "customer, add allow_rule to your ruleset, or change or pause rule fast-checkout.",
        "allow_rule": "Allow if customer = 'user-9120'",
        "shopper_text": "Thank you for your order. We are checking the payment and will be in touch.",
    },
    "review": {
        "id": "rev_01jdcv8n4se7m1k5w6h2r9t0qa",
        "expires_at": "2026-11-24T17:00:00.123456Z",
        "action_at_expiry": "allow",
    },
    "model": {"id": "scorecard-1", "role": "cold_start"},
    "ruleset": "b94d27b9934d3e08",
    "data_versions": {"ip": "2026-11", "bin": "2025-07"},
    "degraded": [],
    "durability": "committed",
    "warnings": [],
    "timing_ms": {"total": 3.1},
}

PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "urn:assay:problem:payment_invalid",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "/credit_card/issuer_id_number: Send the first 6 to 8 digits, no more. (and 1 more)",
    "code": "payment_invalid",
    "request_id": "req_01jdcv8n4s",
    "errors": [
        {
            "pointer": "/credit_card/issuer_id_number",
            "code": "bin_invalid",
            "detail": "Send the first 6 to 8 digits, no more.",
        },
        {
            "pointer": "/order/amount",
            "code": "amount_decimals",
            "detail": "This currency has 2 decimals; send no more.",
        },
    ],
}
