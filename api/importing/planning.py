"""Before the first decision: which rows have a time, in which order they come, and which come too late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.importing.mapping import ImportMapping
from api.importing.preparing import prepare
from api.importing.reading import Sheet
from api.importing.refusal import Refusal
from engine.ledger import Ledger

_NEWEST_ALONE = timedelta(microseconds=1)
TOO_LATE = Refusal(
    code="time_before_newest",
    field="/event/time",
    reason="Older than the merchant's newest recorded payment, and a merchant's time does not go back. Import history "
    "before going live, all files of one merchant oldest first, or into another --data folder.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The rows to decide, (time, index) by rising time and then in the file's order, and those refused already."""

    order: tuple[tuple[datetime, int], ...]
    refused: tuple[tuple[int, Refusal], ...]
    left_out: int
    """Rows beyond --limit."""


def plan(sheet: Sheet, mapping: ImportMapping, now: datetime, limit: int | None) -> Plan:
    """Sort the rows by their times; with a limit the earliest, so that a later import can go on from there."""
    width = len(sheet.columns)
    timed: list[tuple[datetime, int]] = []
    refused: list[tuple[int, Refusal]] = []
    for index, row in enumerate(sheet.rows):
        if len(row.cells) != width:
            reason = f"The row has {len(row.cells)} cells and the heading {width}; a stray or missing delimiter?"
            refused.append((index, Refusal(code="row_shape", field="", reason=reason)))
            continue
        time = mapping.time_format.read(mapping.time.text(row.cells), "/event/time", now)
        if isinstance(time, Refusal):
            refused.append((index, time))
        else:
            timed.append((time, index))
    timed.sort()
    kept = timed if limit is None else timed[:limit]
    return Plan(order=tuple(kept), refused=tuple(refused), left_out=len(timed) - len(kept))


def newest_times(ledger: Ledger) -> dict[str, datetime]:
    """The newest live payment's time of each merchant."""
    newest: dict[str, datetime] = {}
    for record in ledger.recent(_NEWEST_ALONE):
        if not record.key.test_mode:
            newest[record.key.merchant_id] = max(record.at, newest.get(record.key.merchant_id, record.at))
    return newest


async def too_late(
    sheet: Sheet, mapping: ImportMapping, planned: Plan, now: datetime, newest: Mapping[str, datetime], ledger: Ledger
) -> frozenset[int]:
    """The rows older than their merchant's newest recorded payment and not recorded themselves."""
    late: set[int] = set()
    newest_of_all = max(newest.values(), default=None)
    for at, index in planned.order:
        if newest_of_all is None or at >= newest_of_all:
            break
        # Whose row it is, and which payment, the request alone says: a cell is translated, stripped and checked there.
        row = prepare(index, sheet.rows[index].cells, at, mapping, now)
        # A row with a fault of its own is told that one.
        if isinstance(row, Refusal) or at >= newest.get(row.payment.merchant_id, at):
            continue
        if await ledger.find(row.payment.key, None) is None:
            late.add(index)
    return frozenset(late)
