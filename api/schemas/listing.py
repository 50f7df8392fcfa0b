"""Lists of answers that were given before, byte for byte, and the documents of them."""

from collections.abc import Iterable, Sequence
from typing import Self

import orjson
from pydantic import BaseModel, Field

from api.schemas.answer import DecisionAnswer


def list_bytes(answers: Iterable[bytes], **beside: object) -> bytes:
    """A page of stored answers as they are, and what stands beside them (JSON)."""
    return b'{"data":[' + b",".join(answers) + b"]," + orjson.dumps(beside)[1:]


class Page(BaseModel):
    """What stands beside the `data` of a page."""

    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")

    @classmethod
    def of(cls, data: Sequence[object], cursors: Sequence[object], limit: int) -> Self:
        """A page of at most `limit`, of what was found and the cursor of each; one more found tells of more."""
        has_more = len(data) > limit
        next_cursor = str(cursors[limit - 1]) if has_more else None
        return cls.model_validate({"data": data[:limit], "has_more": has_more, "next_cursor": next_cursor})


class DecisionList(BaseModel):
    """The decisions of a payment, one a stage, oldest first; none where there is no such payment."""

    data: list[DecisionAnswer]
    superseded_by: str | None = Field(description="The transaction id of the payment that replaces this one.")
    has_more: bool = Field(description="Always false: a payment has at most three stages.")
