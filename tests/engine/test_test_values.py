"""Test values: fixed outcomes in test mode, ordinary tokens in live mode."""

import pytest

from engine.decision import Action
from engine.errors import AssayError
from engine.payment import Authentication, Card, Order, PaymentType, Stage
from engine.test_values import TEST_VALUES, forced, refuse_if_forced
from tests.engine.pipelines import Make

TOKENS = [value.name for value in TEST_VALUES]


@pytest.mark.parametrize("token", TOKENS)
def test_live_mode_knows_no_test_values(make_payment: Make, token: str) -> None:
    payment = make_payment(card=Card(token=token))
    assert forced(payment) is None
    refuse_if_forced(payment)


def test_other_tokens_are_ordinary_in_test_mode(make_payment: Make) -> None:
    for card in (Card(), Card(token="tok_1"), Card(token="tok_assay_"), Card(token="TOK_ASSAY_ALLOW")):
        assert forced(make_payment(card=card, test_mode=True)) is None


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("tok_assay_allow", (Action.ALLOW, None, False)),
        ("tok_assay_challenge", (Action.CHALLENGE, None, False)),
        ("tok_assay_review", (Action.REVIEW, None, False)),
        ("tok_assay_block", (Action.BLOCK, None, False)),
        ("tok_assay_normal", (None, "normal", False)),
        ("tok_assay_elevated", (None, "elevated", False)),
        ("tok_assay_highest", (None, "highest", False)),
        ("tok_assay_no_score", (None, None, True)),
    ],
)
@pytest.mark.parametrize("amount_minor", [0, 4990])
def test_each_value_forces_one_thing_at_any_amount(
    make_payment: Make, token: str, said: tuple[Action | None, str | None, bool], amount_minor: int
) -> None:
    kind = PaymentType.PURCHASE if amount_minor else PaymentType.CARD_VERIFICATION
    order = Order(amount_minor=amount_minor, currency="USD")
    found = forced(make_payment(card=Card(token=token), test_mode=True, order=order, type=kind))
    assert found is not None
    assert (found.action, found.risk_level, found.is_unscored) == said
    assert token in found.text


@pytest.mark.parametrize(
    ("stage", "status", "action"),
    [
        (Stage.PRE_AUTH, None, Action.CHALLENGE),
        (Stage.PRE_AUTH, "Y", Action.ALLOW),
        (Stage.POST_3DS, "Y", Action.ALLOW),
        (Stage.POST_3DS, "A", Action.ALLOW),
        (Stage.POST_3DS, "N", Action.BLOCK),
        (Stage.POST_3DS, "R", Action.BLOCK),
        (Stage.POST_3DS, "U", Action.REVIEW),
        (Stage.POST_3DS, None, Action.REVIEW),
        (Stage.POST_AUTH, None, Action.ALLOW),
    ],
)
def test_a_challenge_goes_by_what_3ds_said(
    make_payment: Make, stage: Stage, status: str | None, action: Action
) -> None:
    payment = make_payment(
        card=Card(token="tok_assay_challenge"),
        test_mode=True,
        stage=stage,
        authentication=Authentication(trans_status=status),
    )
    found = forced(payment)
    assert found is not None
    assert found.action is action


def test_a_liability_shift_or_the_cards_word_is_proof_too(make_payment: Make) -> None:
    shifted = make_payment(
        card=Card(token="tok_assay_challenge"),
        test_mode=True,
        stage=Stage.POST_3DS,
        authentication=Authentication(liability_shift=True),
    )
    said = make_payment(
        card=Card(token="tok_assay_challenge", was_3d_secure_successful=True), test_mode=True, stage=Stage.POST_3DS
    )
    assert [found.action for found in map(forced, (shifted, said)) if found] == [Action.ALLOW] * 2


@pytest.mark.parametrize(("elevated", "highest"), [(2.0, 10.0), (0.5, 0.6), (50.0, 98.0)])
def test_a_forced_score_falls_in_its_band(make_payment: Make, elevated: float, highest: float) -> None:
    percents = []
    for level in ("normal", "elevated", "highest"):
        found = forced(make_payment(card=Card(token=f"tok_assay_{level}"), test_mode=True))
        assert found is not None
        percent = found.percent(elevated, highest)
        assert percent is not None
        percents.append(percent)
    assert 0 < percents[0] < elevated <= percents[1] < highest <= percents[2] <= 99


@pytest.mark.parametrize("value", [value for value in TEST_VALUES if value.problem], ids=lambda value: value.name)
def test_what_a_gateway_must_withstand_can_be_asked_for(make_payment: Make, value: object) -> None:
    assert hasattr(value, "problem")
    payment = make_payment(card=Card(token=value.name), test_mode=True)  # type: ignore[attr-defined]
    assert forced(payment) is None
    with pytest.raises(AssayError) as raised:
        refuse_if_forced(payment)
    assert type(raised.value) is value.problem
