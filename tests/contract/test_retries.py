"""Idempotency: the same call again is never a second payment."""

import asyncio
from typing import Any

from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from api.wiring import Assembly
from tests.contract.calling import Asks, Call


def test_the_same_key_and_body_get_the_stored_answer_byte_for_byte(call: Call) -> None:
    first, again = call.raw("retried-1"), call.raw("retried-1")
    assert again.content == first.content
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")


def test_the_same_key_with_another_body_is_422(call: Call) -> None:
    call("retried-2")
    refused = call.raw("retried-2", order={"amount_minor": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_the_header_is_the_key_where_it_is_sent(call: Call) -> None:
    header = {"Idempotency-Key": "own-key-1"}
    first, again = call.raw("keyed-1", header), call.raw("keyed-1", header)
    assert again.content == first.content
    other = call.raw("keyed-2", header)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_a_key_within_its_merchant(call: Call) -> None:
    header = {"Idempotency-Key": "own-key-2"}
    one = call.raw("keyed-3", header)
    other = call.raw("keyed-3", header, event={"merchant_id": "shop-z"})
    assert (one.status_code, other.status_code) == (200, 200)
    assert one.json()["id"] != other.json()["id"]


def test_a_new_header_key_with_a_known_payment_is_a_retry(call: Call) -> None:
    first = call.raw("keyed-4", {"Idempotency-Key": "own-key-3"})
    again = call.raw("keyed-4", {"Idempotency-Key": "own-key-4"})
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    for other in (
        call.raw("keyed-4", {"Idempotency-Key": "own-key-4"}, order={"amount_minor": 1}),
        call.raw("keyed-5", {"Idempotency-Key": "own-key-4"}),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_an_empty_header_is_no_key_and_says_so(call: Call) -> None:
    refused = call.raw("keyed-6", {"Idempotency-Key": ""})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")


def test_validation_errors_are_not_stored(call: Call) -> None:
    assert call.raw("mended-1", order={"amount_minor": -1}).status_code == 422
    assert call.raw("mended-1").status_code == 200


def test_fifty_equal_requests_at_once_are_one_decision(call: Call, asks: Asks) -> None:
    request = call.body("at-once-1", options={"deadline_ms": 2000})
    answers = asks.at_once([request] * 50)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_a_client_that_hangs_up_finds_its_decision(assembly: Assembly, call: Call) -> None:
    request = call.body("hung-up-1")

    async def hang_up_and_retry() -> tuple[Any, Any]:
        headers = {"authorization": str(call.client.headers["authorization"])}
        async with AsyncClient(
            transport=ASGITransport(create_app(assembly)), base_url="http://assay", headers=headers
        ) as client:
            asking = asyncio.ensure_future(client.post("/v1/decisions", json=request))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            first = await client.post("/v1/decisions", json=request)
            return first, await client.post("/v1/decisions", json=request)

    first, again = asyncio.run(hang_up_and_retry())
    assert first.status_code == 200
    assert first.content == again.content
