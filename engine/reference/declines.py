"""Why a payment was declined: issuers' response codes and processors' words, as families that rules can read.

ISO 8583's two digits are the same at all networks but for some, which stand under the network; processors have words
of their own, or numbers (Adyen) that look like ISO's. Where a code could be two things of different families, it is
unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from engine.features import Unknown
from engine.reference.rows import Read, malformed, read_rows

FAMILIES: Final = (
    "approved", "insufficient_funds", "limit_exceeded", "do_not_honor", "suspected_fraud", "lost_or_stolen",
    "invalid_card", "expired_card", "wrong_cvv", "wrong_address", "wrong_pin", "authentication_required",
    "not_permitted", "revoked", "unavailable", "bad_request", "cancelled",
)  # fmt: skip
"""All that a code can say."""

_COLUMNS: Final = ("system", "code", "family", "is_final", "description")
_ISO, _ADYEN, _STRIPE = "iso8583", "adyen", "stripe"
_NETWORKS: Final = ("visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay")
_SYSTEMS: Final = frozenset({_ISO, _ADYEN, _STRIPE, *_NETWORKS})
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_RAW: Final = re.compile(r"\s*([0-9A-Za-z]{2,3})\s*:")
"""Adyen's raw answers: `05 : Do not honor`."""
_NUMBER: Final = re.compile(r"[0-9]{1,3}|[0-9A-Z]{2}")
_CODE_UNKNOWN, _AMBIGUOUS = Unknown("code_unknown"), Unknown("ambiguous")


class Decline(NamedTuple):
    """What a code says: its family, and whether the issuer will never approve (`is_final`), however often asked."""

    family: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declines:
    """The codes by system; `words` has the processors' words, in lower case with underscores."""

    by_system: Mapping[str, Mapping[str, Decline]]
    words: Mapping[str, Decline | Unknown]

    @classmethod
    def load(cls, path: Path) -> Read[Self]:
        """Read the table. Raises ReferenceInvalid naming file, line and mend."""
        source, rows = read_rows(path, _COLUMNS)
        by_system: dict[str, dict[str, Decline]] = {}
        words: dict[str, Decline | Unknown] = {}
        for line, (system, code, family, is_final, description) in rows:
            table = by_system.setdefault(system, {})
            if system not in _SYSTEMS or family not in FAMILIES or is_final not in ("yes", "no"):
                cause = f"system is {', '.join(sorted(_SYSTEMS))}; family {', '.join(FAMILIES)}; is_final yes or no"
                raise malformed(path, line, cause)
            if not code or code in table:
                raise malformed(path, line, f"{system} {code!r} stands there already, or is empty")
            table[code] = Decline(family, is_final == "yes")
            # Stripe's codes are words; Adyen says its numbers in words as well, which is what most log.
            word = _word(code if system == _STRIPE else description) if system in (_STRIPE, _ADYEN) else ""
            if word:
                words[word] = table[code] if words.get(word, table[code]) == table[code] else _AMBIGUOUS
        return Read(cls(by_system=by_system, words=words), source.fingerprint, len(rows))

    def of(self, code: str, network: str | None, processor: str | None) -> Decline | Unknown:
        """What a code says, as the processor gave it: a number, a network's two letters, or a word.

        `network` is the card's brand, `processor` the processor's name as the merchant writes it; both may be unknown.
        """
        if raw := _RAW.match(code):
            return self._numbered(raw[1].upper(), network)
        plain = code.strip()
        word = self.words.get(_word(plain))
        if word is not None:
            return word
        if not _NUMBER.fullmatch(plain.upper()):
            return _CODE_UNKNOWN
        is_adyens = None if processor is None else _ADYEN in processor.lower()
        adyens = self.by_system.get(_ADYEN, {}).get(plain)
        if is_adyens is False or adyens is None:
            return self._numbered(plain.upper().rjust(2, "0"), network)
        if len(plain) == 1:
            return adyens if is_adyens else _AMBIGUOUS
        issuers = self._numbered(plain, network)
        return adyens if issuers in (_CODE_UNKNOWN, adyens) else _AMBIGUOUS

    def _numbered(self, code: str, network: str | None) -> Decline | Unknown:
        """An issuer's code: the network's own meaning first, then ISO's."""
        iso = self.by_system.get(_ISO, {}).get(code)
        if network is not None:
            return self.by_system.get(network, {}).get(code, iso) or _CODE_UNKNOWN
        meanings = {table[code] for name in _NETWORKS if code in (table := self.by_system.get(name, {}))}
        meanings |= set() if iso is None else {iso}
        if not meanings:
            return _CODE_UNKNOWN
        return meanings.pop() if len(meanings) == 1 else _AMBIGUOUS


def _word(text: str) -> str:
    return _NO_WORD.sub("_", text.lower()).strip("_")
