"""train(): from a data set to a model that can be judged and served."""

from dataclasses import replace

from engine.features import Catalog
from models.blend import EVEN, share_of
from models.calibrate import calibrated
from models.calibration import IDENTITY
from models.dataset import Dataset
from models.inputs import Inputs
from models.learners import learner_named
from models.learners.learner import Fitted, Progress
from models.learners.material import Material
from models.learners.prequential import Later, out_of_time
from models.lineage import Made, lineage_of
from models.model import Model
from models.plan import Plan
from models.ready import ready_for
from models.scorecard import Scorecard

_PREPARED, _FOLDED, _FITTED = 0.15, 0.55, 0.95
"""How much is done, of the time that it takes, about."""


def train(
    dataset: Dataset,
    plan: Plan | None = None,
    *,
    catalog: Catalog | None = None,
    scorecard: Scorecard | None = None,
    champion: Model | None = None,
    progress: Progress = lambda _: None,
) -> Model:
    """The model that the plan makes of these payments; nothing is written anywhere, and nothing half done is given.

    `catalog` is the one to be served under (None: the data set's), `scorecard` the one to blend with (None: the
    shipped items). `champion`, or else what was answered then, says what immature payments may still turn out to be.
    `progress` is told how much is done, from 0 to 1, and what it raises stops the training. The same data set, plan
    and scorecard give the same model, byte for byte. Raises a leaf of TrainingRefused, DatasetInvalid or ModelInvalid.
    """
    plan = Plan() if plan is None else plan
    learner = learner_named(plan.learner)
    parameters = learner.checked(plan.parameters)
    ready = ready_for(dataset, plan, catalog=catalog, scorecard=scorecard, champion=champion)
    progress(_PREPARED)
    later = out_of_time(
        ready.material,
        ready.items,
        lambda training, told: learner.fit(training, parameters, told),
        estimator=plan.estimator,
        progress=lambda done: progress(_PREPARED + done * (_FOLDED - _PREPARED)),
    )
    fitted = learner.fit(
        ready.material.training(ready.items, estimator=plan.estimator),
        {**({} if later is None else later.settled), **parameters},
        lambda done: progress(_FOLDED + done * (_FITTED - _FOLDED)),
    )
    model = _blended(ready.material, fitted, later, catalog)
    facts = lineage_of(model, Made(ready, fitted, later))
    progress(1.0)
    return replace(model, lineage=facts)


def _blended(material: Material, fitted: Fitted, later: Later | None, catalog: Catalog | None) -> Model:
    """The model without its lineage: the share first, then the calibration of what is blended."""
    inputs, scorecard = material.inputs, fitted.scorecard or material.scorecard
    share = _share(fitted, later, scorecard)
    calibration = IDENTITY
    if later is not None:
        # A learnt scorecard's folds are in `learnt`: it stands in place of the one that was blended.
        blended = later.learnt if fitted.scorecard else share * later.learnt + (1 - share) * later.said
        calibration = calibrated(blended, later.items.target, later.items.weight)
    return Model(
        inputs=inputs if catalog is None else Inputs(inputs.inputs, catalog),
        margin=fitted.margin,
        calibration=calibration,
        share=share,
        scorecard=scorecard if catalog is None else scorecard.bound_to(catalog),
        lineage={},
    )


def _share(fitted: Fitted, later: Later | None, scorecard: Scorecard) -> float:
    if fitted.scorecard is not None:
        return 0.0
    if not scorecard.items:
        return 1.0
    if later is None:
        return EVEN
    return share_of(later.learnt, later.said, later.items.target, later.items.weight)
