"""The model card: what a model is, what it learnt from, how good it is and for whom, as Markdown."""

from models.evaluation.facts import ModelFacts
from models.evaluation.figures import Evaluation
from models.evaluation.pages import environment


def card_markdown(facts: ModelFacts, evaluation: Evaluation, *, champion: Evaluation | None = None) -> str:
    """The card; the champion's figures on the same payments stand beside the model's, if given."""
    named = [("this model", evaluation)] + ([] if champion is None else [("champion", champion)])
    return (
        environment()
        .get_template("card.md.jinja")
        .render(facts=facts, evaluation=evaluation, people=evaluation.population, named=named)
    )
