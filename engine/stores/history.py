"""What `engine.rebuild` gives one by one, in columns: every payment and event that a window can still reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from engine.custom import CustomField
from engine.errors import StoreInvalid
from engine.features import Value
from engine.ledger import PaymentName
from engine.payment import MICROSECOND
from engine.stores.recorded_columns import BLOCKED, RecordedColumns
from engine.stores.recorded_rows import PAYMENT
from engine.stores.segment_tables import FEATURE
from engine.stores.sql.counted import Scope
from engine.velocity import Status
from engine.velocity.batch import Column, NumberTooLarge, StreamInvalid, Values
from engine.velocity.batch.stream import Ints, column_of
from engine.velocity.statuses import STATUSES

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Items:
    """Payments, or events of one status, of one merchant and mode, in the order in which they are counted."""

    names: Ints
    """The place of each payment's id in `History.ids`."""
    rows: Ints
    """The place in `History.features` of the decision that each is counted by."""
    at_us: Ints
    sequences: Ints
    """Of payments; of events 0."""
    order: Ints
    """Places in the order of all merchants."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.names)

    def these(self, which: npt.NDArray[Any] | slice) -> "Items":
        """Some of them."""
        return Items(
            names=self.names[which],
            rows=self.rows[which],
            at_us=self.at_us[which],
            sequences=self.sequences[which],
            order=self.order[which],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MerchantHistory:
    """What one merchant and mode are counted by."""

    merchant_id: str
    test_mode: bool
    payments: Items
    """Those of each stage that was counted anew: an id may stand there again."""
    events: Mapping[Status, Items]
    """A payment may have come to a status again and again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What all are counted by. Columns are shared: each merchant's items name their rows."""

    ids: Texts
    features: Mapping[str, Column]
    merchants: Sequence[MerchantHistory]
    newest_us: Mapping[Scope, int]
    """The newest receipt time of each merchant and mode, of payments and outcomes."""


def history_of(
    recorded: RecordedColumns,
    superseded: Sequence[PaymentName],
    window: timedelta,
    declared: Mapping[str, Sequence[CustomField]],
) -> History:
    """All that `window` reaches back to from the newest of each merchant and mode, as `engine.rebuild` would give it.

    Raises LedgerUnavailable, and StoreInvalid where the segments are damaged or hold what does not go into columns.
    """
    try:
        return _Reading(recorded, window, declared).history(superseded)
    except (StreamInvalid, NumberTooLarge) as error:
        raise StoreInvalid(f"What was recorded does not go into columns: {error}") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Decisions:
    """Rows of decisions in the order of observe, in numbers; `scope` is a place among the merchants and modes."""

    scope: Ints
    name: Ints
    at_us: Ints
    sequence: Ints
    counted_us: Ints
    row: Ints
    is_blocked: npt.NDArray[np.bool_]

    def these(self, which: npt.NDArray[Any]) -> "_Decisions":
        """Some of them, by places or by a mask."""
        return _Decisions(
            self.scope[which],
            self.name[which],
            self.at_us[which],
            self.sequence[which],
            self.counted_us[which],
            self.row[which],
            self.is_blocked[which],
        )


