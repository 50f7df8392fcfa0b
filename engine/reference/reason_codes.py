"""The networks' reason codes of chargebacks: what each claims of the payment."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from engine.errors import ReferenceInvalid
from engine.reference.source import EMBEDDED, decode_source, read_source
from engine.scheme_report import Claim

EMBEDDED_REASON_CODES: Final = EMBEDDED / "chargeback_reason_codes.csv"

_COLUMNS: Final = ["network", "code", "description", "category", "fraud_label", "status"]
_FRAUD_LABELS: Final = ("yes", "no", "review")
_COMPLAINT: Final = "consumer_dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCode:
    """One code of a network. `needs_review` says that it claims fraud of a kind that a person has to look at.

    Such are codes of cards that were present, and of the networks' programmes: what they say of a payment at a distance
    is not certain.
    """

    claim: Claim
    description: str
    needs_review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCodes:
    """All codes, by network and code. `version` is the first 12 digits of the file's SHA-256."""

    version: str
    codes: Mapping[tuple[str, str], ReasonCode]

    @classmethod
    def load(cls, path: Path = EMBEDDED_REASON_CODES) -> Self:
        """Read the table: a CSV of network, code, description, category, fraud_label, status.

        Raises ReferenceInvalid naming file, line and mend.
        """
        source = read_source(path)
        rows = list(csv.reader(decode_source(source, source.content).splitlines()))
        if not rows or rows[0] != _COLUMNS:
            raise ReferenceInvalid(f"{path}, line 1: the heading is not {','.join(_COLUMNS)}; add it")
        codes: dict[tuple[str, str], ReasonCode] = {}
        for line, cells in enumerate(rows[1:], start=2):
            if len(cells) != len(_COLUMNS) or cells[4] not in _FRAUD_LABELS:
                mend = f"write {','.join(_COLUMNS)}; fraud_label is yes, no or review"
                raise ReferenceInvalid(f"{path}, line {line}: {mend}")
            network, code, description, category, fraud_label, _ = cells
            if (network, code) in codes:
                raise ReferenceInvalid(f"{path}, line {line}: {network} {code} stands twice; keep one row")
            codes[network, code] = ReasonCode(
                claim=_claim(category, fraud_label), description=description, needs_review=fraud_label == "review"
            )
        return cls(version=source.fingerprint, codes=codes)

    def of(self, network: str, code: str) -> ReasonCode | None:
        """What a network's code claims; None where the table has it not. Case and spaces around it do not matter."""
        return self.codes.get((network, code.strip().upper()))


def _claim(category: str, fraud_label: str) -> Claim:
    if fraud_label == "no":
        return Claim.SERVICE_DISPUTE if category == _COMPLAINT else Claim.OTHER
    return Claim.THIRD_PARTY_FRAUD if fraud_label == "yes" else Claim.UNKNOWN
