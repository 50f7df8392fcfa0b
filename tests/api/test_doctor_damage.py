"""`assay doctor` on a data folder that was damaged: what is lost or locked is named, and each mend mends it."""

import shlex
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.doctor import Level
from api.doctor.ledger import ledger_findings
from api.settings import Settings
from api.wiring import assembled, opened_for_reading, opened_keys
from engine.errors import LedgerUnavailable, StoreInvalid
from engine.stores.sql import open_reader
from tests.api.doctor_looks import look, look_into, worst
from tests.docs.demo_traffic import play_demo


def decided(folder: Path) -> list[str]:
    """Plays some payments into the folder; the ids of its decisions, oldest first."""
    with assembled(Settings(data=folder)) as assembly:
        play_demo(assembly)
    return [id_ for (id_,) in changed(folder, "SELECT id FROM decisions ORDER BY position")]


def changed(folder: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(folder / "assay.db")
    with connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("doctor") / "played"
    return path, decided(path)


@pytest.fixture
def folder(played: tuple[Path, list[str]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(played[0], tmp_path / "data"))


@pytest.fixture
def ids(played: tuple[Path, list[str]]) -> list[str]:
    return played[1]


@pytest.mark.parametrize(
    "damage",
    [
        "decision = substr(decision, 1, 50)",
        "answer = X'00'",
        "payment = X'00'",
        "payment = 'text'",
        "stage = 'x'",
        "decision = payment",
        "payment = answer",
    ],
)
def test_a_record_that_cannot_be_read_is_named(folder: Path, ids: list[str], damage: str) -> None:
    assert look_into(folder)["ledger"].found == f"whole, {len(ids)} decisions"
    changed(folder, f"UPDATE decisions SET {damage} WHERE position = 7")  # noqa: S608 - no input
    finding = look_into(folder)["ledger"]
    assert finding.level is Level.ERROR
    assert f"1 of {len(ids)} records are damaged: {ids[6]}." in finding.found
    assert "backup" in finding.mend
    assert CliRunner().invoke(app, ["doctor", "--data", str(folder)]).exit_code == 1


def test_of_many_damaged_records_a_few_are_named(folder: Path, ids: list[str]) -> None:
    changed(folder, "UPDATE decisions SET answer = X'00'")
    told: list[int] = []
    (finding,) = (each for each in ledger_findings(folder, datetime.now(UTC), told.append) if each.check == "ledger")
    assert f"{', '.join(ids[:5])} and {len(ids) - 5} more" in finding.found
    assert told[-1] == len(ids)


def refusal(read: Callable[[], object]) -> str:
    """What is said where it cannot be read. The error is let go of at once: its frames hold an open reader."""
    try:
        read()
    except LedgerUnavailable as error:
        return str(error)
    return ""


def test_a_start_names_the_record_that_it_cannot_read(folder: Path, ids: list[str]) -> None:
    changed(folder, "UPDATE decisions SET decision = substr(decision, 1, 50) WHERE position = 7")

    def start() -> None:
        with assembled(Settings(data=folder)):
            pass

    def fill_counters() -> None:
        with open_reader(folder) as reading:
            list(reading.counted.decisions_behind(0, with_payments=False))

    for read in (start, fill_counters):
        said = refusal(read)
        assert ids[6] in said
        assert "'assay doctor' names all" in said


@pytest.mark.parametrize("content", [None, "DROP TABLE alembic_version"])
def test_a_database_without_tables_is_lost_payments(folder: Path, content: str | None) -> None:
    if content is None:
        for name in ("assay.db", "assay.db-wal"):
            (folder / name).write_bytes(b"")
    else:
        changed(folder, content)
    found = look_into(folder)
    assert found["ledger"].level is Level.ERROR
    assert "backup" in found["ledger"].mend
    assert "schema" not in found
    with pytest.raises(StoreInvalid, match="Restore it from a backup"), opened_for_reading(folder):
        pass


@pytest.mark.parametrize("others", [0o755, 0o600])
def test_the_mend_of_permissions_leaves_folders_that_can_be_entered(folder: Path, others: int) -> None:
    (folder / "models" / "inner").mkdir(parents=True)
    (folder / "models" / "inner" / "model.json").write_text("{}")
    (folder / "models" / "inner").chmod(others)
    finding = look_into(folder)["permissions"]
    assert finding.level is (Level.WARNING if others == 0o755 else Level.ERROR)
    assert "models" in finding.found
    subprocess.run(shlex.split(finding.mend), check=True)
    assert look_into(folder)["permissions"].level is Level.OK
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert (modes["inner"], modes["model.json"], modes["assay.db"]) == (0o700, 0o600, 0o600)


def test_what_lies_in_a_folder_that_cannot_be_entered_is_not_looked_at(folder: Path) -> None:
    (folder / "reference").mkdir(mode=0o600)
    found = look(folder)
    assert worst(found) == {"permissions"}
    assert "Mend the folder" in found["rest"].mend


@pytest.mark.parametrize("text", ["hello", "", f"assay_live_{'a' * 12}_{'b' * 43}"])
def test_an_operator_key_that_opens_nothing(folder: Path, text: str) -> None:
    (folder / "operator.key").write_text(text)
    finding = look_into(folder)["operator_key"]
    assert finding.level is Level.WARNING
    assert "Restart" in finding.mend
    with opened_keys(folder):
        pass
    assert look_into(folder)["operator_key"].level is Level.OK


def test_an_operator_key_that_was_revoked(folder: Path) -> None:
    with opened_keys(folder) as keys:
        (key,) = (each for each in keys.all() if each.name == "operator" and each.revoked_at is None)
        keys.revoke_key(key.id, datetime.now(UTC))
    assert look_into(folder)["operator_key"].level is Level.WARNING


@pytest.mark.parametrize(
    ("check", "file", "name"),
    [("rates", "rates.csv", "rates"), ("ip_database", "ip/Own-City.mmdb", "Own-City")],
)
def test_a_table_in_the_data_folder_is_mended_by_undoing(folder: Path, check: str, file: str, name: str) -> None:
    path = folder / "reference" / file
    path.parent.mkdir(parents=True, mode=0o700)
    (folder / "reference").chmod(0o700)
    path.touch(0o600)
    path.write_bytes(b"garbage")
    finding = look(folder)[check]
    assert finding.level is Level.ERROR
    assert f"'assay data undo {name}'" in finding.mend
    assert "ASSAY_" not in finding.mend
    undone = CliRunner().invoke(app, ["data", "undo", name, "--data", str(folder)])
    assert undone.exit_code == 0, undone.output
    assert look(folder)[check].level is Level.OK
