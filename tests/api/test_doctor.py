"""`assay doctor`: each thing broken for real, and what is said of it."""

import fcntl
import json
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from api.cli import app
from api.doctor import Level
from api.doctor.files import ip_age_finding, rates_age_finding
from api.doctor.ledger import clock_finding, jobs_finding
from api.doctor.machine import Machine, file_system, machine_findings
from api.doctor.valkey import valkey_findings
from api.keys import new_key
from api.operator import server_announced
from api.routes.keys import GATEWAY_SCOPES
from api.settings import Settings
from api.wiring import assembled, opened_keys
from engine.examined import Examined
from engine.jobs import Job
from tests.api.doctor_looks import look, look_into, worst
from tests.valkey_server import ValkeyServer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a gateway's live key, no server running."""
    path = tmp_path_factory.mktemp("doctor") / "data"
    with assembled(Settings(data=path)) as assembly:
        key, _ = new_key(name="gateway", test_mode=False, scopes=GATEWAY_SCOPES, merchants=None)
        assembly.keys.add_key(key)
    return path


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "data"))


def test_a_sound_folder_has_nothing_to_mend(folder: Path) -> None:
    found = look(folder)
    assert not worst(found), [found[check] for check in worst(found)]
    assert all(finding.mend for finding in found.values() if finding.level is not Level.OK)
    result = CliRunner().invoke(app, ["doctor", "--data", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["errors"] == 0


def test_it_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    look(folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: after.get(name) for name in before} == before


def test_an_empty_machine_is_told_how_to_begin(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path / "none")])
    assert result.exit_code == 0, result.output
    assert "'assay serve' makes it" in result.output
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_has_no_ledger_yet(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found = look_into(tmp_path)
    assert found["ledger"].level is Level.NOTE
    assert found["operator_key"].level is Level.WARNING


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert look(tmp_path / "data")["folder"].level is Level.ERROR


@pytest.mark.parametrize("name", [".", "operator.key", "assay.db"])
def test_what_others_can_read_is_named(folder: Path, name: str) -> None:
    (folder / name).chmod(0o755 if name == "." else 0o644)
    finding = look_into(folder)["permissions"]
    assert finding.level is Level.WARNING
    assert (str(folder) if name == "." else name) in finding.found
    assert finding.mend == f"chmod -R u=rwX,go= {folder}"


def test_a_lost_operator_key(folder: Path) -> None:
    (folder / "operator.key").unlink()
    assert "Restart" in look_into(folder)["operator_key"].mend


def test_a_damaged_database(folder: Path) -> None:
    file = folder / "assay.db"
    content = bytearray(file.read_bytes())
    content[4096:12_288] = b"\xff" * 8192
    file.write_bytes(content)
    finding = look_into(folder)["ledger"]
    assert finding.level is Level.ERROR
    assert "backup" in finding.mend
    assert CliRunner().invoke(app, ["doctor", "--data", str(folder)]).exit_code == 1


def test_a_file_that_is_no_database(folder: Path) -> None:
    (folder / "assay.db").write_bytes(b"not a database, but long enough to have a header" * 100)
    assert look_into(folder)["ledger"].level is Level.ERROR


def test_a_ledger_of_another_version(folder: Path) -> None:
    connection = sqlite3.connect(folder / "assay.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    finding = look_into(folder)["schema"]
    assert finding.level is Level.ERROR
    assert "9999" in finding.found


def test_no_key_but_the_operators(tmp_path: Path) -> None:
    with opened_keys(tmp_path / "data", is_made=True):
        pass
    assert "no gateway can call" in look_into(tmp_path / "data")["keys"].found


@pytest.mark.parametrize(
    ("test_mode", "days", "check", "words"),
    [(True, None, "keys", "only test keys"), (False, 3, "key_expiry", "expires on"), (False, 30, "", "")],
)
def test_keys_that_will_not_do(tmp_path: Path, test_mode: bool, days: int | None, check: str, words: str) -> None:
    expires_in = None if days is None else timedelta(days=days)
    with opened_keys(tmp_path / "data", is_made=True) as keys:
        key, _ = new_key(
            name="gateway", test_mode=test_mode, scopes=GATEWAY_SCOPES, merchants=None, expires_in=expires_in
        )
        keys.add_key(key)
    found = look_into(tmp_path / "data")
    assert worst(found) == ({check} if check else set())
    assert not check or words in found[check].found


def test_an_unknown_variable_and_a_wrong_value(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_RULESETT", "x")
    found = look(folder)
    assert "did you mean ASSAY_RULESET?" in found["settings"].found
    assert "ledger" in found, "what can be looked at all the same is"
    monkeypatch.delenv("ASSAY_RULESETT")
    monkeypatch.setenv("ASSAY_PORT", "many")
    found = look(folder)
    assert "ASSAY_PORT" in found["settings"].found
    assert "ledger" not in found
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1


@pytest.mark.parametrize("content", [None, b"\xff\x00 not this"])
def test_named_files_that_are_not_there_or_none_of_these(folder: Path, tmp_path: Path, content: bytes | None) -> None:
    fields = ("ruleset", "model", "ip_database", "bin_table", "rates", "mail_domains", "forwarders")
    files = {field: tmp_path / f"my-{field}" for field in fields}
    for file in files.values():
        if content is not None:
            file.write_bytes(content)
    found = look(folder, **files)
    for field, file in files.items():
        assert found[field].level is Level.ERROR, field
        assert str(file) in found[field].found, found[field]
        assert f"ASSAY_{field.upper()}" in found[field].mend


def test_listening_beyond_this_machine(folder: Path) -> None:
    assert look(folder, host="0.0.0.0")["listening"].level is Level.WARNING  # noqa: S104 - what is warned of
    assert look(folder, host="::1")["listening"].level is Level.OK


def test_a_folder_held_by_no_server(folder: Path) -> None:
    holder = os.open(folder / "lock", os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    os.pwrite(holder, b"4711 assay", 0)
    finding = look_into(folder)["server"]
    os.close(holder)
    assert finding.level is Level.WARNING
    assert "4711 assay" in finding.found
    assert "a server that lost the file: it decides" in finding.found


@pytest.mark.parametrize("content", [b"garbage", b"\xff\x00", b"[1]", b""])
def test_a_server_whose_note_is_garbled_is_still_a_server(folder: Path, content: bytes) -> None:
    holder = os.open(folder / "lock", os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with server_announced(folder, "http://127.0.0.1:1"):
        (folder / "server.json").write_bytes(content)
        finding = look_into(folder)["server"]
    os.close(holder)
    assert finding.level is Level.WARNING
    assert "serves the folder" in finding.found
    assert "no payment" not in finding.found
    assert "Restart the server" in finding.mend


@pytest.fixture
def answering(folder: Path) -> Iterator[Callable[[bytes], None]]:
    """A server of the folder that answers one call with these bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def start(answer: bytes) -> None:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()

    with server_announced(folder, f"http://127.0.0.1:{listener.getsockname()[1]}"):
        yield start
    for thread in threads:
        thread.join()
    listener.close()


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Level.OK),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", Level.ERROR),
        (b"", Level.ERROR),
    ],
)
def test_a_server_is_asked_whether_it_is_ready(
    folder: Path, answering: Callable[[bytes], None], answer: bytes, level: Level
) -> None:
    answering(answer)
    assert look_into(folder)["server"].level is level


def test_a_clock_that_jumped_back() -> None:
    assert clock_finding(NOW + timedelta(hours=3), NOW).level is Level.ERROR
    assert clock_finding(NOW + timedelta(seconds=1), NOW).level is Level.OK
    assert clock_finding(None, NOW).level is Level.OK


def test_a_ledger_from_the_future(folder: Path) -> None:
    connection = sqlite3.connect(folder / "assay.db")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(decisions)")]
    given: dict[str, Any] = dict.fromkeys(columns, "x") | {
        "position": None,
        "test_mode": 0,
        "at_us": int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1e6),
        "sequence": 1,
        "counted_at_us": 0,
    }
    with connection:
        marks = ", ".join("?" * len(given))
        insert = f"INSERT INTO decisions ({', '.join(given)}) VALUES ({marks})"  # noqa: S608 - its own columns
        connection.execute(insert, list(given.values()))
    connection.close()
    assert look_into(folder)["clock"].level is Level.ERROR


@pytest.mark.parametrize(("days", "level"), [(100, Level.OK), (355, Level.WARNING), (366, Level.ERROR)])
def test_an_ip_table_that_grows_old(days: int, level: Level) -> None:
    built = date(2026, 1, 1)
    assert ip_age_finding(built, built + timedelta(days=days), 365).level is level


def test_rates_that_grow_old() -> None:
    assert rates_age_finding(date(2024, 1, 1), NOW.date()).level is Level.WARNING
    assert rates_age_finding(date(2026, 6, 1), NOW.date()).level is Level.OK


def test_the_machine_that_is_too_small_or_old() -> None:
    good = Machine(python="3.13.1", sqlite=(3, 51, 3), open_files_max=4096, mounts="")
    assert {finding.level for finding in machine_findings(good)} == {Level.OK}
    poor = Machine(python="3.11.7", sqlite=(3, 40, 1), open_files_max=256, mounts="")
    assert [finding.level for finding in machine_findings(poor)] == [Level.NOTE, Level.WARNING]


def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = "\n".join(
        (
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            f"40 22 0:50 / {tmp_path} rw - nfs4 server:/x rw",
            f"41 22 0:51 / {tmp_path}-other rw - tmpfs tmpfs rw",
        )
    )
    assert file_system(tmp_path / "data", mounts) == "nfs4"
    assert file_system(Path("/"), mounts) == "ext4"
    assert file_system(tmp_path, "") == ""


def test_a_valkey_is_asked_whether_it_can_be_counted_in(valkey_server: ValkeyServer) -> None:
    def found(url: str) -> tuple[Level, str]:
        (finding,) = valkey_findings(Settings(valkey=SecretStr(url)))
        return finding.level, finding.found

    assert found(valkey_server.url)[0] is Level.OK
    level, said = found("valkey://:s3cret@127.0.0.1:1/0")
    assert (level, "s3cret" in said) == (Level.ERROR, False)
    assert said.startswith("valkey://127.0.0.1:1/0: Valkey does not answer")


@pytest.mark.parametrize(("hours", "level"), [(None, Level.OK), (1, Level.OK), (3, Level.WARNING)])
def test_a_job_that_waits_for_hours_is_named(hours: int | None, level: Level) -> None:
    since = None if hours is None else NOW - timedelta(hours=hours)
    count = 0 if hours is None else 2
    found = Examined(
        damage=(),
        schema_fault=None,
        keys=(),
        newest_at=None,
        decisions=0,
        jobs_waiting=count,
        jobs_waiting_since=since,
    )
    finding = jobs_finding(found, NOW)
    assert (finding.level, finding.found.split()[0]) == (level, str(count))


def test_jobs_are_looked_at(sound: Path) -> None:
    job = Job(
        id="job_1",
        kind="backtest",
        merchant_id="shop",
        test_mode=False,
        arguments=b"{}",
        fingerprint=b"",
        created_at=datetime.now(UTC) - timedelta(days=1),
        created_by="key",
    )
    with assembled(Settings(data=sound)) as assembly:
        assembly.jobs.add(job)
    found = look_into(sound)["jobs"]
    assert (found.level, found.found[:12]) == (Level.WARNING, "1 jobs wait,")
    with assembled(Settings(data=sound)) as assembly:
        assembly.jobs.cancel(job.id, datetime.now(UTC))
    assert look_into(sound)["jobs"].level is Level.OK


def test_a_ruleset_may_name_the_lists_that_there_are(folder: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "a"\nname = "A"\ntext = "Allow if customer in @vip"\nreason = "A"\n', encoding="utf-8"
    )
    assert look(folder, ruleset=rules)["ruleset"].level is Level.ERROR
    made = CliRunner().invoke(app, ["lists", "create", "vip", "--type", "customer", "--data", str(folder)])
    assert made.exit_code == 0, made.output
    assert look(folder, ruleset=rules)["ruleset"].level is Level.OK
