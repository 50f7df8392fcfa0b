"""A year that is played: what was decided and reported at its own time is what the data folder holds."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.demo.year import Played, YearPlayer, year_before
from api.settings import Settings
from api.wiring import assembled, playing
from engine.ledger import DecisionRecord
from engine.payment import Stage
from engine.scheme_report import SchemeReportKind
from models.simulator import EventKind, Timeline, stream

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
DAYS = 70


def days() -> Timeline:
    timeline, _ = year_before(NOW, DAYS, 6)
    return timeline


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Played]:
    """A folder with ten weeks of few payments, and what they came to."""
    settings = Settings(data=tmp_path_factory.mktemp("year") / "data")
    told: list[datetime] = []
    played = _play(settings, lambda at, _: told.append(at))
    assert told == sorted(told)
    return settings, played


def test_everything_is_recorded_at_its_own_time(year: tuple[Settings, Played]) -> None:
    settings, played = year
    with assembled(settings) as assembly:
        records = list(assembly.ledger.between(NOW - timedelta(days=99), NOW))
        labels = list(assembly.labels.labels_as_of(NOW))
        unmatched = list(assembly.scheme_reports.unmatched())
        reports = [
            report
            for kind in SchemeReportKind
            for report, _ in asyncio.run(
                assembly.scheme_reports.page(kind, None, test_mode=False, matched=True, after=None, limit=1_000)
            )
        ]
    assert len(records) == played.decisions.total() == played.events[EventKind.PAYMENT]
    assert records[0].at < NOW - timedelta(days=DAYS - 2)
    first = [record.at for record in records if record.key.stage is Stage.PRE_AUTH]
    assert first == sorted(first)
    assert not unmatched
    assert Counter(report.kind for report in reports) == {
        SchemeReportKind.CHARGEBACK: played.events[EventKind.CHARGEBACK],
        SchemeReportKind.FRAUD_WARNING: played.events[EventKind.FRAUD_WARNING],
    }
    at = _first_times(records)
    assert labels
    assert all(label.received_at - at[label.transaction_id] > timedelta(days=1) for label in labels)


def test_its_events_are_those_of_the_simulator_but_for_what_was_refused(year: tuple[Settings, Played]) -> None:
    _, played = year
    timeline = days()
    alone = Counter(event.kind for event in stream(iter(timeline.take, None), NOW))
    assert played.payments <= alone[EventKind.PAYMENT]
    assert played.events[EventKind.CHARGEBACK] > 0


def test_its_decisions_replay_byte_for_byte(year: tuple[Settings, Played]) -> None:
    settings, _ = year
    start, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (NOW - timedelta(days=5), NOW))
    said = CliRunner().invoke(app, ["replay", "--from", start, "--to", end, "--data", str(settings.data)])
    assert said.exit_code == 0, said.output


def test_a_folder_that_holds_payments_is_left_as_it_is(year: tuple[Settings, Played]) -> None:
    settings, played = year
    with playing(settings) as none:
        assert none is None
    with assembled(settings) as assembly:
        assert len(list(assembly.ledger.between(NOW - timedelta(days=99), NOW))) == played.decisions.total()


def test_a_year_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")

    def stop(_: datetime, played: Played) -> None:
        if played.payments == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _play(settings, stop)
    with playing(settings) as again:
        assert again is not None, "no payment was written"


def _play(settings: Settings, advance: Callable[[datetime, Played], object]) -> Played:
    with playing(settings) as playing_:
        assert playing_ is not None
        return asyncio.run(YearPlayer(playing_).play(days(), advance))


def _first_times(records: list[DecisionRecord]) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for record in records:
        times.setdefault(record.key.transaction_id, record.at)
    return times
