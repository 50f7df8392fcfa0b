"""`assay traffic` against a real server: what is sent is what the ledger holds, and what goes wrong says the mend."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.bench.installation import HOST, Server, shipped_settings, start_server
from api.cli import app
from api.commands.traffic import NoServer
from api.traffic.calls import Called, Caller, TargetInvalid
from api.traffic.sending import Sender, TrafficStopped
from api.traffic.tally import Tally
from api.wiring import assembled
from engine.decision import Action
from engine.payment import Stage
from models.simulator import Event, EventKind, Period, Timeline, World, orders, shops, stream

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that only its owner may read."""
    data = tmp_path_factory.mktemp("traffic") / "data"
    data.mkdir(mode=0o700)
    return data


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    running = start_server(folder)
    yield running
    running.stop()


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["traffic", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def url_of(server: Server) -> str:
    return f"http://{HOST}:{server.port}"


def test_what_is_sent_is_what_the_ledger_holds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    server = start_server(data)
    try:
        # The folder's own server is found, with its operator's key.
        shown, _ = run("--data", str(data), "--rate", "30", "--seconds", "2", "--shops", "6")
    finally:
        server.stop()
    with assembled(shipped_settings(data)) as assembly:
        records = list(assembly.ledger.recent(timedelta(days=1)))
    assert len(records) > 20
    assert len({record.key.merchant_id for record in records}) > 3
    answered = next(line for line in shown.splitlines() if "payment" in line and "200" in line)
    assert f" {len(records)} " in answered


def test_another_run_is_other_payments(folder: Path, server: Server) -> None:
    del server
    for _ in range(2):
        shown, said = run("--data", str(folder), "--rate", "20", "--seconds", "1")
        assert "422" not in shown + said


def test_a_file_is_the_same_for_one_seed(tmp_path: Path) -> None:
    texts = []
    for name in ("one.jsonl", "two.jsonl"):
        run("--out", str(tmp_path / name), "--seconds", "7200", "--rate", "0.1", "--seed", "3")
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    lines = [json.loads(line) for line in texts[0].splitlines()]
    assert {line["kind"] for line in lines} == {"payment", "outcome"}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert lines[-1]["at"] < "2026-01-05T02:00:00"
    payments = [line for line in lines if line["kind"] == "payment"]
    assert len(payments) > 600
    assert all(line["body"]["event"]["transaction_id"] == line["transaction_id"] for line in payments)


def test_fraud_is_sent_and_charged_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    server = start_server(data)
    try:
        said, refused = run(
            *("--to", url_of(server), "--key", server.key, "--rate", "25", "--seconds", "5"),
            *("--fraud", "0.3", "--day-seconds", "0.03"),
        )
    finally:
        server.stop()
    assert "chargeback" in said
    assert "fraud_warning" in said
    assert "case_contradicted" not in refused
    with assembled(shipped_settings(data)) as assembly:
        labels = list(assembly.labels.labels_as_of(datetime.now(UTC)))
    assert any(label.is_fraud for label in labels)
    assert {label.kind.value for label in labels} >= {"chargeback", "fraud_warning"}


def test_a_file_of_labelled_fraud_says_what_each_payment_was(tmp_path: Path) -> None:
    out = tmp_path / "labelled.jsonl"
    run("--out", str(out), "--rate", "0.001", "--seconds", str(90 * 86_400), "--fraud", "0.2")
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    kinds = Counter(line["kind"] for line in lines)
    assert kinds["payment"] > kinds["chargeback"] > 0
    truths = Counter(line["truth"] for line in lines if line["kind"] == "payment")
    assert truths["genuine"] > truths["stolen card"] > 0
    assert all(line["truth"] != "genuine" for line in lines if line["body"].get("reason_code") == "10.4")


def test_no_server_is_said_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match="assay serve"):
        run("--data", str(tmp_path))
    with pytest.raises(NoServer, match="Check --to"):
        run("--to", f"http://{HOST}:1", "--key", "none")
    with pytest.raises(NoServer, match="--key"):
        run("--to", f"http://{HOST}:1")
    with pytest.raises(TargetInvalid, match=r"http://127\.0\.0\.1:8080"):
        run("--to", "shop.example", "--key", "none")
    result = CliRunner().invoke(app, ["traffic", "--to", "http://x", "--out", str(tmp_path / "x")])
    assert result.exit_code == 2


def test_a_refused_key_stops_it_at_once(folder: Path, server: Server) -> None:
    with pytest.raises(TrafficStopped, match="assay keys create"):
        run("--to", url_of(server), "--key", "assay_live_aaaaaaaaaaaa_none", "--rate", "50", "--seconds", "30")
    with pytest.raises(TrafficStopped, match="every merchant"):
        run("--to", url_of(server), "--key", _narrow_key(folder), "--rate", "50", "--seconds", "30")


def _narrow_key(folder: Path) -> str:
    arguments = ["keys", "create", "--name", "narrow", "--merchant", "elsewhere", "--data", str(folder)]
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout.strip()


def test_ctrl_c_ends_it_and_tells_what_was_done(server: Server) -> None:
    period = Period(start=START, seconds=60)
    world = World(seed=1, shops=shops(4), shoppers=150, run="interrupted")
    until = START + timedelta(seconds=60)
    sender = Sender(Timeline(orders(world, period, 40), until), Caller(url_of(server), server.key), START, until)

    def told(_: float) -> None:
        if sender.tally.calls > 5:
            raise KeyboardInterrupt

    sender.play(told)
    assert sender.is_interrupted
    assert sender.tally.calls > 5
    assert not list(sender.tally.refused())


def test_a_server_that_goes_away_ends_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    server = start_server(data)
    period = Period(start=START, seconds=60)
    world = World(seed=1, shops=shops(4), shoppers=150, run="gone")
    until = START + timedelta(seconds=60)
    sender = Sender(Timeline(orders(world, period, 60), until), Caller(url_of(server), server.key), START, until)
    is_killed = False

    def told(_: float) -> None:
        nonlocal is_killed
        if sender.tally.calls > 5 and not is_killed:
            is_killed = True
            server.kill()

    with pytest.raises(TrafficStopped, match="assay serve"):
        sender.play(told)
    server.process.wait()


def test_the_tally_counts_by_call_stage_and_outcome() -> None:
    world = World(seed=1, shops=shops(4), shoppers=150)
    made = list(stream(orders(world, Period(start=START, seconds=3_600), 0.2)))
    tally = Tally()
    for event in made:
        tally.add(_answered(event))
    tally.add(Called(event=made[0], status=503, seconds=0.5, code="ledger_unavailable", detail="Wait."))
    assert tally.calls == len(made) + 1
    assert list(tally.refused()) == ["1 x ledger_unavailable: Wait."]
    answers, decided = tally.tables()
    assert [*answers.columns[1].cells] == ["201", "200", "503"]
    stages = Counter(event.stage for event in made if event.kind is EventKind.PAYMENT)
    assert [*decided.columns[0].cells] == [stage for stage in Stage if stages[stage]]
    assert [*decided.columns[1].cells] == [str(stages[stage]) for stage in Stage if stages[stage]]


def _answered(event: Event) -> Called:
    if event.kind is EventKind.OUTCOME:
        return Called(event=event, status=201, seconds=0.001)
    return Called(event=event, status=200, seconds=0.002, action=Action.ALLOW, decision_id="dec_1")
