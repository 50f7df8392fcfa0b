"""Velocities that were not kept when payments were decided, counted for a frame from what was recorded (law 2).

The columnar kernel counts them over the payments and events of the time before. A later stage of a payment is given
the number of the stage that was counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import StoreInvalid
from engine.ledger import PaymentName
from engine.payment import EPOCH, MICROSECOND
from engine.recorded_frame import RecordedFrame, Wanted
from engine.rules.columns import Codes, Ints, Mask, Numbers
from engine.stores.history import History, Items, MerchantHistory, history_of
from engine.stores.recorded_columns import RecordedColumns
from engine.stores.segment_tables import FEATURE, feature_fields
from engine.velocity import VELOCITIES, Velocity
from engine.velocity.batch import Amounts, Column, NumberTooLarge, Stream, Values, numbers
from engine.velocity.batch.stream import PAYMENT, STATUSES

_EVER: Final = timedelta(days=36_500)


def backfilled(
    frame: RecordedFrame, versions: tuple[Codes, Sequence[str]], recorded: RecordedColumns, gone: Sequence[PaymentName]
) -> RecordedFrame:
    """The frame with the wanted velocities where the catalogue of a row's own versions lacks them.

    `versions` are a place for each row in the different ones; `recorded` reads what the velocities are made of; `gone`
    are the payments that others replaced. Raises LedgerUnavailable, and StoreInvalid where what was recorded does not
    go into columns.
    """
    codes, different = versions
    known = [{field.name for field in feature_fields(each, recorded.versions)} for each in different]
    lacking = {}
    for velocity in frame.wanted.velocities:
        rows = np.array([*(FEATURE + velocity.name not in names for names in known), True], dtype=np.bool_)[codes]
        if rows.any():
            lacking[velocity] = rows
    if not lacking:
        return frame
    features = dict(frame.columns.features)
    for name, (rows, made) in _counted(frame, lacking, recorded, gone).items():
        kept = frame.columns.numbers(name)
        features[name] = Numbers(np.where(rows, made.values, kept.values), np.where(rows, made.known, kept.known))
    return replace(
        frame,
        columns=replace(frame.columns, features=features),
        backfilled=tuple(velocity.name for velocity in lacking),
    )


def _counted(
    frame: RecordedFrame, lacking: Mapping[Velocity, Mask], recorded: RecordedColumns, gone: Sequence[PaymentName]
) -> dict[str, tuple[Mask, Numbers]]:
    """By name the rows that lack a velocity, and its number in every row."""
    velocities = tuple(lacking)
    history = history_of(recorded, gone, _reach(recorded, frame.wanted, velocities), {})
    own = [each for each in history.merchants if each.test_mode is frame.wanted.test_mode]
    spread = max(len(own), 1)
    stream, keys = _stream(history, own)
    try:
        found = numbers(stream, velocities, kept=(*VELOCITIES, *velocities))
    except NumberTooLarge as error:
        raise StoreInvalid(f"What was recorded does not go into columns: {error}") from error
    # Of a payment that was counted anew the last count stands.
    place = np.full(len(history.ids) * spread + 1, -1, dtype=np.int64)
    place[keys] = np.arange(len(keys))
    number = {each.merchant_id: at for at, each in enumerate(own)}
    merchant = np.array([*(number.get(name, -1) for name in frame.merchants), -1], dtype=np.int64)[frame.merchant]
    name = frame.transaction_ids.places_in(list(history.ids))
    rows = np.where((name >= 0) & (merchant >= 0), place[name * spread + merchant], -1)
    return {
        velocity.name: (lacking[velocity], _of_rows(values, known, rows))
        for velocity, values, known in zip(found.velocities, found.values, found.known, strict=True)
    }


def _of_rows(values: Ints, known: Mask | None, rows: Ints) -> Numbers:
    is_known = rows >= 0 if known is None else (rows >= 0) & np.append(known, False)[rows]
    return Numbers(np.where(is_known, np.append(values, 0)[rows], 0), is_known)


def _reach(recorded: RecordedColumns, wanted: Wanted, velocities: Sequence[Velocity]) -> timedelta:
    """How far back from the newest payment a window of the first wanted one reaches."""
    windows = [None if each.window_us is None else each.window_us + each.delay_us for each in velocities]
    newest_us = max(recorded.counted.newest_decisions().values(), default=0)
    start_us = (wanted.start - EPOCH) // MICROSECOND
    longest = [window for window in windows if window is not None]
    if len(longest) < len(windows):
        return _EVER
    reach_us = max(newest_us - start_us, 0) + max(longest, default=0)
    return min(timedelta(microseconds=reach_us + 1), _EVER)


def _stream(history: History, merchants: Sequence[MerchantHistory]) -> tuple[Stream, Ints]:
    """All payments and events in the order of time, and for each payment its id's place and its merchant in one."""
    parts: list[tuple[int, int, Items]] = []
    for number, each in enumerate(merchants):
        parts.append((number, PAYMENT, each.payments))
        parts += [(number, STATUSES.index(status), items) for status, items in each.events.items()]
    at_us, rows, names = (
        _joined([getattr(items, field) for *_, items in parts]) for field in ("at_us", "rows", "names")
    )
    merchant = _joined([np.full(len(items), number) for number, _, items in parts])
    status = _joined([np.full(len(items), status) for _, status, items in parts]).astype(np.int8)
    # What came to a status at the time of a payment is counted behind it, as the event's own payment is.
    order = np.lexsort((status != PAYMENT, at_us))
    keys = names * max(len(merchants), 1) + merchant
    stream = Stream(
        at_us=at_us[order],
        status=status[order],
        merchant=merchant[order],
        test_mode=np.zeros(len(order), dtype=np.bool_),
        payment=np.unique(keys[order], return_inverse=True)[1].astype(np.int64),
        features={name: _taken(column, rows[order]) for name, column in history.features.items()},
    )
    return stream, keys[order][status[order] == PAYMENT]


def _joined(arrays: Sequence[npt.NDArray[Any]]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays]).astype(np.int64)


def _taken(column: Column, rows: Ints) -> Column:
    if isinstance(column, Amounts):
        return Amounts(column.values[rows], column.known[rows])
    return Values(column.places[rows], column.told)
