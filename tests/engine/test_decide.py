"""decide(): what it does without a score, by a stand-in, too late, with points, tags and custom fields."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import CATALOG, catalog_of, velocities_of
from engine.custom import CustomField, CustomType
from engine.decide import (
    FALLBACK,
    REASON_LOG_ODDS_MIN,
    REASON_SHARE_MIN,
    REASONS_AGAINST_MAX,
    REASONS_FOR_MAX,
    Snapshot,
    _model_reasons,
    decide,
    snapshot_of,
)
from engine.decision import Action, Decision
from engine.enrichment import enrich
from engine.errors import ScoreInvalid
from engine.features import Features, Value
from engine.lists import NO_LISTS
from engine.payment import Card, Device, Payment
from engine.policy import FailAction, Policy
from engine.reference import Reference
from engine.rules import parse_ruleset
from engine.score import Contribution, Score
from engine.velocity import VELOCITIES
from models.scorecard import Item, Scorecard, Steps
from models.scorecard_items import ITEMS
from models.words import Template

Make = Callable[..., Payment]
MakeFeatures = Callable[..., Features]

RULES = """
[[rule]]
id = "a"
name = "A"
text = "Score +30 if amount_in_usd >= 10"
reason = "A"

[[rule]]
id = "b"
name = "B"
text = "Score +12 if currency = 'usd'"
reason = "B"

[[rule]]
id = "shadow"
name = "C"
mode = "shadow"
text = "Score +1000 if amount_in_usd >= 10"
reason = "C"

