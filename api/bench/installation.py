"""An installation of a benchmark's own: a temporary data folder, the shipped settings, a real server process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from api.bench.cores import pin
from api.bench.measure import BenchFailed
from api.client import Client
from api.operator import SERVER_FILE, operator_key, server_url
from api.settings import Settings

HOST = "127.0.0.1"
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.02
_SAID_CHARACTERS = 2_000
_SERVE = "from api.cli import main; main()"


def shipped_settings(folder: Path) -> Settings:
    """The settings as shipped, for this folder: what the environment sets for the user's installation is not read."""
    return Settings.model_construct(data=folder)


@contextmanager
def own_folder() -> Iterator[Path]:
    """A data folder that is gone afterwards; the user's is never touched."""
    with TemporaryDirectory(prefix="assay-bench-") as name:
        yield Path(name) / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running `assay serve` and how to reach it with the operator's key."""

    process: subprocess.Popen[bytes]
    port: int
    key: str
    log: Path

    def said(self) -> str:
        """The end of what it wrote to its log."""
        return _end_of(self.log)

    def kill(self) -> None:
        """SIGKILL: what it had not made durable is gone."""
        self.process.kill()

    def stop(self) -> None:
        """SIGTERM, and wait until it has finished what was under way. Raises BenchFailed where it does not end."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            self.process.wait()
            raise BenchFailed(f"The server did not stop within {STOP_SECONDS_MAX:g} s.") from error


def start_server(
    folder: Path, core: int | None = None, seconds_max: float = START_SECONDS_MAX, model: Path | None = None
) -> Server:
    """Start `assay serve` on the folder and a free port, and wait until it is ready; `core` None leaves it unpinned.

    `model` None: the shipped scorecard scores.

    Raises BenchFailed, with what it said, where it does not start within `seconds_max`.
    """
    # A server that was killed could not take its announcement back.
    (folder / SERVER_FILE).unlink(missing_ok=True)
    log_file = folder.parent / "server.log"
    with log_file.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-c", _SERVE, "serve", "--data", str(folder), "--host", HOST, "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=child_environment() | ({} if model is None else {"ASSAY_MODEL": str(model)}),
        )
    if core is not None:
        pin(process.pid, core)
    try:
        port, key = _wait_until_ready(process, folder, seconds_max)
    except BenchFailed as error:
        process.kill()
        process.wait()
        raise BenchFailed(f"{error} It said:\n{_end_of(log_file)}") from error
    return Server(process=process, port=port, key=key, log=log_file)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_SAID_CHARACTERS:]


def child_environment() -> dict[str, str]:
    """Ours without the user's settings, and with the modules that this process sees, installed or in a checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("ASSAY_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, seconds_max: float) -> tuple[int, str]:
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchFailed(f"The server ended with exit code {process.returncode}.")
        url = server_url(folder)
        if url is not None and _is_ready(url, operator_key(folder)):
            return urlsplit(url).port or 0, operator_key(folder)
        time.sleep(_POLL_SECONDS)
    raise BenchFailed(f"The server was not ready within {seconds_max:g} s.")


def _is_ready(url: str, key: str) -> bool:
    try:
        return Client(url=url, key=key).call("GET", "/readyz").status == HTTPStatus.OK
    except OSError:
        return False
