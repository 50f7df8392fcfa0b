"""A backtest that another version wrote, or that is damaged, is listed, and in nobody's way."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from fastapi.testclient import TestClient

from api.settings import Settings
from api.wiring import Assembly, assembled
from tests.api.test_backtests import RULE, SCOPES, MakeClient, asked


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory, patience: None) -> Iterator[Assembly]:
    assert patience is None
    with assembled(Settings(data=tmp_path_factory.mktemp("unreadable") / "data")) as assembly:
        yield assembly


@pytest.fixture
def merchant(make_client: MakeClient) -> TestClient:
    return make_client(scopes=SCOPES, merchants=frozenset({f"shop-{uuid4()}"}))


@pytest.mark.parametrize(
    "arguments", [b'{"broken', b"[]", b'{"since": 5}', b"%s", b'{"since":"2026-01-01","until":"2026-01-02"}']
)
def test_a_backtest_that_cannot_be_read_is_listed_beside_the_others(
    merchant: TestClient, assembly: Assembly, arguments: bytes
) -> None:
    sound = asked(merchant, rule=RULE)["id"]
    job = assembly.jobs.get(sound)
    assert job is not None
    if arguments == b"%s":
        # Of a right form and of a wrong type.
        arguments = orjson.dumps({**orjson.loads(job.arguments), "asked": 5})
    broken = f"job_{uuid4()}"
    assembly.jobs.add(replace(job, id=broken, arguments=arguments))
    listed = merchant.get("/v1/backtests").json()["data"]
    assert [(each["id"], each["asked"]) for each in listed] == [(broken, None), (sound, {"rule": RULE})]
    shown = merchant.get(f"/v1/backtests/{broken}")
    assert (shown.status_code, shown.json()["from"], shown.json()["figures"]) == (200, None, None)
    assert merchant.post(f"/v1/backtests/{broken}/cancel").json()["state"] == "cancelled"
    merchant.post(f"/v1/backtests/{sound}/cancel")
