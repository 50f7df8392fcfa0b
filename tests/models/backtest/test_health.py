"""Rules are named as redundant, decayed, runaway or silent by figures, and what one adds is what is lost without it."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from engine.catalog import CATALOG
from engine.decide import decide, snapshot_of
from engine.jobs import RESULT_BYTES_MAX
from engine.lists import NO_LISTS
from engine.payment import Card, Order, Payment
from engine.policy import Policy
from engine.rules import parse_ruleset
from engine.rules.source import MAX_LIVE_RULES
from models.backtest import Health, Setting, guard, health, run
from models.backtest.ailments import Ailment
from models.backtest.health import RULES_MAX, RuleHealth
from tests.engine.conftest import AT
from tests.models.backtest.frames import Decided, ListLabels, frame_of
from tests.models.backtest.test_run import Scorer, features, known, label, ruleset, world
from tests.models.backtest.test_settling import REFERENCE

DAY = timedelta(days=1)
AS_OF = AT + 150 * DAY
TEXTS = {
    "burst": "Block if card_payments_1h >= 7",
    "burst-too": "Block if card_payments_1h >= 8",
    "gift": "Review if is_gift",
    "mail": "Review if email_payments_1h >= 5",
    "never": "Block if amount_in_usd > 1000000",
    "points": "Score +5 if amount_in_usd > 2000000",
}


class Shop:
    """Payments that come about one by one, each by its day and what is known of it."""

    def __init__(self) -> None:
        self.setting = Setting(ruleset=ruleset(TEXTS), policy=Policy(block_at_percent=None, review_at_percent=None))
        self.decided: list[Decided] = []
        self.labels = ListLabels()

    def sell(self, day: float, *, fraud: bool = False, **given: Any) -> None:
        number = len(self.decided)
        payment = Payment(
            transaction_id=f"tx-{number}",
            merchant_id="shop-a",
            at=AT + day * DAY,
            order=Order(amount_minor=100, currency="USD"),
            card=Card(),
        )
        values = {"amount_in_usd": 5000, "past_transactions_day": 0, "stage": "pre_auth", "card": f"c{number}", **given}
        snapshot = snapshot_of(
            ruleset=ruleset({}), lists=NO_LISTS, scorer=Scorer(), policy=self.setting.policy, reference=REFERENCE
        )
        decision = decide(payment, features(**values), snapshot)
        self.decided.append(Decided(payment=payment, decision=decision))
        if fraud:
            self.labels.labels.append(label(payment.transaction_id, payment.at + DAY, is_fraud=True))

    def health(self) -> Health:
        return health(frame_of(self.decided), self.labels, live=self.setting, as_of=AS_OF)

    def rule(self, rule_id: str) -> RuleHealth:
        return next(each for each in self.health().rules if each.rule_id == rule_id)

    def ailments(self, rule_id: str) -> dict[Ailment, Any]:
        return {each.ailment: each for each in self.rule(rule_id).findings}


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    for number in range(400):
        made.sell(number * 150 / 400)
    return made


def test_a_quiet_shop_has_no_findings_but_silent_rules(shop: Shop) -> None:
    assert set(shop.ailments("never")) == {Ailment.SILENT}
    # Points settle nothing, so such a rule is no alarm.
    assert shop.ailments("points") == {}
    assert shop.rule("never").last_hit is None


def test_a_rule_that_another_covers_is_redundant(shop: Shop) -> None:
    for day in range(19):
        shop.sell(day, card_payments_1h=9)
    assert Ailment.REDUNDANT not in shop.ailments("burst-too")
    shop.sell(20, card_payments_1h=9)
    found = shop.ailments("burst-too")[Ailment.REDUNDANT]
    assert (found.figure, found.value, found.other_rule_id) == ("overlap", 1.0, "burst")
    for day in range(30):
        shop.sell(day, card_payments_1h=7)
    # The wider one is not: the narrower one does not cover it.
    assert Ailment.REDUNDANT not in shop.ailments("burst")
    assert shop.rule("burst-too").alone.payments == 0
    assert shop.rule("burst").alone.payments == 30


def test_a_milder_rule_does_not_cover_a_stricter_one(shop: Shop) -> None:
    for day in range(30):
        shop.sell(day, card_payments_1h=7, is_gift=True)
    assert Ailment.REDUNDANT not in shop.ailments("burst")
    assert shop.ailments("gift")[Ailment.REDUNDANT].other_rule_id == "burst"


def test_a_rule_that_finds_less_fraud_than_before_is_decayed(shop: Shop) -> None:
    for number in range(60):
        shop.sell(number, is_gift=True, fraud=number % 2 == 0)
        shop.sell(130 + number / 10, is_gift=True)
    found = shop.ailments("gift")[Ailment.DECAYED]
    rule = shop.rule("gift")
    assert (rule.earlier.hits, rule.recent.hits) == (60, 60)
    assert rule.earlier.precision.value == 0.5
    assert found.figure == "fraud_rate_recent"
    assert found.value == rule.recent.fraud_rate == 0.0
    assert found.limit == rule.earlier.fraud_rate_low
    assert "before it was 5" in found.said


def test_labels_that_have_yet_to_come_make_no_decay(shop: Shop) -> None:
    """On the last days hardly a label can be there: fewer known frauds then say nothing."""
    for number in range(60):
        shop.sell(number, is_gift=True, fraud=number % 2 == 0)
        shop.sell(146 + number / 20, is_gift=True)
    rule = shop.rule("gift")
    assert rule.recent.precision.value == 0.0
    assert Ailment.DECAYED not in shop.ailments("gift")


def test_a_rule_that_is_true_of_much_is_runaway(shop: Shop) -> None:
    for number in range(8):
        shop.sell(149 - number, email_payments_1h=6)
    found = shop.ailments("mail")[Ailment.RUNAWAY]
    assert (found.figure, found.limit) == ("share_recent", 0.05)
    assert found.value == shop.rule("mail").recent.share > 0.05
    assert Ailment.RUNAWAY not in shop.ailments("gift")


def test_a_rule_that_is_true_much_more_often_than_before_is_runaway(shop: Shop) -> None:
    shop.sell(10, email_payments_1h=6)
    for number in range(3):
        shop.sell(149 - number, email_payments_1h=6)
    found = shop.ailments("mail")[Ailment.RUNAWAY]
    assert found.figure == "times_as_often"
    assert found.value == pytest.approx(shop.rule("mail").recent.share / shop.rule("mail").earlier.share)


def test_the_last_true_hit_is_the_last_known_fraud(shop: Shop) -> None:
    shop.sell(100, email_payments_1h=6, fraud=True)
    shop.sell(120, email_payments_1h=6)
    rule = shop.rule("mail")
    assert rule.last_hit == (AT + 120 * DAY).isoformat()
    assert rule.last_true_hit == (AT + 100 * DAY).isoformat()


@pytest.mark.parametrize("seed", range(3))
def test_what_a_rule_adds_is_what_is_lost_without_it(seed: int) -> None:
    """The marginal value is that of the setting with the rule beside the one without, as a backtest tells it."""
    made = world(seed, count=150)
    texts = {
        "burst": "Block if card_payments_1h >= 7",
        "gift": "Review if is_gift",
        "mail": "Block if email_payments_1h > 2",
    }
    live = Setting(ruleset=ruleset(texts), policy=Policy(review_at_percent=5.0))
    frame = frame_of(made.decided)
    found = {each.rule_id: each for each in health(frame, made.labels, live=live, as_of=AT + 200 * DAY).rules}
    for rule_id in texts:
        less = Setting(
            ruleset=ruleset({id_: text for id_, text in texts.items() if id_ != rule_id}), policy=live.policy
        )
        report = run(frame, made.labels, live=less, candidate=live, as_of=AT + 200 * DAY)
        nets = report.stricter.value.net.usd_cents + report.milder.value.net.usd_cents
        assert found[rule_id].marginal.net.usd_cents == pytest.approx(nets, abs=2)
        assert found[rule_id].alone.payments == sum(move.all.payments for move in report.moves)
        assert found[rule_id].group.all.payments >= found[rule_id].alone.payments
    assert orjson.dumps(found["mail"])


def test_progress_is_told_to_the_end(shop: Shop) -> None:
    told: list[float] = []
    health(frame_of(shop.decided), shop.labels, live=shop.setting, as_of=AS_OF, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_guard_counts_payments_that_would_be_blocked() -> None:
    made = world(1, count=200)
    candidate = Setting(
        ruleset=ruleset({"half": "Block if card_payments_1h >= 5", "few": "Block if card_payments_1h = 9"}),
        policy=Policy(block_at_percent=None),
    )
    found = guard(frame_of(made.decided), candidate)
    payments = known(made)

    def fires(least: int) -> int:
        return sum(each.fires(lambda row: int(str(row["card_payments_1h"])) >= least) for each in payments)

    assert found.payments == len(payments) == 200
    assert (found.rules["half"].count, found.rules["few"].count) == (fires(5), fires(9))
    assert found.blocked.count == fires(5)
    assert found.too_many == ("half",)
    assert found.is_asked
    few = guard(
        frame_of(made.decided),
        Setting(ruleset=ruleset({"few": "Block if card_payments_1h = 9"}), policy=Policy(block_at_percent=None)),
    )
    assert not few.is_asked
    assert few.blocked_live.count == sum(each.recorded == "block" for each in payments)


def test_the_health_of_the_largest_ruleset_fits() -> None:
    shop = Shop()
    for day in range(20):
        shop.sell(day)
    ids = [f"r{number:04}-{'x' * 58}" for number in range(1_000)]
    rules = (
        f"[[rule]]\nid = '{id_}'\nname = '{chr(0x1D518) * 120}'\nreason = 'why'\n"
        f"text = 'Block if amount_in_usd > {1 if place < 600 else 1_000_000}'\n"
        f"mode = '{'live' if place < MAX_LIVE_RULES else 'shadow'}'"
        for place, id_ in enumerate(ids)
    )
    largest = parse_ruleset("\n".join(rules), CATALOG, ())
    shop.setting = Setting(ruleset=largest, policy=shop.setting.policy)
    found = shop.health()
    assert len(found.rules) == RULES_MAX
    assert {each.rule_id for each in found.rules} < set(ids[:600])
    assert sorted([*found.rules_left_out, *(each.rule_id for each in found.rules)]) == ids
    # Each rule is under each live one; a live one is not under itself.
    assert {(len(each.overlap), each.overlaps_left_out) for each in found.rules} == {(1, 198), (1, 199)}
    # Beside what is measured here, a rule's numbers may be longer than those of so few payments.
    assert len(orjson.dumps(found)) + RULES_MAX * 1_500 < RESULT_BYTES_MAX
