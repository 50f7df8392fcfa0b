"""Country calling codes (ITU-T E.164), and what is dialled before a national number at home only.

Countries of the North American plan have calling code 1; their numbers begin with an area code of their own.
"""

from typing import Final

_CODES: Final = """
    1 US CA AG AI AS BB BM BS DM DO GD GU JM KN KY LC MP MS PR SX TC TT UM VC VG VI
    7 RU KZ · 20 EG · 27 ZA · 30 GR · 31 NL · 32 BE · 33 FR · 34 ES · 36 HU · 39 IT VA · 40 RO · 41 CH · 43 AT
    44 GB GG IM JE · 45 DK · 46 SE · 47 NO SJ BV · 48 PL · 49 DE · 51 PE · 52 MX · 53 CU · 54 AR · 55 BR · 56 CL · 57 CO
    58 VE · 60 MY · 61 AU CC CX · 62 ID · 63 PH · 64 NZ PN · 65 SG · 66 TH · 81 JP · 82 KR · 84 VN · 86 CN · 90 TR
    91 IN · 92 PK · 93 AF · 94 LK · 95 MM · 98 IR · 211 SS · 212 MA EH · 213 DZ · 216 TN · 218 LY · 220 GM · 221 SN
    222 MR · 223 ML · 224 GN · 225 CI · 226 BF · 227 NE · 228 TG · 229 BJ · 230 MU · 231 LR · 232 SL · 233 GH · 234 NG
    235 TD · 236 CF · 237 CM · 238 CV · 239 ST · 240 GQ · 241 GA · 242 CG · 243 CD · 244 AO · 245 GW · 246 IO · 248 SC
    249 SD · 250 RW · 251 ET · 252 SO · 253 DJ · 254 KE · 255 TZ · 256 UG · 257 BI · 258 MZ · 260 ZM · 261 MG
    262 RE YT TF · 263 ZW · 264 NA · 265 MW · 266 LS · 267 BW · 268 SZ · 269 KM · 290 SH · 291 ER · 297 AW · 298 FO
    299 GL · 350 GI · 351 PT · 352 LU · 353 IE · 354 IS · 355 AL · 356 MT · 357 CY · 358 FI AX · 359 BG · 370 LT
    371 LV · 372 EE · 373 MD · 374 AM · 375 BY · 376 AD · 377 MC · 378 SM · 380 UA · 381 RS · 382 ME · 383 XK · 385 HR
    386 SI · 387 BA · 389 MK · 420 CZ · 421 SK · 423 LI · 500 FK GS · 501 BZ · 502 GT · 503 SV · 504 HN · 505 NI
    506 CR · 507 PA · 508 PM · 509 HT · 590 GP BL MF · 591 BO · 592 GY · 593 EC · 594 GF · 595 PY · 596 MQ · 597 SR
    598 UY · 599 CW BQ · 670 TL · 672 NF AQ HM · 673 BN · 674 NR · 675 PG · 676 TO · 677 SB · 678 VU · 679 FJ · 680 PW
    681 WF · 682 CK · 683 NU · 685 WS · 686 KI · 687 NC · 688 TV · 689 PF · 690 TK · 691 FM · 692 MH · 850 KP · 852 HK
    853 MO · 855 KH · 856 LA · 880 BD · 886 TW · 960 MV · 961 LB · 962 JO · 963 SY · 964 IQ · 965 KW · 966 SA · 967 YE
    968 OM · 970 PS · 971 AE · 972 IL · 973 BH · 974 QA · 975 BT · 976 MN · 977 NP · 992 TJ · 993 TM · 994 AZ · 995 GE
    996 KG · 998 UZ
"""


def _by_country() -> dict[str, str]:
    codes, code = {}, ""
    for word in _CODES.replace("·", " ").split():
        if word.isdecimal():
            code = word
        else:
            codes[word] = code
    return codes


CALLING_CODES: Final = _by_country()
"""The calling code by ISO 3166-1 alpha-2 country."""

TRUNK_PREFIXES: Final = {
    # In Italy and with it, and in these countries of Africa, the 0 belongs to the number.
    **dict.fromkeys(("39", "378", "225", "229", "241", "242"), ("", 0)),
    "1": ("1", 10),
    "7": ("8", 10),
    "36": ("06", 0),
    "370": ("8", 8),
    "375": ("80", 9),
    "993": ("8", 8),
}
"""What is dialled before a national number inside the country and is no part of it, by calling code.

With the number's length where it may begin with the same digits itself; it is the prefix only where more digits came.
"""
TRUNK_PREFIX: Final = ("0", 0)
"""The prefix where nothing is said."""
TWO_TRUNK_PREFIXES: Final = frozenset({"370"})
"""Where 0 is dialled as well as the prefix above, and no number begins with it."""

_ZERO: Final = """
    20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86 90 91 92 93 94 95 98 211 212 213
    218 231 232 233 234 243 249 250 251 252 254 255 256 260 261 262 263 264 265 291 353 355 358 359 373 374 377 380 381
    382 383 385 386 387 389 421 423 508 590 591 593 594 595 596 598 686 850 855 856 880 886 961 962 963 964 966 967 970
    971 972 976 977 994 995 996
"""
TRUNK_LEFT_STANDING: Final = frozenset((*_ZERO.split(), "1", "7"))
"""Calling codes behind which what is dialled at home is left standing, +44 020 7946 0018, and no number begins with it.

Where nothing is dialled at home, a 0 behind the code is the number's own. By libphonenumber's plans."""

NO_PHONE_NUMBER: Final = "-"
"""A contact's phone number where one was sent that can be none: it is not kept, that it is none is known."""
