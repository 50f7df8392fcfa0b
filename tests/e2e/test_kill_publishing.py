"""kill -9 of the server while rules are published: what was confirmed is in force, and nothing is half done."""

import json
import threading
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from api.bench.installation import HOST, Server, start_server
from api.client import CallFailed, Client

KILLS = 3
RUN_SECONDS = 0.6

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def client_of(server: Server) -> Client:
    return Client(url=f"http://{HOST}:{server.port}", key=server.key)


def wanted(number: int) -> bytes:
    name = f"rule-{number}"
    text = f"Block if amount_in_usd > {number}"
    return json.dumps({"rules": [{"id": name, "name": name, "text": text, "reason": name}], "note": name}).encode()


def publish_until_killed(client: Client, numbers: "count[int]", confirmed: list[dict[str, Any]]) -> None:
    for number in numbers:
        try:
            answer = client.checked("POST", "/v1/rulesets/publish?merchant_id=shop-a", wanted(number))
        except CallFailed:
            return
        confirmed.append(json.loads(answer))


def standing(client: Client) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The ruleset in force, and all versions, newest first."""
    in_force = json.loads(client.checked("GET", "/v1/rulesets?merchant_id=shop-a"))["in_force"]
    versions: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = json.loads(client.checked("GET", f"/v1/rulesets/history?merchant_id=shop-a&limit=100{cursor}"))
        versions += page["data"]
        if page["next_cursor"] is None:
            return in_force, versions
        cursor = f"&cursor={page['next_cursor']}"


def decided(client: Client, name: str) -> dict[str, Any]:
    event = {"transaction_id": name, "merchant_id": "shop-a"}
    body = {
        "event": event,
        "order": {"amount_minor": 99_999_900, "currency": "USD"},
        "options": {"explain": "full", "deadline_ms": 2000},
    }
    answer: dict[str, Any] = json.loads(client.checked("POST", "/v1/decisions", json.dumps(body).encode()))
    return answer


def test_what_was_confirmed_holds_after_every_kill(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    numbers, confirmed = count(1), list[dict[str, Any]]()
    for kill in range(KILLS + 1):
        server = start_server(folder)
        client = client_of(server)
        in_force, versions = standing(client)
        assert [each["number"] for each in versions] == list(range(len(versions), 0, -1))
        assert in_force["number"] == len(versions), "the newest is in force"
        by_number = {each["number"]: each for each in versions}
        assert all(by_number[each["number"]]["version"] == each["version"] for each in confirmed)
        # Of each kill at most one was under way, and may have become durable.
        assert len(confirmed) <= len(versions) <= len(confirmed) + kill
        ids = [each["id"] for each in in_force["content"]["rules"]]
        answer = decided(client, f"tx-{kill}")
        assert [each["id"] for each in answer["rules"] if each["id"].startswith("rule-")] == ids
        if kill == KILLS:
            server.stop()
            break
        publishing = threading.Thread(target=publish_until_killed, args=(client, numbers, confirmed))
        publishing.start()
        time.sleep(RUN_SECONDS + kill * 0.037)
        server.kill()
        server.process.wait()
        publishing.join()
    assert len(confirmed) > KILLS, "hardly anything was published"
