"""The Fraud Detection Handbook's protocol, through the product's own import, velocities, data set and training.

Source: Le Borgne, Siblini, Lebichot, Bontempi, Reproducible Machine Learning for Credit Card Fraud Detection, chapters
4.5 and 5: train on some days, wait seven for labels, test on seven; four folds, a week apart; customers known to be
compromised are left out of the test; AUC, average precision, and card precision at 100 a day, each the folds' mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.bench.installation import own_folder, shipped_settings
from api.commands.import_history import history_imported
from api.importing.asked import Asked as ImportAsked
from api.wiring import dataset_in, opened_keys
from engine.features import Catalog
from models.dataset import Asked, Dataset
from models.evaluation.cards import card_precision, days
from models.evaluation.draws import Draws
from models.evaluation.ranking import Ranked, average_precision, roc_auc
from models.evaluation.scored import DAY_US, Scored
from models.history import catalog_with, histories_in
from models.learners.choosing import is_constant
from models.learners.material import sliced
from models.plan import Plan
from models.scorecard import Scorecard
from models.split import Split, split
from models.training import train

FILE: Final = "dev_fdh_raw_20180401_20180904.parquet"
MAPPING: Final = Path(__file__).with_name("handbook.toml")
BEGIN: Final = datetime(2018, 4, 1, tzinfo=UTC)
FIRST_TEST: Final = datetime(2018, 8, 8, tzinfo=UTC)
"""The training week of the first fold begins on 25 July."""
FOLDS: Final = 4
DELAY_DAYS: Final = 7
WEEK: Final = timedelta(days=7)

RATIOS: Final = (
    *(("amount_in_usd", f"average_amount_in_usd_by_customer_within_{days}d") for days in (7, 30, 90)),
    *(("amount_in_usd", f"maximum_amount_in_usd_by_customer_within_{days}d") for days in (7, 30, 90)),
    *(
        (
            f"count_by_custom_terminal_within_{days}d_status_disputed",
            f"count_by_custom_terminal_within_{days}d_delay_7d",
        )
        for days in (1, 2, 3, 7, 14, 21, 30)
    ),
)
"""The amount beside the customer's own past; late frauds of a terminal beside its payments of the same days."""
CUSTOMER: Final = "customer"
OTHERS: Final = ("amount_in_usd", "local_hour")

