"""Lists of answers that were given before, byte for byte, and the documents of them."""

from collections.abc import Iterable

import orjson
from pydantic import BaseModel, Field

from api.schemas.answer import DecisionAnswer


def list_bytes(answers: Iterable[bytes], **beside: object) -> bytes:
    """A page of stored answers as they are, and what stands beside them (JSON)."""
    return b'{"data":[' + b",".join(answers) + b"]," + orjson.dumps(beside)[1:]


class DecisionList(BaseModel):
    """The decisions of a payment, one a stage, oldest first; none where there is no such payment."""

    data: list[DecisionAnswer]
    superseded_by: str | None = Field(description="The transaction id of the payment that replaces this one.")
    has_more: bool = Field(description="Always false: a payment has at most three stages.")
