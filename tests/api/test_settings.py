"""Settings: what is wrong or misspelt is named, with the mend, and nothing starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import main
from api.commands.options import settings_with
from api.commands.serve import ruleset_in_force
from api.settings import SettingsInvalid, read_settings, shown_valkey
from api.wiring import assembled
from engine.catalog import CATALOG
from engine.rules import parse_ruleset

RULE = "[[rule]]\nid = '{0}'\nname = 'A'\ntext = 'Block if is_recurring'\nreason = 'A'\nmode = '{1}'\n"


def said(**given: str | int | Path | None) -> str:
    with pytest.raises(SettingsInvalid) as raised:
        settings_with(**given)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "begins"),
    [
        ("ASSAY_PORT", "99999", "ASSAY_PORT is '99999': input should be less than or equal to 65535."),
        ("ASSAY_FRAUD_RATE", "abc", "ASSAY_FRAUD_RATE is 'abc': input should be a valid number"),
        ("ASSAY_RULSET", "x.toml", "ASSAY_RULSET is no setting: did you mean ASSAY_RULESET?"),
        ("assay_prot", "1", "assay_prot is no setting: did you mean ASSAY_PORT?"),
        ("ASSAY_QQQQ", "1", "ASSAY_QQQQ is no setting: there are `ASSAY_DATA`"),
    ],
)
def test_a_fault_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, begins: str) -> None:
    monkeypatch.setenv(name, value)
    assert said().startswith(begins)


def test_a_fault_names_the_option_and_what_it_is() -> None:
    assert said(port=99999) == (
        "--port is '99999': input should be less than or equal to 65535. "
        "It is the port to listen on; 0 takes a free one. The default is 8080."
    )


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASSAY_PORT", "ASSAY_FRAUD_RATE", "ASSAY_RULSET"):
        monkeypatch.setenv(name, "abc")
    assert [line.split()[0] for line in said().splitlines()] == ["ASSAY_RULSET", "ASSAY_PORT", "ASSAY_FRAUD_RATE"]


def test_the_command_ends_with_the_message_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSAY_FRAUD_RATE", "abc")
    monkeypatch.setattr("sys.argv", ["assay", "serve", "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("assay: ASSAY_FRAUD_RATE is 'abc'")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["ASSAY_KEY", "ASSAY_OPERATOR_KEY", "ASSAY_CI", "ASSAY_UPDATE_GOLDEN"])
def test_names_that_are_no_settings_and_known(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    assert settings_with(port=1).port == 1


def test_the_start_says_which_rules_are_in_force() -> None:
    ruleset = parse_ruleset(
        RULE.format("a", "live") + RULE.format("b", "live") + RULE.format("c", "shadow"), CATALOG, ()
    )
    counts = f"ruleset {ruleset.hash[:12]}: 2 live and 1 shadow rules"
    assert ruleset_in_force(ruleset, None) == f"{counts}, as shipped"
    assert ruleset_in_force(ruleset, Path("mine.toml")) == f"{counts}, from mine.toml"
    assert ruleset_in_force(ruleset, None, 3) == f"{counts}, published as number 3"
    told = ruleset_in_force(ruleset, Path("mine.toml"), 3)
    assert told == f"{counts}, published as number 3; mine.toml is not in force"


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://:s3cret@host", "begins with"),
        ("s3cret", "begins with"),
        ("valkey://:s3cret@", "without a host"),
        ("valkey://:s3cret@host:x", "no URL"),
        ("valkey://:s3cret@host/one", "no number of a database"),
        ("unix://s3cret", "no path"),
    ],
)
def test_a_valkey_that_is_none_is_named_and_its_password_is_not(
    monkeypatch: pytest.MonkeyPatch, url: str, cause: str
) -> None:
    monkeypatch.setenv("ASSAY_VALKEY", url)
    with pytest.raises(SettingsInvalid, match="ASSAY_VALKEY") as refused:
        read_settings({})
    assert cause in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_valkeys_password_is_nowhere_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_VALKEY", "valkey://user:s3cret@host:6380/1")
    settings = read_settings({})
    assert "s3cret" not in repr(settings) + str(settings) + shown_valkey(settings)
    assert shown_valkey(settings) == "valkey://host:6380/1"


def test_an_option_that_the_driver_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("valkey")
    monkeypatch.setenv("ASSAY_VALKEY", "valkey://:s3cret@host?frobnicate=1")
    with pytest.raises(SettingsInvalid, match="ASSAY_VALKEY") as refused, assembled(read_settings({"data": tmp_path})):
        pass
    assert "s3cret" not in str(refused.value)


def test_without_its_client_the_mend_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "valkey" or "stores.valkey" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "valkey", None)
    monkeypatch.setenv("ASSAY_VALKEY", "valkey://host")
    with pytest.raises(SettingsInvalid, match=r"assay\[valkey\]"), assembled(read_settings({"data": tmp_path})):
        pass


def test_without_the_setting_its_client_is_not_loaded(tmp_path: Path) -> None:
    code = "import sys; from api.settings import Settings; from api.wiring import assembled\n"
    code += "with assembled(Settings(data=sys.argv[1])): assert 'valkey' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "data")], check=True, timeout=60)
