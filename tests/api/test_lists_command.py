"""`assay lists`: the same by a running server and by the folder's lock."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.bench.installation import start_server
from api.cli import app
from api.client import CallFailed
from api.commands.lists import NotInList
from api.lists_file import ListFileInvalid
from api.settings import Settings
from api.wiring import assembled
from engine.errors import StoreInvalid


@pytest.fixture(scope="module", params=["server", "lock"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lists") / "data"
    folder.mkdir(mode=0o700)
    if request.param == "lock":
        yield folder
        return
    server = start_server(folder)
    yield folder
    server.stop()


def lists(folder: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["lists", *words, "--data", str(folder)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def shown(folder: Path, list_id: str, *words: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(lists(folder, "show", list_id, "--json", *words).stdout)["data"]
    return read


def test_values_are_added_shown_and_removed(folder: Path) -> None:
    added = lists(folder, "add", "shop-1:block", "J.Doe@gmail.com", "x@y.com", "--type", "email", "--reason", "Testing")
    assert added.stdout == "added: email jdoe@gmail.com\nadded: email x@y.com\n"
    again = lists(
        folder, "add", "shop-1:block", "jdoe@gmail.com", "--type", "email", "--expires", "2099-01-01", "--json"
    )
    assert json.loads(again.stdout)["updated"] == 1
    assert [each["value"] for each in shown(folder, "shop-1:block")] == ["jdoe@gmail.com", "x@y.com"]
    assert "x@y.com" in lists(folder, "show", "shop-1:block").stdout
    assert "shop-1:block" in lists(folder, "show", "--merchant", "shop-1").stdout
    sequence = json.loads(again.stdout)["sequence"]
    assert lists(folder, "remove", "shop-1:block", "J.D.oe@googlemail.com").stdout == "Removed from shop-1:block: 1.\n"
    assert [each["value"] for each in shown(folder, "shop-1:block")] == ["x@y.com"]
    assert len(shown(folder, "shop-1:block", "--as-of", str(sequence))) == 2
    gone = lists(folder, "remove", "shop-1:block", "x@y.com", "jdoe@gmail.com", code=1)
    assert isinstance(gone.exception, NotInList)
    assert len(shown(folder, "shop-1:block")) == 1


def test_named_lists_are_made_and_deleted(folder: Path) -> None:
    assert "@friends" in lists(folder, "create", "shop-2:friends", "--type", "customer").stdout
    lists(folder, "add", "shop-2:friends", "c-1")
    taken = lists(folder, "create", "shop-2:friends", "--type", "email", code=1)
    assert isinstance(taken.exception, CallFailed)
    assert taken.exception.problem_code == "list_exists"
    lists(folder, "delete", "shop-2:friends")
    absent = lists(folder, "show", "shop-2:friends", code=1)
    assert isinstance(absent.exception, CallFailed)
    assert absent.exception.problem_code == "list_not_found"
    lists(folder, "create", "everywhere", "--type", "email")
    assert "everywhere" in lists(folder, "show").stdout


def test_a_file_is_imported_in_parts_and_what_is_refused_is_mended(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    rows = [("device", f"d-{number}", "=cmd()", "") for number in range(600)]
    rows[3] = ("token", "4242424242424242", "", "")
    rows[300] = ("device", "d-300", "two\nlines", "")
    rows[599] = ("colour", "red", "", "")
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("type", "value", "reason", "expires_at"), *rows])
    done = lists(folder, "import", "shop-3:block", str(file), code=1)
    assert done.stdout == "597 added, 0 updated, 0 unchanged, 3 rejected.\n"
    rejects = tmp_path / "bad.csv.rejects.csv"
    assert "4242" not in rejects.read_text(encoding="utf-8")
    refused = list(csv.DictReader(rejects.read_text(encoding="utf-8").splitlines(keepends=True)))
    assert [(each["reject_line"], each["value"], each["reject_code"]) for each in refused] == [
        ("5", "[card data removed]", "card_data_refused"),
        ("303", "d-300", "value_invalid"),
        ("602", "red", "value_unknown"),
    ]
    mended = tmp_path / "mended.csv"
    text = rejects.read_text(encoding="utf-8").replace("colour", "device").replace("two\nlines", "x")
    mended.write_text(text, encoding="utf-8")
    assert (
        "2 added, 0 updated, 0 unchanged, 1 rejected"
        in lists(folder, "import", "shop-3:block", str(mended), code=1).stdout
    )
    again = json.loads(lists(folder, "import", "shop-3:block", str(file), "--json", code=1).stdout)
    assert (again["unchanged"], again["added"]) == (597, 0)


def test_an_export_is_imported_again_and_opens_as_no_formula(folder: Path, tmp_path: Path) -> None:
    lists(folder, "add", "shop-4:block", "+442079460000", "--type", "phone", "--reason", "=HYPERLINK(1)")
    lists(folder, "add", "shop-4:block", "@1+2", "--type", "device", "--expires", "2099-01-01")
    file = tmp_path / "out.csv"
    lists(folder, "export", "shop-4:block", str(file))
    cells = [cell for row in csv.reader(file.read_text(encoding="utf-8").splitlines()) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert file.read_text(encoding="utf-8") == lists(folder, "export", "shop-4:block").stdout
    lists(folder, "import", "shop-5:block", str(file))

    def said(list_id: str) -> list[tuple[str, ...]]:
        rows = shown(folder, list_id)
        return sorted(tuple(str(each[name]) for name in ("type", "value", "reason", "expires_at")) for each in rows)

    assert said("shop-4:block") == said("shop-5:block")
    assert not (tmp_path / "out.csv.rejects.csv").exists()


def test_mistakes_are_said(folder: Path, tmp_path: Path) -> None:
    unknown = lists(folder, "add-payment", "shop-1:block", "order-1", code=1)
    assert isinstance(unknown.exception, CallFailed)
    assert unknown.exception.problem_code == "transaction_not_found"
    untyped = lists(folder, "add", "shop-1:block", "x", code=2)
    assert "--type" in untyped.output
    missing = lists(folder, "import", "shop-1:block", str(tmp_path / "none.csv"), code=1)
    assert isinstance(missing.exception, ListFileInvalid)
    file = tmp_path / "heading.csv"
    file.write_text("email\nx@y.com\n", encoding="utf-8")
    wrong = lists(folder, "import", "shop-1:block", str(file), code=1)
    assert "names the columns" in str(wrong.exception)
    nowhere = lists(tmp_path / "nowhere", "show", code=1)
    assert isinstance(nowhere.exception, StoreInvalid)
    assert not (tmp_path / "nowhere").exists()


def test_what_the_lock_changed_is_in_force_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    lists(folder, "create", "vip", "--type", "customer")
    lists(folder, "add", "vip", "c-1")
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "vip"\nname = "V"\ntext = "Allow if customer in @vip"\nreason = "V"\n', encoding="utf-8"
    )
    with assembled(Settings(data=folder, ruleset=rules)) as assembly:
        assert assembly.snapshots.of("any").lists.named["vip"].holds("c-1", 0)
        assert assembly.snapshot.ruleset.naming("vip") == ("vip",)


def test_what_is_shown_is_what_was_written_whole(folder: Path) -> None:
    value, reason = f"{'a-long-name' * 5}@example.com", "see [/ticket] 5, [red]CB[/red] :fire:"
    lists(folder, "add", "shop-9:block", value, "--type", "email", "--reason", reason)
    printed = lists(folder, "show", "shop-9:block").stdout
    assert "…" not in printed
    cells = printed.split("\n")[1:]
    start, end, last = (printed.index(name) for name in ("value", "reason", "expires"))
    assert "".join(line[start:end].strip() for line in cells) == value
    assert "".join("".join(line[end:last].split()) for line in cells) == "".join(reason.split())


def test_a_value_without_a_type_is_told_the_option(folder: Path) -> None:
    assert "--type" in lists(folder, "add", "shop-9:block", "a@b.co", code=2).stderr
