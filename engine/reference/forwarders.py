"""Freight forwarders: houses whose address anybody can rent, from which goods go on abroad."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from engine.errors import ReferenceInvalid
from engine.iso import COUNTRIES
from engine.reference.source import EMBEDDED, decode_source, read_source
from engine.reference.table import OPERATORS_OWN, TableInfo

EMBEDDED_FORWARDERS: Final = EMBEDDED / "freight_forwarders.csv"
COLUMNS: Final = ["country", "postal", "street", "name"]
"""The heading of a table."""


class ForwarderAddress(NamedTuple):
    """A house: ISO 3166-1 alpha-2 country, postal code, street and house number."""

    country: str
    postal: str
    street: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forwarders:
    """The houses that are known. `version` names their number and the file."""

    version: str
    addresses: tuple[ForwarderAddress, ...]
    is_embedded: bool

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a CSV of country, postal, street, name; None is the embedded one. Raises ReferenceInvalid."""
        source = read_source(path or EMBEDDED_FORWARDERS)
        rows = list(csv.reader(decode_source(source, source.content).splitlines()))
        if not rows or rows[0] != COLUMNS:
            raise ReferenceInvalid(f"{source.path}, line 1: the columns are {','.join(COLUMNS)}; write them so")
        addresses = []
        for line, row in enumerate(rows[1:], start=2):
            if len(row) != len(COLUMNS) or not all(each.strip() for each in row[:-1]):
                raise ReferenceInvalid(
                    f"{source.path}, line {line}: give a country, a postal code, a street and a name"
                )
            country, postal, street, _name = (each.strip() for each in row)
            if country.upper() not in COUNTRIES:
                cause = f"column country: {country[:40]!r} is not an ISO 3166-1 alpha-2 country; write US"
                raise ReferenceInvalid(f"{source.path}, line {line}, {cause}, for example")
            addresses.append(ForwarderAddress(country.upper(), postal, street))
        return cls(
            version=f"{len(addresses)} rows {source.fingerprint}", addresses=tuple(addresses), is_embedded=path is None
        )

    @property
    def info(self) -> TableInfo:
        """What the table says of itself."""
        return TableInfo(
            name="forwarders",
            what="addresses of freight forwarders",
            version=self.version,
            built=None,
            rows=len(self.addresses),
            source="what forwarders publish of themselves" if self.is_embedded else OPERATORS_OWN,
            licence="facts; no licence is named" if self.is_embedded else OPERATORS_OWN,
        )
