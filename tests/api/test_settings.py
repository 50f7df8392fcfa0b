"""Settings: what is wrong or misspelt is named, with the mend, and nothing starts."""

from pathlib import Path

import pytest

from api.cli import main
from api.commands.options import settings_with
from api.commands.serve import ruleset_in_force
from api.settings import SettingsInvalid
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
