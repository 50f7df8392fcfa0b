"""API keys: create, list, revoke."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.keys import new_key
from api.problems import Problem, ProblemRaised
from api.schemas import PROBLEM_RESPONSES
from api.schemas.merchants import MerchantId
from engine.access import ApiKey, ApiKeys, Scope
from engine.card_data import holds_card_number
from engine.errors import Fault, PaymentInvalid

GATEWAY_SCOPES = frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.DECISIONS_EXPLAIN, Scope.OUTCOMES_WRITE})
"""What a gateway needs; a new key gets these where nothing else is asked."""

MERCHANTS_MAX = 1_000
"""More in one key are all: what is listed of its merchants looks up each of them."""

router = APIRouter(tags=["Keys"], route_class=ScopedRoute)
_SCOPED = {SCOPE_FIELD: Scope.KEYS_WRITE.value}


class NewKey(BaseModel):
    """What to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f]+$",
        description="What the key is for.",
        examples=["gateway"],
    )
    test_mode: bool = Field(default=False, description="A test key decides alike and never touches live counters.")
    scopes: list[Scope] = Field(default=sorted(GATEWAY_SCOPES), min_length=1, description="What the key allows.")
    merchants: Annotated[list[MerchantId], Field(min_length=1, max_length=MERCHANTS_MAX)] | None = Field(
        description="Required: the merchants it acts for, one or several, or null for all.", examples=[["shop-a"]]
    )
    expires_in_days: int | None = Field(default=None, ge=1, le=3650, description="Null: it does not expire.")

    @property
    def merchants_set(self) -> frozenset[str] | None:
        """The merchants, one named twice once; None is all."""
        return None if self.merchants is None else frozenset(self.merchants)


class KeyShown(BaseModel):
    """A key as listed: never its secret."""

    id: str
    name: str
    test_mode: bool
    scopes: list[Scope]
    merchants: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyCreated(KeyShown):
    """A new key with its text, shown this once."""

    key: str = Field(description="Keep it now: it is not stored and cannot be shown again.")


def shown(key: ApiKey) -> dict[str, object]:
    """A key's public fields."""
    return {
        "id": key.id,
        "name": key.name,
        "test_mode": key.test_mode,
        "scopes": sorted(key.scopes),
        "merchants": None if key.merchants is None else sorted(key.merchants),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Create an API key",
    openapi_extra=_SCOPED,
    responses=PROBLEM_RESPONSES,
)
async def create_key(request: Request, wanted: NewKey) -> KeyCreated:
    """Makes a key, within what the caller's own key may do, and shows it once."""
    _require_within(key_of(request), wanted)
    if holds_card_number(wanted.name):
        detail = "This looks like a card number; say what the key is for."
        raise PaymentInvalid(Fault(pointer="/name", code="card_data_refused", detail=detail))
    key, text = new_key(
        name=wanted.name,
        test_mode=wanted.test_mode,
        scopes=frozenset(wanted.scopes),
        merchants=wanted.merchants_set,
        expires_in=None if wanted.expires_in_days is None else timedelta(days=wanted.expires_in_days),
    )
    _keys(request).add_key(key)
    return KeyCreated.model_validate({**shown(key), "key": text})


@router.get("/v1/keys", summary="List API keys", openapi_extra=_SCOPED, responses=PROBLEM_RESPONSES)
async def list_keys(request: Request) -> list[KeyShown]:
    """The keys within the merchants and mode of the caller's own, oldest first, the revoked ones too."""
    caller = key_of(request)
    return [KeyShown.model_validate(shown(key)) for key in _keys(request).all() if caller.governs(key)]


@router.delete(
    "/v1/keys/{key_id}",
    status_code=204,
    summary="Revoke an API key",
    openapi_extra=_SCOPED,
    responses=PROBLEM_RESPONSES,
)
async def revoke_key(request: Request, key_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Revokes at once; a key cannot be un-revoked."""
    keys = _keys(request)
    key = keys.key(key_id)
    is_theirs = key is not None and key_of(request).governs(key)
    if not is_theirs or not keys.revoke_key(key_id, datetime.now(UTC)):
        raise ProblemRaised(Problem(status=404, code="key_not_found", detail="There is no such key in force."))
    return Response(status_code=204)


def _require_within(caller: ApiKey, wanted: NewKey) -> None:
    within = {
        "merchants": caller.covers_merchants(wanted.merchants_set),
        "scopes": set(wanted.scopes) <= caller.scopes,
        "test_mode": caller.covers_mode(wanted.test_mode),
    }
    beyond = ", ".join(name for name, is_within in within.items() if not is_within)
    if beyond:
        detail = f"A key can give no more than it has, and this one has less than the new key's {beyond}."
        raise ProblemRaised(Problem(status=403, code="key_too_wide", detail=detail))


def _keys(request: Request) -> ApiKeys:
    keys: ApiKeys = request.app.state.keys
    return keys
