"""The report on a model: one HTML file that needs nothing else, for merchants and analysts alike."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

import orjson

from engine.policy import Policy
from models.evaluation import words
from models.evaluation.facts import ModelFacts
from models.evaluation.figures import Evaluation
from models.evaluation.gate import GateResult
from models.evaluation.pages import environment
from models.evaluation.plots import plots

_FILES: Final = files("models.evaluation")
_DIMENSIONS: Final[Mapping[str, str]] = {
    "merchant": "By merchant",
    "country": "By country of the card",
    "customer": "New and returning customers",
}

_HEADLINES: Final = (
    ("Fraud money stopped", lambda each: each.policy.value_recall, words.share),
    ("Good payments stopped", lambda each: each.policy.stopped_good, words.share),
    ("Money saved", lambda each: each.policy.net, words.dollars),
    ("Average precision", lambda each: each.ranking.average_precision, words.decimals),
)


def report_html(
    evaluation: Evaluation,
    *,
    facts: ModelFacts,
    champion: tuple[str, Evaluation] | None = None,
    scorecard: Evaluation | None = None,
    gate: GateResult | None = None,
    policy: Policy | None = None,
) -> str:
    """The whole page. Its figures stand beside the champion's (named) and those of rules and scorecard, if given.

    All evaluations are of the same payments. `policy` is the one whose block threshold is drawn.
    """
    named = [("This model", evaluation)]
    named += [] if champion is None else [("Champion", champion[1])]
    named += [] if scorecard is None else [("Rules and scorecard", scorecard)]
    drawn = plots(named, policy or Policy())
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            facts=facts,
            evaluation=evaluation,
            named=named,
            headlines=_HEADLINES,
            champion_id=None if champion is None else champion[0],
            gate=gate,
            segments=_by_dimension(evaluation),
            drawn={name: plot is not None for name, plot in drawn.items()},
            plots=_json(drawn),
            style=(_FILES / "report.css").read_text("utf-8"),
            script=(_FILES / "report.js").read_text("utf-8"),
            plotly=_plotly(),
        )
    )


def _by_dimension(evaluation: Evaluation) -> list[tuple[str, Sequence[Any]]]:
    grouped = groupby(evaluation.segments, key=lambda each: each.dimension)
    return [(_DIMENSIONS[dimension], list(those)) for dimension, those in grouped]


def _json(drawn: Mapping[str, Any]) -> str:
    """As it may stand in a script: no `<` that could end it."""
    return orjson.dumps({name: plot for name, plot in drawn.items() if plot}).decode().replace("<", "\\u003c")


def _plotly() -> str:
    """Plotly's script, from its installed package: nothing is fetched when the report is opened."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
