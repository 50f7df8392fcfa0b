"""What the codes around a card payment mean: AVS, CVV, ECI, why it was declined, and which cards are published tests.

One letter means different things in different networks (AVS A: the street alone at Visa, both at Discover), and ECI 06
is Visa's attempt and Mastercard's exemption. So each code is read by the network's own table; where the network is not
known, only what all networks agree on is read. Where the sources of a table contradict each other, what it says of a
match is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from engine.features import Unknown
from engine.reference.answers import ANSWERS_MAX, Answers
from engine.reference.declines import Declines
from engine.reference.rows import Read, malformed, read_rows
from engine.reference.source import EMBEDDED
from engine.reference.table import OPERATORS_OWN, TableInfo

AVS_FILE: Final = "avs_codes.csv"
CVV_FILE: Final = "cvv_codes.csv"
ECI_FILE: Final = "eci_codes.csv"
DECLINES_FILE: Final = "decline_codes.csv"
TEST_CARDS_FILE: Final = "test_cards.csv"
FILES: Final = (AVS_FILE, CVV_FILE, ECI_FILE, DECLINES_FILE, TEST_CARDS_FILE)
"""A file of one of these names in the operator's folder stands in for the embedded one."""

_WHAT: Final = {
    AVS_FILE: "AVS code to what it says of street, postal code and name, by network",
    CVV_FILE: "CVV code to what it says",
    ECI_FILE: "ECI to authentication and liability shift, by network",
    DECLINES_FILE: "response codes and processors' words to families of declines",
    TEST_CARDS_FILE: "first eight and last four digits of published test cards",
}

T = TypeVar("T")

PASS, FAIL, UNAVAILABLE, UNCHECKED, NOT_PROVIDED = "pass", "fail", "unavailable", "unchecked", "not_provided"

_MATCHES: Final = {"match": PASS, "no_match": FAIL}
_NOT_DONE: Final = frozenset({"unknown", "unsupported"})
_SURE, _DISPUTED = "high", "medium"
"""Whether the sources of a row say the same, or differ."""
_CVV_RESULTS: Final[Mapping[str, str | Unknown]] = {
    "match": PASS,
    "no_match": FAIL,
    "not_processed": UNCHECKED,
    "invalid": UNCHECKED,
    "should_be_present": NOT_PROVIDED,
    "unavailable": UNAVAILABLE,
    # The issuer said what it thinks of the payment, and nothing of the code.
    "suspicious": Unknown("ambiguous"),
}
AUTHENTICATIONS: Final = ("authenticated", "attempted", "none", "data_only", "exempt", "non_payment")
"""What an ECI can say of the shopper."""
_SHIFTS: Final[Mapping[str, str | None]] = {"yes": "yes", "usually": "usually", "no": "no", "n/a": None}
_PREFIX_LENGTHS: Final = (6, 7, 8)
_LAST_DIGITS: Final = 4

