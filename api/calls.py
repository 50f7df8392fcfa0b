"""What calls share: the merchant that they are for, the caller's key of a call, and a query without mistakes."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from fastapi import Request, Response
from pydantic.json_schema import SkipJsonSchema

from api.auth import header, key_of
from api.problems import Problem, ProblemRaised
from api.schemas.body import RequestInvalid
from api.schemas.findings import FINDINGS_MAX, pointer_to
from engine.access import ApiKey
from engine.errors import Fault
from engine.ledger import DecisionRecord, Ledger

MaybeText = str | SkipJsonSchema[None]
"""A query parameter that may be left out; a query cannot say null, so the document does not either."""

IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255


class JsonBytes(Response):
    """An answer of JSON that is bytes already: its head is written down, not looked for among what a response may be.

    `headers` have lower-case names.
    """

    def __init__(self, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Make the head."""
        self.status_code = 200
        self.background = None
        self.body = body
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*headers, length, (b"content-type", b"application/json")]


def merchant_of(named: str | None, key: ApiKey, field: str) -> str | None:
    """The merchant that a call is for: the one named in `field`, else the key's own; None where the key has several.

    Raises a 404 problem where the key does not act for it: another's merchant answers as an absent one (law 12).
    """
    if not named:
        return next(iter(key.merchants)) if key.merchants is not None and len(key.merchants) == 1 else None
    if not key.acts_for(named):
        detail = f"There is no such merchant for this key; check {field}."
        raise ProblemRaised(Problem(status=404, code="merchant_not_found", detail=detail))
    return named


async def decision_of(request: Request, decision_id: str) -> DecisionRecord:
    """The decision of this id. Raises a 404 problem where there is none, or none of the key's merchants and mode."""
    ledger: Ledger = request.app.state.ledger
    record, key = await ledger.get(decision_id), key_of(request)
    if record is None or not key.acts_for(record.key.merchant_id) or record.key.test_mode != key.test_mode:
        # Another merchant's decision answers exactly as an absent one (law 12).
        raise ProblemRaised(Problem(status=404, code="decision_not_found", detail="There is no such decision."))
    return record


def idempotency_key_of(request: Request) -> str | None:
    """The header `Idempotency-Key`; None where it was not sent. Raises a 422 problem."""
    value = header(request, b"idempotency-key")
    if value is None:
        return None
    if len({sent for name, sent in request.scope["headers"] if name == b"idempotency-key"}) > 1:
        detail = "Idempotency-Key was sent twice, with two values: which one names this call? Send it once."
        raise ProblemRaised(Problem(status=422, code="idempotency_key_invalid", detail=detail))
    # An empty one is a caller's mistake, who takes the call for one with a key.
    if not 1 <= len(value) <= IDEMPOTENCY_KEY_LENGTH_MAX or not value.isascii() or not value.isprintable():
        detail = f"Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters, or is not sent."
        raise ProblemRaised(Problem(status=422, code="idempotency_key_invalid", detail=detail))
    return value


def require_query(request: Request, *known: str) -> None:
    """Raise RequestInvalid where the query has a parameter that there is not, or one twice.

    Without this a mistyped `as_of` would list what is known today, and nobody would see it.
    """
    faults: list[Fault] = []
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "this call takes none, its options are in the body"
            detail = f"There is no such query parameter here; {there}."
            faults.append(Fault(pointer=pointer_to("", name), code="field_unknown", detail=detail))
        elif times > 1:
            detail = f"Send the query parameter {name} once."
            faults.append(Fault(pointer=f"/{name}", code="too_many", detail=detail))
    if faults:
        raise RequestInvalid(*faults[:FINDINGS_MAX])
