"""`assay import` run on files that a test writes, and what it left in the data folder."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from api.cli import app
from api.wiring import opened_for_reading
from engine.errors import AssayError
from engine.ledger import DecisionRecord, Label

MAPPING = """
[fields]
event.transaction_id = "id"
event.merchant_id = "shop"
event.time = "time"
order.amount = "amount"
order.currency = "currency"
email.address = "email"
"""
HEADING = "id,shop,time,amount,currency,email"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run told: its summary, its words, or the error that the command line would print."""

    summary: dict[str, Any]
    stdout: str
    stderr: str
    error: AssayError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder to work in, with `data` as the data folder."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def payments(self, *lines: str, heading: str = HEADING) -> Path:
        return self.file("payments.csv", "\n".join((heading, *lines, "")))

    def run(self, file: Path, mapping: Path | str = MAPPING, *options: str, as_json: bool = True) -> Outcome:
        map_path = self.file("map.toml", mapping) if isinstance(mapping, str) else mapping
        asked = ["import", str(file), "--mapping", str(map_path), "--data", str(self.data), *options]
        result = CliRunner().invoke(app, [*asked, "--json"] if as_json else asked)
        error = result.exception if isinstance(result.exception, AssayError) else None
        if result.exception is not None and error is None and not isinstance(result.exception, SystemExit):
            raise result.exception
        summary = json.loads(result.stdout) if as_json and result.stdout.startswith("{") else {}
        return Outcome(summary=summary, stdout=result.stdout, stderr=result.stderr, error=error)

    def records(self) -> list[DecisionRecord]:
        """All decisions in the order of observe."""
        with opened_for_reading(self.data) as (ledger, _):
            return list(ledger.recent(timedelta(days=36_500)))

    def labels(self, as_of: datetime = FAR) -> list[Label]:
        with opened_for_reading(self.data) as (_, labels):
            return list(labels.labels_as_of(as_of))