Figures = Mapping[str, float]
FIGURES: Final = ("auc", "ap", "cp100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One test week, and how many days are learnt from; None: all that came before."""

    test: datetime
    train_days: float | None


def folds(train_days: float | None, first: datetime = FIRST_TEST, count: int = FOLDS) -> tuple[Fold, ...]:
    """The book's folds, or as many of other weeks: those that parameters are chosen on lie before the first."""
    return tuple(Fold(test=first + number * WEEK, train_days=train_days) for number in range(count))


def source(file: Path, *, share: int = 1, until: datetime | None = None) -> pa.Table:
    """The book's rows as an import takes them: with their time, and without the kind of fraud, which is a hint.

    Of `share` customers one is taken, and of the payments those before `until`.
    """
    table = pq.read_table(file, partitioning=None)
    kept = table["CUSTOMER_ID"].to_numpy() % share == 0
    if until is not None:
        kept &= table["TX_TIME_SECONDS"].to_numpy() < (until - BEGIN).total_seconds()
    table = table.filter(pa.array(kept))
    seconds = table["TX_TIME_SECONDS"].cast(pa.int64())
    at = pc.add(pc.multiply(seconds, 1_000_000).cast(pa.duration("us")), pa.scalar(BEGIN, pa.timestamp("us", "UTC")))
    names = ["TRANSACTION_ID", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT_CENTS", "TX_FRAUD"]
    return table.select(names).append_column("TX_DATETIME", at)


def imported(table: pa.Table, data: Path) -> dict[str, Any]:
    """The rows of `source` as the history `handbook` of a new data folder; the import's summary."""
    with opened_keys(data, is_made=True):
        # The folder's own ledger, which stays empty.
        pass
    path = data / "handbook.parquet"
    pq.write_table(table, path)
    asked = ImportAsked(
        file=path, mapping=MAPPING, merchant=None, is_dry_run=False, rejects=None, limit=None, as_json=True
    )
    return history_imported(shipped_settings(data), asked, "handbook")


def fold_data(data: Path, fold: Fold) -> Dataset:
    """What is learnt from, the days between and the test week, with the labels that came by the week behind it."""
    end = fold.test + WEEK
    start = BEGIN if fold.train_days is None else fold.test - timedelta(days=DELAY_DAYS + fold.train_days)
    known = catalog_with(histories_in(data))
    catalog = Catalog([known[name] for name in (CUSTOMER, *learnt_from(data))])
    return dataset_in(data, Asked(start=start, end=end, as_of=end + timedelta(days=DELAY_DAYS), catalog=catalog))


def learnt_from(data: Path) -> tuple[str, ...]:
    """The features that are learnt from: the shop's own velocities and a few of the payment."""
    own = (each.name for history in histories_in(data) for each in history.features if each.source != "request")
    return (*OTHERS, *(name for name in own if name != "custom_terminal"))


def measured(dataset: Dataset, fold: Fold, features: Sequence[str]) -> tuple[float, float, float]:
    """AUC, average precision and card precision at 100 of one fold."""
    week = split(dataset, train_days=WEEK.days, gap_days=DELAY_DAYS, test_days=WEEK.days)
    learnt = split(dataset, train_days=fold.train_days, gap_days=DELAY_DAYS, test_days=WEEK.days).train
    columns = sliced(dataset.features(features), slice(int(learnt[0]), int(learnt[-1]) + 1))
    plan = Plan(
        # In the first weeks of all some windows hold nothing yet.
        features=[name for name in features if not is_constant(columns[name])],
        ratios=RATIOS,
        train_days=fold.train_days,
        gap_days=DELAY_DAYS,
        test_days=WEEK.days,
    )
    # The shipped scorecard is of orders in web shops, and these are payments at terminals: on the four weeks before the
    # first test a model without it was no worse.
    model = train(dataset, plan, scorecard=Scorecard((), dataset.asked.catalog))
    rows = tested(dataset, week)
    probability = model.score_matrix(dataset.features(model.features))
    customers = customers_of(dataset)
    scored = Scored.of(
        probability[rows], dataset.is_fraud[rows], at_us=dataset.at_us[rows], card=customers[rows].astype(np.int64)
    )
    curve = Ranked.of(scored).curve()
    draws = Draws.by(scored.card, 0)
    found = card_precision(days(scored, draws), np.ones((1, draws.times.shape[1])))
    return roc_auc(curve), average_precision(curve), float(found[0])


def tested(dataset: Dataset, week: Split) -> npt.NDArray[np.int64]:
    """The rows of the test week, less those of customers of whom a fraud was known on the day (chapter 4.5).

    Known are the frauds from the training week on, up to eight days before.
    """
    customers, day = customers_of(dataset), dataset.at_us // DAY_US
    start = int(day[week.test[0]])
    frauds = np.flatnonzero(dataset.is_fraud & (day >= start - DELAY_DAYS - WEEK.days))
    kept = []
    for today in range(start, start + WEEK.days):
        rows = week.test[day[week.test] == today]
        known = customers[frauds[day[frauds] < today - DELAY_DAYS]]
        kept.append(rows[~np.isin(customers[rows], known)])
    return np.concatenate(kept)


def customers_of(dataset: Dataset) -> npt.NDArray[np.int32]:
    """A number for each customer."""
    column = dataset.features([CUSTOMER])[CUSTOMER].unify_dictionaries()
    return np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])


def run(file: Path) -> Figures:
    """The six figures: trained on seven days, and on all that came before."""
    with own_folder() as data:
        imported(source(file), data)
        features = learnt_from(data)
        found: dict[str, float] = {}
        for name, train_days in (("7d", WEEK.days), ("all", None)):
            each = [measured(fold_data(data, fold), fold, features) for fold in folds(train_days)]
            means = np.mean(np.array(each), axis=0)
            found |= {f"{what}_{name}": float(mean) for what, mean in zip(FIGURES, means, strict=True)}
    return found
