"""train(): from a data set to a model that can be judged and served."""

from dataclasses import replace
from string import Formatter

import numpy as np

from engine.features import Catalog
from models.blend import EVEN, share_of
from models.calibrate import calibrated
from models.calibration import IDENTITY
from models.dataset import Dataset, as_known
from models.inputs import Inputs
from models.learners import learner_named
from models.learners.choosing import chosen, divided, shown
from models.learners.errors import AnotherCatalog, LeakingFeatures, NoNegatives, NoPayments, NoPositives
from models.learners.leaks import few_of, leaking
from models.learners.learner import Fitted, Floats, Progress
from models.learners.material import Items, Material, sliced, surely_fraud
from models.learners.prequential import Later, out_of_time
from models.lineage import Made, lineage_of
from models.model import Model
from models.plan import Plan, parts_of
from models.scorecard import Item, Scorecard
from models.scorecard_items import ITEMS
from models.split import Split

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
    _require_same(dataset, dataset.asked.catalog if catalog is None else catalog)
    parts = parts_of(dataset, plan)
    material = _material(dataset, parts, plan, scorecard=scorecard, champion=champion)
    items = material.items()
    _require_both(items)
    _require_sound(material, items, plan)
    progress(_PREPARED)
    later = out_of_time(
        material,
        items,
        lambda training, told: learner.fit(training, parameters, told),
        estimator=plan.estimator,
        progress=lambda done: progress(_PREPARED + done * (_FOLDED - _PREPARED)),
    )
    fitted = learner.fit(
        material.training(items, estimator=plan.estimator),
        {**({} if later is None else later.settled), **parameters},
        lambda done: progress(_FOLDED + done * (_FITTED - _FOLDED)),
    )
    model = _blended(material, fitted, later, catalog)
    facts = lineage_of(model, Made(dataset, parts, plan, material, items, fitted, later))
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


def _require_same(dataset: Dataset, catalog: Catalog) -> None:
    """Raise AnotherCatalog where a feature's name means something else in the rows than it is to mean."""
    changed = [
        fact.name
        for fact in dataset.manifest.features
        if fact.name in catalog and Catalog((catalog[fact.name],)).fingerprint != fact.fingerprint
    ]
    if changed:
        raise AnotherCatalog(
            f"features: {shown(changed)} mean something else in this data set than in the catalogue. Build it anew."
        )


def _material(
    dataset: Dataset, parts: Split, plan: Plan, *, scorecard: Scorecard | None, champion: Model | None
) -> Material:
    known = as_known(dataset, parts.known_at) if len(parts.test) else dataset
    rows = slice(int(parts.train[0]), int(parts.train[-1]) + 1)
    columns = sliced(known.features(known.names), rows)
    features = chosen(dataset.asked.catalog, columns, plan.features)
    return Material.of(
        known,
        parts.train,
        features,
        ratios=divided(dataset.asked.catalog, columns, plan.ratios),
        scorecard=_shipped(dataset.asked.catalog) if scorecard is None else scorecard,
        expected=_expected(known, champion),
        seed=plan.seed,
    )


def _shipped(catalog: Catalog) -> Scorecard:
    """The shipped items of which the catalogue has all features, those that their words name among them."""
    return Scorecard(tuple(item for item in ITEMS if all(name in catalog for name in _reads(item))), catalog)


def _reads(item: Item) -> set[str]:
    words = item.against + item.speaks_for
    return {item.feature} | {name for _, name, _, _ in Formatter().parse(words) if name and name != "value"}


def _expected(dataset: Dataset, champion: Model | None) -> Floats:
    if champion is not None:
        return champion.score_matrix(dataset.features(champion.features))
    said: Floats = dataset.table["probability"].to_numpy().astype(np.float64)
    return said


def _require_both(items: Items) -> None:
    """Raise NoPayments, NoPositives or NoNegatives, with the mend."""
    if not len(items.target):
        raise NoPayments(
            "No payment has a label, or is old enough for its label to have come: choose earlier days, or wait."
        )
    if not surely_fraud(items).any():
        raise NoPositives(
            "There is no fraud among the payments that are learnt from: import chargebacks, or choose longer dates. "
            "Until then the scorecard decides."
        )
    if (items.target > 0).all():
        raise NoNegatives(
            "Every payment that is learnt from is a fraud, so nothing tells fraud from the rest: import the others too."
        )


def _require_sound(material: Material, items: Items, plan: Plan) -> None:
    """Raise LeakingFeatures with the names of the features that tell the label too well."""
    told = material.told(few_of(items, plan.seed))
    found = leaking(told, [each.feature for each in material.inputs.inputs])
    if leaks := [name for name in dict.fromkeys(found) if name not in plan.trusted]:
        raise LeakingFeatures(
            f"features: {shown(leaks)} tell fraud too well to have been known before the decision: alone they find "
            "nearly all of it. Leave them out; or, if they were known then, trust them by name."
        )
