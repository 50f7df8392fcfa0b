"""`assay demo` as a person runs it: history, training, promotion, the new model's reasons, and back under load."""

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from api.bench.installation import child_environment
from api.client import Client
from api.demo.examples import examples
from api.operator import operator_key, server_url

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DAYS = 75
CALLERS = 4
CALLS_BEFORE_AND_AFTER = 20


class Demo:
    """A running demonstration and what it said until it served."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = ["demo", "--days", str(DAYS), "--data", str(folder), "--port", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from api.cli import main; main()", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**child_environment(), "COLUMNS": "200"},
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("What to do next"):
                break
        url = server_url(folder)
        assert url is not None, self.said
        self.client = Client(url=url, key=operator_key(folder))

    def got(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.client.checked("GET", path))
        return answer


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "data")
    yield running
    running.process.terminate()
    running.process.communicate(timeout=60)
    assert running.process.returncode == 0


def test_it_trains_tells_promotes_and_shows_what_changed(demo: Demo) -> None:
    standing = demo.got("/v1/models")
    assert standing["champion"] in demo.said, demo.said
    assert standing["scores"] == standing["champion"]
    for words in (
        "A first decision",
        "payments of 75 days",
        "card testing",
        "average precision",
        "The gate",
        "assay rollback",
    ):
        assert words in demo.said
    report = re.search(r"The report, with its plots: (\S+)", demo.said)
    assert report is not None
    assert Path(report[1]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert demo.said.count("before: ") == 3
    (change,) = demo.got("/v1/models/changes")["data"]
    assert change["because"] == "The demonstration promotes what it trained."
    decision = json.loads(demo.client.checked("POST", "/v1/decisions", json.dumps(_payment("now", 1)).encode()))
    full = demo.got(f"/v1/decisions/{decision['id']}")
    assert standing["champion"] in json.dumps(full)


def test_a_rollback_under_load_drops_no_request_and_the_scorecard_decides_again(demo: Demo) -> None:
    champion = demo.got("/v1/models")["champion"]
    statuses, is_over = Counter[int](), threading.Event()
    counted = threading.Semaphore(0)

    def load(caller: int) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            body = json.dumps(_payment(f"load-{caller}", number)).encode()
            statuses[demo.client.call("POST", "/v1/decisions", body).status] += 1
            counted.release()

    threads = [threading.Thread(target=load, args=(caller,)) for caller in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        _wait(counted)
        body = json.dumps({"because": "Back to what was known."}).encode()
        done = json.loads(demo.client.checked("POST", "/v1/models/rollback", body))
        after = json.loads(demo.client.checked("POST", "/v1/decisions", json.dumps(_payment("after", 1)).encode()))
        _wait(counted)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {HTTPStatus.OK}
    assert done["champion"] is None
    assert champion not in json.dumps(demo.got(f"/v1/decisions/{after['id']}"))
    assert demo.got("/v1/models")["scores"] != champion


def _wait(counted: threading.Semaphore) -> None:
    for _ in range(CALLS_BEFORE_AND_AFTER):
        assert counted.acquire(timeout=60)


def _payment(name: str, number: int) -> dict[str, Any]:
    payment = examples(name)[0][1]
    return {
        **payment,
        "event": {**payment["event"], "transaction_id": f"{name}-{number}"},
        "options": {"deadline_ms": 2000},
    }
