"""The figures of a backtest, against a slow count of the same payments one by one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import orjson
import pytest

from engine.catalog import CATALOG
from engine.decide import decide, snapshot_of
from engine.decision import Action, Decision
from engine.errors import AssayError
from engine.features import Features, Value
from engine.ledger import Label, LabelKind
from engine.lists import NO_LISTS
from engine.payment import Card, Order, Payment, Stage
from engine.policy import Policy
from engine.recorded_frame import ACTIONS
from engine.rules import Ruleset, parse_ruleset
from engine.score import Score
from models.backtest import Report, RuleNotFound, Setting, run
from models.backtest.figures import Group, Sum
from tests.engine.conftest import AT
from tests.models.backtest.frames import Decided, ListLabels, frame_of
from tests.models.backtest.test_settling import REFERENCE

DAY = timedelta(days=1)
AS_OF = AT + 200 * DAY
LIVE = {
    "burst": "Block if card_payments_1h >= 7",
    "gift": "Review if is_gift and amount_in_usd > 20",
    "calm": "Allow if card_payments_24h = 0",
}
CANDIDATE = LIVE | {"mail": "Block if email_payments_1h >= 3"}


def ruleset(texts: dict[str, str]) -> Ruleset:
    rules = (
        f"[[rule]]\nid = '{id_}'\nname = 'Rule {id_}'\ntext = \"{text}\"\nreason = 'why'" for id_, text in texts.items()
    )
    return parse_ruleset("\n".join(rules) or "rule = []", CATALOG, ())


class Scorer:
    id, role = "test", "champion"

    def content(self) -> bytes:
        return b"{}"

    def score(self, features: Features) -> Score:
        value = features["past_transactions_day"]
        assert isinstance(value, int)
        return Score(probability=value / 100, base=0.0, contributions=())


@dataclass(frozen=True, slots=True)
class World:
    decided: list[Decided]
    labels: ListLabels
    live: Setting
    candidate: Setting

    def run(self, **given: object) -> Report:
        asked = {"live": self.live, "candidate": self.candidate, "as_of": AS_OF, "rule_id": "mail", **given}
        return run(frame_of(self.decided), self.labels, **asked)  # type: ignore[arg-type]


def features(**known: Value) -> Features:
    return Features(CATALOG, (None,) * len(CATALOG)).replaced(known)


def world(seed: int, count: int = 300, policy: Policy | None = None) -> World:
    """Payments over 200 days, a fifth of them with a later stage, decided by the live rules of their day."""
    random, live = Random(seed), ruleset(LIVE)
    snapshot = snapshot_of(ruleset=live, lists=NO_LISTS, scorer=Scorer(), policy=Policy(), reference=REFERENCE)
    decided: list[Decided] = []
    labels = ListLabels()
    for number in range(count):
        at = AT + random.random() * 200 * DAY
        known: dict[str, Value] = {
            "card": f"card-{random.randrange(40)}" if random.random() < 0.9 else None,
            "amount_in_usd": random.choice((None, 500, 1999, 2001, 40_000)),
            "past_transactions_day": random.choice((0, 3, 6, 20, 50)),
            "is_gift": random.choice((None, True, False)),
            "card_payments_1h": random.randrange(10),
            "card_payments_24h": random.randrange(4),
            "email_payments_1h": random.choice((None, 0, 1, 2, 3, 4)),
        }
        is_declined = random.random() < 0.1
        for stage in (Stage.PRE_AUTH, Stage.POST_AUTH)[: 2 if random.random() < 0.2 else 1]:
            payment = Payment(
                transaction_id=f"tx-{number}",
                merchant_id="shop-a",
                at=at,
                stage=stage,
                order=Order(amount_minor=100, currency="USD"),
                card=Card(),
            )
            made = features(**known, stage=stage.value)
            decided.append(Decided(payment=payment, decision=decide(payment, made, snapshot), is_declined=is_declined))
            known["email_payments_1h"] = random.randrange(5)
        if random.random() < 0.25:
            labels.labels.append(label(f"tx-{number}", at + DAY, is_fraud=random.random() < 0.8))
    setting = Setting(ruleset=live)
    return World(decided, labels, setting, Setting(ruleset=ruleset(CANDIDATE), policy=policy or Policy()))


def label(transaction_id: str, at: object, *, is_fraud: bool, kind: LabelKind = LabelKind.CHARGEBACK) -> Label:
    return Label(
        merchant_id="shop-a",
        test_mode=False,
        transaction_id=transaction_id,
        kind=kind,
        is_fraud=is_fraud,
        occurred_at=AT,
        received_at=at,  # type: ignore[arg-type]
        source="test",
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A payment as the slow count sees it: every stage's decision, and what is known of it."""

    stages: list[Decided]
    fraud: bool | None

    @property
    def cents(self) -> int:
        value = self.stages[0].decision.features["amount_in_usd"]
        return value if isinstance(value, int) else 0

    @property
    def recorded(self) -> Action:
        return strictest([each.decision for each in self.stages])

    @property
    def passed(self) -> bool:
        return self.recorded is not Action.BLOCK and not self.stages[0].is_declined

    @property
    def is_old(self) -> bool:
        return (AS_OF - self.stages[0].payment.at) >= 60 * DAY

    def by(self, setting: Setting) -> Action:
        snapshot = snapshot_of(
            ruleset=setting.ruleset, lists=NO_LISTS, scorer=Scorer(), policy=setting.policy, reference=REFERENCE
        )
        return strictest([decide(each.payment, each.decision.features, snapshot) for each in self.stages])

    def fires(self, condition: Callable[[Features], bool]) -> bool:
        return any(condition(each.decision.features) for each in self.stages)


