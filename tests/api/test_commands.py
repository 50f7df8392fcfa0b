"""The command line: each command is loaded when it is asked for."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.commands import PLACES

SLOW = ("fastapi", "sqlalchemy", "sklearn", "pyarrow")
"""What serves, stores and learns."""


def test_every_command_says_what_it_does() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.split("Commands:")[1].splitlines()
    said = {words[0]: words[1:] for words in (line.split() for line in lines) if words}
    assert {name for name in said if name in PLACES} == set(PLACES)
    assert all(said[name] for name in PLACES)


@pytest.mark.parametrize("name", ["keys", "rules", "models", "serve"])
def test_a_command_has_its_own_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert (shown.exit_code, f"Usage: root {name}" in shown.stdout or f"{name} [OPTIONS]" in shown.stdout) == (0, True)


def test_a_slip_is_told_the_command_that_was_meant() -> None:
    shown = CliRunner().invoke(app, ["rolback"])
    assert (shown.exit_code, "Did you mean 'rollback'?" in shown.output) == (2, True)


def test_rolling_back_through_a_server_loads_neither_what_serves_nor_what_learns() -> None:
    loaded = "import sys, api.cli, api.commands.models.changing; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {*SLOW} & {*names}
