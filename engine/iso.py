"""ISO 3166-1 countries and ISO 4217 currencies as constants.

Countries are those of tzdata's ``iso3166.tab`` (IANA, public domain), checked against it by the tests. Currencies are
those of ISO 4217 list one as published by SIX (2024-06-25) with the changes since (XCG for ANG, 2025; Bulgaria's euro,
2026), checked against pycountry 26.2.16.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ASSIGNED = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

COUNTRIES: Final[frozenset[str]] = frozenset(_ASSIGNED.split()) | {"XK"}
"""ISO 3166-1 alpha-2 codes, officially assigned, and XK: user-assigned, yet what card issuers, the EU and IP tables
write for Kosovo."""

_TWO_DIGITS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

# Withdrawn in the last years, and still found in imported records: ANG (2025), BGN (2026), CUC (2021), HRK (2023),
# SLL (2024), ZWL (2024).
_WITHDRAWN = "ANG BGN CUC HRK SLL ZWL"

CURRENCY_EXPONENTS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(_NO_DIGITS.split(), 0)
    | dict.fromkeys(_TWO_DIGITS.split(), 2)
    | dict.fromkeys(_WITHDRAWN.split(), 2)
    | dict.fromkeys(_THREE_DIGITS.split(), 3)
    | dict.fromkeys(_FOUR_DIGITS.split(), 4)
)
"""ISO 4217 code to the decimal digits of its minor unit: 12345 minor units of USD (2) are 123.45 dollars.

Funds codes (but CLF, in which Chilean contracts are priced), metals, units of account and test codes (XAU, XDR, XTS,
XXX ...) are left out: no card payment is made in them. The digits are ISO's, not those in which cash is handed over
(HUF and MGA have 2)."""
