"""BIN tables: the first six to eight digits of a card number tell brand, funding, issuer and country.

The embedded table is six digits long throughout; the operator's own CSV, loaded over it, may hold six to eight.
"""

import csv
import lzma
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, pairwise
from operator import lt
from pathlib import Path
from sys import intern
from typing import Final, NamedTuple, Self

from engine.errors import ReferenceInvalid
from engine.iso import COUNTRIES
from engine.reference.answers import ANSWERS_MAX, Answers
from engine.reference.source import EMBEDDED, Source, decode_source, read_source
from engine.reference.table import OPERATORS_OWN, TableInfo

EMBEDDED_BINS: Final = EMBEDDED / "bins_ccby4_venelinkochev.csv.xz"

COLUMNS: Final = ["BIN", "Brand", "Type", "Category", "Issuer", "isoCode2"]
"""The heading of a table."""
_LENGTHS: Final = (8, 7, 6)
_SHIPPED_LENGTH: Final = 6

DOMESTIC_BRANDS: Final = frozenset(
    {
        "bancomat", "bancontact", "bankaxept", "cabal", "carnet", "cartes_bancaires", "dankort", "eftpos", "elo",
        "girocard", "gpn", "hipercard", "interac", "knet", "lankapay", "mada", "meeza", "mir", "multibanco", "napas",
        "naps", "pagobancomat", "paypak", "rupay", "troy", "uzcard", "verve",
    }
)  # fmt: skip
"""Schemes of one country, whose cards bear an international brand as well: which of the two is named depends on where
the card was used, and BIN tables name one. So a domestic scheme and another brand do not contradict each other."""

_BRANDS: Final[dict[str, str | None]] = {
    "AMERICAN EXPRESS": "amex",
    "CHINA UNION PAY": "unionpay",
    "CHINA UNIONPAY": "unionpay",
    "DINERS CLUB INTERNATIONAL": "diners",
    "DINERS CLUB": "diners",
    "MASTER CARD": "mastercard",
    "UNION PAY": "unionpay",
    "VPAY": "visa",
    # Kinds of cards, not brands: which brand it is remains unknown.
    "": None,
    "ATM CARD": None,
    "FUEL CARD": None,
    "LOCAL BRAND": None,
    "UNKNOWN": None,
}
_FUNDINGS: Final[dict[str, str | None]] = {
    "": None,
    "UNKNOWN": None,
    "CREDIT": "credit",
    "DEBIT": "debit",
    "PREPAID": "prepaid",
    "CHARGE": "charge",
    "CHARGE CARD": "charge",
}
_PREPAID: Final = re.compile(r"\b(PREPAID|GIFT|VOUCHER|TRAVEL MONEY)\b")
# Ranges of more than one product, and benefit accounts, which may be either: unknown.
_MAYBE_PREPAID: Final = re.compile(r"\b(MIXED|INVALID|OTHER|FSA|HSA|FOOD|ALIMENTACAO|CULTURA|PAYROLL|SALARY)\b")
_COMMERCIAL: Final = re.compile(
    r"\b(BUSINESS|CORPORATE|COMMERCIAL|PURCHAS(?:E|ES|ING)|FLEET|B2B|T&E|GOVERNMENT|PROFESSIONAL|SUPPLIERS|"
    r"EMPRESARIAL)\b"
)
# Ranges of more than one product, and names that consumers' cards bear as well: unknown.
_MAYBE_COMMERCIAL: Final = re.compile(r"\b(MIXED|INVALID|OTHER|PRIVATE LABEL|EXECUTIVE|AIR|LAND|ATM|PIN ONLY)\b")

_Facts = tuple[str | None, str | None, bool | None, bool | None, str | None, str | None, str | None]


