"""Models over the API: promoted with the gate's word or against it, rolled back at once, and what is refused."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.doctor import Level
from api.doctor.models import model_findings
from api.keys import new_key
from api.promoting import Wanted
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.errors import ModelChanged
from models.registry import ModelFiles
from tests.api.model_calls import call, champion, decided
from tests.api.ruleset_calls import client_of
from tests.models.small_models import kept, small_model


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def files(data: Path) -> ModelFiles:
    return ModelFiles(data)


@pytest.fixture
def assembly(data: Path, patience: None) -> Iterator[Assembly]:
    assert patience is None
    with assembled(Settings(data=data)) as assembly:
        yield assembly


@pytest.fixture
def client(assembly: Assembly) -> Iterator[TestClient]:
    with client_of(assembly) as client:
        yield client


def key(assembly: Assembly, **fields: Any) -> TestClient:
    given = {"test_mode": False, "scopes": frozenset(Scope), "merchants": None, **fields}
    made, text = new_key(name="test", **given)
    assembly.keys.add_key(made)
    return TestClient(create_app(assembly), headers={"Authorization": f"Bearer {text}"})


def test_without_a_model_the_scorecard_scores(client: TestClient) -> None:
    listed = client.get("/v1/models")
    assert listed.headers["etag"] == '"scorecard"'
    shown = listed.json()
    assert (shown["champion"], shown["data"], shown["fault"], shown["has_more"]) == (None, [], None, False)
    assert shown["scores"].startswith("scorecard-")
    refused = call(client, "rollback")
    assert (refused.status_code, refused.json()["code"]) == (409, "promotion_refused")


def test_a_promoted_model_scores_the_next_payment_with_its_reasons_and_a_rollback_undoes_it(
    client: TestClient, files: ModelFiles
) -> None:
    name = kept(files)
    assert decided(client)["model"]["role"] == "cold_start"
    done = call(client, f"{name}/promote")
    assert done.status_code == 200, done.text
    assert (done.json()["champion"], done.json()["is_forced"], done.json()["kind"]) == (name, False, "promoted")
    assert done.headers["etag"] == f'"{name}"'
    answer = decided(client, amount_minor=9_000_000)
    assert answer["model"] == {"id": name, "role": "champion"}
    assert "model" in {each["source"] for each in answer["reasons"]}, answer["reasons"]
    began = time.process_time()
    back = call(client, "rollback", because="It blocked loyal customers.")
    assert time.process_time() - began < 1
    assert (back.status_code, back.json()["champion"], back.json()["kind"]) == (200, None, "rolled_back")
    assert decided(client)["model"]["role"] == "cold_start"


def test_what_was_done_is_told_with_who_why_and_what_the_gate_said(client: TestClient, files: ModelFiles) -> None:
    one = kept(files)
    assert call(client, f"{one}/promote", because="On its merits.").status_code == 200
    other = kept(files, -5.0, one, passes=False)
    assert call(client, f"{other}/promote", because="We know better.", force=True).status_code == 200
    assert call(client, "rollback", because="We did not.").status_code == 200
    changes = client.get("/v1/models/changes").json()["data"]
    assert [(each["number"], each["model"], each["because"]) for each in changes] == [
        (3, one, "We did not."),
        (2, other, "We know better."),
        (1, one, "On its merits."),
    ]
    assert [each["is_forced"] for each in changes] == [False, True, False]
    assert [each["gate"] and each["gate"]["passes"] for each in changes] == [None, False, True]
    assert len({each["by"] for each in changes}) == 1
    page = client.get("/v1/models/changes", params={"limit": 2}).json()
    assert page["next_cursor"] == "2"
    rest = client.get("/v1/models/changes", params={"cursor": "2"}).json()
    assert [each["number"] for each in rest["data"]] == [1]
    states = {each["id"]: each["state"] for each in client.get("/v1/models").json()["data"]}
    assert states == {one: "champion", other: "retired"}


def test_a_model_that_the_gate_does_not_pass_needs_force(client: TestClient, files: ModelFiles) -> None:
    name = kept(files, passes=False)
    refused = call(client, f"{name}/promote")
    assert (refused.status_code, refused.json()["code"]) == (409, "gate_not_passed")
    assert "Known frauds are 9 by weight" in refused.json()["detail"]
    assert champion(client) is None
    unjudged = kept(files, -6.0, passes=None)
    assert "never judged" in call(client, f"{unjudged}/promote").json()["detail"]
    shown = client.get(f"/v1/models/{name}").json()
    assert (shown["gate"]["passes"], shown["gate_passes"], shown["state"]) == (False, False, "candidate")
    assert call(client, f"{name}/promote", force=True).json()["is_forced"] is True


def test_a_judgement_beside_another_champion_opens_no_gate(client: TestClient, files: ModelFiles) -> None:
    one, other = kept(files), kept(files, -5.0)
    assert call(client, f"{one}/promote").status_code == 200
    refused = call(client, f"{other}/promote")
    assert refused.json()["code"] == "gate_not_passed"
    assert "judged beside the scorecard, which is not the champion now" in refused.json()["detail"]


async def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(assembly: Assembly, files: ModelFiles) -> None:
    names = [kept(files, base) for base in (-3.0, -4.0)]
    wanted = Wanted(at=datetime(2026, 5, 4, tzinfo=UTC), by="key", because="Better.")
    both = (assembly.models.promote(name, wanted, force=True) for name in names)
    done = await asyncio.gather(*both, return_exceptions=True)
    (lost,) = (each for each in done if isinstance(each, BaseException))
    (won,) = (each for each in done if not isinstance(each, BaseException))
    assert isinstance(lost, ModelChanged)
    assert assembly.models.standing().champion == won.model_id
    assert assembly.snapshot.versions.model == won.model_id
    assert assembly.models.changes.all() == (won,)


def test_a_promotion_in_place_of_another_champion_than_was_seen_is_refused(
    client: TestClient, files: ModelFiles
) -> None:
    names = [kept(files, base) for base in (-3.0, -4.0)]
    seen = {"If-Match": client.get("/v1/models").headers["etag"]}
    assert call(client, f"{names[0]}/promote", headers=seen).status_code == 200
    late = call(client, f"{names[1]}/promote", headers=seen, force=True)
    assert (late.status_code, late.json()["code"]) == (412, "model_changed")
    assert champion(client) == names[0]


def test_a_reload_reads_the_champion_again(files: ModelFiles, assembly: Assembly) -> None:
    name = kept(files)
    with client_of(assembly) as client:
        assert call(client, f"{name}/promote").status_code == 200
        assert client.post("/v1/installation/reload").json()["changed"] == []
        (part,) = (each for each in client.get("/v1/installation").json()["parts"] if each["part"] == "model")
        assert (part["version"], part["is_shipped"], part["fault"]) == (name, False, None)


def _damage(files: ModelFiles, name: str) -> None:
    file = files.file_of(name)
    file.write_bytes(file.read_bytes()[:-7])


def test_a_tampered_champion_is_not_activated_and_the_last_good_one_stays(
    client: TestClient, files: ModelFiles
) -> None:
    name = kept(files)
    call(client, f"{name}/promote")
    _damage(files, name)
    reloaded = client.post("/v1/installation/reload").json()
    assert reloaded["is_sound"] is False
    assert decided(client)["model"] == {"id": name, "role": "champion"}
    assert client.get("/v1/models").json()["scores"] == name
    assert str(files.file_of(name)) in client.get("/v1/models").json()["fault"]


def test_where_the_champion_cannot_be_read_at_the_start_the_one_before_stands_in(
    data: Path, files: ModelFiles, patience: None
) -> None:
    assert patience is None
    with assembled(Settings(data=data)) as assembly, client_of(assembly) as client:
        one = kept(files)
        assert call(client, f"{one}/promote").status_code == 200
        other = kept(files, -5.0, one)
        assert call(client, f"{other}/promote").status_code == 200
    _damage(files, other)
    with assembled(Settings(data=data)) as assembly, client_of(assembly) as client:
        answer = decided(client)
        assert answer["model"] == {"id": one, "role": "fallback"}
        assert "model" in answer["degraded"]
        shown = client.get("/v1/models").json()
        assert (shown["champion"], shown["scores"]) == (other, one)
        assert call(client, "rollback").json()["champion"] == one
        assert decided(client)["model"] == {"id": one, "role": "champion"}
        assert client.get("/v1/models").json()["fault"] is None
    files.file_of(one).unlink()
    with assembled(Settings(data=data)) as assembly, client_of(assembly) as client:
        answer = decided(client)
        assert (answer["model"]["role"], "model" in answer["degraded"]) == ("fallback", True)


def test_a_model_that_cannot_be_used_is_refused_with_the_cause_and_nothing_changes(
    client: TestClient, files: ModelFiles, tmp_path: Path
) -> None:
    good, tampered = kept(files), kept(files, -4.0)
    assert call(client, f"{good}/promote").status_code == 200
    _damage(files, tampered)
    theirs = ModelFiles(tmp_path / "theirs")
    foreign = theirs.put(small_model(-5.0))
    files.file_of(foreign).write_bytes(theirs.file_of(foreign).read_bytes())
    for name, said in [(tampered, "cannot be used"), (foreign, "signed by the key")]:
        for verb in ("promote", "challenge"):
            sent: dict[str, Any] = {"force": True} if verb == "promote" else {}
            refused = call(client, f"{name}/{verb}", **sent)
            assert (refused.status_code, refused.json()["code"]) == (409, "model_invalid"), refused.text
            assert said in refused.json()["detail"]
    assert decided(client)["model"]["id"] == good
    assert len(client.get("/v1/models/changes").json()["data"]) == 1


def test_doctor_names_a_model_in_force_that_cannot_be_used(data: Path, files: ModelFiles, client: TestClient) -> None:
    champion, challenger, idle = (kept(files, -base) for base in (3.0, 4.0, 5.0))
    assert call(client, f"{champion}/promote").status_code == 200
    assert call(client, f"{challenger}/challenge").status_code == 200
    assert {each.level for each in model_findings(data)} == {Level.OK}
    for name in (champion, challenger, idle):
        _damage(files, name)
    found = {each.check: each for each in model_findings(data)}
    assert {name: each.level for name, each in found.items()} == {
        "champion": Level.ERROR,
        "challenger": Level.WARNING,
        "models": Level.WARNING,
    }
    assert str(files.file_of(champion)) in found["champion"].found


def test_a_challenger_scores_beside_the_champion_and_decides_nothing(
    assembly: Assembly, client: TestClient, files: ModelFiles
) -> None:
    name = kept(files)
    assert call(client, f"{name}/challenge").json()["champion"] is None
    assert call(client, f"{name}/challenge").json()["code"] == "promotion_refused"
    assert client.get("/v1/models").json()["challengers"] == [name]
    assert decided(client)["model"]["role"] == "cold_start"
    assert assembly.shadow.waiting == 1
    assert client.get(f"/v1/models/{name}").json()["shadow"]["scored"] == 0
    assert call(client, f"{name}/retire").status_code == 200
    assert client.get(f"/v1/models/{name}").json()["shadow"] is None
    assert call(client, f"{name}/retire").json()["code"] == "promotion_refused"


def test_models_are_listed_in_pages(client: TestClient, files: ModelFiles) -> None:
    names = {kept(files, -float(base)) for base in range(1, 4)}
    first = client.get("/v1/models", params={"limit": 2}).json()
    rest = client.get("/v1/models", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert {each["id"] for each in (*first["data"], *rest["data"])} == names


def test_no_more_challengers_than_there_is_time_for(client: TestClient, files: ModelFiles) -> None:
    names = [kept(files, -float(base)) for base in range(1, 5)]
    assert [call(client, f"{name}/challenge").status_code for name in names] == [200, 200, 200, 409]


def test_the_report_and_the_card_are_served(client: TestClient, files: ModelFiles) -> None:
    name = kept(files)
    report = client.get(f"/v1/models/{name}/report")
    assert (report.status_code, report.text) == (200, "<p>report</p>")
    assert report.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in report.headers["content-security-policy"]
    assert client.get(f"/v1/models/{name}/card").text == "# card"
    unjudged = kept(files, -8.0, passes=None)
    assert client.get(f"/v1/models/{unjudged}/report").json()["code"] == "report_not_found"


def test_models_are_the_operators_alone(assembly: Assembly, files: ModelFiles) -> None:
    name = kept(files)
    of_one_shop = key(assembly, merchants=frozenset({"shop-a"}))
    in_test_mode = key(assembly, test_mode=True)
    for narrow in (of_one_shop, in_test_mode):
        for path in ("", "/changes", f"/{name}", f"/{name}/report", f"/{name}/card"):
            assert narrow.get(f"/v1/models{path}").json()["code"] == "key_too_narrow"
        assert call(narrow, f"{name}/promote").json()["code"] == "key_too_narrow"
    reader = key(assembly, scopes=frozenset({Scope.MODELS_READ}))
    assert reader.get(f"/v1/models/{name}").status_code == 200
    assert call(reader, f"{name}/promote").json()["code"] == "scope_missing"
    writer = key(assembly, scopes=frozenset({Scope.MODELS_WRITE}))
    refused = call(writer, f"{name}/promote")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "installation:write" in refused.json()["detail"]


def test_what_is_asked_wrongly_is_refused(client: TestClient) -> None:
    good = {"because": "It is better."}
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("model-000000000000/promote", good, "model_not_found"),
        ("rollback", {}, "request_invalid"),
        ("rollback", {"because": ""}, "request_invalid"),
        ("rollback", {"because": "x" * 501}, "request_invalid"),
        ("rollback", {"because": "4111 1111 1111 1111"}, "card_data_refused"),
        ("rollback", {**good, "forse": True}, "request_invalid"),
        ("nonsense/promote", good, "request_invalid"),
        ("train", {"learner": "magic"}, "request_invalid"),
        ("train", {"learner": "estimator"}, "request_invalid"),
        ("train", {"learner": "logistic", "parameters": {"magic": 1}}, "parameters_invalid"),
        ("train", {"last_days": 7, "from": "2026-01-01T00:00:00Z"}, "request_invalid"),
        ("train", {"from": "2126-01-01T00:00:00Z"}, "request_invalid"),
        ("model-000000000000/evaluate", {}, "model_not_found"),
        ("model-000000000000/compare", {}, "model_not_found"),
        ("jobs/job_0/cancel", {}, "job_not_found"),
    ]
    for path, sent, code in asked:
        assert client.post(f"/v1/models/{path}", json=sent).json()["code"] == code, (path, sent)


def test_what_a_reason_or_an_id_lacks_is_told(client: TestClient) -> None:
    short = client.post("/v1/models/rollback", json={"because": "x"}).json()
    assert short["detail"] == "/because: At least 3 characters."
    control = client.post("/v1/models/rollback", json={"because": "for a\tchange"}).json()
    assert control["detail"] == "/because: Without control characters."


def test_a_training_is_queued_once_under_a_key_listed_and_cancelled(client: TestClient, assembly: Assembly) -> None:
    named = {"Idempotency-Key": "night-1"}
    asked = client.post("/v1/models/train", json={"learner": "logistic"}, headers=named)
    again = client.post("/v1/models/train", json={"learner": "logistic"}, headers=named)
    assert (asked.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == asked.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    other = client.post("/v1/models/train", json={"learner": "boosting"}, headers=named)
    assert other.json()["code"] == "idempotency_key_reused"
    path = asked.headers["location"]
    assert client.get(path).json()["asked"] == {"learner": "logistic"}
    (listed,) = client.get("/v1/models/jobs").json()["data"]
    assert (listed["id"], listed["kind"], listed["state"]) == (asked.json()["id"], "train_model", "queued")
    assert client.get("/v1/models/jobs", params={"kind": "compare_models"}).json()["data"] == []
    assert client.post(f"{path}/cancel").json()["state"] == "cancelled"
    shop = key(assembly, merchants=frozenset({"shop-a"}))
    assert shop.post("/v1/models/train", json={}).json()["code"] == "key_too_narrow"
    assert shop.get(path).json()["code"] == "key_too_narrow"


def test_what_is_wrong_in_a_call_is_said_in_words_that_mend_it(client: TestClient) -> None:
    def said(answer: Any) -> str:
        assert answer.status_code == 422
        return str(answer.json()["errors"][0]["detail"])

    assert said(client.get("/v1/models/abc")) == "It is of the form ^model-[0-9a-f]{12}$."
    assert said(client.post("/v1/models/rollback", json={"because": "x"})) == "At least 3 characters."
    bare = client.post("/v1/models/rollback", content=b'{"because": "why"}', headers={"Content-Type": "text/plain"})
    assert said(bare) == "Send a JSON object, with 'Content-Type: application/json'."
    without_zone = client.post("/v1/models/train", json={"from": "2026-10-01"})
    assert said(without_zone) == "Send a time with its zone, such as 2026-11-23T00:00:00Z."
    slipped = client.post("/v1/models/train", json={"trusted": ["ip_contry"]})
    assert said(slipped) == "There is no such feature. Did you mean ip_country?"
    all_judged = client.post("/v1/models/train", json={"last_days": 20})
    assert said(all_judged).startswith("The period has no more days than these")


def test_of_the_champion_the_gate_says_that_it_is_in_force(client: TestClient, files: ModelFiles) -> None:
    name = kept(files)
    assert call(client, f"{name}/promote").status_code == 200
    gate = client.get(f"/v1/models/{name}").json()["gate"]
    assert [check["text"] for check in gate["checks"]] == ["It is in force already."]
