"""Stopping: no signal is lost, and what was under way at the start ends quietly."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import serving
from api.admission import Load
from api.app import create_app
from api.cli import app
from api.client import Client
from api.demo.examples import examples
from api.metrics import Metrics
from api.operator import server_url
from api.serving import listening_socket, serve
from api.settings import Settings
from api.wiring import assembled


@pytest.fixture(autouse=True)
def _garbage_collection_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "young_garbage_alone", nullcontext)


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
    result = CliRunner().invoke(app, ["demo", "--quick", "--data", str(tmp_path / "data"), "--port", "0"])
    assert result.exception is None
    assert result.exit_code == 0
    assert len(calls) == 2, "the signal came too early or too late"


class Running:
    """`assay serve` in a process of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        command = [
            sys.executable,
            "-c",
            "from api.cli import main; main()",
            "serve",
            "--data",
            str(folder),
            "--port",
            "0",
        ]
        self.process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []

    def until(self, said: str) -> str:
        """Read its log until a line says this; the line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if said in line:
                return line
        pytest.fail(f"it never said {said}: {''.join(self.lines)}")

    def address(self) -> tuple[str, int]:
        self.until("ready")
        url = server_url(self.folder)
        assert url is not None
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def end(self) -> int:
        """Its exit code, once it ended; it is killed where it does not."""
        try:
            return self.process.wait(timeout=60)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it whatever it does; again is no fault."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data", ASSAY_RULESET=str(ruleset(tmp_path, "first")))
    yield running
    running.kill()


def ruleset(folder: Path, name: str) -> Path:
    """A ruleset of one rule, written over the one before."""
    file = folder / "rules.toml"
    file.write_text(
        f'[[rule]]\nid = "{name}"\nname = "One"\ntext = "Block if amount_in_usd > 100"\nreason = "Too much"\n',
        encoding="utf-8",
    )
    return file


def test_a_server_that_is_told_to_stop_finishes_what_is_under_way(server: Running) -> None:
    host, port = server.address()
    with socket.create_connection((host, port)) as slow, socket.create_connection((host, port)) as idle:
        slow.sendall(b"POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
        idle.sendall(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
        said = b""
        while not said.endswith(b'{"status":"ready"}'):
            said += idle.recv(4096)
        server.process.send_signal(signal.SIGTERM)
        assert idle.recv(4096) == b"", "a connection on which nothing is under way is closed"
        slow.sendall(b"}")
        said = slow.makefile("rb").read().lower()
        assert said.startswith(b"http/1.1 401"), "the call under way is answered"
        assert b"connection: close" in said
    assert server.end() == 0


def test_from_the_signal_on_it_is_not_ready_and_closes_connections(assembly_of: Callable[..., TestClient]) -> None:
    load = Load(metrics=Metrics())
    client = assembly_of(load)
    assert client.get("/readyz").status_code == 200
    load.is_stopping = True
    stopping = client.get("/readyz")
    assert (stopping.status_code, stopping.json()["code"]) == (503, "stopping")
    assert stopping.headers["retry-after"] == "1"
    for path in ("/readyz", "/healthz"):
        assert client.get(path).headers["connection"] == "close"


@pytest.fixture
def assembly_of(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        yield lambda load: TestClient(create_app(assembly, load=load))


def test_sighup_reads_the_files_again_while_it_serves(server: Running, tmp_path: Path) -> None:
    host, port = server.address()
    with socket.create_connection((host, port)) as connection:
        ruleset(tmp_path, "second")
        server.process.send_signal(signal.SIGHUP)
        assert "ruleset" in server.until('"reloaded"')
        (tmp_path / "rules.toml").write_text("not a ruleset", encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)
        assert '"is_clean":false' in server.until('"reloaded"'), "the last good one stays"
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200"), "no connection was dropped"
    server.process.send_signal(signal.SIGTERM)
    assert server.end() == 0
