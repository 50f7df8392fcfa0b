"""How a model is judged: on payments it was not trained on, in fraud found, customers hurt, money and calibration."""

from models.evaluation.acting import Policies
from models.evaluation.card import card_markdown
from models.evaluation.comparison import Agreement, Comparison, agreement_of, compare
from models.evaluation.evaluate import evaluate
from models.evaluation.facts import ModelFacts, TopInput
from models.evaluation.figures import Evaluation
from models.evaluation.gate import Check, GateResult, Limits, gate
from models.evaluation.looked_at import top_inputs
from models.evaluation.of_dataset import recorded_actions, scored_of
from models.evaluation.report import report_html
from models.evaluation.scored import Scored

__all__ = [
    "Agreement",
    "Check",
    "Comparison",
    "Evaluation",
    "GateResult",
    "Limits",
    "ModelFacts",
    "Policies",
    "Scored",
    "TopInput",
    "agreement_of",
    "card_markdown",
    "compare",
    "evaluate",
    "gate",
    "recorded_actions",
    "report_html",
    "scored_of",
    "top_inputs",
]
