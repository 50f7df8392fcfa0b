"""A trained model that ASSAY_MODEL names: it decides with reasons, and what it decided replays byte for byte."""

import json
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from api.bench.payments import requests
from api.cli import app
from api.doctor.files import file_findings
from api.settings import Settings
from api.wiring import assembled
from engine.ledger import DecisionRecord
from engine.stores.sql.compression import RecordPart, compressed
from models.scorer_file import KEY_FILE
from models.signing import SigningKey, signing_key_in
from tests.api.test_replay import payment, played
from tests.docs.demo_traffic import NOW
from tests.models.trained import CALIBRATION, foreign_model, forest_model


def decided_with(
    folder: Path, model: Path, bodies: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[DecisionRecord]]:
    """The answers and records of payments that were decided with this model, a second after the other."""
    with assembled(Settings(data=folder, model=model)) as assembly:
        answers = [played(assembly, NOW + timedelta(seconds=at), body) for at, body in enumerate(bodies)]
        return answers, list(assembly.ledger.between(NOW, NOW + timedelta(days=1)))


def replayed(folder: Path) -> tuple[int, int]:
    """How many decisions were made again, and how many came out otherwise."""
    result = CliRunner().invoke(app, ["replay", "--data", str(folder), "--json"])
    found = json.loads(result.stdout)
    return found["replayed"], found["different"]


def test_a_forest_decides_with_reasons_in_small_records_that_replay_byte_for_byte(tmp_path: Path) -> None:
    """Laws 1 and 9, and targets' L6 as recorded."""
    folder, file, model = tmp_path / "data", tmp_path / "trained.model", forest_model()
    file.write_bytes(model.content())
    bodies = [orjson.loads(body) for body in islice(requests(1, NOW), 60)]
    answers, records = decided_with(folder, file, bodies)
    assert {json.dumps(answer["model"]) for answer in answers} == {json.dumps({"id": model.id, "role": "champion"})}
    assert not any(answer["degraded"] for answer in answers)
    reasons = [reason for answer in answers for reason in answer["reasons"] if reason["source"] == "model"]
    assert {reason["code"] for reason in reasons} & set(model.inputs.groups)
    assert max(len(compressed(RecordPart.DECISION, record.decision)) for record in records) <= 1024
    for record in records:
        probability, base, parts = orjson.loads(record.decision)["score"]
        again = CALIBRATION.probability(base + sum(parts[1::2]))
        assert again == pytest.approx(probability, abs=1e-9)
    assert replayed(folder) == (60, 0)


def test_a_signed_estimator_decides_and_replays_where_it_was_signed(tmp_path: Path) -> None:
    folder, file, model = tmp_path / "data", tmp_path / "trained.model", foreign_model()
    file.write_bytes(signing_key_in(folder / KEY_FILE).signed(model.content()).packed())
    answers, _ = decided_with(folder, file, [payment(number) for number in range(3)])
    assert {answer["model"]["id"] for answer in answers} == {model.id}
    assert replayed(folder) == (3, 0)
    (folder / KEY_FILE).unlink()
    assert replayed(folder) == (3, 3)


def test_a_model_of_another_key_gives_way_and_the_doctor_says_why(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "trained.model"
    file.write_bytes(SigningKey(Ed25519PrivateKey.generate()).signed(forest_model().content()).packed())
    ((answer,), _) = decided_with(folder, file, [payment(1)])
    assert (answer["model"]["role"], answer["degraded"]) == ("fallback", ["model"])
    findings = file_findings(Settings(data=folder, model=file), NOW)
    finding = next(each for each in findings if each.check == "model")
    assert "this installation has no key yet" in finding.found
