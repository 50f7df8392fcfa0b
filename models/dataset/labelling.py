"""What is known of each row at an instant: its label, how much may still come, whether any can."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.decision import Action
from models.chain_ladder import estimated
from models.clusters import entities
from models.dataset.asked import IDENTIFIERS, NETWORK
from models.dataset.events import KINDS, standing_of
from models.dataset.recorded import texts_of
from models.dataset.table import FEATURE, LABELS, TIME, Ints, Mask, microseconds, microseconds_of
from models.maturity import DEFAULT, MATURE_SHARE, Curve, Maturity

_KINDS: Final = [kind.value for kind in KINDS]


class Coded(NamedTuple):
    """Texts by row as places among the different ones; -1 is unknown."""

    codes: Ints
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """The columns of LABELS, and what is said of them in a manifest."""

    columns: dict[str, pa.Array]
    maturity: Maturity
    counts: dict[str, int]


def labelled(table: pa.Table, events: pa.Table, *, as_of: datetime, default: Curve = DEFAULT) -> Labelled:
    """The labels of a table with FACTS and features, by what was said (EVENTS) until `as_of`.

    A payment that did not go through has none, whatever was said of it: the score is the probability that a payment
    which passes is reported, and who is asked about the others was chosen by what blocked them. It did not where the
    issuer declined it, or we blocked it and no outcome says that it was authorized all the same. Where we asked for
    3-D Secure, silence says nothing: the cardholder was proven, or gave up, or the issuer pays.
    """
    rows, as_of_us = table.num_rows, microseconds(as_of)
    assert not len(events) or int(microseconds_of(events["received_at"]).max()) <= as_of_us, "no label of the future"
    standing = standing_of(events, rows)
    stopped = _stopped(table)
    has = standing.has & ~stopped.blocked & ~stopped.declined
    asked = stopped.challenged & ~has & ~stopped.blocked & ~stopped.declined
    censored = stopped.blocked | stopped.declined | asked
    at_us, network = microseconds_of(table["at"]), coded(table, NETWORK)
    fraud = has & standing.is_fraud
    maturity = estimated(
        at_us[fraud],
        standing.first_fraud_us[fraud],
        network.codes[fraud],
        network.texts,
        as_of_us=as_of_us,
        default=default,
    )
    share = maturity.share(as_of_us - at_us, network.codes, network.texts)
    counts = {
        "frauds": fraud,
        "cleared": has & ~standing.is_fraud,
        "immature": ~has & ~censored & (share < MATURE_SHARE),
        "blocked": stopped.blocked,
        "declined": stopped.declined,
        "challenged": asked,
        "set_aside": standing.has & (stopped.blocked | stopped.declined),
        "contradictory": standing.is_contradictory,
    }
    known_us = pa.array(standing.known_us, mask=~has).cast(TIME)
    columns = {
        "is_fraud": pa.array(standing.is_fraud, mask=~has),
        "label_kind": texts_of(np.where(has, standing.kind, -1), _KINDS),
        "label_known_at": known_us,
        "maturity": pa.array(share),
        "is_censored": pa.array(censored),
        "entity": pa.array(entities([coded(table, name).codes for name in IDENTIFIERS])),
    }
    assert list(columns) == LABELS.names, "all that is said of a row"
    return Labelled(columns=columns, maturity=maturity, counts={name: int(some.sum()) for name, some in counts.items()})


def coded(table: pa.Table, feature: str) -> Coded:
    """A text feature of a table, each different text once."""
    array = table[FEATURE + feature].unify_dictionaries()
    numbers: dict[str, int] = {}
    if not array.num_chunks:
        return Coded(np.zeros(0, dtype=np.int64), ())
    texts = array.chunk(0).dictionary.to_pylist()
    # A dictionary may have a text twice.
    places = np.array([*(numbers.setdefault(text, len(numbers)) for text in texts), -1], dtype=np.int64)
    codes = np.concatenate([pc.fill_null(chunk.indices, len(texts)).to_numpy() for chunk in array.chunks])
    return Coded(places[codes], tuple(numbers))


class _Stopped(NamedTuple):
    """Which payments did not simply pass, each for one reason."""

    blocked: Mask
    declined: Mask
    challenged: Mask


def _stopped(table: pa.Table) -> _Stopped:
    action = table["action"].cast(pa.string())
    authorized = table["authorized"]
    passed = pc.fill_null(authorized, fill_value=False).to_numpy()
    declined = ~pc.fill_null(authorized, fill_value=True).to_numpy()
    blocked = pc.fill_null(pc.equal(action, Action.BLOCK.value), fill_value=False).to_numpy() & ~passed
    challenged = pc.fill_null(pc.equal(action, Action.CHALLENGE.value), fill_value=False).to_numpy()
    return _Stopped(blocked, declined & ~blocked, challenged)
