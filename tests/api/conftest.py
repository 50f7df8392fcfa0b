"""A running installation for the API's tests: the real store, rules and tables, called over ASGI."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.routes.keys import GATEWAY_SCOPES
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from tests.api.disputes import NUMBERS, SCOPES


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory, patience: None) -> Iterator[Assembly]:
    assert patience is None
    with assembled(Settings(data=tmp_path_factory.mktemp("assay") / "data")) as assembly:
        yield assembly


@pytest.fixture(scope="module")
def make_client(assembly: Assembly) -> Callable[..., TestClient]:
    """A client with a new key: by default a gateway's, for all merchants."""
    app = create_app(assembly)

    def make(
        *,
        scopes: frozenset[Scope] = GATEWAY_SCOPES,
        merchants: frozenset[str] | None = None,
        test_mode: bool = False,
        expires_in: timedelta | None = None,
    ) -> TestClient:
        key, text = new_key(name="test", test_mode=test_mode, scopes=scopes, merchants=merchants, expires_in=expires_in)
        assembly.keys.add_key(key)
        client = TestClient(app, headers={"Authorization": f"Bearer {text}"}, raise_server_exceptions=True)
        client.key_id = key.id  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture(scope="module")
def gateway(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """A valid request with what is given laid over it, group by group."""

    def make(transaction_id: str | None = None, **groups: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "event": {
                "transaction_id": transaction_id or f"tx-{uuid4()}",
                "merchant_id": "shop-a",
            },
            "order": {"amount_minor": 4990, "currency": "USD"},
        }
        for name, fields in groups.items():
            merged = isinstance(fields, dict) and isinstance(request.get(name), dict)
            request[name] = {**request[name], **fields} if merged else fields
        return request

    return make


@pytest.fixture
def disputed_shop(make_client: Callable[..., TestClient]) -> TestClient:
    """A key for one merchant of its own."""
    merchant = f"disputed-shop-{next(NUMBERS)}"
    client = make_client(scopes=SCOPES, merchants=frozenset({merchant}))
    client.merchant = merchant  # type: ignore[attr-defined]
    return client
