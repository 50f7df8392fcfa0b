"""The report and the model card: whole, on their own, and readable where there is little to say."""

from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import orjson
import pytest

from engine.policy import Policy
from models.evaluation import (
    Evaluation,
    GateResult,
    ModelFacts,
    TopInput,
    card_markdown,
    compare,
    evaluate,
    gate,
    report_html,
    words,
)
from models.evaluation.figures import Estimate
from tests.models.evaluation.payments import made_up

FACTS = ModelFacts(
    id="model-3fa94c01be77",
    learner="boosting",
    created_at="2024-12-01T12:00:00+00:00",
    labels_as_of="2024-11-28T00:00:00+00:00",
    trained_from="2024-01-01T00:00:00+00:00",
    trained_until="2024-08-01T00:00:00+00:00",
    rows=812_345,
    frauds=3_141,
    dataset="9f1c7a22d0e84b11",
    share=0.63,
    inputs=143,
    top_inputs=(
        TopInput(name="ip_distinct_cards_10m", words="Different cards from this IP address", share=0.18),
        TopInput(name="amount_in_usd", words="Amount in US dollars", share=0.09),
    ),
    parameters={"max_iter": 300},
    versions={"scikit-learn": "1.9.1"},
)
BARE = ModelFacts(id="model-000000000000", learner="logistic")


@cache
def judged() -> tuple[Evaluation, Evaluation, GateResult]:
    scored = made_up(1, 4_000, decimals=9, fraud_rate=0.05)
    worse = replace(scored, probability=np.clip(scored.probability * 0.4 + 0.03, 0, 1))
    found = compare(worse, scored, draws=20)
    return found.challenger, found.champion, gate(found)


@cache
def nothing() -> Evaluation:
    return evaluate(made_up(1, 0), draws=5)


class Page(HTMLParser):
    """What a page says, loads and carries, and whether its tags are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [f"{tag} {name}={value}" for name, value in attrs if name in {"src", "href", "data", "action"}]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag not in {"meta", "br", "link", "img", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def drawn(page: str) -> dict[str, Any]:
    start = page.index('<script type="application/json" id="plots">')
    return dict(orjson.loads(page[page.index(">", start) + 1 : page.index("</script>", start)]))


def full() -> str:
    model, champion, result = judged()
    return report_html(
        model, facts=FACTS, champion=("model-77aa01c3d9e2", champion), scorecard=champion, gate=result, policy=Policy()
    )


def test_the_report_says_every_figure_beside_the_champions() -> None:
    page = Page(full())
    assert page.open == []
    model, champion, result = judged()
    for group in words.GROUPS:
        for figure in group.figures:
            assert figure.name in page.text
            for each in (model, champion):
                assert words.value(figure.of(each), figure.form) in page.text
                assert words.interval(figure.of(each), figure.form) in page.text
    assert all(check.text in page.text for check in result.reasons)
    assert all(each.name in page.text for each in model.segments)
    for said in ("model-77aa01c3d9e2", "812,345, 3,141 of them fraud", "63.0 % this model", "later than all that it"):
        assert said in page.text


def test_the_report_needs_nothing_else() -> None:
    page = full()
    read = Page(page)
    assert read.loads == []
    assert "default-src 'none'" in page
    # The script that draws is there once, from the installed package.
    assert page.count("plotly.js v") == 1
    assert sorted(name for name in read.ids if name.startswith("plot-")) == sorted(
        f"plot-{name}" for name in drawn(page)
    )


def test_what_is_drawn_is_what_was_found() -> None:
    plots, (model, champion, _) = drawn(full()), judged()
    assert [line["name"] for line in plots["precision"]["data"]] == ["This model", "Champion", "Rules and scorecard"]
    assert plots["precision"]["data"][1]["y"] == pytest.approx(
        [100 * each for each in champion.curves.precision], abs=1e-3
    )
    assert plots["money"]["data"][0]["y"] == pytest.approx([each / 100 for each in model.curves.net_usd_cents])
    assert plots["money"]["layout"]["shapes"][0]["x0"] == 40
    assert len(plots["calibration"]["data"][1]["x"]) == len(model.calibration.bins)
    assert len(plots["scores"]["data"][0]["x"]) == len(plots["scores"]["data"][0]["y"])


def test_names_are_text_and_never_markup() -> None:
    wicked = "</script><script>alert(1)</script>"
    model, _, _ = judged()
    segments = (replace(model.segments[0], name=wicked), *model.segments[1:])
    facts = replace(FACTS, learner=wicked, top_inputs=(TopInput(name=wicked, words=wicked, share=0.1),))
    page = report_html(replace(model, segments=segments), facts=facts, champion=(wicked, model))
    assert "<script>alert" not in page
    assert Page(page).open == []
    assert "<script>" not in card_markdown(facts, replace(model, segments=segments))


@pytest.mark.parametrize(
    ("evaluation", "said"),
    [
        (nothing(), "There are no payments in the test period"),
        (evaluate(replace(made_up(1, 500), is_fraud=np.zeros(500, dtype=np.bool_)), draws=5), "No payment of the test"),
    ],
)
def test_little_to_say_is_said(evaluation: Evaluation, said: str) -> None:
    page = report_html(evaluation, facts=BARE)
    read = Page(page)
    assert said in read.text
    assert words.NOT_KNOWN in read.text
    assert "No fraud is known in this period" in read.text
    assert "precision" not in drawn(page)
    assert "None" not in read.text
    assert "nan" not in read.text.split()
    assert "promot" not in read.text
    assert said in card_markdown(BARE, evaluation)


def test_the_card_is_a_table_of_every_figure() -> None:
    model, champion, _ = judged()
    card = card_markdown(FACTS, model, champion=champion)
    for group in words.GROUPS:
        for figure in group.figures:
            both = [words.value(figure.of(each), figure.form) for each in (model, champion)]
            (line,) = [each for each in card.splitlines() if each.startswith(f"| {figure.name} |")]
            assert all(each in line for each in both)
            assert line.count("|") == 4
    assert card.startswith("# model-3fa94c01be77\n")
    assert "812,345 payments received from 2024-01-01 to 2024-08-01, 3,141 of them known as fraud" in card
    assert all(not line.endswith(" ") for line in card.splitlines())
    assert card.endswith("\n")


def test_figures_are_written_for_people() -> None:
    assert [words.share(each) for each in (0, 0.00012, 0.0123, 0.5, 1)] == [
        *("0.00 %", "0.012 %", "1.23 %", "50.0 %", "100.0 %")
    ]
    assert [words.dollars(each) for each in (0, -40, 123_456, -99_900)] == ["$0", "$0", "$1,235", "-$999"]
    assert words.value(Estimate(value=None, low=None, high=None), words.share) == "cannot be said"
    assert words.interval(Estimate(value=0.5, low=0.25, high=0.75), words.decimals) == "0.250 to 0.750"
