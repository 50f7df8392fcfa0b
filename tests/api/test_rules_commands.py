"""`assay rules check|format|import`: what they print, their exit codes, standard input."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.commands.rules.reading import RulesUnreadable
from api.settings import Settings
from api.wiring import assembled
from engine.catalog import read_ruleset
from engine.rules import default_source

SOUND = '''# Kept remarks.
[[rule]]
id = "a"   # also here
name = "A"
text = "BLOCK if :card_country:!='US'   &&not(is_recurring)"
reason = "From {card_country}"

[[rule]]
id = "b"
name = "text = 'no text of a rule'"
text = """
Review if email matches '^a\\\\.b' and
count(by: card,within:1h) > 3"""
reason = "text"
mode = "shadow"
'''
FAULTY = SOUND.replace("card_country:!", "card_cuntry:!").replace("{card_country}", "{nothing}").replace("shadow", "on")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.toml"


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["rules", *words], input=given)


def answer(*words: str, given: str) -> tuple[int, dict[str, Any]]:
    result = run(*words, "-", "--json", given=given)
    return result.exit_code, json.loads(result.stdout)


def test_a_sound_file_checks(file: Path) -> None:
    file.write_text(SOUND)
    result = run("check", str(file))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "2 rules, all sound." in result.stderr
    assert answer("check", given=SOUND) == (0, {"ok": True, "rules": 2, "faults": []})
    assert answer("check", given=default_source())[0] == 0


def test_rules_may_name_the_lists_of_the_folder(tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    rule = SOUND.replace("not(is_recurring)", "not email in @risky")
    words = ("check", "-", "--data", folder)
    assert "There is no list `@risky`" in run(*words, given=rule).stdout
    with assembled(Settings(data=Path(folder))):
        pass
    for command in (("create", "risky", "--type", "domain"),):
        assert CliRunner().invoke(app, ["lists", *command, "--data", folder]).exit_code == 0
    assert "`@risky` never holds `email`" in run(*words, given=rule).stdout
    assert run(*words, given=rule.replace("email in", "email_domain in")).exit_code == 0


def test_every_fault_is_shown_with_its_place() -> None:
    result = run("check", "-", given=FAULTY)
    assert result.exit_code == 1
    assert "rule b: `mode` is 'on'." in result.stdout
    assert "rule a, within its text, line 1, column 10: There is no feature `card_cuntry`." in result.stdout
    assert "  |          ^^^^^^^^^^^^^\n" in result.stdout
    assert "rule a, within its reason, line 1, column 6: There is no feature `nothing`." in result.stdout
    assert "2 rules, 3 faults." in result.stderr


def test_faults_for_programs_carry_code_and_place() -> None:
    code, said = answer("check", given=FAULTY)
    assert code == 1
    assert said["ok"] is False
    of_file, of_text, of_reason = said["faults"]
    assert of_file["rule"] == ""
    assert "code" not in of_file
    assert of_text == {
        "rule": "rule a",
        "part": "text",
        "code": "unknown_name",
        "line": 1,
        "column": 10,
        "start": 9,
        "end": 22,
        "message": "There is no feature `card_cuntry`.",
        "cause": of_text["cause"],
        "hint": of_text["hint"],
    }
    assert of_text["hint"].startswith("Did you mean `card_country`?")
    assert of_reason["part"] == "reason"


@pytest.mark.parametrize("given", ["", "[[rule", "x = 1", "rule = 5"])
def test_what_is_no_ruleset_is_a_fault(given: str) -> None:
    code, said = answer("check", given=given)
    assert code == 1
    assert said["faults"]
    assert run("format", "-", given=given).exit_code == 1


def test_a_file_that_cannot_be_read_is_one_message(file: Path) -> None:
    for command in ("check", "format", "import"):
        with pytest.raises(RulesUnreadable, match="No such file"):
            CliRunner().invoke(app, ["rules", command, str(file)], catch_exceptions=False)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(RulesUnreadable, match="not UTF-8"):
        CliRunner().invoke(app, ["rules", "check", str(file)], catch_exceptions=False)


def test_formatting_changes_the_texts_of_rules_alone(file: Path) -> None:
    file.write_text(SOUND)
    result = run("format", str(file))
    assert result.exit_code == 0
    assert file.read_text() == SOUND
    before, after = tomllib.loads(SOUND), tomllib.loads(result.stdout)
    assert [row.pop("text") for row in after["rule"]] == [
        "Block if card_country != 'US' and not is_recurring",
        "Review if email matches '^a\\.b' and count(by: card, within: 1h) > 3",
    ]
    for row in before["rule"]:
        del row["text"]
    assert after == before
    assert "# Kept remarks." in result.stdout
    assert "# also here" in result.stdout
    assert run("format", "-", given=result.stdout).stdout == result.stdout
    # What means nothing does not make another version: spaces, colons, the case of words.
    assert read_ruleset(result.stdout, ()).rules[1].version == read_ruleset(SOUND, ()).rules[1].version


def test_formatting_can_write_the_file(file: Path) -> None:
    file.write_text(SOUND)
    result = run("format", str(file), "--write")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "2 of 2 rules changed." in result.stderr
    assert file.read_text() == run("format", "-", given=SOUND).stdout
    code, said = answer("format", given=file.read_text())
    assert (code, said["ok"], said["changed"]) == (0, True, 0)


def test_what_has_faults_is_not_formatted(file: Path) -> None:
    file.write_text(FAULTY)
    result = run("format", str(file), "--write")
    assert result.exit_code == 1
    assert "Nothing was formatted." in result.stderr
    assert file.read_text() == FAULTY
    assert answer("format", given=FAULTY)[1]["faults"]


def test_a_text_that_stands_elsewhere_is_refused() -> None:
    inline = "rule = [{id = 'a', name = 'n', text = 'Block if is_recurring', reason = 'r'}]"
    assert answer("check", given=inline)[0] == 0
    with pytest.raises(RulesUnreadable, match="start of a line"):
        CliRunner().invoke(app, ["rules", "format", "-"], input=inline, catch_exceptions=False)


RADAR = """# Foreign card
Block if :card_country: != :ip_country:
   and :amount_in_usd: > 500