class _Reading:
    """One reading of the history."""

    def __init__(
        self, recorded: RecordedColumns, window: timedelta, declared: Mapping[str, Sequence[CustomField]]
    ) -> None:
        self._recorded = recorded
        self._window_us = window // MICROSECOND
        self._declared = declared
        of_decisions, self.newest_us = recorded.counted.newest_decisions(), recorded.counted.newest_outcomes()
        for scope, at_us in of_decisions.items():
            self.newest_us[scope] = max(at_us, self.newest_us.get(scope, at_us))
        self._scopes = sorted(self.newest_us)
        self._decisions = recorded.decisions(of_decisions, window)
        self._outcomes = recorded.outcomes(self.newest_us, window)
        self._of_decisions = of_decisions
        self._decided = self._rows_of_outcomes()
        """For each outcome the row of its decision, -1 for one of a kind that is not counted."""

    def history(self, superseded: Sequence[PaymentName]) -> History:
        """Put together what is counted."""
        decided, learnt = self._scopes_of(self._decisions), self._scopes_of(self._outcomes)
        ids, codes = _encoded(
            [self._decisions["transaction_id"], self._outcomes["transaction_id"]], [name for *_, name in superseded]
        )
        count, spread = len(decided), len(self._scopes)
        names = codes[: count + len(learnt)] * spread + np.concatenate((decided, learnt))
        places = {scope: place for place, scope in enumerate(self._scopes)}
        gone = np.array(
            [
                code * spread + places[merchant_id, test_mode]
                for code, (merchant_id, test_mode, _) in zip(codes[len(names) :].tolist(), superseded, strict=True)
                if (merchant_id, test_mode) in places
            ],
            dtype=np.int64,
        )
        is_gone = np.isin(names, gone) if len(gone) else np.zeros(len(names), dtype=np.bool_)
        payments, blocked = self._payments(decided, names[:count], is_gone[:count], spread)
        events = {Status.BLOCKED: blocked, **self._events(learnt, names[count:], is_gone[count:], spread)}
        merchants = [
            MerchantHistory(
                merchant_id=merchant_id,
                test_mode=test_mode,
                payments=payments[place],
                events={status: each[place] for status, each in events.items() if len(each[place])},
            )
            for place, (merchant_id, test_mode) in enumerate(self._scopes)
        ]
        return History(ids=ids, features=self._features(), merchants=merchants, newest_us=self.newest_us)

    def _payments(
        self, scopes: Ints, names: Ints, is_gone: npt.NDArray[np.bool_], spread: int
    ) -> tuple[list[Items], list[Items]]:
        """By merchant and mode the payments, and that they were blocked."""
        table = self._decisions
        every = _Decisions(
            scopes,
            names,
            _ints(table["at_us"]),
            _ints(table["sequence"]),
            _ints(table["counted_at_us"]),
            np.arange(table.num_rows),
            table[BLOCKED].to_numpy(),
        )
        since_us = self._since_us(self._of_decisions)
        wanted = np.flatnonzero((every.at_us > since_us[scopes]) & ~is_gone)
        position = _ints(table["position"])[wanted]
        rows = every.these(wanted)
        rows = rows.these(np.lexsort((position, rows.scope, rows.at_us, rows.sequence)))
        newest_us, payments, blocked = np.zeros(len(rows.row), dtype=np.int64), [], []
        is_first = _is_first(rows)
        for own in _by_scope(rows.scope, spread):
            # Where counting ran out of time a payment has the sequence of one before: time must not go back for that.
            newest_us[own] = np.maximum.accumulate(rows.counted_us[own])
            counted = own[is_first[own]]
            payments.append(
                Items(
                    names=rows.name[counted] // spread,
                    rows=rows.row[counted],
                    at_us=newest_us[counted],
                    sequences=rows.sequence[counted],
                    order=counted,
                )
            )
            blocked.append(_blocked(rows, own, newest_us[own], spread))
        return payments, blocked

    def _events(
        self, scopes: Ints, names: Ints, is_gone: npt.NDArray[np.bool_], spread: int
    ) -> dict[Status, list[Items]]:
        """By status what was learnt of each merchant and mode."""
        table = self._outcomes
        received_us, since_us = _ints(table["received_at_us"]), self._since_us(self.newest_us)
        kinds = table["kind"].combine_chunks().to_numpy(zero_copy_only=False)
        wanted = (received_us > since_us[scopes]) & ~is_gone
        rows = self._decided
        position = _ints(table["position"])
        found = {}
        for kind, status in STATUSES.items():
            these = np.flatnonzero(wanted & (kinds == kind.value))
            these = these[np.lexsort((position[these], scopes[these], received_us[these]))]
            found[status] = [
                Items(
                    names=names[these[own]] // spread,
                    rows=rows[these[own]],
                    at_us=received_us[these[own]],
                    sequences=np.zeros(len(own), dtype=np.int64),
                    order=own,
                )
                for own in _by_scope(scopes[these], spread)
            ]
        return found

    def _rows_of_outcomes(self) -> Ints:
        """For each outcome its decision's row; those older than the windows are read and put behind the others."""
        ids, kinds = self._outcomes["decision_id"], pa.array([kind.value for kind in STATUSES], pa.string())
        rows = _ints(pc.index_in(ids, value_set=self._decisions["id"].combine_chunks()))
        older = np.flatnonzero((rows < 0) & pc.is_in(self._outcomes["kind"], value_set=kinds).to_numpy())
        if len(older):
            named = ids.take(pa.array(older))
            table = self._recorded.named(named.unique().to_pylist())
            found = _ints(pc.index_in(named, value_set=table["id"].combine_chunks()))
            rows[older] = np.where(found < 0, -1, self._decisions.num_rows + found)
            self._decisions = pa.concat_tables([self._decisions, table], promote_options="permissive")
        return rows

    def _features(self) -> dict[str, Column]:
        """Each input; custom fields as their payments said them, of the merchants that declare them today."""
        custom = {field.feature_name for fields in self._declared.values() for field in fields}
        rows = self._decisions.num_rows
        found: dict[str, Column] = {}
        for name in self._recorded.inputs:
            if name in custom:
                found[name] = self._said(name)
            elif FEATURE + name in self._decisions.column_names:
                found[name] = column_of(self._decisions[FEATURE + name], name)
            else:
                found[name] = Values(np.full(rows, -1), ())
        return found

    def _said(self, feature: str) -> Values:
        """A custom field by its feature's name."""
        fields = {
            merchant_id: each
            for merchant_id, declared in self._declared.items()
            for each in declared
            if each.feature_name == feature
        }
        table, told = self._decisions, dict[Value, int]()
        places = np.full(table.num_rows, -1)
        merchants = table["merchant_id"]
        for row in np.flatnonzero(pc.is_in(merchants, value_set=pa.array(list(fields), pa.string())).to_numpy()):
            custom = orjson.loads(table[PAYMENT][row].as_py()).get("custom", {})
            value = fields[merchants[row].as_py()].value(custom)
            if value is not None:
                places[row] = told.setdefault(value, len(told))
        return Values(places, tuple(told))

    def _scopes_of(self, table: pa.Table) -> Ints:
        """For each row its merchant's and mode's place."""
        merchants = table["merchant_id"].dictionary_encode().unify_dictionaries().combine_chunks()
        merchants = merchants.chunk(0) if isinstance(merchants, pa.ChunkedArray) else merchants
        places = {scope: place for place, scope in enumerate(self._scopes)}
        by_code = np.array(
            [[places.get((name, mode), -1) for mode in (False, True)] for name in merchants.dictionary.to_pylist()],
            dtype=np.int64,
        ).reshape(-1, 2)
        found: Ints = by_code[merchants.indices.to_numpy(), table["test_mode"].to_numpy().astype(np.int64)]
        return found

    def _since_us(self, newest_us: Mapping[Scope, int]) -> Ints:
        """By merchant and mode, behind which time a row is wanted: the window is open at its far end."""
        return np.array([newest_us.get(scope, 0) - self._window_us for scope in self._scopes], dtype=np.int64)


