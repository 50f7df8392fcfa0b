"""`assay features`: every feature, found by words, and the page that is made from the same."""

import json

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.features_page import markdown, matching
from engine.catalog import CATALOG
from tests.docs.documents import part, read


def run(*options: str) -> str:
    result = CliRunner().invoke(app, ["features", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_all_are_listed_with_their_names_whole() -> None:
    shown = run()
    words = set(shown.split())
    assert {feature.name for feature in CATALOG} <= words
    assert f"{len(CATALOG)} features" in shown


def test_json_tells_all_of_each() -> None:
    listed = json.loads(run("--json"))
    assert [each["name"] for each in listed] == [feature.name for feature in CATALOG]
    by_name = {each["name"]: each for each in listed}
    amount = by_name["amount_in_usd"]
    assert (amount["type"], amount["unit"]) == ("money", "USD")
    assert all(each["doc"] and each["source"] for each in listed)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("distinct", "cards", "ip"), "ip_distinct_cards_10m"),
        (("BILLING_ADDRESS_COUNTRY",), "billing_country"),
        (("/event/stage",), "stage"),
    ],
)
def test_words_select_by_name_alias_meaning_and_source(words: tuple[str, ...], name: str) -> None:
    found = [each["name"] for each in json.loads(run(*words, "--json"))]
    assert name in found
    assert len(found) < len(CATALOG) / 4


def test_nothing_found_says_how_to_see_all() -> None:
    result = CliRunner().invoke(app, ["features", "flux", "capacitor"])
    assert result.exit_code == 1
    assert "'assay features' lists all" in str(result.exception)


def test_markdown_is_the_documents_own() -> None:
    assert run("--markdown").strip() == part(read("docs/features.md"), "features").strip()
    (one,) = matching(CATALOG, "ip_distinct_cards_10m")
    assert markdown([one]).count("\n## ") == 1
