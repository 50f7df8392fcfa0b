"""What a merchant's own fields and rules do to an answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.settings import Settings
from api.wiring import assembled
from engine.access import Scope
from tests.contract.calling import Call

RULES = """
[[rule]]
id = "not-gold"
name = "Large order, not gold"
text = "Review if amount_in_usd > 100 and ::tier:: != 'gold'"
reason = "A large order of a customer who is not gold"

[[rule]]
id = "many-visits"
name = "Many visits"
text = "Score -10 if ::visits:: >= 5"
reason = "A customer who comes often"

[[rule]]
id = "is-new"
name = "New member"
text = "Score +25 if ::is new member::"
reason = "A new member"

[[rule]]
id = "tagged"
name = "Tagged"
text = "Tag 'members' if not is_missing(::tier::)"
reason = "A member"

[[rule]]
id = "stop-list"
name = "A tier that is stopped"
text = "Block if ::tier:: in ('stopped')"
reason = "This tier is stopped"
"""


@pytest.fixture(scope="module")
def own_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.toml").write_text(RULES)
    with assembled(Settings(data=folder / "data", ruleset=folder / "rules.toml")) as assembly:
        key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
        assembly.keys.add_key(key)
        yield TestClient(create_app(assembly), headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def ruled(own_rules: TestClient, body: Any) -> Call:
    return Call(own_rules, body)


def test_a_custom_field_is_usable_in_rules_at_once(ruled: Call) -> None:
    large = {"order": {"amount_minor": 20000}}
    assert ruled(custom={"tier": "gold"}, **large)["action"] == "allow"
    assert ruled(custom={"tier": "silver"}, **large)["action"] == "review"


def test_an_absent_custom_field_is_unknown_and_fires_no_rule(ruled: Call) -> None:
    answer = ruled(order={"amount_minor": 20000})
    assert answer["action"] == "allow"
    assert {rule["id"]: rule["result"] for rule in answer["rules"]}["not-gold"] is None


@pytest.mark.parametrize(("visits", "fires"), [(7, True), (7.5, True), ("7", True), (3, False), ("often", False)])
def test_a_custom_field_is_typed_by_use(ruled: Call, visits: object, fires: object) -> None:
    assert ruled(custom={"visits": visits})["rule_score"] == (-10 if fires else 0)


def test_score_rules_sum_and_tag_rules_tag(ruled: Call) -> None:
    answer = ruled(custom={"visits": 9, "is new member": True, "tier": "gold"})
    assert (answer["rule_score"], answer["tags"]) == (15, ["members"])


def test_a_blocked_payment_says_which_rule_and_what_to_do_in_one_call(ruled: Call) -> None:
    answer = ruled(custom={"tier": "stopped"})
    assert answer["action"] == "block"
    assert answer["reasons"][0]["code"] == "stop-list"
    assert "stop-list" in str(answer["advice"])
