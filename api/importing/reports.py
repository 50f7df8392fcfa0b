"""Chargebacks or fraud warnings of a file: sent in parts that one call takes, wrong rows left out and told."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from api.client import Caller, CallFailed
from api.importing.reading import Sheet
from api.importing.refusal import Refusal
from api.importing.reports_mapping import ReportsMapping
from api.schemas.scheme_report import LIST_NAMES
from engine.scheme_report import SchemeReportKind

PART_ROWS: Final = 200
PART_BYTES_MAX: Final = 48 * 1024
"""Below what a request's body may have. Decisions wait for a part no longer than some milliseconds."""
TRIES: Final = 5
PATHS: Final = {
    SchemeReportKind.CHARGEBACK: "/v1/chargebacks",
    SchemeReportKind.FRAUD_WARNING: "/v1/fraud-warnings",
}
_BUSY: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})

_Row = tuple[int, bytes]
"""A row's place in the sheet, and what is sent for it."""


@dataclass(slots=True)
class ReportsTally:
    """What became of the rows so far."""

    new: int = 0
    repeated: int = 0
    unmatched: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, Refusal]] = field(default_factory=list)

    def refuse(self, index: int, refusal: Refusal) -> None:
        """Count a row that is not recorded."""
        self.refused.append((index, refusal))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsImporter:
    """Sends the rows of a sheet in their order; `advance` is told of how many are done."""

    kind: SchemeReportKind
    caller: Caller
    mapping: ReportsMapping
    now: datetime
    advance: Callable[[int], None]
    pause: Callable[[float], None] = time.sleep

    def run(self, sheet: Sheet, tally: ReportsTally) -> None:
        """Send all rows. Raises CallFailed where the server does not take calls; what was told until then stands."""
        part: list[_Row] = []
        size = 0
        for index, row in enumerate(sheet.rows):
            sent = self._body(row.cells, len(sheet.columns))
            if isinstance(sent, Refusal):
                tally.refuse(index, sent)
                self.advance(1)
                continue
            if part and (len(part) == PART_ROWS or size + len(sent) > PART_BYTES_MAX):
                self._send(part, tally)
                part, size = [], 0
            part.append((index, sent))
            size += len(sent) + 1
        if part:
            self._send(part, tally)

    def _body(self, cells: Sequence[str], width: int) -> bytes | Refusal:
        if len(cells) != width:
            reason = f"The row has {len(cells)} cells and the heading {width}; a stray or missing delimiter?"
            return Refusal(code="row_shape", field="", reason=reason)
        fields = self.mapping.fields(cells, self.now)
        return fields if isinstance(fields, Refusal) else json.dumps(fields).encode()

    def _send(self, part: Sequence[_Row], tally: ReportsTally) -> None:
        """Send a part, without the rows that are refused, until what is left is taken: all of a call or none is."""
        left = list(part)
        while left:
            status, answer = self._asked(left)
            if status == HTTPStatus.CREATED:
                tally.new += answer["new"]
                tally.repeated += answer["repeated"]
                tally.unmatched += answer["unmatched"]
                tally.warnings.update(each["code"] for each in answer["warnings"])
                break
            faults = self._faults(answer)
            if not faults:
                raise CallFailed(f"The server refused: {answer.get('detail', f'status {status}')}", answer.get("code"))
            for place, refusal in faults.items():
                tally.refuse(left[place][0], refusal)
            left = [row for place, row in enumerate(left) if place not in faults]
        self.advance(len(part))

    def _asked(self, rows: Sequence[_Row]) -> tuple[int, dict[str, Any]]:
        """The answer to a call, asked again where the server is busy: what was recorded meanwhile is so once."""
        body = b'{"%s":[%s]}' % (LIST_NAMES[self.kind].encode(), b",".join(sent for _, sent in rows))
        for again in range(TRIES):
            if again:
                self.pause(2.0**again / 2)
            try:
                reply = self.caller.call("POST", PATHS[self.kind], body)
            except OSError as error:
                raise CallFailed(f"The server did not answer: {error}.") from error
            if reply.status not in _BUSY:
                break
        try:
            answer = json.loads(reply.body)
        except (json.JSONDecodeError, UnicodeDecodeError):
            answer = None
        return reply.status, answer if isinstance(answer, dict) else {}

    def _faults(self, answer: dict[str, Any]) -> dict[int, Refusal]:
        """The first fault of each row that has one, by its place in the call."""
        prefix = f"/{LIST_NAMES[self.kind]}/"
        faults: dict[int, Refusal] = {}
        for fault in answer.get("errors", ()):
            place, _, name = fault["pointer"].removeprefix(prefix).partition("/")
            if fault["pointer"].startswith(prefix) and place.isdecimal():
                refusal = Refusal(code=fault["code"], field=f"/{name}", reason=fault["detail"])
                faults.setdefault(int(place), refusal)
        return faults