def strictest(decisions: list[Decision]) -> Action:
    return max((each.action for each in decisions), key=ACTIONS.index)


def known(made: World) -> list[Known]:
    stages: dict[str, list[Decided]] = {}
    for each in made.decided:
        stages.setdefault(each.payment.transaction_id, []).append(each)
    said = {each.transaction_id: each.is_fraud for each in made.labels.labels_as_of(AS_OF)}
    return [Known(decided, said.get(id_)) for id_, decided in stages.items()]


def total(payments: list[Known]) -> Sum:
    return Sum(payments=len(payments), usd_cents=sum(each.cents for each in payments))


def group(payments: list[Known]) -> Group:
    fraud = [each for each in payments if each.fraud]
    good = [each for each in payments if not each.fraud and (each.passed or each.fraud is False)]
    silent = [each for each in payments if each.fraud is None and not each.passed]
    return Group(
        all=total(payments),
        fraud_matured=total([each for each in fraud if each.is_old]),
        fraud_not_matured=total([each for each in fraud if not each.is_old]),
        good_matured=total([each for each in good if each.is_old or each.fraud is False]),
        good_not_matured=total([each for each in good if not each.is_old and each.fraud is None]),
        blocked_unlabelled=total([each for each in silent if each.recorded is Action.BLOCK]),
        declined_unlabelled=total([each for each in silent if each.recorded is not Action.BLOCK]),
        amount_unknown=sum(each.stages[0].decision.features["amount_in_usd"] is None for each in payments),
    )


def mail_fires(features: Features) -> bool:
    value = features["email_payments_1h"]
    return isinstance(value, int) and value >= 3


@pytest.mark.parametrize("seed", range(8))
def test_the_groups_are_those_of_a_slow_count(seed: int) -> None:
    made = world(seed, policy=Policy(block_at_percent=20.0, review_at_percent=5.0) if seed % 2 else None)
    report, payments = made.run(), known(made)
    before = [each.by(made.live) for each in payments]
    after = [each.by(made.candidate) for each in payments]
    ranks = list(map(ACTIONS.index, before)), list(map(ACTIONS.index, after))
    matched = [each for each in payments if each.fires(mail_fires)]
    stricter = [each for each, one, other in zip(payments, *ranks, strict=True) if other > one]
    milder = [each for each, one, other in zip(payments, *ranks, strict=True) if other < one]
    assert report.matched is not None
    assert report.matched.group == group(matched)
    assert report.stricter.group == group(stricter)
    assert report.milder.group == group(milder)
    assert report.population.decisions == len(made.decided)
    assert report.population.payments == total(payments)
    assert report.population.frauds == total([each for each in payments if each.fraud])
    assert report.population.same_as_recorded == len(payments)
    moves = {(move.before, move.after): (move.all, move.frauds) for move in report.moves}
    for one in Action:
        for other in Action:
            moved = [
                each
                for each, *ways in zip(payments, before, after, strict=True)
                if one != other and ways == [one, other]
            ]
            assert moves.get((one, other)) == (
                (total(moved), total([each for each in moved if each.fraud])) if moved else None
            )


@pytest.mark.parametrize("seed", range(4))
def test_shares_money_and_load_are_those_of_a_slow_count(seed: int) -> None:
    made = world(seed)
    report, payments = made.run(), known(made)
    matched = [each for each in payments if each.fires(mail_fires)]
    assert report.matched is not None
    caught, policy = report.matched, made.candidate.policy
    passed = [each for each in matched if each.passed]
    old = [each for each in passed if each.is_old]
    frauds = [each for each in payments if each.fraud]
    assert (caught.precision.count, caught.precision.of) == (sum(each.fraud is True for each in old), len(old))
    assert caught.precision.value == pytest.approx(caught.precision.count / caught.precision.of)
    assert (caught.precision_so_far.count, caught.precision_so_far.of) == (
        sum(each.fraud is True for each in passed),
        len(passed),
    )
    assert (caught.recall.count, caught.recall.of) == (sum(each.fraud is True for each in matched), len(frauds))
    fraud_cents = sum(each.cents for each in matched if each.fraud)
    assert caught.recall_usd == pytest.approx(fraud_cents / sum(each.cents for each in frauds))
    assert caught.fraud_money.usd_cents == fraud_cents
    saved = sum(each.cents * 0.6 + policy.chargeback_fee_usd_cents for each in matched if each.fraud)
    good = [each for each in matched if not each.fraud and (each.passed or each.fraud is False)]
    lost = sum(each.cents * 0.3 for each in good)
    assert caught.good_money.usd_cents == sum(each.cents for each in good)
    assert caught.value.saved.usd_cents == pytest.approx(saved, abs=1)
    assert caught.value.lost_margin.usd_cents == pytest.approx(lost, abs=1)
    assert caught.value.net.usd_cents == pytest.approx(saved - lost, abs=2)
    reviews = [sum(each.by(setting) is Action.REVIEW for each in payments) for setting in (made.live, made.candidate)]
    days = report.population.days
    assert 190 < days <= 200
    assert report.review_load.before_per_day == pytest.approx(reviews[0] / days)
    assert report.review_load.added_per_day == pytest.approx((reviews[1] - reviews[0]) / days)


