"""run(): a pure function of what was recorded, what is known of it by now, and two settings."""

from collections.abc import Collection
from datetime import datetime

from engine.features import Feature
from engine.ledger import Labels
from engine.recorded_frame import Progress, RecordedFrame
from models.backtest.figures import Report
from models.backtest.setting import Setting


def wanted_by(live: Setting, candidate: Setting) -> tuple[Collection[Feature], Collection[str]]:
    """The features and custom fields that a backtest of these settings reads: for `Wanted`."""
    raise NotImplementedError


def run(
    frame: RecordedFrame,
    labels: Labels,
    *,
    live: Setting,
    candidate: Setting,
    as_of: datetime,
    rule_id: str | None = None,
    progress: Progress = lambda _: None,
) -> Report:
    """The figures of `candidate` beside `live` over the recorded payments of the frame.

    One rule: `candidate` is the live ruleset with the rule in it as a live one, and `rule_id` names it. Changed
    thresholds: the same ruleset, another policy. `labels` are read as they were known at `as_of` (UTC). `progress` is
    told now and then how much is done, from 0 to 1; what it raises passes through, which is how a job is cancelled.
    Deterministic: the same input gives the same report. Raises LedgerUnavailable where labels cannot be read.
    """
    raise NotImplementedError
