"""`assay rules` through a running server and, where none runs, by the folder's lock: alike in both."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.bench.installation import start_server
from api.cli import app
from api.client import Caller, CallFailed, Client, Reply
from api.commands.rules.calling import RulesUnreadable
from api.keys import new_key
from api.local import LocalClient, caller_of
from api.settings import RulesApproval, Settings
from api.wiring import opened_keys
from engine.access import Scope
from engine.errors import RulesInvalid, StoreInvalid

BIG = '[[rule]]\nid = "big"\nname = "Big"\ntext = "Block if amount_in_usd > 1000"\nreason = "Big"\n'
NEXT = BIG.replace("Block", "Review") + "rollout_percent = 5\nmode = 'rollout'\nexpires_at = 2027-01-01T00:00:00Z\n"


@pytest.fixture(scope="module", params=["server", "lock"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("rules") / "data"
    folder.mkdir(mode=0o700)
    if request.param == "lock":
        yield folder
        return
    server = start_server(folder)
    yield folder
    server.stop()


def rules(folder: Path, *words: str, sent: str | None = None) -> Result:
    return CliRunner().invoke(app, ["rules", *words, "--data", str(folder)], input=sent)


def test_from_a_file_to_shadow_to_live_and_back(folder: Path, tmp_path: Path) -> None:
    shop = ("--merchant", "shop/1")
    file = tmp_path / "rules.toml"
    file.write_text(BIG, encoding="utf-8")
    assert "none was published" in rules(folder, "show", *shop).stderr
    assert rules(folder, "diff", str(file), *shop).stdout == "+ big (live): Block if amount_in_usd > 1000\n"
    dry = rules(folder, "publish", str(file), *shop, "--dry-run")
    assert (dry.exit_code, "would be published" in dry.stderr) == (0, True)
    assert json.loads(rules(folder, "history", *shop, "--json").stdout)["data"] == []
    shadow = rules(folder, "publish", str(file), *shop, "--shadow", "--note", "look first")
    assert (shadow.exit_code, shadow.stdout) == (0, "+ big (shadow): Block if amount_in_usd > 1000\n"), shadow.exception
    live = rules(folder, "publish", str(file), *shop)
    assert live.stdout == "~ big mode: shadow -> live\n"
    file.write_text(NEXT + 'switched_off = ["cvc-mismatch"]\n', encoding="utf-8")
    refused = rules(folder, "publish", str(file), *shop)
    assert isinstance(refused.exception, RulesInvalid), "behind a rule, it is a key of the rule"
    file.write_text('switched_off = ["cvc-mismatch"]\n' + NEXT, encoding="utf-8")
    changed = rules(folder, "publish", str(file), *shop)
    assert changed.stdout.splitlines() == [
        "~ big text: Block if amount_in_usd > 1000 -> Review if amount_in_usd > 1000",
        "~ big mode: live -> rollout",
        "~ big rollout_percent: none -> 5",
        "~ big expires_at: none -> 2027-01-01 00:00:00+00:00",
        "- cvc-mismatch (the operator's) is switched off",
    ]
    assert rules(folder, "publish", "-", *shop, sent=file.read_text(encoding="utf-8")).stderr == "Nothing changes.\n"
    listed = json.loads(rules(folder, "list", *shop, "--json").stdout)
    standing = {each["id"]: (each["mode"], each["origin"], each["standing"]) for each in listed["rules"]}
    assert standing["big"] == ("rollout", "own", "in_force")
    assert standing["cvc-mismatch"] == ("live", "default", "switched_off")
    shown = rules(folder, "list", *shop).stdout
    assert "rollout 5 %" in shown
    back = rules(folder, "rollback", "2", *shop, "--note", "too much")
    assert "+ cvc-mismatch (the operator's) is no longer switched off" in back.stdout
    assert "Number 4" in back.stderr
    versions = json.loads(rules(folder, "history", *shop, "--json").stdout)["data"]
    assert [(each["number"], each["restores"], each["note"]) for each in versions] == [
        (4, 2, "too much"),
        (3, None, ""),
        (2, None, ""),
        (1, None, "look first"),
    ]
    assert "look first" in rules(folder, "history", *shop).stdout
    one = rules(folder, "diff", *shop, "--from", "1", "--to", "2")
    assert one.stdout == "~ big mode: shadow -> live\n"
    as_json = json.loads(rules(folder, "diff", *shop, "--from", "1", "--to", "2", "--json").stdout)
    assert [(each["id"], each["change"], each["keys"]) for each in as_json["rules"]] == [("big", "changed", ["mode"])]
    assert rules(folder, "diff", *shop, "--to", "4").stderr == "Nothing differs.\n"


def test_what_is_shown_can_be_edited_and_published(folder: Path) -> None:
    shown = rules(folder, "show")
    text = shown.stdout.replace("Wrong security code", "Wrong code")
    published = rules(folder, "publish", "-", "--replaces", shown.stderr.split()[1].rstrip(","), sent=text)
    assert published.stdout == "~ cvc-mismatch name: Wrong security code -> Wrong code\n", published.exception
    assert rules(folder, "show").stdout == text
    assert "Wrong code" in rules(folder, "list").stdout
    assert json.loads(rules(folder, "show", "--number", "1", "--json").stdout)["merchant_id"] is None


def test_refusals_say_why(folder: Path, tmp_path: Path) -> None:
    shop = ("--merchant", "shop-2")
    refused = rules(folder, "publish", "-", *shop, sent=BIG.replace("amount_in_usd", "amout_in_usd"))
    assert isinstance(refused.exception, CallFailed)
    assert "Did you mean `amount_in_usd`?" in str(refused.exception)
    refused = rules(folder, "publish", "-", *shop, "--replaces", "other", sent=BIG)
    assert isinstance(refused.exception, CallFailed)
    assert refused.exception.problem_code == "ruleset_changed"
    refused = rules(folder, "publish", "draft:absent", *shop)
    assert isinstance(refused.exception, CallFailed)
    assert refused.exception.problem_code == "draft_not_found"
    refused = rules(folder, "rollback", "7", *shop)
    assert isinstance(refused.exception, CallFailed)
    assert refused.exception.problem_code == "ruleset_not_found"
    assert isinstance(rules(folder, "publish", str(tmp_path / "missing.toml")).exception, RulesUnreadable)
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    assert isinstance(rules(folder, "publish", str(tmp_path / "latin.toml")).exception, RulesUnreadable)
    assert isinstance(rules(folder, "publish", "-", sent="[[rule]]\nid = 'x'").exception, RulesInvalid)
    assert rules(folder, "diff", "-", "--to", "1", sent=BIG).exit_code == 2
    assert isinstance(rules(tmp_path / "nowhere", "list").exception, StoreInvalid)
    assert not (tmp_path / "nowhere").exists()


def test_a_list_that_a_published_rule_names_is_kept(folder: Path) -> None:
    def lists(*words: str) -> Result:
        return CliRunner().invoke(app, ["lists", *words, "--data", str(folder)])

    assert lists("create", "shop-7:vip", "--type", "customer").exit_code == 0
    vip = BIG.replace("amount_in_usd > 1000", "customer in @vip")
    assert rules(folder, "publish", "-", "--merchant", "shop-7", sent=vip).exit_code == 0
    refused = lists("delete", "shop-7:vip")
    assert isinstance(refused.exception, CallFailed)
    assert (refused.exception.problem_code, "big" in str(refused.exception)) == ("list_in_use", True)
    assert rules(folder, "rollback", "0", "--merchant", "shop-7").exit_code == 0
    assert lists("delete", "shop-7:vip").exit_code == 0


def test_what_another_key_published_is_approved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    with opened_keys(folder, is_made=True) as keys:
        key, text = new_key(name="author", test_mode=False, scopes=frozenset(Scope), merchants=None)
        keys.add_key(key)
    monkeypatch.setenv("ASSAY_RULES_APPROVAL", RulesApproval.ALL)
    sent = json.dumps({"rules": [{"id": "a", "name": "A", "text": "Block if is_recurring", "reason": "r"}]}).encode()
    with caller_of(Settings(data=folder, rules_approval=RulesApproval.ALL), ("rulesets",)) as client:
        assert isinstance(client, LocalClient)
        replace(client, key=text).checked("POST", "/v1/rulesets/publish?merchant_id=shop-a", sent)
    waiting = rules(folder, "show", "--merchant", "shop-a")
    assert ("none was published" in waiting.stderr, "awaits approval" in waiting.stderr) == (True, True)
    approved = rules(folder, "approve", "1", "--merchant", "shop-a")
    assert (approved.exit_code, "is in force" in approved.stderr) == (0, True), approved.exception
    own = rules(folder, "publish", "-", "--merchant", "shop-a", sent=BIG)
    assert "awaits the approval of another key" in own.stderr
    refused = rules(folder, "approve", "2", "--merchant", "shop-a", "--json")
    assert isinstance(refused.exception, CallFailed)
    assert refused.exception.problem_code == "approval_refused"


def test_history_shows_whole_versions_times_and_states(folder: Path) -> None:
    shop = ("--merchant", "shop-whole")
    note = "a long note of why, [/ticket] :fire:, which takes more than a line of eighty columns"
    assert rules(folder, "publish", "-", *shop, "--note", note, sent=BIG).exit_code == 0
    (version,) = json.loads(rules(folder, "history", *shop, "--json").stdout)["data"]
    line = rules(folder, "history", *shop).stdout.splitlines()[1]
    at = version["published_at"][:16].replace("T", " ")
    assert line.split()[:5] == ["1", version["version"], version["state"], *at.split()]
    assert "…" not in rules(folder, "history", *shop).stdout


def test_a_merchants_file_is_checked_as_publishing_does(folder: Path, tmp_path: Path) -> None:
    shop, file = ("--merchant", "shop-check"), tmp_path / "own.toml"
    made = ["lists", "create", "shop-check:trusted", "--type", "customer", "--data", str(folder)]
    assert CliRunner().invoke(app, made).exit_code == 0
    own = BIG.replace("Block if amount_in_usd > 1000", "Allow if customer in @trusted")
    file.write_text('switched_off = ["cvc-mismatch"]\n' + own, encoding="utf-8")
    sound = rules(folder, "check", str(file), *shop)
    assert (sound.exit_code, sound.stderr) == (0, "1 rule, all sound.\n"), sound.output
    assert "customer in @trusted" in rules(folder, "format", str(file), *shop).stdout
    without = rules(folder, "check", str(file))
    assert without.exit_code == 1
    assert "it belongs in a merchant's ruleset: add --merchant" in without.stdout
    file.write_text('switched_off = ["cvc-mismach"]\n' + own.replace("customer in", "customr in"), encoding="utf-8")
    faulty = rules(folder, "check", str(file), *shop)
    assert faulty.exit_code == 1
    assert "The operator has no default rule cvc-mismach. Did you mean cvc-mismatch?" in faulty.stdout
    assert "rule big, within its text, line 1, column 10: There is no feature `customr`." in faulty.stdout
    file.write_text(BIG.replace('"Big"\ntext', '"Big"\nmandatory = true\ntext'), encoding="utf-8")
    assert "`mandatory` is for the operator's rules" in rules(folder, "check", str(file), *shop).stdout


def test_what_does_nothing_and_what_is_overridden_is_said(folder: Path) -> None:
    past = BIG.replace("big", "cvc-mismatch") + "expires_at = 2020-01-01T00:00:00Z\n"
    said = rules(folder, "publish", "-", "--merchant", "shop-past", sent=past).stderr
    assert "rule cvc-mismatch expired at 2020-01-01 00:00 UTC" in said
    assert "the operator's cvc-mismatch is overridden" in said
    assert "Warning" not in rules(folder, "publish", "-", "--merchant", "shop-past", sent=BIG).stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_a_second_look_is_asked_for_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    figures = {"payments": 352, "blocked_percent": 91.8, "blocked_today_percent": 0.0, "rules": {"half": 91.8}}
    body = {"code": "confirmation_required", "detail": "look", "figures": figures}
    called = Client.call, LocalClient.call

    def call(self: Caller, method: str, path: str, sent: bytes | None = None, **headers: str) -> Reply:
        if path.startswith("/v1/rulesets/publish"):
            return Reply(status=409, headers={}, body=json.dumps(body).encode())
        return called[isinstance(self, LocalClient)](self, method, path, sent, **headers)  # type: ignore[arg-type]

    for each in (Client, LocalClient):
        monkeypatch.setattr(each, "call", call)
    words = ("publish", "-", "--merchant", "shop-look", *(("--json",) if as_json else ()))
    asked = rules(folder, *words, sent=BIG)
    assert asked.exit_code == 1
    if as_json:
        assert json.loads(asked.stdout)["figures"] == figures
    else:
        assert str(asked.exception) == (
            "Rule half would have blocked 91.8 % of last week's 352 payments (today 0 %). "
            "Look at it (`assay rules backtest - --merchant shop-look`), or publish with `--confirm`."
        )


def test_a_call_that_was_turned_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("api.client.time.sleep", waited.append)
    busy = Reply(status=503, headers={"retry-after": "3"}, body=b'{"code": "overloaded", "detail": "Busy."}')

    class Busy(Caller):
        left = 0

        def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:  # noqa: ARG002
            self.left -= 1
            return busy if self.left >= 0 else Reply(status=200, headers={}, body=b"done")

    caller = Busy()
    caller.left = 2
    assert caller.checked("GET", "/") == b"done"
    assert waited == [3, 3]
    caller.left = 99
    with pytest.raises(CallFailed, match="Busy"):
        caller.checked("GET", "/")
