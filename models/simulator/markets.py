"""Countries that shoppers live in: where they are, how they are reached, and whose cards they carry.

BINs and IP networks are real ranges, so that the reference tables find their countries; what stands behind them is made
up. Names and streets are of a list.
"""

from dataclasses import dataclass
from typing import Final

MINOR_PER_USD: Final = {"USD": 100, "EUR": 90, "GBP": 78, "DKK": 680, "AUD": 150, "JPY": 150}
"""Minor units that a US dollar is worth, roughly: prices need no exact rate."""
EXPONENTS: Final = {"USD": 2, "EUR": 2, "GBP": 2, "DKK": 2, "AUD": 2, "JPY": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRange:
    """Cards of one issuer: the first eight digits, the brand and the funding."""

    bin: str
    brand: str
    funding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A country: `networks` are the first two numbers of its IP ranges, `places` are (city, region, postal code).

    `asks_3ds` is whether its issuers expect 3-D Secure (strong customer authentication).
    """

    country: str
    dialing: str
    language: str
    utc_offset_minutes: int
    asks_3ds: bool
    networks: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]
    cards: tuple[CardRange, ...]


def _ranges(*cards: tuple[str, str, str]) -> tuple[CardRange, ...]:
    return tuple(CardRange(bin=bin_, brand=brand, funding=funding) for bin_, brand, funding in cards)


_ALL: Final = (
    Market(
        country="US",
        dialing="1",
        language="en-US,en;q=0.9",
        utc_offset_minutes=-300,
        asks_3ds=False,
        networks=("24.5", "66.30", "68.45", "71.60", "73.15", "98.30"),
        places=(("Portland", "OR", "97205"), ("Columbus", "OH", "43215"), ("Austin", "TX", "78701")),
        cards=_ranges(
            ("41472012", "visa", "credit"), ("54661634", "mastercard", "credit"), ("43425610", "visa", "debit")
        ),
    ),
    Market(
        country="GB",
        dialing="44",
        language="en-GB,en;q=0.9",
        utc_offset_minutes=0,
        asks_3ds=True,
        networks=("81.100", "82.10", "86.130", "90.200"),
        places=(("Leeds", "LDS", "LS1 4AP"), ("Bristol", "BST", "BS1 5TR"), ("Cardiff", "CRF", "CF10 3AT")),
        cards=_ranges(
            ("47512940", "visa", "debit"), ("54346022", "mastercard", "credit"), ("46585912", "visa", "debit")
        ),
    ),
    Market(
        country="FR",
        dialing="33",
        language="fr-FR,fr;q=0.9,en;q=0.5",
        utc_offset_minutes=60,
        asks_3ds=True,
        networks=("90.60", "86.200"),
        places=(("Lyon", "69", "69002"), ("Nantes", "44", "44000")),
        cards=_ranges(("51311024", "mastercard", "credit")),
    ),
    Market(
        country="DE",
        dialing="49",
        language="de-DE,de;q=0.9,en;q=0.6",
        utc_offset_minutes=60,
        asks_3ds=True,
        networks=("91.10", "84.150"),
        places=(("Leipzig", "SN", "04109"), ("Bremen", "HB", "28195")),
        cards=_ranges(("45560018", "visa", "credit")),
    ),
    Market(
        country="DK",
        dialing="45",
        language="da-DK,da;q=0.9,en;q=0.7",
        utc_offset_minutes=60,
        asks_3ds=True,
        networks=("2.104", "80.160", "87.48"),
        places=(("Aarhus", "82", "8000"), ("Odense", "83", "5000")),
        cards=_ranges(("45717360", "visa", "debit")),
    ),
    Market(
        country="AU",
        dialing="61",
        language="en-AU,en;q=0.9",
        utc_offset_minutes=600,
        asks_3ds=False,
        networks=("1.129", "49.180", "58.160"),
        places=(("Hobart", "TAS", "7000"), ("Perth", "WA", "6000")),
        cards=_ranges(("53531618", "mastercard", "credit"), ("52172946", "mastercard", "debit")),
    ),
    Market(
        country="BR",
        dialing="55",
        language="pt-BR,pt;q=0.9",
        utc_offset_minutes=-180,
        asks_3ds=False,
        networks=("177.30", "189.40"),
        places=(("Curitiba", "PR", "80010"), ("Recife", "PE", "50010")),
        cards=_ranges(("55228931", "mastercard", "credit"), ("54916718", "mastercard", "credit")),
    ),
    Market(
        country="JP",
        dialing="81",
        language="ja-JP,ja;q=0.9,en;q=0.4",
        utc_offset_minutes=540,
        asks_3ds=True,
        networks=("126.50", "133.200"),
        places=(("Sapporo", "01", "060-0042"), ("Kobe", "28", "650-0021")),
        cards=_ranges(("49012240", "visa", "credit")),
    ),
)
MARKETS: Final = {market.country: market for market in _ALL}
