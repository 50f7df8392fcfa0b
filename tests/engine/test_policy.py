"""A policy is checked when it is made, and read back as it was written."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.policy as policy_module
from engine.custom import CustomField, CustomType
from engine.decision import Action
from engine.errors import PolicyInvalid
from engine.policy import (
    CUSTOM_FIELDS_MAX,
    FAIL_BANDS_MAX,
    VELOCITY_KEYS_MAX,
    FailAction,
    FailBand,
    Policy,
    policy_of,
)
from engine.score import Score

REST = FailBand(up_to_usd_cents=None, action=Action.BLOCK)


def band(cents: int | None) -> FailBand:
    return FailBand(up_to_usd_cents=cents, action=Action.ALLOW)


def text(name: str, *, is_velocity_key: bool = False) -> CustomField:
    return CustomField(name=name, type=CustomType.STRING, is_velocity_key=is_velocity_key)


def score(percent: float) -> Score:
    return Score(probability=percent / 100, base=0, contributions=())


FULL = Policy(
    block_at_percent=60,
    review_at_percent=None,
    challenge_at_percent=5,
    block_at_rule_score=90,
    review_at_rule_score=50,
    elevated_at_percent=3,
    highest_at_percent=20,
    fail_action=FailAction.REVIEW,
    fail_bands=(band(1000), REST),
    review_hours=48,
    review_action_at_expiry=Action.BLOCK,
    margin_percent=12.5,
    cost_of_goods_percent=70,
    chargeback_fee_usd_cents=2500,
    review_cost_usd_cents=450,
    custom_fields=(
        text("Loyalty tier", is_velocity_key=True),
        CustomField(name="basket_size", type=CustomType.NUMBER),
    ),
)


def test_risk_levels() -> None:
    levels = [Policy().risk_level(score(percent)) for percent in (0.5, 1.99, 2.0, 9.99, 10.0)]
    assert levels == ["normal", "normal", "elevated", "elevated", "highest"]
    assert Policy().risk_level(None) == "not_assessed"


def test_the_version_tells_policies_apart() -> None:
    assert Policy().version == Policy().version != Policy(block_at_percent=41).version
    assert Policy(block_at_percent=40).version == Policy(block_at_percent=40.0).version


def test_without_a_score_the_default_allows_up_to_50_usd_and_else_challenges() -> None:
    assert Policy().fail_action is FailAction.RULES_ONLY
    bands = [Policy().fail_band(cents) for cents in (0, 5000, 5001, None)]
    assert bands == [Action.ALLOW, Action.ALLOW, Action.CHALLENGE, Action.CHALLENGE]


def test_a_field_added_later_changes_no_version_of_a_policy_that_does_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = ("review_hours", "fail_bands")
    always = tuple(name for name in policy_module._ALWAYS_SAID if name not in later)  # noqa: SLF001
    monkeypatch.setattr(policy_module, "_ALWAYS_SAID", always)
    before, now = Policy(block_at_percent=50), Policy(block_at_percent=50, review_hours=48)
    assert "review_hours" not in orjson.loads(before.content())
    assert orjson.loads(now.content()) == {**orjson.loads(before.content()), "review_hours": 48}
    assert before.version != now.version
    for policy in (before, now):
        assert (policy_of(policy.content()), policy_of(policy.content()).version) == (policy, policy.version)


def test_the_default_policy_keeps_its_version() -> None:
    """A kept policy is known by these bytes: a new field is none of them, another default is another policy."""
    assert Policy().version == "49dc4e755e86b26b"


@pytest.mark.parametrize("content", [b"{}", b"[]", b"1", b"{", b'{"review_hours":24}'])
def test_a_content_that_says_too_little_is_no_policy(content: bytes) -> None:
    with pytest.raises(PolicyInvalid):
        policy_of(content)


@pytest.mark.parametrize("policy", [Policy(), FULL])
def test_its_content_is_read_back_exactly(policy: Policy) -> None:
    read = policy_of(policy.content())
    assert (read, read.version, read.content()) == (policy, policy.version, policy.content())


@given(
    st.builds(
        Policy,
        block_at_percent=st.none() | st.integers(50, 99) | st.floats(50, 99),
        review_at_percent=st.none() | st.floats(20, 49),
        review_hours=st.integers(1, 720),
        fail_action=st.sampled_from(FailAction),
        fail_bands=st.lists(st.integers(0, 10**9), unique=True, max_size=5).map(
            lambda cents: (*map(band, sorted(cents)), REST)
        ),
    )
)
def test_any_content_is_read_back_exactly(policy: Policy) -> None:
    assert policy_of(policy.content()) == policy
    assert policy_of(policy.content()).version == policy.version


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"block_at_percent": 99.5}, "/block_at_percent", "out_of_range"),
        ({"block_at_percent": -1}, "/block_at_percent", "out_of_range"),
        ({"review_at_percent": float("nan")}, "/review_at_percent", "out_of_range"),
        ({"challenge_at_percent": float("inf")}, "/challenge_at_percent", "out_of_range"),
        ({"review_at_percent": True}, "/review_at_percent", "out_of_range"),
        ({"review_at_percent": "15"}, "/review_at_percent", "out_of_range"),
        ({"elevated_at_percent": None}, "/elevated_at_percent", "out_of_range"),
        ({"block_at_rule_score": 1.5}, "/block_at_rule_score", "out_of_range"),
        ({"block_at_rule_score": 0}, "/block_at_rule_score", "out_of_range"),
        ({"review_hours": 0}, "/review_hours", "out_of_range"),
        ({"review_hours": 10**400}, "/review_hours", "out_of_range"),
        ({"chargeback_fee_usd_cents": -1}, "/chargeback_fee_usd_cents", "out_of_range"),
        ({"margin_percent": 100.5}, "/margin_percent", "out_of_range"),
        ({"margin_percent": 50, "cost_of_goods_percent": 51}, "/margin_percent", "out_of_range"),
        ({"review_at_percent": 41}, "/review_at_percent", "out_of_order"),
        ({"challenge_at_percent": 41, "review_at_percent": None}, "/challenge_at_percent", "out_of_order"),
        ({"review_at_rule_score": 9, "block_at_rule_score": 8}, "/review_at_rule_score", "out_of_order"),
        ({"elevated_at_percent": 11}, "/elevated_at_percent", "out_of_order"),
        ({"review_action_at_expiry": Action.REVIEW}, "/review_action_at_expiry", "value_invalid"),
        ({"fail_bands": ()}, "/fail_bands", "missing"),
        ({"fail_bands": (*map(band, range(FAIL_BANDS_MAX)), REST)}, "/fail_bands", "too_many"),
        ({"fail_bands": (band(5), band(9))}, "/fail_bands/1/up_to_usd_cents", "value_invalid"),
        ({"fail_bands": (band(None), REST)}, "/fail_bands/0/up_to_usd_cents", "value_invalid"),
        ({"fail_bands": (band(9), band(9), REST)}, "/fail_bands/1/up_to_usd_cents", "out_of_order"),
        ({"fail_bands": (band(-9), REST)}, "/fail_bands/0/up_to_usd_cents", "out_of_range"),
        (
            {"custom_fields": tuple(text(f"f{n}") for n in range(CUSTOM_FIELDS_MAX + 1))},
            "/custom_fields",
            "too_many",
        ),
        (
            {"custom_fields": tuple(text(f"f{n}", is_velocity_key=True) for n in range(VELOCITY_KEYS_MAX + 1))},
            "/custom_fields",
            "too_many",
        ),
        ({"custom_fields": (text("tier"), text("tier"))}, "/custom_fields/1/name", "name_taken"),
        ({"custom_fields": (text("Tier!"), text("tier"))}, "/custom_fields/1/name", "name_taken"),
        (
            {"custom_fields": (text("tier", is_velocity_key=True), text("tier payments 1h"))},
            "/custom_fields/1/name",
            "name_taken",
        ),
        ({"custom_fields": (text("\u8ca8"),)}, "/custom_fields/0/name", "value_invalid"),
        ({"custom_fields": (text(""),)}, "/custom_fields/0/name", "value_invalid"),
        ({"custom_fields": (text("a\0b"),)}, "/custom_fields/0/name", "value_invalid"),
        ({"custom_fields": (text("x" * 65),)}, "/custom_fields/0/name", "value_invalid"),
    ],
)
def test_a_wrong_value_is_named_with_its_mend(fields: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(PolicyInvalid) as raised:
        Policy(**fields)
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [(pointer, code)]
    assert all(fault.detail.endswith(".") for fault in raised.value.faults)


def test_a_reviewed_payment_can_ask_for_3ds_from_a_higher_score_on() -> None:
    assert Policy(review_at_percent=1, challenge_at_percent=5, review_at_rule_score=1, challenge_at_rule_score=9)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PolicyInvalid) as raised:
        Policy(review_hours=0, fail_bands=(), review_action_at_expiry=Action.CHALLENGE)
    assert {fault.pointer for fault in raised.value.faults} == {
        "/review_hours",
        "/fail_bands",
        "/review_action_at_expiry",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"fail_action": "maybe"},
        {"fail_bands": [{"up_to_usd_cents": 1}]},
        {"custom_fields": [{"name": "a", "type": "date", "is_velocity_key": False}]},
        {"custom_fields": 5},
        {"extra": 1},
        {"review_hours": "24"},
    ],
)
def test_content_that_is_none_is_refused(change: dict[str, Any]) -> None:
    content = {**orjson.loads(Policy().content()), **change}
    with pytest.raises(PolicyInvalid):
        policy_of(orjson.dumps(content))


@pytest.mark.parametrize("name", ["4111111111111111", "card 4111 1111 1111 1111", "cvv", "card_number"])
def test_no_field_is_declared_that_no_request_may_carry(name: str) -> None:
    with pytest.raises(PolicyInvalid) as raised:
        Policy(custom_fields=(text(name),))
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [
        ("/custom_fields/0/name", "card_data_refused")
    ]
    assert name not in str(raised.value)
