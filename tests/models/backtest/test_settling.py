"""What a setting makes of rows is what engine.decide makes of the same payments, one by one."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import CATALOG
from engine.decide import decide, snapshot_of
from engine.decision import Action
from engine.errors import ScoreInvalid
from engine.features import Features
from engine.lists import (
    NO_LISTS,
    OPERATOR,
    AllLists,
    Delta,
    Entry,
    EntryType,
    ListName,
    NamedList,
    Terms,
)
from engine.payment import Authentication, Card, Order, Payment, Processing, Stage
from engine.policy import FailAction, FailBand, Policy
from engine.recorded_frame import ACTIONS
from engine.reference import Rates, Reference, TimeZones
from engine.rules import Ruleset, parse_ruleset
from engine.score import Score
from models.backtest import Setting
from models.backtest.settling import Evaluating, settled
from tests.engine.conftest import AT
from tests.models.backtest.frames import Decided, frame_of

REFERENCE = Reference(ip=None, bins=None, rates=Rates.load(), time_zones=TimeZones.load())
AT_US = int(AT.timestamp()) * 1_000_000
STATUSES = (None, "Y", "A", "N", "R", "U", "C", "D", "S", "I")
RULES = (
    ("mandatory", "Block if card_payments_1h = 9", "mandatory = true"),
    ("allow", "Allow if is_gift and card_payments_24h < 3", ""),
    ("block", "Block if card_payments_1h > 6 or risk_level = 'highest' and not is_gift", ""),
    ("review", "Review if card_payments_24h >= 7 or ::tier:: = 'bronze'", ""),
    ("secure", "Request 3DS if email_payments_1h in (1, 2, 3)", ""),
    ("points", "Score +40 if email_payments_24h > 4", ""),
    ("fewer", "Score -15 if is_gift", ""),
    ("tagged", "Tag 'x' if card_payments_1h > 2", ""),
    ("listed", "Review if card in @risky and email_payments_1h > 2 or ::tier:: in @risky", ""),
    ("rolled", "Block if card_payments_24h >= 5", "mode = 'rollout'\nrollout_percent = 40"),
    ("ending", "Review if card_payments_1h >= 3", "expires_at = 2026-11-02T14:30:20Z"),
    (
        "both",
        "Request 3DS if card_payments_1h <= 4",
        "mode = 'rollout'\nrollout_percent = 70\nexpires_at = 2026-11-02T14:30:30Z",
    ),
    ("silent", "Block if card_payments_1h >= 0", "mode = 'shadow'"),
)


def ruleset(*ids: str) -> Ruleset:
    text = "\n".join(
        f"[[rule]]\nid = '{id_}'\nname = '{id_}'\ntext = \"{text}\"\nreason = 'why'\n{more}"
        for id_, text, more in RULES
        if id_ in ids
    )
    return parse_ruleset(text or "rule = []", CATALOG, ("risky",))


def lists(random: Random) -> AllLists:
    """Random lists of the operator and of one merchant, some entries of which end while the payments come."""
    owners = (OPERATOR, "shop-a")
    entries = [
        Entry(
            list=ListName(scope=random.choice(owners), name=name),
            type=type_,
            value=value,
            terms=Terms(expires_at_us=random.choice((None, AT_US + 9_000_000, AT_US + 25_000_000))),
        )
        for name in ("allow", "block")
        for type_, value in ((EntryType.TOKEN, "tok_1"), (EntryType.TOKEN, "tok_2"), (EntryType.BIN, "424242"))
        if random.random() < 0.4
    ]
    risky = ListName(scope=OPERATOR, name="risky")
    entries += [
        Entry(list=risky, type=EntryType.STRING, value=value, terms=Terms(expires_at_us=end))
        for value, end in (("gold", AT_US + 15_000_000), ("tok_2", None))
        if random.random() < 0.7
    ]
    named = [NamedList(list=risky, type=EntryType.STRING)] if random.random() < 0.8 else []
    entries = [each for each in entries if named or each.list != risky]
    return AllLists().changed(Delta(sequences={OPERATOR: 1, "shop-a": 2}, made=named, put=entries))


class Scorer:
    """Scores by a feature; without it there is no score."""

    id, role = "test", "champion"

    def content(self) -> bytes:
        return b"{}"

    def score(self, features: Features) -> Score:
        value = features["past_transactions_day"]
        if value is None:
            raise ScoreInvalid("none")
        assert isinstance(value, int)
        return Score(probability=value / 1000, base=0.0, contributions=())


def percents() -> st.SearchStrategy[float | None]:
    return st.none() | st.sampled_from((0.0, 2.5, 10.0, 33.3, 60.0, 99.0))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    block, points = draw(percents()), draw(st.none() | st.integers(1, 60))
    lower = percents().filter(lambda value: block is None or value is None or value <= block)
    fewer = (st.none() | st.integers(1, 60)).filter(lambda value: points is None or value is None or value <= points)
    return Policy(
        block_at_percent=block,
        review_at_percent=draw(lower),
        challenge_at_percent=draw(lower),
        block_at_rule_score=points,
        review_at_rule_score=draw(fewer),
        challenge_at_rule_score=draw(fewer),
        elevated_at_percent=draw(st.sampled_from((0.5, 5.0))),
        highest_at_percent=draw(st.sampled_from((5.0, 30.0))),
        fail_action=draw(st.sampled_from(FailAction)),
        fail_bands=draw(
            st.sampled_from(
                (
                    (FailBand(up_to_usd_cents=None, action=Action.REVIEW),),
                    (
                        FailBand(up_to_usd_cents=100, action=Action.ALLOW),
                        FailBand(up_to_usd_cents=5000, action=Action.CHALLENGE),
                        FailBand(up_to_usd_cents=None, action=Action.BLOCK),
                    ),
                )
            )
        ),
    )


def made(random: Random, number: int, *, test_mode: bool) -> tuple[Payment, Features]:
    """A payment and its features, of which those that the ladder reads follow from the payment as enriching has it."""
    pick = random.choice
    status = None if random.random() < 0.5 else pick(STATUSES)
    payment = Payment(
        transaction_id=f"tx-{number}",
        merchant_id=pick(("shop-a", "shop-b")),
        at=AT + timedelta(seconds=number),
        test_mode=test_mode,
        stage=pick(tuple(Stage)),
        order=Order(amount_minor=100, currency="USD"),
        card=Card(
            token=pick(
                (
                    "tok_1",
                    "tok_2",
                    "tok_3",
                    "tok_assay_review",
                    "tok_assay_highest",
                    "tok_assay_no_score",
                    "tok_assay_challenge",
                )
            ),
            was_3d_secure_successful=pick((None, True, False)),
        ),
        authentication=Authentication(trans_status=status, liability_shift=pick((None, True, False))),
        processing=Processing(is_recurring=pick((None, True, False)), is_off_session=pick((None, True, False))),
        custom={"tier": pick(("gold", "bronze"))} if random.random() < 0.5 else {},
    )
    proven = payment.card.was_3d_secure_successful
    known: dict[str, Any] = {
        "card": payment.card_identity,
        "card_bin": pick((None, "424242", "42424299", "400000")),
        "stage": payment.stage.value,
        "three_ds_status": status,
        "has_liability_shift": payment.authentication.liability_shift,
        "is_3d_secure": proven
        if status is None
        else {"Y": True, "A": True, "U": True, "N": False, "R": False}.get(status),
        "is_recurring": payment.processing.is_recurring,
        "is_off_session": payment.processing.is_off_session,
        "amount_in_usd": pick((None, 0, 100, 101, 5000, 5001)),
        "past_transactions_day": pick((None, *range(0, 1000, 7), 25, 100, 333)),
        "is_gift": pick((None, True, False)),
        "card_payments_1h": pick((None, *range(10))),
        "card_payments_24h": pick((None, *range(10))),
        "email_payments_1h": pick((None, *range(10))),
        "email_payments_24h": pick((None, *range(10))),
    }
    nothing = Features(CATALOG, (None,) * len(CATALOG))
    return payment, nothing.replaced(known)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    policy=policies(),
    other=policies(),
    ids=st.sets(st.sampled_from([id_ for id_, *_ in RULES])),
    test_mode=st.booleans(),
    has_lists=st.booleans(),
)
def test_a_setting_settles_as_deciding_does(
    seed: int, policy: Policy, other: Policy, ids: set[str], test_mode: bool, has_lists: bool
) -> None:
    random, rules = Random(seed), ruleset(*ids)
    listed = lists(random) if has_lists else AllLists()
    snapshots = {
        merchant: snapshot_of(
            ruleset=rules, lists=listed.of(merchant), scorer=Scorer(), policy=own, reference=REFERENCE
        )
        for merchant, own in (("shop-a", policy), ("shop-b", other))
    }
    decided = []
    for number in range(40):
        payment, features = made(random, number, test_mode=test_mode)
        decision = decide(payment, features, snapshots[payment.merchant_id], is_late=random.random() < 0.1)
        decided.append(Decided(payment=payment, decision=decision))
    setting = Setting(
        ruleset=rules,
        policy=policy,
        own_policies={"shop-b": other},
        lists=listed.shared,
        own_lists={"shop-a": listed.of("shop-a")},
    )
    found = settled(Evaluating(frame_of(decided, test_mode=test_mode)), setting)
    assert [ACTIONS[place] for place in found.action] == [each.decision.action for each in decided]
    assert found.three_ds.tolist() == [each.decision.three_ds for each in decided]
    for place, rule in enumerate(rules.rules):
        outcomes = [each.decision.results.outcomes[place] for each in decided]
        assert found.true[rule.id].tolist() == [outcome is True for outcome in outcomes]
        assert found.unknown[rule.id] == outcomes.count(None)


def test_every_action_comes_about() -> None:
    """The random rows reach all rungs: else their equality would say little."""
    random, rules = Random(7), ruleset(*(id_ for id_, *_ in RULES))
    snapshot = snapshot_of(ruleset=rules, lists=NO_LISTS, scorer=Scorer(), policy=Policy(), reference=REFERENCE)
    decisions = [decide(*made(random, number, test_mode=False), snapshot) for number in range(500)]
    assert {each.action for each in decisions} == set(Action)
    assert {reason.code for each in decisions for reason in each.reasons} >= {
        "fail_policy", "three_ds_unproven", "block_threshold", "mandatory", "secure",
    }  # fmt: skip


def test_a_condition_in_two_settings_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random, rules = Random(3), ruleset("block", "review")
    snapshot = snapshot_of(ruleset=rules, lists=NO_LISTS, scorer=Scorer(), policy=Policy(), reference=REFERENCE)
    decided = []
    for number in range(5):
        payment, features = made(random, number, test_mode=False)
        decided.append(Decided(payment=payment, decision=decide(payment, features, snapshot)))
    told: list[int] = []
    evaluating = Evaluating(frame_of(decided), lambda: told.append(1))
    first = settled(evaluating, Setting(ruleset=rules))
    monkeypatch.setattr("models.backtest.settling.truth", None)
    again = settled(evaluating, Setting(ruleset=ruleset("block", "review")))
    assert again.action.tolist() == first.action.tolist()
    assert len(told) == 4
