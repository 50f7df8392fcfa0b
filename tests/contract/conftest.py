"""The promises are kept by a running installation: the real store, rules and tables, called over ASGI."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.wiring import Assembly
from engine.access import Scope
from tests.api.conftest import assembly, body, gateway, make_client
from tests.contract.calling import Asks, Call

__all__ = ["assembly", "body", "gateway", "make_client"]


@pytest.fixture(scope="module")
def operator(make_client: Callable[..., TestClient]) -> TestClient:
    """A live key with every scope, for all merchants."""
    return make_client(scopes=frozenset(Scope))


@pytest.fixture(scope="module")
def tester(make_client: Callable[..., TestClient]) -> TestClient:
    """A test key with every scope, for all merchants."""
    return make_client(scopes=frozenset(Scope), test_mode=True)


@pytest.fixture
def call(operator: TestClient, body: Callable[..., dict[str, Any]]) -> Call:
    return Call(operator, body)


@pytest.fixture
def trial(tester: TestClient, body: Callable[..., dict[str, Any]]) -> Call:
    return Call(tester, body)


@pytest.fixture
def asks(assembly: Assembly, operator: TestClient) -> Asks:
    return Asks(assembly, str(operator.headers["authorization"]))
