"""Which currencies are legal tender in a country."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from engine.iso import COUNTRIES, CURRENCY_EXPONENTS
from engine.reference.rows import malformed, read_rows
from engine.reference.source import EMBEDDED
from engine.reference.table import OPERATORS_OWN, TableInfo

EMBEDDED_CURRENCIES: Final = EMBEDDED / "country_currencies.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currencies:
    """Currencies by country, both in ISO's codes. `version` is the first 12 digits of the file's SHA-256."""

    info: TableInfo
    by_country: Mapping[str, frozenset[str]]

    @property
    def version(self) -> str:
        """What decisions record."""
        return self.info.version

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a CSV of country and currency, one row for each that is legal tender; None is the embedded one.

        Raises ReferenceInvalid naming file, line and mend.
        """
        file = path or EMBEDDED_CURRENCIES
        source, rows = read_rows(file, ("country", "currency"))
        found: dict[str, frozenset[str]] = {}
        for line, (country, currency) in rows:
            if country not in COUNTRIES or currency not in CURRENCY_EXPONENTS:
                raise malformed(file, line, f"{country!r} is no ISO 3166-1 country, or {currency!r} no ISO 4217 code")
            found[country] = found.get(country, frozenset()) | {currency}
        is_embedded = file == EMBEDDED_CURRENCIES
        info = TableInfo(
            name="currencies",
            what="country to the currencies that are legal tender there",
            version=source.fingerprint,
            built=None,
            rows=len(rows),
            source="Unicode CLDR 49" if is_embedded else OPERATORS_OWN,
            licence="Unicode License v3" if is_embedded else OPERATORS_OWN,
        )
        return cls(info=info, by_country=found)

    def is_tender(self, currency: str, country: str) -> bool | None:
        """Whether a currency is legal tender in a country today; None where nothing is known of the country."""
        tender = self.by_country.get(country)
        return None if tender is None else currency in tender