def test_overlap_and_examples() -> None:
    made = world(1)
    report, payments = made.run(), known(made)
    assert report.matched is not None
    matched = [each for each in payments if each.fires(mail_fires)]
    fires = {
        "burst": lambda features: features["card_payments_1h"] >= 7,
        "gift": lambda features: features["is_gift"] is True and (features["amount_in_usd"] or 0) > 2000,
        "calm": lambda features: features["card_payments_24h"] == 0,
    }
    overlap = {each.rule_id: each for each in report.matched.overlap}
    assert set(overlap) == set(fires)
    for rule_id, condition in fires.items():
        both = [each for each in matched if each.fires(condition)]
        assert (overlap[rule_id].payments, overlap[rule_id].frauds) == (
            len(both),
            sum(each.fraud is True for each in both),
        )
        assert overlap[rule_id].share == len(both) / len(matched)
    alone = [each for each in matched if not any(map(each.fires, fires.values()))]
    assert report.matched.in_no_rule == group(alone)
    ids = {f"dec-{place}": each for place, each in enumerate(made.decided)}
    examples = report.matched.examples
    assert len(examples.good) == 10
    for shown, is_fraud in ((examples.fraud, True), (examples.good, False)):
        cents = []
        for id_ in shown:
            payment = next(each for each in payments if ids[id_] in each.stages)
            assert payment in matched
            assert (payment.fraud is True) is is_fraud
            cents.append(payment.cents)
        assert cents == sorted(cents, reverse=True)


def test_labels_are_those_known_at_the_instant() -> None:
    made = world(2)
    early = AT + 50 * DAY
    report = made.run(as_of=early)
    seen = {each.transaction_id for each in made.labels.labels if each.is_fraud and each.received_at <= early}
    assert report.population.frauds.payments == len(seen) < made.run().population.frauds.payments
    assert report.population.labels_as_of == early.isoformat()


def test_a_chargeback_that_was_won_clears_a_payment() -> None:
    made = world(3, count=60)
    frauds = made.run().population.frauds.payments
    fraud = next(each for each in made.labels.labels if each.is_fraud)
    made.labels.labels.append(label(fraud.transaction_id, fraud.received_at + DAY, is_fraud=False))
    assert made.run().population.frauds.payments == frauds - 1


def test_of_young_payments_nobody_says_how_many_frauds_there_will_be() -> None:
    made = world(3, count=4_000)
    young = [each for each in made.decided if each.payment.at >= AT + 195 * DAY]
    report = replace(made, decided=young).run(as_of=AT + 202 * DAY)
    assert report.matched is not None
    assert report.matched.group.fraud_not_matured.payments
    assert report.matched.frauds_expected is None
    older = made.run(as_of=AT + 202 * DAY).matched
    assert older is not None
    assert older.frauds_expected is not None


def test_nothing_matched_has_no_shares_and_no_error() -> None:
    made = world(4, count=20)
    candidate = Setting(ruleset=ruleset(LIVE | {"mail": "Block if email_payments_1h > 1000"}))
    report = made.run(candidate=candidate)
    assert report.matched is not None
    assert report.matched.group.all == Sum(payments=0, usd_cents=0)
    assert report.matched.precision.value is None
    assert report.matched.frauds_expected is None
    assert report.moves == ()


def test_no_payments_at_all() -> None:
    made = replace(world(4, count=20), decided=[])
    report = made.run()
    assert report.population.payments == Sum(payments=0, usd_cents=0)
    assert report.matched is not None
    assert report.matched.recall.value is report.matched.recall_usd is None
    assert report.review_load.added_per_day == 0


def test_a_report_is_the_same_again_and_json() -> None:
    made = world(5)
    first = orjson.dumps(made.run())
    assert orjson.dumps(made.run()) == first
    assert orjson.loads(first)["matched"]["precision"]["of"] > 0


def test_progress_rises_to_the_end_and_may_cancel() -> None:
    made = world(6, count=30)
    told: list[float] = []
    made.run(progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    class Cancelled(AssayError):
        code = "cancelled"

    def cancel(done: float) -> None:
        if done > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        made.run(progress=cancel)


def test_a_rule_that_is_not_there_is_named() -> None:
    with pytest.raises(RuleNotFound, match="no rule gone"):
        world(7, count=5).run(rule_id="gone")