class BinRecord(NamedTuple):
    """What is known of the cards under one prefix (6 to 8 digits); None is unknown.

    `brand` is a lower-case name (visa, mastercard, amex, discover, diners, jcb, unionpay, maestro, elo, rupay ...), the
    first one of a co-badged card. `funding` is credit, debit, prepaid or charge. `prepaid` is False only where the
    table names a category and it is no prepaid one; so is `commercial`, a company's card. `category` and `issuer` are
    the table's own words. `country` is the issuer's, ISO 3166-1 alpha-2. `is_own` says that it is of the operator's
    own table.
    """

    prefix: str
    brand: str | None
    funding: str | None
    prepaid: bool | None
    commercial: bool | None
    category: str | None
    issuer: str | None
    country: str | None
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prefixes:
    """All prefixes of one length in one file: sorted, each with the position of its facts."""

    length: int
    prefixes: "array[int]"
    positions: "array[int]"
    facts: list[_Facts | str]
    """A text is the rest of a row that nobody has asked for yet."""
    is_own: bool

    def find(self, digits: str) -> BinRecord | None:
        if len(digits) < self.length:
            return None
        prefix = digits[: self.length]
        wanted = int(prefix)
        at = bisect_left(self.prefixes, wanted)
        if at == len(self.prefixes) or self.prefixes[at] != wanted:
            return None
        position = self.positions[at]
        facts = self.facts[position]
        if isinstance(facts, str):
            facts = self.facts[position] = _facts(_cells(facts))
        return BinRecord(prefix, *facts, self.is_own)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One file, read."""

    prefixes: tuple[_Prefixes, ...]
    info: TableInfo


class BinTable:
    """Longest-prefix lookup over one or two files.

    `version` names each file with its rows and the first 12 hexadecimal digits of its SHA-256; `rows` counts both.
    `answers` is for what is made of the table again and again: it goes when the table does.
    """

    __slots__ = ("_embedded", "_prefixes", "answers", "info", "rows", "version")

    def __init__(self, *, prefixes: tuple[_Prefixes, ...], info: TableInfo, embedded: _File) -> None:
        """Take the prefixes in the order they are to be tried; the embedded file's are among them."""
        self.info = info
        self.version = info.version
        self._embedded = embedded
        self.answers = Answers(ANSWERS_MAX)
        self.rows = sum(len(table.prefixes) for table in prefixes)
        self._prefixes = prefixes

    @classmethod
    def load(cls, overlay: Path | None = None) -> Self:
        """Load the embedded table and, over it, the operator's CSV of the same columns (.csv or .csv.xz).

        For a prefix in both, the operator's row holds whole: its empty cells are unknown, not taken from below. A
        longer prefix goes before a shorter one, whichever file it is in. Raises ReferenceInvalid naming file and line.
        """
        return cls._laid_over(_file(EMBEDDED_BINS, is_own=False), overlay)

    def again(self, overlay: Path | None) -> Self:
        """The embedded table as it is in memory, with this CSV laid over it, if any. Raises as `load` does."""
        return self._laid_over(self._embedded, overlay)

    @classmethod
    def _laid_over(cls, embedded: _File, overlay: Path | None) -> Self:
        files = [embedded] if overlay is None else [_file(overlay, is_own=True), embedded]
        # The sort is stable: of two tables of one length the operator's stays first.
        prefixes = sorted(chain.from_iterable(file.prefixes for file in files), key=lambda table: -table.length)
        return cls(prefixes=tuple(prefixes), info=_info_of(files), embedded=embedded)

    def lookup(self, bin: str) -> BinRecord | None:  # noqa: A002 - the word of the trade
        """Give the record of the longest known prefix of a BIN (6 to 8 digits), None where none is known.

        What is not 6 to 8 ASCII digits is not known.
        """
        if len(bin) not in _LENGTHS or not (bin.isascii() and bin.isdigit()):
            return None
        for table in self._prefixes:
            if (record := table.find(bin)) is not None:
                return record
        return None


def info_of(path: Path) -> TableInfo:
    """What one file says of itself, read whole. Raises ReferenceInvalid naming file and line."""
    return _file(path, is_own=True).info


def _file(path: Path, *, is_own: bool) -> _File:
    source = read_source(path)
    is_embedded = path == EMBEDDED_BINS
    found = (_shipped(source),) if is_embedded else tuple(_parse(source, is_own=is_own))
    rows = sum(len(table.prefixes) for table in found)
    info = TableInfo(
        name="bins",
        what="BIN to brand, funding, issuer and country",
        version=f"{path.name.split('.')[0]} {rows} rows {source.fingerprint}",
        built=None,
        rows=rows,
        source="bin-list-data by Venelin Kochev" if is_embedded else OPERATORS_OWN,
        licence="CC BY 4.0" if is_embedded else OPERATORS_OWN,
        attribution="BIN list data by Venelin Kochev (https://github.com/venelinkochev/bin-list-data)"
        if is_embedded
        else "",
    )
    return _File(prefixes=found, info=info)


def _info_of(files: list[_File]) -> TableInfo:
    """What a table says of itself that is one file laid over another."""
    first, *below = [file.info for file in files]
    if not below:
        return first
    return replace(
        below[-1],
        version=" over ".join(info.version for info in (first, *below)),
        rows=sum(info.rows or 0 for info in (first, *below)),
        parts=(first, *below),
    )


def _shipped(source: Source) -> _Prefixes:
    """The embedded table as `_parse` reads it, in a fifth of the time: it is sound and in order, as a test has tried.

    What its rows say, 64,000 different things, is read when it is asked for.
    """
    lines = [text for text in _rows(source) if text]
    rests = [text[_SHIPPED_LENGTH + 1 :] for text in lines]
    position_of = {rest: at for at, rest in enumerate(dict.fromkeys(rests))}
    return _Prefixes(
        length=_SHIPPED_LENGTH,
        prefixes=array("I", [int(text[:_SHIPPED_LENGTH]) for text in lines]),
        positions=array("I", [position_of[rest] for rest in rests]),
        facts=[*position_of],
        is_own=False,
    )


