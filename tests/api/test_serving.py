"""Stopping: no signal is lost, and what was under way at the start ends quietly."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner

from api import serving
from api.cli import app
from api.client import Client
from api.demo.examples import examples
from api.operator import server_url
from api.serving import listening_socket, serve
from api.settings import Settings
from api.wiring import assembled


@pytest.fixture(autouse=True)
def _garbage_collection_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_calm_garbage_collection", lambda: None)


def interrupt(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_loop_is_made_stops_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_factory = uvicorn.Config.get_loop_factory

    def interrupted(config: uvicorn.Config) -> Callable[[], asyncio.AbstractEventLoop] | None:
        interrupt(number)
        return make_factory(config)

    monkeypatch.setattr(uvicorn.Config, "get_loop_factory", interrupted)
    ready = []

    async def when_ready(url: str) -> None:
        ready.append(url)
        interrupt(signal.SIGTERM)  # a server that ran on must not run forever

    before = signal.getsignal(signal.SIGTERM)
    settings = Settings(data=tmp_path / "data")
    with listening_socket("127.0.0.1", 0) as listener, assembled(settings) as assembly:
        serve(assembly, settings, listener, when_ready)
    assert not ready
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_running_server_announces_itself_and_stops_on_a_signal(tmp_path: Path) -> None:
    announced = []
    settings = Settings(data=tmp_path / "data")

    async def when_ready(url: str) -> None:
        announced.append((url, server_url(settings.data)))
        interrupt(signal.SIGTERM)

    with listening_socket("127.0.0.1", 0) as listener, assembled(settings) as assembly:
        serve(assembly, settings, listener, when_ready)
    ((url, found),) = announced
    assert found == url
    assert server_url(settings.data) is None


def test_a_fault_before_any_signal_stops_the_server_and_is_not_hidden(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")

    async def when_ready(url: str) -> None:
        raise ConnectionRefusedError(url)

    with (
        listening_socket("127.0.0.1", 0) as listener,
        assembled(settings) as assembly,
        pytest.raises(ConnectionRefusedError),
    ):
        serve(assembly, settings, listener, when_ready)


def test_ctrl_c_amid_the_demos_own_calls_ends_it_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    call = Client.call

    def counted(client: Client, *arguments: Any) -> Any:
        calls.append(arguments)
        return call(client, *arguments)

    def interrupted(run: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for number, example in enumerate(examples(run)):
            if number == 1:
                interrupt(signal.SIGINT)
                time.sleep(1)  # by then it takes no more calls
            yield example

    monkeypatch.setattr(Client, "call", counted)
    monkeypatch.setattr(import_module("api.commands.demo"), "examples", interrupted)
    result = CliRunner().invoke(app, ["demo", "--data", str(tmp_path / "data"), "--port", "0"])
    assert result.exception is None
    assert result.exit_code == 0
    assert len(calls) == 2, "the signal came too early or too late"