Review if :risk_score: >= 20
Allow if :email_domain: in @partners and not :is_recurring:
"""


def test_radars_rules_are_imported() -> None:
    result = run("import", "-", given=RADAR)
    assert result.exit_code == 1
    rows = tomllib.loads(result.stdout)["rule"]
    assert [row["text"] for row in rows] == [
        "Block if card_country != ip_country and amount_in_usd > 500",
        "Allow if email_domain in @partners and (is_missing(is_recurring) or not is_recurring)",
    ]
    assert rows[0]["name"] == "Foreign card"
    assert "# Not imported: Review if :risk_score: >= 20" in result.stdout
    assert "Not imported: Review if :risk_score: >= 20\n  `risk_score` is a probability" in result.stderr
    assert "lists that must be there: @partners." in result.stderr
    assert "2 of 3 rules imported." in result.stderr


def test_radars_rules_for_programs() -> None:
    code, said = answer("import", given=RADAR)
    assert code == 1
    assert [rule["text"] is None for rule in said["rules"]] == [False, True, False]
    assert said["rules"][1]["problems"]
    assert said["rules"][2]["lists"] == ["partners"]
    assert tomllib.loads(said["ruleset"])["rule"]
    assert answer("import", given=RADAR.splitlines()[1])[0] == 0


def test_nothing_to_import_is_said() -> None:
    result = run("import", "-", given="\n# nothing\n")
    assert result.exit_code == 1
    assert "There is no rule in it." in result.stderr


def test_names_between_colons_are_no_emoji() -> None:
    result = run("import", "-", given="Allow if :email: in @my_emails and :fire: > 1")
    assert "Not imported: Allow if :email: in @my_emails and :fire: > 1" in result.stderr


def test_a_long_rule_is_said_in_short() -> None:
    given = "Block if :fire: in (" + ", ".join(["'x'"] * 200_000) + ")"
    result = run("import", "-", given=given)
    assert len(result.stderr) < 2_000
    assert len(result.stdout) < 2_000
    rule = SOUND.replace("not(is_recurring)", f"email_domain in ({', '.join(['1'] * 300)})")
    assert max(map(len, run("check", "-", given=rule).stdout.splitlines())) < 300