def _blocked(rows: _Decisions, own: Ints, newest_us: Ints, spread: int) -> Items:
    """That payments of one merchant and mode were blocked, each stage at its own time.

    An event comes when the payments counted have reached its time, of several that then come the earliest first.
    """
    places = np.flatnonzero(rows.is_blocked[own])
    at_us = rows.at_us[own[places]]
    reached = np.maximum(np.searchsorted(newest_us, at_us), places)
    ordered = np.lexsort((places, at_us, reached))
    at, place = reached[ordered], own[places[ordered]]
    # What no payment has reached comes after all of them.
    order = np.where(at < len(own), own[np.minimum(at, max(len(own) - 1, 0))] if len(own) else at, len(rows.row))
    return Items(
        names=rows.name[place] // spread,
        rows=rows.row[place],
        at_us=rows.at_us[place],
        sequences=np.zeros(len(place), dtype=np.int64),
        order=order,
    )


def _is_first(rows: _Decisions) -> npt.NDArray[np.bool_]:
    """Which rows are the first of their payment under their sequence: the other stages count nothing."""
    by_name = np.argsort(rows.name, kind="stable")
    names, sequences = rows.name[by_name], rows.sequence[by_name]
    is_first = np.ones(len(by_name), dtype=np.bool_)
    is_first[by_name[1:]] = (names[1:] != names[:-1]) | (sequences[1:] != sequences[:-1])
    return is_first


def _by_scope(scopes: Ints, spread: int) -> list[Ints]:
    """For each merchant and mode the places of its rows, in their order."""
    ordered = np.argsort(scopes, kind="stable")
    bounds = np.searchsorted(scopes[ordered], np.arange(spread + 1))
    return [ordered[start:end] for start, end in pairwise(bounds.tolist())]


def _encoded(columns: Sequence[pa.ChunkedArray], more: Sequence[str]) -> tuple[Texts, Ints]:
    """The different texts, and a number for each text of the columns and of some more."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    whole = pa.chunked_array([*chunks, pa.array(more, pa.string())], pa.string()).dictionary_encode()
    encoded = whole.combine_chunks() if whole.num_chunks > 1 else whole.chunk(0)
    return encoded.dictionary.to_numpy(zero_copy_only=False), encoded.indices.to_numpy().astype(np.int64)


def _ints(column: pa.ChunkedArray | pa.Array) -> Ints:
    found: Ints = pc.fill_null(column, -1).to_numpy().astype(np.int64, copy=False)
    return found
