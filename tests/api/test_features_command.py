"""`assay features`: every feature, found by words, and the page that is made from the same."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.feature_topics import CAUSES, EVERYWHERE, TOPICS, Topic, topic_of
from api.features_page import anchor, contents, markdown, matching
from engine import enrichment, reference
from engine.catalog import CATALOG
from engine.rules import check_rule
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


def test_every_feature_has_a_topic_and_stands_on_the_page_once() -> None:
    assert not [feature.name for feature in CATALOG if topic_of(feature.source) is None]
    names = re.findall(r"^\| `([a-z0-9_]+)` \|", markdown(CATALOG), re.MULTILINE)
    assert sorted(names) == sorted(feature.name for feature in CATALOG)


def test_the_contents_count_all_and_lead_to_their_sections() -> None:
    page, listed = markdown(CATALOG), contents(CATALOG)
    counts = [int(count) for count in re.findall(r"\) \| ([0-9]+) \|", listed)]
    assert sum(counts) == len(CATALOG)
    titles = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert re.findall(r"\(#([^)]+)\)", listed) == [anchor(title) for title in titles]


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.rule], ids=lambda topic: topic.title)
def test_the_example_of_each_topic_is_a_rule(topic: Topic) -> None:
    assert not check_rule(topic.rule, CATALOG, ())


def test_every_cause_that_a_topic_names_is_explained() -> None:
    named = {cause for topic in TOPICS for cause in topic.causes}
    assert named | {*EVERYWHERE} == set(CAUSES)


def test_every_cause_in_the_code_is_explained() -> None:
    """Of every topic's own file: what an Unknown is made with."""
    folders = (Path(enrichment.__file__).parent, Path(reference.__file__).parent)
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py")]
    made = {cause for text in texts for cause in re.findall(r'\bUnknown\("([a-z_0-9]+)"\)', text)}
    assert len(made) > 10
    assert made <= set(CAUSES)
