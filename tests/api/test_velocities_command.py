"""`assay velocities`: the set as the specification has it, and the page that is made from the same."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.velocities_page import HEAD, of_key, row
from engine.velocity import DISPUTES, HISTORIES, VELOCITIES
from tests.docs.documents import part, read


def run(*options: str) -> str:
    result = CliRunner().invoke(app, ["velocities", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def listed(*options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("--json", *options))
    return found


def test_all_are_listed_with_their_names_whole() -> None:
    shown = run()
    assert {velocity.name for velocity in VELOCITIES} <= set(shown.split())
    assert f"{len(VELOCITIES)} velocities over 13 keys" in shown


def test_json_tells_the_specification() -> None:
    by_name = {each["name"]: each for each in listed()}
    assert list(by_name) == [velocity.name for velocity in VELOCITIES]
    one = by_name["ip_distinct_declined_cards_1h"]
    expected: dict[str, Any] = {
        "key": ["ip_normalized"],
        "aggregate": "distinct",
        "of": ["card"],
        "window": "1h",
        "status": "declined",
        "delay": None,
        "where": {},
        "scope": "merchant",
        "since": None,
        "type": "integer",
        "unit": "cards",
    }
    assert expected.items() <= one.items()
    assert by_name["card_amount_usd_1h"]["unit"] == "USD"


@pytest.mark.parametrize(
    ("key", "features"),
    [
        ("card", ["card"]),
        ("ip", ["ip_normalized"]),
        ("card_bin6", ["card_bin6"]),
        ("card_email", ["card", "email_normalized"]),
        ("card+email_normalized", ["card", "email_normalized"]),
    ],
)
def test_a_key_selects_its_own(key: str, features: list[str]) -> None:
    found = listed("--key", key)
    assert [each["name"] for each in found] == [each.name for each in VELOCITIES if list(each.key) == features]
    assert found


def test_an_unknown_key_names_those_there_are() -> None:
    result = CliRunner().invoke(app, ["velocities", "--key", "shoe_size"])
    assert result.exit_code == 1
    assert "card, email, ip, ip_network" in str(result.exception)


def test_markdown_is_the_documents_own() -> None:
    assert run("--markdown").strip() == part(read("docs/velocities.md"), "velocities").strip()


@pytest.mark.parametrize(
    ("name", "what", "window", "of"),
    [
        ("card_average_usd_30d", "average of amount_in_usd", "30d", ""),
        ("card_authorized_7d_to_30d_ago", "count", "23d, 7d ago", "authorized"),
        ("ip_verifications_1h", "count", "1h", "transaction_type = card_verification"),
        ("email_declined_since_authorized_24h", "count", "24h", "declined, since authorized"),
        ("card_distinct_merchants_24h", "different merchant_id", "24h", "all merchants"),
        ("card_first_seen_seconds", "seconds since first", "all", ""),
        ("ip_minimum_usd_1h", "least of amount_in_usd", "1h", ""),
    ],
)
def test_every_part_of_a_specification_is_said(name: str, what: str, window: str, of: str) -> None:
    (velocity,) = (each for each in (*HISTORIES, *DISPUTES) if each.name == name)
    said = dict(zip(HEAD, row(velocity), strict=True))
    assert (said["what"], said["window"], said["of"]) == (what, window, of)
    assert velocity in of_key(HISTORIES, said["key"].replace(" ", ""))
