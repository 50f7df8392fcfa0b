"""Whatever is written for a rule: its faults are told in bounded work, and nothing else comes of it."""

from random import Random

import pytest

from api.check import rules
from api.check.rule_texts import rule_texts, well_typed
from api.check.rules import STEPS_MAX, check, counted
from engine.catalog import CATALOG
from engine.rules import check_rule


def test_random_texts_are_rules_or_have_faults_that_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the machine's neighbours do is no matter of a test: steps are counted, and time is not looked at.
    monkeypatch.setattr(rules, "milliseconds", lambda _: 1.0)
    found = check(60, 3)
    assert found.failures == []
    assert found.texts == 60
    assert found.valid + found.refused.total() == 60
    assert found.valid > 12
    assert len(found.refused) > 4
    assert 1_000 < found.steps_max <= STEPS_MAX


def test_well_typed_texts_check() -> None:
    random = Random(5)
    for text in (well_typed(random) for _ in range(150)):
        assert check_rule(text, CATALOG, ()) == [], text


def test_texts_are_the_same_for_a_seed_and_reach_the_limits() -> None:
    texts = [text for text, _ in zip(rule_texts(Random(1)), range(40), strict=False)]
    assert texts == [text for text, _ in zip(rule_texts(Random(1)), range(40), strict=False)]
    assert max(map(len, texts)) > 4096
    assert any(4000 < len(text) <= 4096 for text in texts)


def test_steps_are_counted_alike_each_time() -> None:
    text = "Block if card_payments_1h > 3 and (card_country = 'US' or amount_in_usd >= 12.50)"

    def work() -> list[str]:
        return [each.message for each in check_rule(text, CATALOG, ())]

    work()
    assert counted(work) == counted(work)
    assert counted(work)[1] > 100


@pytest.mark.parametrize(
    ("fault", "said"), [(ValueError("odd"), "ValueError: odd"), (RecursionError("deep"), "RecursionError: deep")]
)
def test_an_error_that_is_none_of_ours_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr(rules, "check_rule", broken)
    assert check(1, 1).failures[0][0] == said


def test_what_takes_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "milliseconds", lambda _: 51.0)
    assert check(1, 1).failures[0][0] == "51.0 ms"
    monkeypatch.setattr(rules, "STEPS_MAX", 10)
    assert "steps" in check(1, 1).failures[0][0]
