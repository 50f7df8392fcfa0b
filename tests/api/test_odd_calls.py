"""Calls that are nearly right: an option in the query, two keys, another encoding, a method that there is not."""

import gzip
from collections.abc import Callable
from typing import Any

import httpx2
import orjson
import pytest
from fastapi.testclient import TestClient

Body = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/decisions", {"GET", "POST"}),
        ("PUT", "/v1/labels", {"GET", "POST"}),
        ("PATCH", "/v1/policies/shop-a", {"GET", "PUT"}),
        ("DELETE", "/v1/decisions/dec_1", {"GET"}),
    ],
)
def test_a_405_names_all_methods_of_the_path(gateway: TestClient, method: str, path: str, allowed: set[str]) -> None:
    refused = gateway.request(method, path)
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) - {"HEAD"} == allowed


def test_the_document_names_the_headers_of_answers(gateway: TestClient) -> None:
    answers = gateway.get("/openapi.json").json()["paths"]["/v1/decisions"]["post"]["responses"]
    assert set(answers["200"]["headers"]) == {"Idempotent-Replayed", "Assay-Late"}
    assert {status for status, each in answers.items() if "Retry-After" in each.get("headers", {})} == {
        "409",
        "429",
        "503",
    }


@pytest.mark.parametrize("query", ["dry_run=true", "explain=full", "x"])
def test_an_option_in_the_query_is_refused_and_nothing_recorded(gateway: TestClient, body: Body, query: str) -> None:
    refused = gateway.post(f"/v1/decisions?{query}", json=body("tx-query"))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "field_unknown")
    assert "in the body" in refused.json()["detail"]
    listed = gateway.get("/v1/decisions", params={"transaction_id": "tx-query", "merchant_id": "shop-a"})
    assert not listed.json().get("decisions")


def test_one_call_has_one_idempotency_key(gateway: TestClient, body: Body) -> None:
    twice = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    refused = gateway.post("/v1/decisions", json=body("tx-keys"), headers=httpx2.Headers(twice))
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    same = [("Idempotency-Key", "one"), ("Idempotency-Key", "one")]
    assert gateway.post("/v1/decisions", json=body("tx-keys"), headers=httpx2.Headers(same)).status_code == 200


@pytest.mark.parametrize(
    ("encode", "said"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, "byte order mark"),
        (lambda text: text.decode().encode("utf-16"), "UTF-16"),
        (lambda text: text.decode().encode("utf-16-le"), "UTF-16"),
        (gzip.compress, "compressed"),
    ],
)
def test_another_encoding_is_named(
    gateway: TestClient, body: Body, encode: Callable[[bytes], bytes], said: str
) -> None:
    refused = gateway.post("/v1/decisions", content=encode(orjson.dumps(body("tx-encoded"))))
    assert (refused.status_code, refused.json()["code"]) == (400, "json_malformed")
    assert said in refused.json()["detail"]
