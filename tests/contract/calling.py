"""Calling the service as a gateway does."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Response

from api.app import create_app
from api.wiring import Assembly

CARD_NUMBER = "4242424242424242"


class Call:
    """Asks for decisions with one key."""

    def __init__(self, client: TestClient, body: Callable[..., dict[str, Any]]) -> None:
        self.client, self.body = client, body

    def __call__(self, transaction_id: str | None = None, /, **groups: Any) -> dict[str, Any]:
        """The answer to a payment that is decided."""
        answer = self.raw(transaction_id, **groups)
        assert answer.status_code == 200, answer.text
        decided: dict[str, Any] = answer.json()
        return decided

    def raw(
        self, transaction_id: str | None = None, headers: dict[str, str] | None = None, /, **groups: Any
    ) -> Response:
        """The response to a request with what is given laid over the least one.

        Where it is not about time, it has the longest budget: on two shared cores a deadline measures the neighbours.
        """
        groups["options"] = {"deadline_ms": 2000, **groups.get("options", {})}
        response: Response = self.client.post(
            "/v1/decisions", json=self.body(transaction_id, **groups), headers=headers
        )
        return response

    def features(self, transaction_id: str | None = None, /, **groups: Any) -> dict[str, Any]:
        """Every feature of a payment that is decided."""
        answer = self(transaction_id, **{**groups, "options": {"explain": "full", **groups.get("options", {})}})
        features: dict[str, Any] = answer["features"]
        return features

    def refused(self, **groups: Any) -> list[tuple[str, str]]:
        """Pointer and code of each fault of a request that is refused with 422."""
        answer = self.raw(**groups)
        assert answer.status_code == 422, answer.text
        return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]

    def warned(self, **groups: Any) -> list[tuple[str, str]]:
        """Pointer and code of each warning of a request that is decided."""
        return [(warning["input_pointer"], warning["code"]) for warning in self(**groups)["warnings"]]


class Asks:
    """Sends several requests at once."""

    def __init__(self, assembly: Assembly, authorization: str) -> None:
        self._assembly, self._headers = assembly, {"authorization": authorization}

    def at_once(self, requests: Iterable[dict[str, Any]], path: str = "/v1/decisions") -> list[Response]:
        """The responses to requests that are under way together."""

        async def run() -> list[Response]:
            transport = ASGITransport(create_app(self._assembly))
            async with AsyncClient(transport=transport, base_url="http://assay", headers=self._headers) as client:
                return await asyncio.gather(*(client.post(path, json=request) for request in requests))

        return asyncio.run(run())
