"""Publishing asks again, with figures, where rules would block too many of last week's payments."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.backtests import guarding, turns
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from tests.api.test_backtests import decide

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On shared cores the time of a process measures the neighbours."""
    monkeypatch.setattr(guarding, "TIME_MAX_SECONDS", 600.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guard") / "data"


@pytest.fixture(scope="module")
def assembly(folder: Path, patience: None) -> Iterator[Assembly]:
    assert patience is None
    with assembled(Settings(data=folder)) as assembly:
        yield assembly


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@pytest.fixture
def merchant(make_client: MakeClient, shop: str) -> TestClient:
    return make_client(scopes=frozenset(Scope), merchants=frozenset({shop}))


def rules(*texts: str) -> list[dict[str, str]]:
    return [{"id": f"r-{place}", "name": "R", "text": text, "reason": "r"} for place, text in enumerate(texts)]


def test_a_rule_that_would_block_a_third_asks_first(merchant: TestClient, body: Body, shop: str) -> None:
    decide(merchant, body, shop, [5_000] * 20 + [15_000] * 10)
    wanted = {"rules": rules("Block if amount_in_usd > 100")}
    asks = merchant.post("/v1/rulesets/publish", json=wanted)
    assert (asks.status_code, asks.json()["code"]) == (409, "confirmation_required")
    assert asks.json()["figures"] == {
        "payments": 30,
        "blocked_percent": 33.3,
        "blocked_today_percent": 0.0,
        "rules": {"r-0": 33.3},
    }
    assert merchant.get("/v1/rulesets").json()["in_force"]["number"] == 0
    confirmed = merchant.post("/v1/rulesets/publish", json={**wanted, "confirm": True})
    assert (confirmed.status_code, confirmed.json()["number"]) == (200, 1)


def test_the_same_rules_are_looked_at_once_a_day(
    merchant: TestClient, body: Body, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(merchant, body, shop, [5_000] * 20 + [15_000] * 10)
    wanted = {"rules": rules("Block if amount_in_usd > 100")}
    first = merchant.post("/v1/rulesets/publish", json=wanted)
    monkeypatch.setattr(guarding, "PROGRAM", ("/nowhere/at-all",))
    again = merchant.post("/v1/rulesets/publish", json=wanted)
    assert (first.status_code, again.json()["figures"]) == (409, first.json()["figures"])
    other = merchant.post("/v1/rulesets/publish", json={"rules": rules("Block if amount_in_usd > 101")})
    assert "could not be told" in other.json()["figures"]["cause"]


def test_where_too_many_wait_publishing_is_turned_away(
    merchant: TestClient, body: Body, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITING_MAX", -1)
    decide(merchant, body, shop, [5_000] * 20)
    answer = merchant.post("/v1/rulesets/publish", json={"rules": rules("Block if amount_in_usd > 100")})
    assert (answer.status_code, answer.json()["code"]) == (429, "publishing_busy")
    assert answer.headers["Retry-After"] == "10"


def test_what_blocks_few_or_nothing_is_published(merchant: TestClient, body: Body, shop: str) -> None:
    decide(merchant, body, shop, [5_000] * 29 + [15_000])
    for text in ("Block if amount_in_usd > 100", "Review if amount_in_usd > 1"):
        answer = merchant.post("/v1/rulesets/publish", json={"rules": rules(text)})
        assert answer.status_code == 200, answer.text


def test_of_few_payments_a_share_says_nothing(
    merchant: TestClient, body: Body, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "PROGRAM", ("/nowhere/at-all",))
    decide(merchant, body, shop, [15_000] * 19)
    answer = merchant.post("/v1/rulesets/publish", json={"rules": rules("Block if amount_in_usd > 100")})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("program", [("/bin/sh", "-c", "exit 3"), ("/nowhere/at-all",)])
def test_what_could_not_be_told_is_asked_about(
    merchant: TestClient, body: Body, shop: str, monkeypatch: pytest.MonkeyPatch, program: tuple[str, ...]
) -> None:
    monkeypatch.setattr(guarding, "PROGRAM", program)
    decide(merchant, body, shop, [5_000] * 20)
    answer = merchant.post("/v1/rulesets/publish", json={"rules": rules("Block if amount_in_usd > 100")})
    assert answer.status_code == 409
    assert "could not be told" in answer.json()["figures"]["cause"]


def test_rules_that_block_no_more_start_no_process(
    merchant: TestClient, body: Body, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "PROGRAM", ("/nowhere/at-all",))
    decide(merchant, body, shop, [5_000] * 20)
    in_shadow = {"rules": rules("Block if amount_in_usd > 1"), "in_shadow": True}
    for wanted in ({"rules": rules("Review if amount_in_usd > 1")}, in_shadow):
        answer = merchant.post("/v1/rulesets/publish", json=wanted)
        assert answer.status_code == 200, answer.text
