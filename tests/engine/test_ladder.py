"""The ladder, rung by rung, and that the order of rules shows nowhere."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.decision import Action, Rule, RuleAction, RuleMode, RuleResults
from engine.features import Features
from engine.ladder import Verdict, settle
from engine.payment import Authentication, Card, Payment, Stage
from engine.policy import FailAction, FailBand, Policy
from engine.score import Score

Make = Callable[..., Payment]
MakeFeatures = Callable[..., Features]

POLICY = Policy()


def rule(action: RuleAction, *, mandatory: bool = False, mode: RuleMode = RuleMode.LIVE) -> Rule:
    name = f"{action}-{mandatory}-{mode}"
    return Rule(id=name, name=name, version="1", action=action, reason=name, mode=mode, mandatory=mandatory)


ALLOW, BLOCK, REVIEW, ASK_3DS, SCORE, TAG = (rule(action) for action in RuleAction)
MANDATORY = rule(RuleAction.BLOCK, mandatory=True)


def score(percent: float) -> Score:
    return Score(probability=percent / 100, base=0, contributions=())


class TestLadder:
    @pytest.fixture(autouse=True)
    def _given(self, make_payment: Make, make_features: MakeFeatures) -> None:
        self.payment = make_payment()
        self.make_payment = make_payment
        self.features = make_features(amount_in_usd=4990)
        self.make_features = make_features

    def settled(self, *fired: Rule, percent: float | None = 1.0, policy: Policy = POLICY) -> Verdict:
        results = RuleResults(fired, (True,) * len(fired))
        return settle(self.payment, None if percent is None else score(percent), results, self.features, policy)

    @pytest.mark.parametrize(
        ("fired", "percent", "action"),
        [
            ((), 1.0, Action.ALLOW),
            ((REVIEW,), 1.0, Action.REVIEW),
            ((), 15.0, Action.REVIEW),
            ((REVIEW, BLOCK), 1.0, Action.BLOCK),
            ((), 40.0, Action.BLOCK),
            ((BLOCK, ALLOW), 99.0, Action.CHALLENGE),
            ((ALLOW,), 4.0, Action.ALLOW),
            ((ALLOW, MANDATORY), 1.0, Action.BLOCK),
            ((ASK_3DS,), 1.0, Action.CHALLENGE),
            ((ASK_3DS, ALLOW), 1.0, Action.CHALLENGE),
            ((ASK_3DS, REVIEW), 1.0, Action.REVIEW),
            ((), 5.0, Action.CHALLENGE),
        ],
    )
    def test_the_first_true_rung_wins(self, fired: tuple[Rule, ...], percent: float, action: Action) -> None:
        for order in itertools.permutations(fired):
            assert self.settled(*order, percent=percent).action is action

    def test_a_review_can_ask_for_3ds_too_and_a_block_never_does(self) -> None:
        assert self.settled(ASK_3DS, REVIEW).three_ds
        assert not self.settled(ASK_3DS, BLOCK).three_ds

    def test_a_shadow_rule_has_no_effect(self) -> None:
        assert self.settled(rule(RuleAction.BLOCK, mode=RuleMode.SHADOW)).action is Action.ALLOW

    def test_an_unknown_result_does_not_fire(self) -> None:
        results = RuleResults((BLOCK,), (None,))
        assert settle(self.payment, score(1), results, self.features, POLICY).action is Action.ALLOW

    def test_3ds_is_not_asked_for_again_after_its_result(self) -> None:
        passed = Authentication(trans_status="Y")
        for payment in (
            self.make_payment(authentication=passed),
            self.make_payment(authentication=passed, stage=Stage.POST_3DS),
            self.make_payment(stage=Stage.POST_AUTH),
        ):
            self.payment = payment
            for verdict in (self.settled(ASK_3DS), self.settled(percent=6.0)):
                assert (verdict.action, verdict.three_ds, verdict.reasons) == (Action.ALLOW, False, ())

    @pytest.mark.parametrize(
        ("authentication", "was_successful", "proven"),
        [
            *((Authentication(trans_status=status), None, status in "YA") for status in "YANRUCDIS"),
            (Authentication(), None, False),
            (Authentication(), False, False),
            (Authentication(), True, True),
            (Authentication(liability_shift=False), None, False),
            (Authentication(liability_shift=True), None, True),
            (Authentication(trans_status="U", liability_shift=True), None, True),
            (Authentication(trans_status="N", liability_shift=True), True, False),
        ],
    )
    def test_a_challenge_that_proved_nothing_is_reviewed(
        self, authentication: Authentication, was_successful: bool | None, proven: bool
    ) -> None:
        card = Card(was_3d_secure_successful=was_successful)
        self.payment = self.make_payment(stage=Stage.POST_3DS, authentication=authentication, card=card)
        for fired, percent in (((ASK_3DS,), 1.0), ((), 6.0), ((ASK_3DS, ALLOW), 1.0), ((ASK_3DS, REVIEW), 1.0)):
            verdict = self.settled(*fired, percent=percent)
            allowed = Action.REVIEW if REVIEW in fired else Action.ALLOW
            assert verdict.action is (allowed if proven else Action.REVIEW)
            assert [reason.code for reason in verdict.reasons] == ([] if proven else ["three_ds_unproven"])
            assert (verdict.review is None) == (verdict.action is Action.ALLOW)
            assert not verdict.three_ds
        assert self.settled(ASK_3DS, BLOCK).action is Action.BLOCK
        assert self.settled(percent=1.0).action is Action.ALLOW

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            (
                {"authentication": Authentication(trans_status="C")},
                "its result was C (a challenge that was not finished)",
            ),
            ({"authentication": Authentication(liability_shift=False)}, "the issuer does not bear the liability"),
            ({"card": Card(was_3d_secure_successful=False)}, "it did not succeed"),
            ({}, "no result of it came"),
        ],
    )
    def test_the_reason_says_which_result_came(self, fields: dict[str, Any], said: str) -> None:
        self.payment = self.make_payment(stage=Stage.POST_3DS, **fields)
        (reason,) = self.settled(ASK_3DS).reasons
        assert (reason.text, reason.source) == (f"3-D Secure was asked for, and {said}", "policy")

    def test_a_failed_result_that_came_early_is_reviewed_too(self) -> None:
        self.payment = self.make_payment(authentication=Authentication(trans_status="U"))
        assert self.settled(ASK_3DS).action is Action.REVIEW

    def test_the_threshold_challenges_no_shopper_who_is_absent(self) -> None:
        self.features = self.make_features(is_off_session=True)
        assert self.settled(percent=6.0).action is Action.ALLOW

    @pytest.mark.parametrize(
        ("fail_action", "cents", "action"),
        [
            (FailAction.RULES_ONLY, 5000, Action.ALLOW),
            (FailAction.RULES_ONLY, 5001, Action.CHALLENGE),
            (FailAction.RULES_ONLY, None, Action.CHALLENGE),
            (FailAction.ALLOW, 90_000, Action.ALLOW),
            (FailAction.CHALLENGE, 100, Action.CHALLENGE),
            (FailAction.REVIEW, 100, Action.REVIEW),
            (FailAction.BLOCK, 100, Action.BLOCK),
        ],
    )
    def test_the_fail_policy_where_there_is_no_score(
        self, fail_action: FailAction, cents: int | None, action: Action
    ) -> None:
        self.features = self.make_features(amount_in_usd=cents)
        verdict = self.settled(percent=None, policy=Policy(fail_action=fail_action))
        assert verdict.action is action
        assert [reason.code for reason in verdict.reasons] == ["fail_policy"]

    def test_a_fired_rule_decides_without_a_score(self) -> None:
        assert self.settled(ALLOW, percent=None, policy=Policy(fail_action=FailAction.BLOCK)).action is Action.ALLOW

    @pytest.mark.parametrize(
        ("cents", "action"),
        [
            (1000, Action.ALLOW),
            (1001, Action.CHALLENGE),
            (20_000, Action.CHALLENGE),
            (20_001, Action.BLOCK),
            (None, Action.BLOCK),
        ],
    )
    def test_the_fail_policys_amount_bands(self, cents: int | None, action: Action) -> None:
        bands = (
            FailBand(up_to_usd_cents=1000, action=Action.ALLOW),
            FailBand(up_to_usd_cents=20_000, action=Action.CHALLENGE),
            FailBand(up_to_usd_cents=None, action=Action.BLOCK),
        )
        self.features = self.make_features(amount_in_usd=cents)
        assert self.settled(percent=None, policy=Policy(fail_bands=bands)).action is action
        assert self.settled(percent=1.0, policy=Policy(fail_bands=bands)).action is Action.ALLOW

    @pytest.mark.parametrize("absent", ["is_off_session", "is_recurring"])
    def test_the_fail_policy_asks_a_person_where_no_shopper_is_there_to_be_challenged(self, absent: str) -> None:
        self.features = self.make_features(**{"amount_in_usd": 90_000, absent: True})
        verdict = self.settled(percent=None)
        assert (verdict.action, verdict.three_ds) == (Action.REVIEW, False)

    def test_the_fail_policy_is_not_put_off_by_a_tag_or_by_points(self) -> None:
        strict = Policy(fail_action=FailAction.BLOCK)
        assert self.settled(SCORE, TAG, percent=None, policy=strict).action is Action.BLOCK

    @pytest.mark.parametrize(
        ("points", "action", "codes"),
        [
            (4, Action.ALLOW, []),
            (5, Action.CHALLENGE, ["challenge_rule_score"]),
            (10, Action.REVIEW, ["review_rule_score", "challenge_rule_score"]),
            (20, Action.BLOCK, ["block_rule_score"]),
        ],
    )
    def test_the_thresholds_of_the_rule_score(self, points: int, action: Action, codes: list[str]) -> None:
        policy = Policy(block_at_rule_score=20, review_at_rule_score=10, challenge_at_rule_score=5)
        verdict = self.settled(replace(SCORE, points=points), percent=1.0, policy=policy)
        assert verdict.action is action
        assert [reason.code for reason in verdict.reasons] == codes
        assert self.settled(replace(SCORE, points=points)).action is Action.ALLOW, "no threshold is declared"

    def test_a_rule_score_at_a_threshold_decides_where_there_is_no_score(self) -> None:
        policy = Policy(review_at_rule_score=10, fail_action=FailAction.BLOCK)
        verdict = self.settled(replace(SCORE, points=10), percent=None, policy=policy)
        assert (verdict.action, [reason.code for reason in verdict.reasons]) == (Action.REVIEW, ["review_rule_score"])

    def test_an_allow_rule_stands_above_the_thresholds(self) -> None:
        policy = Policy(block_at_rule_score=1)
        assert self.settled(ALLOW, replace(SCORE, points=5), policy=policy).action is Action.ALLOW

    def test_a_review_has_terms_and_nothing_else_has(self) -> None:
        assert self.settled(REVIEW).review is not None
        assert self.settled(BLOCK).review is None