[[rule]]
id = "tag"
name = "D"
text = "Tag 'gold' if ::tier:: = 'gold'"
reason = "D"
"""


class Broken:
    """A scorer that gives this for a probability."""

    id, role = "broken", "champion"

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def content(self) -> bytes:
        return b"{}"

    def score(self, features: Features) -> Score:
        del features
        return Score(probability=self.probability, base=0, contributions=())


@pytest.fixture
def snapshot(reference: Reference) -> Snapshot:
    return snapshot_of(
        ruleset=parse_ruleset(RULES, CATALOG, ()),
        lists=NO_LISTS,
        scorer=Scorecard(ITEMS, CATALOG),
        policy=Policy(),
        reference=reference,
    )


@pytest.fixture
def decided(make_payment: Make, make_features: MakeFeatures, snapshot: Snapshot) -> Callable[..., Decision]:
    def decided(**given: Any) -> Decision:
        is_late = given.pop("is_late", False)
        payment = make_payment(custom=given.pop("custom", {}))
        return decide(payment, make_features(**given.pop("known", {})), replace(snapshot, **given), is_late=is_late)

    return decided


def test_points_add_up_and_tags_are_set_by_live_rules_alone(decided: Callable[..., Decision]) -> None:
    known: dict[str, Value] = {"amount_in_usd": 4990, "currency": "USD"}
    decision = decided(known=known, custom={"tier": "gold"})
    assert (decision.rule_score, decision.tags, decision.action) == (42, ("gold",), Action.ALLOW)
    blocked = decided(known=known, policy=Policy(block_at_rule_score=42))
    assert (blocked.action, blocked.tags) == (Action.BLOCK, ())
    assert decided(known=known, policy=Policy(block_at_rule_score=43)).action is Action.ALLOW


@pytest.mark.parametrize("probability", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_scorer_that_gives_no_probability_leaves_the_decision_to_the_fail_policy(
    decided: Callable[..., Decision], probability: float
) -> None:
    decision = decided(scorer=Broken(probability), policy=Policy(fail_action=FailAction.REVIEW))
    assert (decision.score, decision.action, decision.degraded) == (None, Action.REVIEW, ("model",))
    assert decision.risk_level == "not_assessed"


def test_a_scorecard_whose_log_odds_overflow_gives_no_score(make_features: MakeFeatures) -> None:
    item = Item(
        group="a", feature="cart_quantity", points=Steps(thresholds=((1, -1000.0),)), against="x", source="made up"
    )
    with pytest.raises(ScoreInvalid):
        Scorecard((item,), CATALOG).score(make_features(cart_quantity=3))


def reasons_plainly(contributions: list[Contribution]) -> list[str]:
    """The codes of the loudest against the payment, then of those for it, of equal ones the first."""
    against = [part for part in contributions if part.weight > 0]
    speaks_for = [part for part in contributions if part.weight < 0]
    floor = max(REASON_LOG_ODDS_MIN, REASON_SHARE_MIN * sum(sorted((part.weight for part in against), reverse=True)))
    loudest = sorted(against, key=lambda part: -part.weight)[:REASONS_AGAINST_MAX]
    loudest = [part for part in loudest if part.weight > floor]
    for part in sorted(speaks_for, key=lambda part: part.weight)[:REASONS_FOR_MAX]:
        loudest += [part] if part.weight < -REASON_LOG_ODDS_MIN else []
    return [part.code for part in loudest]


CLOSE = st.sampled_from([0.0, REASON_LOG_ODDS_MIN, -REASON_LOG_ODDS_MIN, 0.4, -0.4, 1.1])


@given(st.lists(CLOSE | st.floats(-3, 9), max_size=14))
def test_the_reasons_of_a_model_are_those_of_two_plain_sorts(weights: list[float]) -> None:
    words = Template(parts=(), end="Because")
    parts = [Contribution(f"c{place}", weight, words) for place, weight in enumerate(weights)]
    score = Score(probability=0.5, base=0.0, contributions=tuple(parts))
    found = _model_reasons(score, Features(CATALOG, (None,) * len(CATALOG)))
    assert [reason.code for reason in found] == reasons_plainly(parts)
    by_code = {part.code: part.weight for part in parts}
    for reason in found:
        assert (reason.text, reason.source, reason.weight) == ("Because", "model", round(by_code[reason.code], 4))


def test_a_late_decision_is_made_without_a_score_and_says_so(decided: Callable[..., Decision]) -> None:
    late = decided(is_late=True, known={"amount_in_usd": 9900})
    assert (late.score, late.degraded, late.action) == (None, ("deadline", "model"), Action.CHALLENGE)
    in_time = decided(known={"amount_in_usd": 9900})
    assert (in_time.degraded, in_time.action) == ((), Action.ALLOW)


def test_a_stand_in_scores_and_the_decision_is_degraded(snapshot: Snapshot, make_payment: Make) -> None:
    stand_in = snapshot_of(
        ruleset=snapshot.ruleset,
        lists=NO_LISTS,
        scorer=Scorecard(ITEMS, CATALOG, role=FALLBACK),
        policy=Policy(),
        reference=snapshot.reference,
    )
    decision = decide(make_payment(), Features(CATALOG, (None,) * len(CATALOG)), stand_in)
    assert decision.score is not None
    assert (decision.degraded, decision.versions.model_role) == (("model",), "fallback")


def test_a_test_value_is_decided_as_it_asks_in_test_mode_alone(
    make_payment: Make, make_features: MakeFeatures, snapshot: Snapshot
) -> None:
    def decided(token: str, *, test_mode: bool) -> Decision:
        payment = make_payment(card=Card(token=token), test_mode=test_mode)
        return decide(payment, make_features(amount_in_usd=4990), snapshot)

    review = decided("tok_assay_review", test_mode=True)
    assert (review.action, review.review, review.reasons[0].code) == (
        Action.REVIEW,
        Policy().review_terms(),
        "test_value",
    )
    challenge = decided("tok_assay_challenge", test_mode=True)
    assert (challenge.action, challenge.three_ds) == (Action.CHALLENGE, True)
    assert [decided(f"tok_assay_{level}", test_mode=True).risk_level for level in ("elevated", "highest")] == [
        "elevated",
        "highest",
    ]
    assert decided("tok_assay_no_score", test_mode=True).degraded == ("model",)
    for action in ("block", "review", "highest", "no_score"):
        live = decided(f"tok_assay_{action}", test_mode=False)
        assert (live.action, live.degraded, live.risk_level) == (Action.ALLOW, (), "normal")


def test_a_merchants_catalogue_ends_with_its_own_fields_and_what_they_count() -> None:
    declared = (
        CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True),
        CustomField(name="weight", type=CustomType.NUMBER),
    )
    catalog = catalog_of(declared)
    assert catalog.features[: len(CATALOG)] == CATALOG.features
    own = [feature.name for feature in catalog.features[len(CATALOG) :]]
    assert own[:3] == ["custom_tier", "custom_weight", "custom_tier_payments_1h"]
    assert [velocity.name for velocity in velocities_of(declared)[len(VELOCITIES) :]] == own[2:]
    assert catalog_of(()) is CATALOG
    assert catalog.fingerprint != CATALOG.fingerprint


@pytest.mark.parametrize(("days", "known", "cause"), [(30, "US", None), (31, None, "geo_stale")])
def test_a_stale_ip_table_tells_nothing(
    make_payment: Make,
    make_features: MakeFeatures,
    snapshot: Snapshot,
    days: int,
    known: str | None,
    cause: str | None,
) -> None:
    reference = replace(snapshot.reference, ip_max_age_days=30)
    assert reference.ip is not None
    at = datetime.combine(reference.ip.built, datetime.min.time(), UTC) + timedelta(days=days)
    payment = make_payment(at=at, device=Device(ip_address="73.15.20.30"))
    values, causes = enrich(payment, reference)
    assert (values["ip_country"], causes.get("ip_country")) == (known, cause)
    decision = decide(payment, make_features(causes=causes), snapshot)
    assert ("geo_stale" in decision.degraded) == (known is None)


def test_the_shipped_ip_table_is_not_stale_for_a_year_after_its_release(reference: Reference) -> None:
    assert not reference.is_ip_stale(date(2027, 11, 23).toordinal())
    assert reference.is_ip_stale(date(2028, 1, 1).toordinal())
    assert not replace(reference, ip=None).is_ip_stale(date(2028, 1, 1).toordinal())
