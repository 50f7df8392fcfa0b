"""Why a row is not recorded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row, or its label, is not recorded: a stable code, the field or column, and words with the mend.

    It never quotes the value: that may hold card data.
    """

    code: str
    field: str
    reason: str
