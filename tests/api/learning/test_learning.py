"""Models are trained, judged, compared and promoted from the command line, as an analyst does it."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.job_process import Task, line_of
from api.jobs import PROGRAM
from api.learning.plan import TRAIN, LearningPlan
from api.learning.work import compare_models, evaluate_model, train_model
from api.wiring import models_in
from engine.jobs import Progress
from models.registry import ModelFiles
from tests.api.learning.folders import DAYS, played

pytestmark = pytest.mark.timeout(600)


def run(folder: Path, *asked: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, [*asked, "--data", str(folder)], input=said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, patience: None) -> Path:
    assert patience is None
    return played(tmp_path_factory.mktemp("learning") / "data")


NOW = datetime.now(UTC)


def plan(**fields: Any) -> dict[str, Any]:
    start = NOW - timedelta(days=DAYS + 1)
    asked = LearningPlan(asked={}, start=start, end=NOW, as_of=NOW, champion=None, test_days=20.0, **fields)
    read: dict[str, Any] = orjson.loads(asked.content())
    return read


def task(folder: Path, arguments: dict[str, Any]) -> Task:
    return Task(folder=folder, merchant_id="", test_mode=False, arguments=arguments, at=datetime.now(UTC))


@pytest.fixture(scope="module")
def trained(folder: Path) -> dict[str, Any]:
    """What the job says of its model."""
    return train_model(task(folder, plan(learner="logistic")), lambda _: None)


def test_a_trained_model_is_kept_with_its_figures_its_report_and_its_card(
    folder: Path, trained: dict[str, Any]
) -> None:
    result, files = trained, ModelFiles(folder)
    assert files.ids() == (result["model"],)
    assert result["lineage"]["learner"] == "logistic"
    assert result["figures"]["population"]["frauds"] > 0
    codes = {each["code"]: each["passes"] for each in result["gate"]["checks"]}
    assert codes["parity"]
    assert not result["gate"]["passes"], "so few frauds are too few"
    page = files.report_of(result["model"]).read_text()
    assert result["model"] in page
    assert files.card_of(result["model"]).read_text().startswith("#")
    judged = files.judged(result["model"])
    assert judged is not None
    assert judged["gate"] == result["gate"]


def test_a_person_sees_what_the_gate_says_and_agrees_before_a_model_is_in_force(
    folder: Path, trained: dict[str, Any]
) -> None:
    name = trained["model"]
    refused = run(folder, "promote", name)
    assert refused.exit_code == 1
    assert "The gate does not pass." in refused.stdout
    assert "--force" in refused.stderr
    declined = run(folder, "promote", name, "--force", said="n\n")
    assert declined.exit_code == 1
    assert models_in(folder).champion is None
    assert run(folder, "promote", name, "--force", "--yes").exit_code == 2, "the history says why"
    done = run(folder, "promote", name.removeprefix("model-")[:6], "--force", said="y\nTo see it decide\n")
    assert done.exit_code == 0, done.output
    assert models_in(folder).champion == name
    listed = run(folder, "models")
    assert name in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert f"In force: {name}." in listed.stderr
    history = run(folder, "models", "history", "--json")
    (change,) = json.loads(history.stdout)["data"]
    assert (change["because"], change["is_forced"], change["kind"]) == ("To see it decide", True, "promoted")
    back = run(folder, "rollback", "--yes", "--because", "Only a try", "--json")
    assert json.loads(back.stdout)["champion"] is None
    assert models_in(folder).champion is None


def test_a_model_is_shown_with_what_it_came_from(folder: Path, trained: dict[str, Any]) -> None:
    shown = run(folder, "models", "show", trained["model"])
    assert shown.exit_code == 0, shown.output
    assert "learnt from" in shown.stdout
    assert "average precision" in shown.stdout
    assert run(folder, "models", "show", "0123456789ab").exit_code != 0


def test_a_model_is_judged_anew_and_compared(folder: Path, trained: dict[str, Any]) -> None:
    name, told = trained["model"], list[Progress]()
    anew = evaluate_model(task(folder, plan(model=name)), told.append)
    assert anew["figures"]["ranking"] == trained["figures"]["ranking"]
    assert told[-1].done >= 85
    with_itself = compare_models(task(folder, plan(model=name, other=name)), told.append)
    differences = {each["name"]: each["difference"]["value"] for each in with_itself["differences"]}
    assert differences["average_precision"] == 0
    assert with_itself["agreement"]["share"] == 1
    assert orjson.dumps(with_itself)


@pytest.mark.usefixtures("trained")
def test_a_training_that_is_killed_half_way_leaves_nothing(folder: Path) -> None:
    before = ModelFiles(folder).ids()
    arguments = plan(learner="logistic", seed=7)
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line_of(TRAIN, task(folder, arguments)))
        process.stdin.flush()
        for line in process.stdout:
            if b"learning" in line:
                process.kill()
                break
    ModelFiles(folder).clear_staged()
    left = {each.stem for each in (folder / "models").iterdir()}
    assert left == set(before)


def test_what_cannot_be_learnt_from_is_said_with_the_mend(folder: Path, tmp_path: Path) -> None:
    wrong = run(folder, "train", "--learner", "magic")
    assert "no such learner" in str(wrong.exception)
    odd = run(folder, "train", "--learner", "logistic", "--parameter", "ridge=-1")
    assert "no such parameter" in str(odd.exception)
    assert run(folder, "train", "--parameter", "ridge").exit_code == 2
    for name in ("model-zzz", "../../keys", ""):
        unknown = run(folder, "promote", name, "--yes", "--because", "A test.")
        assert unknown.exit_code == 2
        assert "No model's id begins with" in unknown.output
    assert "no data folder" in str(run(tmp_path / "none", "train").exception)


def test_parameters_are_searched_on_earlier_days_first(folder: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    copied = copytree(folder, tmp_path / "data", ignore=ignore_patterns("models", "lock"))
    result = train_model(task(copied, plan(learner="logistic", search=3)), told.append)
    assert {each.words for each in told} >= {"trying 3 sets of parameters on earlier days (logistic)"}
    done = [each.done for each in told]
    assert done == sorted(done)
    assert result["lineage"]["parameters"].keys() == {"c"}
