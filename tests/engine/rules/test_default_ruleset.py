"""The ruleset that comes with the engine, against the installation's own catalogue."""

from engine.catalog import CATALOG
from engine.decision import RuleAction, RuleMode
from engine.features import Features, Value
from engine.rules import Ruleset, default_source, parse_ruleset


def shipped() -> Ruleset:
    return parse_ruleset(default_source(), CATALOG, ())


def fired(**values: Value) -> set[str]:
    features = Features(CATALOG, (None,) * len(CATALOG)).replaced({"transaction_type": "purchase"} | values)
    return {rule.id for rule in shipped().evaluate(features, {}).fired}


def test_it_is_short_live_and_not_mandatory() -> None:
    rules = shipped().rules
    assert 8 <= len(rules) <= 16
    assert not any(rule.mandatory for rule in rules)
    assert all(rule.mode is RuleMode.LIVE for rule in rules)
    assert not any(rule.action is RuleAction.ALLOW for rule in rules)


def test_what_is_unknown_fires_nothing() -> None:
    assert fired() == set()


def test_a_good_customer_meets_no_rule() -> None:
    assert (
        fired(
            amount_in_usd=90_000,
            cvc_check="pass",
            address_line1_check="fail",
            address_zip_check="pass",
            ip_country_matches_card=True,
            ip_country_matches_billing=True,
            shipping_country_matches_billing=True,
            shipping_country_matches_card=True,
            card_payments_10m=2,
            ip_distinct_cards_10m=2,
            email_distinct_cards_1h=2,
            card_distinct_emails_24h=1,
            risk_level="normal",
        )
        == set()
    )


def test_card_testing_is_blocked() -> None:
    assert fired(ip_distinct_cards_10m=4) == {"ip-many-cards"}
    assert fired(email_distinct_cards_1h=4, transaction_type="card_verification") == {"email-many-cards"}
    assert fired(ip_distinct_cards_10m=4, transaction_type="recurring_purchase") == set()


def test_a_foreign_ip_address_asks_for_3ds_then_for_review() -> None:
    abroad: dict[str, Value] = {"ip_country_matches_card": False, "ip_country_matches_billing": False}
    assert fired(amount_in_usd=10_000, **abroad) == set()
    assert fired(amount_in_usd=20_000, **abroad) == {"foreign-ip-3ds"}
    assert fired(amount_in_usd=60_000, **abroad) == {"foreign-ip-3ds", "foreign-ip-high-amount"}
    assert fired(amount_in_usd=60_000, is_off_session=True, **abroad) == set()
    assert fired(amount_in_usd=60_000, has_liability_shift=True, **abroad) == {"foreign-ip-3ds"}


def test_3ds_that_failed_is_blocked() -> None:
    assert [status for status in "YANRUCDIS" if fired(three_ds_status=status)] == ["N", "R"]
    assert fired(three_ds_status="R") == {"three-ds-failed"}


def test_what_was_reported_is_stopped() -> None:
    assert fired(card_fraud_warning_30d=1) == {"reported-card"}
    assert fired(card_fraud_warning_30d=1, transaction_type="recurring_purchase") == set()
    assert fired(email_fraud_warning_30d=1) == {"reported-email"}


def test_who_hides_is_asked_for_3ds_where_that_pays() -> None:
    assert fired(is_tor=True, amount_in_usd=2_000) == {"anonymous-network-3ds"}
    assert fired(is_tor=True, amount_in_usd=1_000) == set()
    assert fired(is_vpn=True, amount_in_usd=90_000) == set()
    assert fired(is_disposable_email=True, amount_in_usd=5_000) == {"disposable-email-3ds"}
    assert fired(is_disposable_email=True, amount_in_usd=5_000, is_off_session=True) == set()


def test_reasons_read_well() -> None:
    rules = shipped()
    values: dict[str, Value] = {
        "transaction_type": "purchase",
        "ip_country_matches_card": False,
        "amount_in_usd": 25_000,
        "card_country": "US",
        "ip_country": "VN",
    }
    features = Features(CATALOG, (None,) * len(CATALOG)).replaced(values)
    (reason,) = rules.reasons(rules.evaluate(features, {}), features)
    assert reason.text == "The card was issued in US, the order came from VN, for 250.00 USD"
