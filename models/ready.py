"""What a training starts from: payments with their inputs and what is told of them, checked before any fit."""

from dataclasses import dataclass
from string import Formatter
from typing import Final

import numpy as np

from engine.features import Catalog
from models.dataset import Dataset, as_known
from models.learners.choosing import chosen, divided, shown
from models.learners.errors import AnotherCatalog, LeakingFeatures, NoNegatives, NoPayments, NoPositives
from models.learners.leaks import few_of, leaking
from models.learners.learner import Floats
from models.learners.material import Items, Material, sliced, surely_fraud
from models.model import Model
from models.plan import Plan, parts_of
from models.scorecard import Item, Scorecard
from models.scorecard_items import ITEMS
from models.split import Split

_ALL_FRAUD: Final = (
    "Every payment that is learnt from is a fraud, so nothing tells fraud from the rest: import the others too."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """All that a plan makes of a data set before a learner is asked."""

    dataset: Dataset
    plan: Plan
    parts: Split
    material: Material
    """With the labels that were known when the days to judge by began."""
    items: Items


def ready_for(
    dataset: Dataset,
    plan: Plan,
    *,
    catalog: Catalog | None = None,
    scorecard: Scorecard | None = None,
    champion: Model | None = None,
) -> Ready:
    """Read, choose and check; for what the arguments say, see `models.training.train`.

    Raises a leaf of TrainingRefused, and DatasetInvalid.
    """
    _require_same(dataset, dataset.asked.catalog if catalog is None else catalog)
    parts = parts_of(dataset, plan)
    material = _material(dataset, parts, plan, scorecard=scorecard, champion=champion)
    items = material.items()
    _require_both(items)
    _require_good(dataset, parts)
    _require_sound(material, items, plan)
    return Ready(dataset=dataset, plan=plan, parts=parts, material=material, items=items)


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
        raise NoNegatives(_ALL_FRAUD)


def _require_good(dataset: Dataset, parts: Split) -> None:
    """Raise NoNegatives where each payment to learn from is known as fraud by now, or can have no label.

    On the training's own day some of those frauds were not known yet, and stood for good payments.
    """
    if (dataset.is_fraud | dataset.is_censored)[parts.train].all():
        raise NoNegatives(_ALL_FRAUD)


def _require_sound(material: Material, items: Items, plan: Plan) -> None:
    """Raise LeakingFeatures with the names of the features that tell the label too well."""
    told = material.told(few_of(items, plan.seed))
    found = leaking(told, [each.feature for each in material.inputs.inputs])
    if leaks := [name for name in dict.fromkeys(found) if name not in plan.trusted]:
        raise LeakingFeatures(
            f"features: too good to have been known before the decision, for each alone finds nearly all fraud: "
            f"{shown(leaks)}. Leave out what became known later; what was known then is trusted by name (--trust)."
        )