def _parse(source: Source, *, is_own: bool) -> list[_Prefixes]:
    """Read a table into sorted arrays, one a length; rows that say the same share one tuple of facts."""
    columns = {length: (array("I"), array("I")) for length in _LENGTHS}
    facts: list[_Facts | str] = []
    position_of: dict[str, int] = {}
    for line, text in _lines(source):
        # Rows are split by hand at the first comma: most of the 337,265 rows repeat the rest of another one, so that
        # only some 64,000 need csv and normalising. This halves the time to load.
        prefix, _, rest = text.partition(",")
        if not prefix.isdigit():
            prefix = prefix.strip('" ')
        if len(prefix) not in columns or not (prefix.isascii() and prefix.isdigit()):
            raise _malformed(source, line, f"BIN {prefix!r} is not 6 to 8 digits")
        position = position_of.get(rest)
        if position is None:
            position = position_of[rest] = len(facts)
            facts.append(_checked(source, line, rest))
        prefixes, positions = columns[len(prefix)]
        prefixes.append(int(prefix))
        positions.append(position)
    read = [(length, *columns[length]) for length in _LENGTHS if columns[length][0]]
    return [
        _Prefixes(length=length, prefixes=prefixes, positions=positions, facts=facts, is_own=is_own)
        for length, prefixes, positions in (_sorted(source, *each) for each in read)
    ]


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each row, the heading left out."""
    return ((number, text) for number, text in enumerate(_rows(source), start=2) if text)


def _rows(source: Source) -> list[str]:
    """The text of each row, the heading checked and left out."""
    content = source.content
    if source.path.suffix == ".xz":
        try:
            content = lzma.decompress(content)
        except lzma.LZMAError as error:
            raise ReferenceInvalid(f"{source.path}: not an xz file ({error}); pack it again") from error
    text = decode_source(source, content)
    lines = (text.replace("\r\n", "\n") if "\r" in text else text).split("\n")
    if [name.strip('" ') for name in lines[0].split(",")] != COLUMNS:
        raise _malformed(source, 1, f"the heading is not {','.join(COLUMNS)}")
    return lines[1:]


def _checked(source: Source, line: int, rest: str) -> _Facts:
    try:
        cells = _cells(rest)
    except csv.Error as error:
        raise _malformed(source, line, str(error)) from error
    if len(cells) != len(COLUMNS) - 1:
        raise _malformed(source, line, f"{len(cells) + 1} columns instead of {len(COLUMNS)}")
    kind, country = cells[1].strip().upper(), cells[4].strip().upper()
    if kind not in _FUNDINGS:
        raise _malformed(source, line, f"Type {kind!r} is not credit, debit, prepaid, charge or empty")
    if country and country not in COUNTRIES:
        raise _malformed(source, line, f"isoCode2 {country!r} is not an ISO 3166-1 alpha-2 country")
    return _facts(cells)


def _cells(rest: str) -> list[str]:
    return next(csv.reader([rest], strict=True)) if '"' in rest else rest.split(",")


def _facts(cells: list[str]) -> _Facts:
    brand, kind, category, issuer, country = map(str.strip, cells)
    return (*_of_product(brand, kind, category), intern(issuer) or None, intern(country.upper()) or None)


@lru_cache(maxsize=4096)
def _of_product(
    brand: str, kind: str, category: str
) -> tuple[str | None, str | None, bool | None, bool | None, str | None]:
    """What brand, type and category say; cached, for the whole table has few of them."""
    funding, prepaid = _funding(kind.upper(), category.upper())
    return (_brand(brand.upper()), funding, prepaid, _commercial(category.upper()), intern(category) or None)


def _brand(name: str) -> str | None:
    # "VISA/DANKORT" is a Visa card that also works as Dankort at home; "BANKCARD(INACTIVE)" carries a remark.
    first = re.split(r"[/(]", name)[0].strip()
    return _BRANDS[first] if first in _BRANDS else re.sub(r"[^A-Z0-9]+", "_", first).strip("_").lower() or None


def _funding(kind: str, category: str) -> tuple[str | None, bool | None]:
    """Tell funding and whether it is prepaid; the table calls prepaid cards DEBIT or CREDIT by the rail they use."""
    funding = _FUNDINGS[kind]
    if funding == "prepaid" or _PREPAID.search(category):
        return "prepaid", True
    return funding, None if not category or _MAYBE_PREPAID.search(category) else False


def _commercial(category: str) -> bool | None:
    if _COMMERCIAL.search(category):
        return True
    return None if not category or _MAYBE_COMMERCIAL.search(category) else False


def _sorted(
    source: Source, length: int, prefixes: "array[int]", positions: "array[int]"
) -> "tuple[int, array[int], array[int]]":
    if not all(map(lt, prefixes, prefixes[1:])):
        order = sorted(range(len(prefixes)), key=prefixes.__getitem__)
        prefixes, positions = array("I", (prefixes[at] for at in order)), array("I", (positions[at] for at in order))
        for earlier, later in pairwise(prefixes):
            if earlier == later:
                raise _twice(source, f"{later:0{length}}")
    return length, prefixes, positions


def _twice(source: Source, prefix: str) -> ReferenceInvalid:
    lines = [line for line, text in _lines(source) if text.partition(",")[0].strip('" ') == prefix]
    return _malformed(source, lines[1], f"BIN {prefix} stands in line {lines[0]} already")


def _malformed(source: Source, line: int, cause: str) -> ReferenceInvalid:
    return ReferenceInvalid(f"{source.path}, line {line}: {cause}; mend or remove the row")