Avs = tuple[str | Unknown, str | Unknown, str | Unknown]
"""What was said of the street, of the postal code and of the cardholder's name."""
CODE_UNKNOWN: Final = Unknown("code_unknown")
AMBIGUOUS: Final = Unknown("ambiguous")
_DISPUTED_MATCHES: Final = dict.fromkeys(_MATCHES, AMBIGUOUS)
_AVS_UNKNOWN: Final = (CODE_UNKNOWN, CODE_UNKNOWN, CODE_UNKNOWN)
_AVS_AMBIGUOUS: Final = (AMBIGUOUS, AMBIGUOUS, AMBIGUOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eci:
    """What an ECI says: how the shopper was authenticated, and whether the issuer bears a fraud chargeback then.

    `authentication` is authenticated, attempted, none, data_only, exempt or non_payment; `shift` is yes, usually or no,
    None where there is no payment.
    """

    authentication: str
    shift: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCodes:
    """All of these tables. `version` is the first 12 hexadecimal digits of the SHA-256 of their fingerprints.

    `answers` is for what is made of the tables again and again: it goes when they do.
    """

    info: TableInfo
    avs_by_network: Mapping[str, Mapping[str, Avs]]
    avs_agreed: Mapping[str, Avs]
    cvv: Mapping[str, str | Unknown]
    eci_by_network: Mapping[str, Mapping[str, Eci]]
    eci_agreed: Mapping[str, Eci | Unknown]
    declines: Declines
    test_cards: frozenset[tuple[str, str]]
    test_bins: frozenset[str]
    answers: Answers

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read the embedded tables; a file of the same name in `folder` goes before each.

        Raises ReferenceInvalid naming file, line and mend.
        """
        paths = {name: _path(folder, name) for name in FILES}
        avs, cvv, eci = _avs(paths[AVS_FILE]), _cvv(paths[CVV_FILE]), _eci(paths[ECI_FILE])
        declines, tests = Declines.load(paths[DECLINES_FILE]), _test_cards(paths[TEST_CARDS_FILE])
        read: tuple[Read[Any], ...] = (avs, cvv, eci, declines, tests)
        parts = tuple(_info(path, each) for path, each in zip(paths.values(), read, strict=True))
        return cls(
            info=replace(
                parts[0],
                name="card_codes",
                what="AVS, CVV, ECI and decline codes by network, published test cards",
                version=sha256("".join(part.version for part in parts).encode()).hexdigest()[:12],
                rows=sum(part.rows or 0 for part in parts),
                parts=parts,
            ),
            avs_by_network=avs.table,
            avs_agreed=_agreed(avs.table),
            cvv=cvv.table,
            eci_by_network=eci.table,
            eci_agreed=_eci_agreed(eci.table),
            declines=declines.table,
            test_cards=frozenset((bin_[:length], last) for bin_, last in tests.table for length in _PREFIX_LENGTHS),
            test_bins=frozenset(bin_[:length] for bin_, _ in tests.table for length in _PREFIX_LENGTHS),
            answers=Answers(ANSWERS_MAX),
        )

    @property
    def version(self) -> str:
        """What decisions record."""
        return self.info.version

    def avs(self, code: str, network: str | None) -> Avs:
        """What an AVS code says at a network; of one that is unknown, or has no table, what all agree on."""
        return self.avs_by_network.get(network or "", self.avs_agreed).get(code, _AVS_UNKNOWN)

    def cvc(self, code: str) -> str | Unknown:
        """What a CVV code says: the networks agree on all of them."""
        return self.cvv.get(code, CODE_UNKNOWN)

    def eci(self, code: str, network: str | None) -> Eci | Unknown:
        """What an ECI says at a network: unknown of one that has no table, for its codes may be anybody's.

        Where the network is not known, what all agree on: that one network alone has a code does not say whose it is.
        """
        table = self.eci_agreed if network is None else self.eci_by_network.get(network, {})
        return table.get(code, CODE_UNKNOWN)

    def is_test_card(self, prefix: str, last_digits: str | None) -> bool | None:
        """Whether a BIN (6 to 8 digits) and last four digits are a published test card's.

        None where only the last four could tell, and are not known.
        """
        if prefix not in self.test_bins:
            return False
        if last_digits is None or len(last_digits) < _LAST_DIGITS:
            return None
        return (prefix, last_digits) in self.test_cards


def _path(folder: Path | None, name: str) -> Path:
    own = None if folder is None else folder / name
    return EMBEDDED / name if own is None or not own.exists() else own


def _info(path: Path, read: Read[Any]) -> TableInfo:
    is_embedded = path.parent == EMBEDDED
    return TableInfo(
        name=path.stem,
        what=_WHAT[path.name],
        version=read.fingerprint,
        built=None,
        rows=read.rows,
        source="what networks, processors and gateways publish for merchants" if is_embedded else OPERATORS_OWN,
        licence="facts; none is named" if is_embedded else OPERATORS_OWN,
    )


def _avs(path: Path) -> Read[dict[str, dict[str, Avs]]]:
    source, rows = read_rows(path, ("network", "code", "description", "street", "postal", "name", "confidence"))
    tables: dict[str, dict[str, Avs]] = {}
    for line, (network, code, _, street, postal, name, confidence) in rows:
        _once(path, line, code, tables.setdefault(network, {}))
        for cell in (street, postal, name):
            if cell not in _MATCHES and cell not in _NOT_DONE:
                raise malformed(path, line, f"{cell!r} is not match, no_match, unknown or unsupported")
        if confidence not in (_SURE, _DISPUTED):
            raise malformed(
                path, line, f"confidence {confidence!r} is not {_SURE}, or {_DISPUTED} where sources differ"
            )
        # Where the address was not looked at, the check was not to be had; where half of it was, the rest is open.
        rest = UNAVAILABLE if {street, postal} <= _NOT_DONE else UNCHECKED
        matches: Mapping[str, str | Unknown] = _MATCHES if confidence == _SURE else _DISPUTED_MATCHES
        tables[network][code] = (matches.get(street, rest), matches.get(postal, rest), matches.get(name, rest))
    return Read(tables, source.fingerprint, len(rows))


def _agreed(tables: Mapping[str, Mapping[str, Avs]]) -> dict[str, Avs]:
    """Every code that any network has, with what all networks mean by it; else unknown. Of the name it says nothing."""
    found: dict[str, Avs] = {}
    for code, (street, postal, _) in chain.from_iterable(table.items() for table in tables.values()):
        if all(table.get(code, ("", "", ""))[:2] == (street, postal) for table in tables.values()):
            found[code] = (street, postal, UNAVAILABLE if street == UNAVAILABLE else UNCHECKED)
        else:
            found[code] = _AVS_AMBIGUOUS
    return found


def _cvv(path: Path) -> Read[dict[str, str | Unknown]]:
    source, rows = read_rows(path, ("code", "description", "result"))
    table: dict[str, str | Unknown] = {}
    for line, (code, _, result) in rows:
        _once(path, line, code, table)
        table[code] = _meaning(path, line, result, _CVV_RESULTS)
    return Read(table, source.fingerprint, len(rows))


def _eci(path: Path) -> Read[dict[str, dict[str, Eci]]]:
    columns = ("networks", "eci", "meaning", "authentication", "liability_shift_to_issuer")
    source, rows = read_rows(path, columns)
    tables: dict[str, dict[str, Eci]] = {}
    for line, (networks, code, _, authentication, shift) in rows:
        eci = Eci(
            authentication=_meaning(path, line, authentication, {each: each for each in AUTHENTICATIONS}),
            shift=_meaning(path, line, shift, _SHIFTS),
        )
        for network in networks.split("|"):
            _once(path, line, code, tables.setdefault(network, {}))
            tables[network][code] = eci
    return Read(tables, source.fingerprint, len(rows))


def _eci_agreed(tables: Mapping[str, Mapping[str, Eci]]) -> dict[str, Eci | Unknown]:
    """Every code that any network has, with what all networks mean by it; else unknown."""
    found: dict[str, Eci | Unknown] = {}
    for code, meaning in chain.from_iterable(table.items() for table in tables.values()):
        found[code] = meaning if all(table.get(code) == meaning for table in tables.values()) else AMBIGUOUS
    return found


def _test_cards(path: Path) -> Read[list[tuple[str, str]]]:
    source, rows = read_rows(path, ("bin", "last_digits", "digits", "brand", "kind"))
    found = []
    for line, (bin_, last, *_) in rows:
        if not (bin_ + last).isdecimal() or (len(bin_), len(last)) != (_PREFIX_LENGTHS[-1], _LAST_DIGITS):
            raise malformed(path, line, "a test card is named by its first eight and its last four digits")
        found.append((bin_, last))
    return Read(found, source.fingerprint, len(rows))


def _once(path: Path, line: int, code: str, table: Iterable[str]) -> None:
    if not code or code in table:
        raise malformed(path, line, f"code {code!r} stands there already, or is empty")


def _meaning(path: Path, line: int, cell: str, meanings: Mapping[str, T]) -> T:
    if cell not in meanings:
        raise malformed(path, line, f"{cell!r} is not one of {', '.join(meanings)}")
    return meanings[cell]
