"""The operator's key, and which note of a running server is trusted with it."""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from api.bench.installation import start_server
from api.cli import app
from api.client import CallFailed, Client, client_of
from api.keys import key_in_force, new_key
from api.operator import SERVER_FILE, OperatorKeyMissing, operator_key, server_announced, server_url
from api.settings import Settings
from api.wiring import assembled, opened_keys
from engine.access import ApiKey, Scope
from engine.errors import DataFolderInUse

PAYMENT = b'{"event": {"transaction_id": "t", "merchant_id": "m"}, "order": {"amount_minor": 1, "currency": "USD"}}'


class Stranger:
    """Somebody's server: takes connections, keeps what it is sent, gives one answer."""

    def __init__(self, answer: bytes = b"") -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._answer = answer
        self._thread = Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(65536))
                connection.sendall(self._answer)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    made = Stranger(b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"status":"ok"}')
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with its operator's key."""
    with opened_keys(tmp_path / "data", is_made=True):
        pass
    return tmp_path / "data"


def in_force(folder: Path) -> ApiKey | None:
    with opened_keys(folder, is_made=True) as keys:
        return key_in_force(keys, operator_key(folder))


class TestKey:
    def test_it_is_made_once(self, folder: Path) -> None:
        first = operator_key(folder)
        assert in_force(folder) is not None
        assert operator_key(folder) == first

    def test_removing_the_file_replaces_it(self, folder: Path) -> None:
        before = operator_key(folder)
        shop, _ = new_key(name="operator", test_mode=False, scopes=frozenset(Scope), merchants=frozenset({"shop"}))
        with opened_keys(folder, is_made=True) as keys:
            keys.add_key(shop)
        (folder / "operator.key").unlink()
        with opened_keys(folder, is_made=True) as keys:
            assert key_in_force(keys, before) is None, "the lost key is still in force"
            assert key_in_force(keys, operator_key(folder)) is not None
            kept = keys.key(shop.id)
            assert kept is not None
            assert kept.revoked_at is None, "a shop's key is none of the operator's, whatever its name"

    @pytest.mark.parametrize("text", ["", "nonsense", "é", f"assay_live_{'a' * 12}_{'b' * 43}"])
    def test_a_file_with_no_key_of_ours_is_replaced(self, folder: Path, text: str) -> None:
        (folder / "operator.key").write_text(text)
        key = in_force(folder)
        assert key is not None
        assert key.scopes == set(Scope)

    def test_a_revoked_or_expired_key_is_replaced(self, folder: Path) -> None:
        key = in_force(folder)
        assert key is not None
        with opened_keys(folder, is_made=True) as keys:
            keys.revoke_key(key.id, datetime.now(UTC))
        key = in_force(folder)
        assert key is not None
        made, text = new_key(name="operator", test_mode=False, scopes=frozenset(Scope), merchants=None)
        with opened_keys(folder, is_made=True) as keys:
            keys.add_key(replace(made, expires_at=made.created_at))
        (folder / "operator.key").write_text(text)
        assert in_force(folder) is not None
        assert operator_key(folder) != text

    def test_a_key_that_may_do_less_is_replaced(self, folder: Path) -> None:
        some, text = new_key(name="operator", test_mode=False, scopes=frozenset({Scope.KEYS_WRITE}), merchants=None)
        with opened_keys(folder, is_made=True) as keys:
            keys.add_key(some)
        (folder / "operator.key").write_text(text)
        key = in_force(folder)
        assert key is not None
        assert key.scopes == set(Scope)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(OperatorKeyMissing, match=r"operator\.key cannot be read.*Restart the server"):
            operator_key(tmp_path)


class TestAnnouncement:
    def test_it_is_trusted_while_its_server_lives(self, tmp_path: Path) -> None:
        assert server_url(tmp_path) is None
        with server_announced(tmp_path, "http://127.0.0.1:1"):
            assert [server_url(tmp_path), server_url(tmp_path)] == ["http://127.0.0.1:1"] * 2
        assert not list(tmp_path.iterdir())

    def test_one_left_behind_is_not(self, tmp_path: Path) -> None:
        # Its pid lives and even holds the folder: in a container each process has the same.
        (tmp_path / SERVER_FILE).write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": os.getpid()}))
        assert server_url(tmp_path) is None

    def test_a_server_announces_itself_over_one_left_behind(self, tmp_path: Path) -> None:
        for name in (SERVER_FILE, "server.new"):
            (tmp_path / name).write_text("{}")
        with server_announced(tmp_path, "http://127.0.0.1:1"):
            assert server_url(tmp_path) == "http://127.0.0.1:1"

    def test_whoever_takes_the_folder_removes_it(self, folder: Path) -> None:
        for opened in (lambda: opened_keys(folder, is_made=True), lambda: assembled(Settings(data=folder))):
            (folder / SERVER_FILE).write_text("{}")
            with opened():
                assert not (folder / SERVER_FILE).exists()


@pytest.mark.parametrize(
    "words",
    [["keys", "list"], ["keys", "create", "--name", "n", "--all-merchants"], ["keys", "revoke", "a"], ["decide", "-"]],
    ids=" ".join,
)
def test_no_command_speaks_to_a_stranger_after_a_kill(
    folder: Path, stranger: Stranger, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server(folder)
    left_behind = (folder / SERVER_FILE).read_bytes()
    server.kill()
    server.process.wait()
    assert (folder / SERVER_FILE).read_bytes() == left_behind
    monkeypatch.setenv("ASSAY_DATA", str(folder))
    with assembled(Settings(data=folder)):  # an import, say
        (folder / SERVER_FILE).write_bytes(left_behind.replace(server_port(left_behind), stranger.url.encode()))
        result = CliRunner().invoke(app, words, input=PAYMENT)
    assert isinstance(result.exception, DataFolderInUse)
    assert stranger.heard == []


def server_port(note: bytes) -> bytes:
    return str(json.loads(note)["url"]).encode()


def test_the_first_call_carries_no_key(folder: Path, stranger: Stranger) -> None:
    with server_announced(folder, stranger.url):
        client = client_of(folder, DataFolderInUse("in use"))
    assert client == Client(url=stranger.url, key=operator_key(folder))
    (heard,) = stranger.heard
    assert heard.startswith(b"GET /healthz ")
    assert b"authorization" not in heard.lower()
    assert operator_key(folder).encode() not in heard


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"])
def test_who_does_not_answer_as_we_do_is_no_server(folder: Path, answer: bytes) -> None:
    stranger = Stranger(answer)
    with server_announced(folder, stranger.url), pytest.raises(DataFolderInUse, match="held"):
        client_of(folder, DataFolderInUse("held"))
    stranger.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 502 Bad\r\ncontent-length: 6\r\n\r\n<html>", "refused: status 502"),
        (b"HTTP/1.1 500 Bad\r\ncontent-length: 2\r\n\r\n[]", "refused: status 500"),
        (b'HTTP/1.1 403 No\r\ncontent-length: 16\r\n\r\n{"detail":"why"}', "refused: why"),
        (b"nonsense", "did not answer"),
    ],
)
def test_a_checked_call_says_what_went_wrong(answer: bytes, said: str) -> None:
    stranger = Stranger(answer)
    with pytest.raises(CallFailed, match=said):
        Client(url=stranger.url, key="k").checked("GET", "/v1/keys")
    stranger.close()
