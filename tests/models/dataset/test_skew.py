"""Law 5: what is learnt from is what was served, row by row, for a generated month; and so is what is counted anew."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.wiring import assembled, dataset_in, segments_written
from engine.catalog import CATALOG
from engine.features import Catalog
from engine.ledger import DecisionRecord, Label, LabelKind
from engine.payment import Stage
from engine.recorded import RecordedFeatures
from engine.velocity import VELOCITIES
from engine.velocity.batch.relations import Held, column_of
from engine.velocity.relations import RELATIONS
from models.dataset import FEATURE, Asked, Dataset
from models.dataset.fingerprint import fingerprint_of
from tests.docs.documents import blocks, read
from tests.models.dataset.month import DAYS, START, play_month

END = START + timedelta(days=DAYS)
COPIES = tuple(replace(each, name=f"copy_of_{each.name}", aliases=()) for each in VELOCITIES)
"""What is kept already, under names that no catalogue has: nobody kept those."""


class Month:
    """A data folder after a month, half of it in segments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with assembled(Settings(data=folder)) as assembly:
            self.calls = play_month(assembly)
            self.records = list(assembly.ledger.between(START, END + timedelta(days=9)))
            self.superseded = set(assembly.ledger.superseded())
            features = RecordedFeatures(assembly.ledger)
            self.served = {record.id: features.of(record) for record in self.records}
            assembly.labels.record_labels([self._label(record) for record in self.records[::10]])
        segments_written(folder, START + timedelta(days=17), lambda _: None)

    def _label(self, record: DecisionRecord) -> Label:
        key = record.key
        return Label(
            merchant_id=key.merchant_id,
            test_mode=key.test_mode,
            transaction_id=key.transaction_id,
            kind=LabelKind.CHARGEBACK,
            is_fraud=True,
            occurred_at=record.at,
            received_at=record.at + timedelta(days=20),
            source="test",
        )

    def firsts(self) -> list[DecisionRecord]:
        """The first decision of each payment that no other replaced."""
        found: dict[tuple[str, str], DecisionRecord] = {}
        for record in self.records:
            key = record.key
            if (key.merchant_id, key.test_mode, key.transaction_id) not in self.superseded:
                found.setdefault((key.merchant_id, key.transaction_id), record)
        return list(found.values())


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return Month(tmp_path_factory.mktemp("month") / "data")


@pytest.fixture(scope="module")
def dataset(month: Month) -> Dataset:
    told: list[float] = []
    catalog = Catalog((*CATALOG, *(each.feature() for each in COPIES)))
    asked = Asked(
        start=START,
        end=END,
        as_of=END + timedelta(days=5),
        catalog=catalog,
        velocities=(*VELOCITIES, *COPIES),
    )
    made = dataset_in(month.folder, asked, told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    return made


def test_the_month_is_worth_comparing(month: Month) -> None:
    stages = [record.key.stage for record in month.records]
    assert len(stages) > 400
    assert stages.count(Stage.POST_3DS) > 5
    assert month.calls > len(stages) + 200


def test_every_value_is_the_one_that_was_served(month: Month, dataset: Dataset) -> None:
    firsts = month.firsts()
    assert dataset.table["id"].to_pylist() == [record.id for record in firsts]
    differences = 0
    for name in CATALOG.names():
        if FEATURE + name in dataset.table.column_names:
            served = [month.served[record.id][name] for record in firsts]
            found: list[Any] = dataset.table[FEATURE + name].to_pylist()
            differences += sum(repr(one) != repr(other) for one, other in zip(found, served, strict=True))
    assert differences == 0


def test_what_is_counted_anew_is_what_was_served(dataset: Dataset) -> None:
    assert {each.name for each in dataset.manifest.features if each.is_backfilled} == {each.name for each in COPIES}
    wrong = {}
    for each in VELOCITIES:
        served, made = (dataset.table[f"{FEATURE}{before}{each.name}"].to_pylist() for before in ("", "copy_of_"))
        if differing := sum(one != other for one, other in zip(made, served, strict=True)):
            wrong[each.name] = differing
    assert not wrong
    told = [sum(bool(value) for value in dataset.table[FEATURE + each.name].to_pylist()) for each in VELOCITIES]
    assert sum(told) > 3_000


def test_relations_made_anew_are_those_that_were_served(dataset: Dataset) -> None:
    known = 0
    for relation in RELATIONS:
        columns = [dataset.table[FEATURE + name] for name in relation.form.reads]
        inputs = [Held(each.fill_null(0).to_numpy(), each.is_valid().to_numpy()) for each in columns]
        made = column_of(relation.form, inputs)
        again = [value if is_known else None for value, is_known in zip(made.values.tolist(), made.known, strict=True)]
        assert repr(again) == repr(dataset.table[FEATURE + relation.name].to_pylist()), relation.name
        known += int(made.known.sum())
    assert known > 1_000


def test_what_became_of_the_payments_is_beside_them(month: Month, dataset: Dataset) -> None:
    counts = dataset.manifest.counts
    assert (counts.rows, counts.recorded) == (len(dataset), len(dataset))
    assert counts.blocked > 10
    assert counts.declined > 5
    # Labels that are not known yet, as of five days after the month, are of the last days.
    known = {
        (record.key.merchant_id, record.key.transaction_id)
        for record in month.records[::10]
        if record.at + timedelta(days=20) <= END + timedelta(days=5)
    }
    firsts = month.firsts()
    labelled = sum((record.key.merchant_id, record.key.transaction_id) in known for record in firsts)
    assert 10 < counts.frauds <= labelled == counts.frauds + counts.set_aside


def test_segments_and_the_ledger_give_the_same_rows(month: Month, dataset: Dataset) -> None:
    segments_written(month.folder, END + timedelta(days=9), lambda _: None)
    again = dataset_in(month.folder, replace(dataset.asked, catalog=CATALOG, velocities=VELOCITIES))
    assert again.manifest.counts == dataset.manifest.counts
    same = dataset.table.select(again.table.column_names)
    assert fingerprint_of(same) == again.manifest.fingerprint


def test_the_example_of_the_documentation_runs(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = [each.text for each in blocks(read("docs/learning.md")) if "dataset_in" in each.text]
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "assay").symlink_to(month.folder)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - what the page shows
    assert capsys.readouterr().out.startswith("Counts(rows=")
    assert list(names["payments"].columns) == list(
        dict.fromkeys(name.removeprefix(FEATURE) for name in names["dataset"].table.column_names)
    )
