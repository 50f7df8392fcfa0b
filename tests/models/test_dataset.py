"""Recorded decisions as a table: as recorded, unknown stays unknown, labels as they were known."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from engine.decision import Action, Decision, Reason, RuleResults, Versions
from engine.features import Catalog, Feature, Features, FeatureType, Value
from engine.ledger import DecisionRecord, Label, LabelKind, VersionKind
from engine.payment import PaymentKey, Stage
from engine.score import Score
from engine.stores.memory_ledger import MemoryLedger
from models.dataset import FACTS, decisions_frame, labelled

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def feature(name: str, type_: FeatureType) -> Feature:
    return Feature(name=name, type=type_, doc=name, source="request", unit="USD" if type_ is FeatureType.MONEY else "")


EARLIER = Catalog(
    (
        feature("amount_in_usd", FeatureType.MONEY),
        feature("is_gift", FeatureType.BOOLEAN),
        feature("gone_since", FeatureType.NUMBER),
    )
)
LATER = Catalog(
    (
        feature("card_country", FeatureType.COUNTRY),
        feature("amount_in_usd", FeatureType.MONEY),
        feature("card_payments_1h", FeatureType.INTEGER),
        feature("is_gift", FeatureType.BOOLEAN),
    )
)


async def recorded(*decisions: tuple[Catalog, tuple[Value, ...]], probability: float | None = 0.25) -> MemoryLedger:
    ledger = MemoryLedger()
    for number, (catalog, values) in enumerate(decisions, start=1):
        versions = Versions(
            ruleset="r", model="m", model_role="cold_start", catalog=catalog.fingerprint, policy="p", data=()
        )
        ledger.keep_version(VersionKind.SNAPSHOT, versions.id, versions.content())
        ledger.keep_version(VersionKind.CATALOG, catalog.fingerprint, catalog.content())
        decision = Decision(
            action=Action.REVIEW,
            three_ds=False,
            score=None if probability is None else Score(probability=probability, base=-4.0, contributions=()),
            risk_level="highest",
            reasons=(Reason(code="ip-many-cards", text="many", source="rule"),),
            results=RuleResults((), ()),
            features=Features(catalog, values),
            versions=versions,
            degraded=(),
        )
        key = PaymentKey(merchant_id="m-1", test_mode=False, transaction_id=f"tx-{number}", stage=Stage.PRE_AUTH)
        await ledger.append(
            DecisionRecord(
                id=f"dec_{number}",
                key=key,
                at=NOON + number * DAY,
                sequence=number,
                counted_at=NOON,
                idempotency_key=None,
                fingerprint=b"",
                payment=b"",
                decision=decision.canonical(),
                answer=b"",
            )
        )
    return ledger


class KnownLabels:
    """The labels port over a list."""

    def __init__(self, *labels: Label) -> None:
        self._labels = sorted(labels, key=lambda label: label.received_at)

    def record_labels(self, labels: Sequence[Label]) -> int:
        raise NotImplementedError

    async def append_labels(self, labels: Sequence[Label]) -> int:
        raise NotImplementedError

    async def labels_of(
        self, merchants: Collection[str] | None, instant: datetime, *, test_mode: bool, after: str | None, limit: int
    ) -> Sequence[tuple[str, Label]]:
        raise NotImplementedError

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        return (label for label in self._labels if label.received_at <= instant)


def label(transaction: int, kind: LabelKind, received_day: int, *, is_fraud: bool) -> Label:
    return Label(
        merchant_id="m-1",
        test_mode=False,
        transaction_id=f"tx-{transaction}",
        kind=kind,
        is_fraud=is_fraud,
        occurred_at=NOON,
        received_at=NOON + received_day * DAY,
        source="test",
    )


async def test_values_are_read_by_the_catalogue_of_their_day() -> None:
    frame = decisions_frame(await recorded((EARLIER, (1250, True, 0.5)), (LATER, ("US", 999, 3, None))))
    assert tuple(frame.columns[: len(FACTS)]) == FACTS
    assert list(frame.columns[len(FACTS) :]) == [
        "amount_in_usd",
        "is_gift",
        "gone_since",
        "card_country",
        "card_payments_1h",
    ]
    assert frame["amount_in_usd"].tolist() == [12.5, 9.99]
    assert frame["gone_since"].tolist() == [0.5, pd.NA]
    assert frame["card_country"].tolist() == [pd.NA, "US"]
    assert frame["card_payments_1h"].tolist() == [pd.NA, 3]
    assert frame["at"].tolist() == [NOON + DAY, NOON + 2 * DAY]
    facts = frame[["id", "action", "probability", "reasons"]].to_dict("records")[0]
    assert list(facts.values()) == ["dec_1", "review", 0.25, ("rule:ip-many-cards",)]


async def test_unknown_stays_unknown_whatever_the_type() -> None:
    frame = decisions_frame(await recorded((LATER, (None,) * 4), probability=None))
    assert frame[[*LATER_NAMES, "probability"]].isna().all(axis=None)
    assert frame[LATER_NAMES].dtypes.astype(str).tolist() == ["string", "Float64", "Int64", "boolean"]


LATER_NAMES = [each.name for each in LATER]


async def test_a_catalogue_names_the_columns() -> None:
    frame = decisions_frame(await recorded((EARLIER, (1250, True, 0.5))), LATER)
    assert list(frame.columns[len(FACTS) :]) == LATER_NAMES
    assert frame["card_payments_1h"].isna().all()


async def test_a_feature_that_changed_its_type_keeps_its_values() -> None:
    as_number = Catalog((feature("is_gift", FeatureType.NUMBER),))
    frame = decisions_frame(await recorded((EARLIER, (1, True, None)), (as_number, (0.5,))))
    assert frame["is_gift"].tolist() == [True, 0.5]


async def test_no_decisions_are_an_empty_frame_with_its_columns() -> None:
    frame = decisions_frame(MemoryLedger(), LATER)
    assert (len(frame), list(frame.columns)) == (0, [*FACTS, *LATER_NAMES])
    assert labelled(frame, KnownLabels(), NOON)["is_fraud"].dtype == "boolean"


async def test_labels_are_as_they_were_known() -> None:
    frame = decisions_frame(await recorded(*[(EARLIER, (1, None, None))] * 2))
    labels = KnownLabels(label(1, LabelKind.CHARGEBACK, 40, is_fraud=True))
    assert labelled(frame, labels, NOON + 39 * DAY)["is_fraud"].isna().all()
    later = labelled(frame, labels, NOON + 40 * DAY)
    assert later["is_fraud"].tolist() == [True, pd.NA]
    assert later["label_kind"].tolist() == ["chargeback", pd.NA]
    assert later.loc[0, "label_known_at"] == NOON + 40 * DAY
    assert "is_fraud" not in frame.columns


@pytest.mark.parametrize(
    ("labels", "is_fraud"),
    [
        ([(LabelKind.CLEARED, 1, False), (LabelKind.ANALYST_VERDICT, 2, True)], True),
        ([(LabelKind.ANALYST_VERDICT, 1, True), (LabelKind.CLEARED, 2, False)], False),
        ([(LabelKind.FRAUD_WARNING, 1, True), (LabelKind.CLEARED, 2, False)], True),
        ([(LabelKind.CHARGEBACK, 1, False), (LabelKind.FRAUD_WARNING, 2, True)], False),
        ([(LabelKind.CHARGEBACK, 1, True), (LabelKind.CHARGEBACK, 2, False)], False),
    ],
)
async def test_of_several_labels_the_strongest_kinds_newest_stands(
    labels: list[tuple[LabelKind, int, bool]], *, is_fraud: bool
) -> None:
    frame = decisions_frame(await recorded((EARLIER, (1, None, None))))
    known = KnownLabels(*(label(1, kind, day, is_fraud=verdict) for kind, day, verdict in labels))
    assert labelled(frame, known, NOON + 9 * DAY)["is_fraud"].tolist() == [is_fraud]
