"""What was said of payments, in columns: what `models.labels` says of a few, for many."""

from datetime import datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Label, LabelKind
from models.dataset.events import KINDS, Names, events_of, named_of, rows_of, standing_of
from models.dataset.table import TEXT, microseconds
from models.labels import strongest
from tests.models.datasets import START

SHOPS = ("shop-a", "shop-b")
Said = list[tuple[int, int, LabelKind, bool, int]]
SAID = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4), st.sampled_from(LabelKind), st.booleans(), st.integers(0, 5)),
    max_size=40,
)


def labels_of(said: Said) -> list[Label]:
    """Oldest first, as the port gives them."""
    return [
        Label(
            merchant_id=SHOPS[shop],
            test_mode=False,
            transaction_id=f"tx-{payment}",
            kind=kind,
            is_fraud=is_fraud,
            occurred_at=START,
            received_at=START + timedelta(hours=hour),
            source=str(number),
        )
        for number, (shop, payment, kind, is_fraud, hour) in enumerate(sorted(said, key=lambda each: each[-1]))
    ]


def names_of(rows: list[tuple[str, str]]) -> Names:
    merchants = pa.chunked_array([pa.array([shop for shop, _ in rows], pa.string())]).cast(TEXT)
    return Names(merchants, pa.chunked_array([pa.array([id_ for _, id_ in rows], pa.string())]))


@given(SAID, st.permutations([(shop, f"tx-{payment}") for shop in SHOPS for payment in range(4)]))
def test_the_label_that_stands_is_the_strongest(said: Said, rows: list[tuple[str, str]]) -> None:
    labels = labels_of(said)
    found = standing_of(events_of(named_of(labels, test_mode=False), names_of(rows)), len(rows))
    known = strongest(labels)
    for place, (shop, id_) in enumerate(rows):
        label = known.get((shop, False, id_))
        assert found.has[place] == (label is not None)
        own = [each for each in labels if (each.merchant_id, each.transaction_id) == (shop, id_)]
        assert found.is_contradictory[place] == (len({each.is_fraud for each in own}) == 2)
        if label is None:
            continue
        assert (KINDS[found.kind[place]], found.is_fraud[place]) == (label.kind, label.is_fraud)
        assert found.known_us[place] == microseconds(label.received_at)
        if label.is_fraud:
            first: datetime = min(each.received_at for each in own if each.is_fraud)
            assert found.first_fraud_us[place] == microseconds(first)


@given(st.lists(st.tuples(st.sampled_from(SHOPS), st.integers(0, 9).map(str)), unique=True, max_size=12), st.data())
def test_a_name_has_the_row_that_is_called_so(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    asked = data.draw(st.lists(st.tuples(st.sampled_from((*SHOPS, "shop-c")), st.integers(0, 9).map(str)), max_size=12))
    places = {name: place for place, name in enumerate(rows)}
    assert rows_of(names_of(asked), names_of(rows)).tolist() == [places.get(name, -1) for name in asked]
