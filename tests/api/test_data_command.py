"""`assay data`: tables shown, checked, put in force beside a running server, and undone."""

import json
import lzma
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.client import Caller, Reply
from api.clock import utc_now
from api.commands import data as command
from api.operator import operator_key
from api.reference_files import NothingToUndo, put_table, reference_of, undo_table, with_kept_tables
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.errors import ReferenceInvalid
from engine.reference.ip import EMBEDDED_IP_COUNTRIES
from engine.reference.kinds import kind_of
from engine.reference.rates import EMBEDDED_RATES

MMDB = Path(__file__).parents[1] / "fixtures" / "mmdb"
BINS = "BIN,Brand,Type,Category,Issuer,isoCode2\n{0},VISA,CREDIT,,A BANK,US\n"
RATES = "date,currency,usd_per_unit\n2026-11-01,EUR,{0}\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["data", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


class TestWhichTable:
    @pytest.mark.parametrize(
        ("text", "table"),
        [(BINS.format(411111), "bins"), ("\ufeff" + BINS.format(411111), "bins"), (RATES.format(2), "rates")],
    )
    def test_a_csv_is_told_by_its_heading(self, tmp_path: Path, text: str, table: str) -> None:
        assert kind_of(written(tmp_path / "whatever.txt", text)).table == table

    def test_a_packed_one_too(self, tmp_path: Path) -> None:
        path = tmp_path / "bins.csv.xz"
        path.write_bytes(lzma.compress(BINS.format(411111).encode()))
        assert kind_of(path).table == "bins"

    @pytest.mark.parametrize("name", ["GeoIP2-City-Test.mmdb", "GeoLite2-ASN-Test.mmdb"])
    def test_a_database_is_told_by_its_mark(self, tmp_path: Path, name: str) -> None:
        shutil.copy(MMDB / name, tmp_path / "bins.csv")
        assert kind_of(tmp_path / "bins.csv").table.startswith("ip")

    @pytest.mark.parametrize("content", [b"", b"a,b,c\n", b"\xfd7zXZ\x00broken", b"\x00\x01\x02", b'"BIN'])
    def test_another_file_is_none_and_is_told_what_there_is(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "odd"
        path.write_bytes(content)
        with pytest.raises(ReferenceInvalid, match="BIN,Brand,Type"):
            kind_of(path)

    def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ReferenceInvalid, match="cannot be read"):
            kind_of(tmp_path / "absent.csv")


class TestFiles:
    def test_what_is_put_is_taken_where_no_setting_names_another(self, tmp_path: Path) -> None:
        settings = Settings(data=tmp_path)
        assert with_kept_tables(settings) == settings
        put = put_table(tmp_path, written(tmp_path / "mine.txt", RATES.format(2)))
        assert with_kept_tables(settings).rates == put.file
        assert with_kept_tables(settings).bin_table is None
        own = Settings(data=tmp_path, rates=tmp_path / "own.csv")
        assert with_kept_tables(own).rates == tmp_path / "own.csv"
        assert put.file.stat().st_mode & 0o777 == 0o600

    def test_mail_domains_are_laid_over_the_embedded_ones(self, tmp_path: Path) -> None:
        put = put_table(tmp_path, written(tmp_path / "mine.csv", "domain,kind\nthrow.example,disposable\n"))
        assert (put.file.name, put.info.name, put.info.rows) == ("mail_domains.csv", "mail_domains", 1)
        domains = reference_of(Settings(data=tmp_path)).mail_domains
        assert domains is not None
        kinds = [domains.look_up(each).kind for each in ("throw.example", "mailinator.com", "gmail.com")]
        assert kinds == ["disposable", "disposable", "free"]
        bad = written(tmp_path / "bad.csv", "domain,kind\nthrow.example,evil\n")
        with pytest.raises(ReferenceInvalid, match=r"bad\.csv, line 2, column kind: it is one of"):
            put_table(tmp_path, bad)

    def test_forwarders_take_the_place_of_the_embedded_ones(self, tmp_path: Path) -> None:
        heading = "country,postal,street,name\n"
        put = put_table(tmp_path, written(tmp_path / "mine.csv", f"{heading}us,19720,1 Rented Road,Forward\n"))
        assert (put.file.name, put.info.name, put.info.rows) == ("forwarders.csv", "forwarders", 1)
        houses = reference_of(Settings(data=tmp_path)).forwarders
        assert houses is not None
        assert [each.street for each in houses.addresses] == ["1 Rented Road"]
        assert not undo_table(tmp_path, "forwarders").is_there
        bad = written(tmp_path / "bad.csv", f"{heading}XX,19720,1 Rented Road,Forward\n")
        with pytest.raises(ReferenceInvalid, match=r"bad\.csv, line 2, column country: 'XX' is not an ISO"):
            put_table(tmp_path, bad)

    def test_a_packed_table_is_kept_unpacked(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.csv.xz"
        path.write_bytes(lzma.compress(BINS.format(411111).encode()))
        assert put_table(tmp_path, path).file.read_text(encoding="utf-8") == BINS.format(411111)

    def test_a_broken_one_changes_nothing_and_is_named(self, tmp_path: Path) -> None:
        put = put_table(tmp_path, written(tmp_path / "mine.csv", RATES.format(2)))
        bad = written(tmp_path / "bad.csv", RATES.format("two"))
        with pytest.raises(ReferenceInvalid, match=r"bad\.csv, line 2, column usd_per_unit"):
            put_table(tmp_path, bad)
        assert put.file.read_text(encoding="utf-8") == RATES.format(2)
        assert sorted(path.name for path in put.file.parent.iterdir()) == ["lock", "rates.csv"]

    def test_undoing_goes_back_and_forth(self, tmp_path: Path) -> None:
        texts = [RATES.format(number) for number in (2, 3)]
        first, second = (put_table(tmp_path, written(tmp_path / "mine.csv", text)) for text in texts)
        assert (first.has_previous, second.has_previous) == (False, True)
        for expected in (texts[0], texts[1], texts[0]):
            assert undo_table(tmp_path, "RATES").is_there
            assert second.file.read_text(encoding="utf-8") == expected

    def test_undoing_the_first_leaves_the_embedded_table(self, tmp_path: Path) -> None:
        put = put_table(tmp_path, written(tmp_path / "mine.csv", RATES.format(2)))
        assert not undo_table(tmp_path, "rates").is_there
        assert with_kept_tables(Settings(data=tmp_path)).rates is None
        assert undo_table(tmp_path, "rates").is_there
        assert put.file.is_file()

    def test_what_was_undone_is_not_what_was_before_the_next(self, tmp_path: Path) -> None:
        texts = [RATES.format(number) for number in (2, 3)]
        put_table(tmp_path, written(tmp_path / "mine.csv", texts[0]))
        assert not undo_table(tmp_path, "rates").is_there
        put = put_table(tmp_path, written(tmp_path / "mine.csv", texts[1]))
        assert not put.has_previous
        assert not undo_table(tmp_path, "rates").is_there
        assert with_kept_tables(Settings(data=tmp_path)).rates is None
        assert undo_table(tmp_path, "rates").is_there
        assert put.file.read_text(encoding="utf-8") == texts[1]

    def test_there_may_be_nothing_to_undo(self, tmp_path: Path) -> None:
        put_table(tmp_path, written(tmp_path / "mine.csv", RATES.format(2)))
        with pytest.raises(NothingToUndo, match="There are: rates"):
            undo_table(tmp_path, "bins")


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    """Each test brings back what was before it."""
    with assembled(Settings(data=tmp_path_factory.mktemp("server") / "data")) as assembly:
        yield assembly


@pytest.fixture
def folder(assembly: Assembly, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a server that runs: its routes, called as over HTTP."""
    folder = assembly.reloading._settings.data  # noqa: SLF001
    client = TestClient(create_app(assembly), headers={"Authorization": f"Bearer {operator_key(folder)}"})

    class Called(Caller):
        def call(self, method: str, path: str, body: bytes | None = None, **_headers: str) -> Reply:
            answer = client.request(method, path, content=body)
            return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    monkeypatch.setattr(command, "server_url", lambda _: "http://assay")
    monkeypatch.setattr(command, "client_of", lambda *_: Called())
    return folder


def shown(folder: Path) -> dict[str, dict[str, Any]]:
    return {table["name"]: table for table in run("list", "--data", str(folder))["tables"]}


def test_a_running_server_takes_an_update_and_its_undoing(assembly: Assembly, folder: Path, tmp_path: Path) -> None:
    before = assembly.snapshot.versions.data
    file = written(tmp_path / "of november.csv", RATES.format(2))
    updated = run("update", str(file), "--data", str(folder))
    (warning,) = updated.pop("warnings")
    assert warning.startswith("it lacks ")
    assert updated == {"table": "rates", "version": shown(folder)["rates"]["version"], "in_force": "yes"}
    assert shown(folder)["rates"]["source"] == "the operator's own"
    assert dict(assembly.snapshot.versions.data)["rates"] == updated["version"]
    assert run("undo", "rates", "--data", str(folder))["in_force"] == "yes"
    assert assembly.snapshot.versions.data == before


def test_databases_and_bins_are_taken_and_undone_too(assembly: Assembly, folder: Path, tmp_path: Path) -> None:
    before = assembly.snapshot.versions.data
    run("update", str(MMDB / "GeoIP2-City-Test.mmdb"), "--data", str(folder))
    run("update", str(written(tmp_path / "mine.csv", BINS.format(41111199))), "--data", str(folder))
    now = dict(assembly.snapshot.versions.data)
    assert now["ip"].startswith("GeoIP2-City ")
    assert now["bins"].startswith("bins 1 rows ")
    assert len(shown(folder)["bins"]["parts"]) == 2
    run("undo", "geoip2-city", "--data", str(folder))
    run("undo", "bins", "--data", str(folder))
    assert assembly.snapshot.versions.data == before


def test_forwarders_are_taken_and_undone_too(assembly: Assembly, folder: Path, tmp_path: Path) -> None:
    before = assembly.snapshot.versions.data
    file = written(tmp_path / "mine.csv", "country,postal,street,name\nUS,19720,1 Rented Road,Forward\n")
    updated = run("update", str(file), "--data", str(folder))
    assert (updated["table"], updated["in_force"]) == ("forwarders", "yes")
    assert dict(assembly.snapshot.versions.data)["forwarders"] == updated["version"]
    run("undo", "forwarders", "--data", str(folder))
    assert assembly.snapshot.versions.data == before


def test_a_setting_goes_first_and_that_is_told(
    assembly: Assembly, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if ASSAY_RATES had named it at the start.
    own = written(tmp_path / "own.csv", RATES.format(4))
    monkeypatch.setattr(assembly.reloading._settings, "rates", own)  # noqa: SLF001
    mine = written(tmp_path / "mine.csv", RATES.format(2))
    with pytest.raises(command.NotInForce, match="ASSAY_RATES names another file"):
        CliRunner().invoke(app, ["data", "update", str(mine), "--data", str(folder)], catch_exceptions=False)


def test_without_a_server_it_is_in_force_from_the_next_start_on(tmp_path: Path) -> None:
    file = written(tmp_path / "mine.csv", RATES.format(2))
    assert run("update", str(file), "--data", str(tmp_path / "data"))["in_force"] == "no_server"
    rates = reference_of(Settings(data=tmp_path / "data")).rates
    assert rates.usd_minor(100, "EUR", rates.newest) == 200
    assert rates.info.rows == 1


def test_check_tells_of_a_sound_file_and_of_a_broken_one(tmp_path: Path) -> None:
    found = run("check", str(EMBEDDED_IP_COUNTRIES))
    assert (found["table"], found["built"]) == ("ip", "2026-06-01")
    with pytest.raises(ReferenceInvalid, match="line 2, column date"):
        CliRunner().invoke(
            app,
            ["data", "check", str(written(tmp_path / "bad.csv", RATES.format(1).replace("2026-11-01", "monday")))],
            catch_exceptions=False,
        )


def test_rates_that_are_yet_to_come_are_refused_everywhere(tmp_path: Path) -> None:
    later = written(tmp_path / "later.csv", RATES.format(2) + f"{utc_now().date() + timedelta(days=2)},GBP,1.3\n")
    with pytest.raises(ReferenceInvalid, match=r"line 3, column date: .* is yet to come; write the day"):
        CliRunner().invoke(app, ["data", "check", str(later)], catch_exceptions=False)
    with pytest.raises(ReferenceInvalid, match=r"later\.csv, line 3, column date"):
        put_table(tmp_path / "data", later)
    with pytest.raises(ReferenceInvalid, match="line 3, column date"):
        reference_of(Settings(data=tmp_path / "data", rates=later))
    tomorrow = written(tmp_path / "tomorrow.csv", f"date,currency,usd_per_unit\n{utc_now().date()},EUR,1\n")
    assert run("check", str(tomorrow))["table"] == "rates"


def test_rates_of_few_currencies_are_warned_of(tmp_path: Path) -> None:
    few, data = written(tmp_path / "few.csv", RATES.format(2)), str(tmp_path / "data")
    (warning,) = run("check", str(few), "--data", data)["warnings"]
    assert "currencies that have a rate now (AED, AFN" in warning
    assert run("check", str(EMBEDDED_RATES), "--data", data)["warnings"] == []
    assert run("update", str(few), "--data", data)["warnings"] == [warning]
    # Now it is in force itself.
    assert run("update", str(few), "--data", data)["warnings"] == []
    result = CliRunner().invoke(app, ["data", "check", str(few), "--data", str(tmp_path)], catch_exceptions=False)
    assert "WARNING: it lacks" in result.output


def test_the_list_shows_what_the_licences_ask_for(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["data", "list", "--data", str(tmp_path)], catch_exceptions=False)
    assert "IP Geolocation by DB-IP" in result.output
    assert "BIN list data by Venelin Kochev" in result.output
    assert "337,265 rows" in result.output
