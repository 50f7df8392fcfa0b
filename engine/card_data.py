"""Card data that must never be kept: finding card numbers in text and refusing CVV-named fields (law 10).

Ten in a hundred numeric order references pass Luhn by chance, so a number counts as a card number only where prefix,
length and Luhn agree. Prefixes and lengths: ISO/IEC 7812 ranges as the brands publish them.
"""

import re
from itertools import accumulate
from unicodedata import normalize

_CVV_NAMES = """
    cav2 cavv2 cid csc cvc cvc1 cvc2 cvd cvn cvn2 cvv cvv1 cvv2 card_code cardcode card_cvc card_cvv card_security_code
    card_verification_code card_verification_number card_verification_value cvc_code cvv_code cvv_number security_code
    securitycode verification_value pin pin_block track track1 track2 track_data magstripe
"""
CVV_NAMES = frozenset(_CVV_NAMES.split())
"""Names of fields that hold sensitive authentication data; `cvv_result` and `avs_result` are outcomes, not that."""

_CARD_NUMBER_NAMES = """
    card_no card_num card_number cardnumber cc cc_no cc_num cc_number ccnum ccnumber credit_card credit_card_number
    number pan primary_account_number
"""
CARD_NUMBER_NAMES = frozenset(_CARD_NUMBER_NAMES.split())
"""Names of fields that hold a card number wherever their value has a card number's length."""

LENGTH_MIN, LENGTH_MAX = 13, 19

RUN_SEARCHED_MAX = 100
_SEPARATORS = r"[\s.\-/_,\u2010-\u2015\u200b]"
_SEPARATED_DIGITS = re.compile(rf"(?<!\d)\d(?:{_SEPARATORS}{{0,3}}\d){{12,}}(?!\d)")
_SEPARATOR = re.compile(_SEPARATORS)
_NOT_DIGITS = re.compile(r"\D+")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED_PLAIN = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_BARE_CARD_LENGTH = re.compile(r"[0-9]{13,19}")
_PLAIN_CVV_NAMES = frozenset(name.replace("_", "") for name in CVV_NAMES)
_PLAIN_CARD_NUMBER_NAMES = frozenset(name.replace("_", "") for name in CARD_NUMBER_NAMES)

_PREFIXES: tuple[tuple[int, int, int, frozenset[int]], ...] = (
    # digits compared, from, to, lengths
    (1, 4, 4, frozenset({13, 16, 19})),  # Visa
    (2, 51, 55, frozenset({16})),  # Mastercard
    (4, 2221, 2720, frozenset({16})),  # Mastercard
    (2, 34, 34, frozenset({15})),  # American Express
    (2, 37, 37, frozenset({15})),  # American Express
    (4, 6011, 6011, frozenset({16, 17, 18, 19})),  # Discover
    (3, 644, 649, frozenset({16, 17, 18, 19})),  # Discover
    (2, 65, 65, frozenset({16, 17, 18, 19})),  # Discover
    (3, 300, 305, frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (2, 36, 36, frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (2, 38, 39, frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (4, 3528, 3589, frozenset({16, 17, 18, 19})),  # JCB
    (2, 62, 62, frozenset({16, 17, 18, 19})),  # UnionPay
    (2, 81, 81, frozenset({16, 17, 18, 19})),  # UnionPay
    (2, 50, 50, frozenset(range(13, 20))),  # Maestro
    (2, 56, 58, frozenset(range(13, 20))),  # Maestro
    (1, 6, 6, frozenset(range(13, 20))),  # Maestro, RuPay, Elo, Troy
    (4, 2200, 2204, frozenset({16, 17, 18, 19})),  # Mir
)


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of bare ASCII digits is right (ISO/IEC 7812-1 annex B)."""
    codes = digits.encode()
    return (sum(codes[::-2]) + sum(codes[-2::-2].translate(_DOUBLED)) - ord("0") * len(codes)) % 10 == 0


def _lengths_by_prefix() -> tuple[frozenset[int], ...]:
    """Every four first digits to the lengths of the cards that begin so: one look instead of eighteen."""
    return tuple(
        frozenset().union(
            *(lengths for width, low, high, lengths in _PREFIXES if low <= prefix // 10 ** (4 - width) <= high)
        )
        for prefix in range(10_000)
    )


_LENGTHS = _lengths_by_prefix()


def is_card_number(digits: str) -> bool:
    """Whether bare ASCII digits (four or more) are a card number: a brand's prefix, its length, and Luhn."""
    return len(digits) in _LENGTHS[int(digits[:4])] and passes_luhn(digits)


def holds_card_number(text: str) -> bool:
    """Whether free text holds a card number, its digits bare or separated.

    Whole groups of a run are searched, and the beginning of a group of more than 19 digits, where an expiry may follow
    a number: at every offset chance would find a card number in one of two 20-digit references. In a bare number of 16
    digits it finds one in twenty-five. A run of more than RUN_SEARCHED_MAX digits counts as one without a search: it
    would hold one by chance, and a search of a body full of digits would be long.
    """
    for match in _SEPARATED_DIGITS.finditer(text):
        groups = _NOT_DIGITS.split(_ascii_digits(match[0]))
        if sum(map(len, groups)) > RUN_SEARCHED_MAX or _holds_whole_groups(groups):
            return True
        if any(map(_begins_with_card_number, groups)):
            return True
    return False


def _holds_whole_groups(groups: list[str]) -> bool:
    """Whether whole groups of a run, one after another, are a card number; linear in the run's digits."""
    digits = "".join(groups)
    bounds = tuple(accumulate(map(len, groups), initial=0))
    ends, sums = frozenset(bounds), _luhn_sums(digits)
    first = -1
    for start in bounds:
        if start <= first:
            # Within the zeros before a number that was looked at already.
            continue
        first = start
        # Leading zeros are what spreadsheets and fixed-width exports fill up with.
        while digits[first : first + 1] == "0":
            first += 1
        if first + LENGTH_MIN > len(digits):
            break
        for length in _LENGTHS[int(digits[first : first + 4])]:
            end = first + length
            if end in ends and (sums[end % 2][end] - sums[end % 2][first]) % 10 == 0:
                return True
    return False


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Running sums by which the Luhn sum of any span is one subtraction: for an even end, and for an odd one.

    Every second digit is doubled, counted from the end of a number; its last digit is not.
    """
    plain = digits.encode().translate(_PLAIN)
    doubled = plain.translate(_DOUBLED_PLAIN)
    to_even, to_odd = bytearray(plain), bytearray(plain)
    to_even[::2], to_odd[1::2] = doubled[::2], doubled[1::2]
    return list(accumulate(to_even, initial=0)), list(accumulate(to_odd, initial=0))


def _begins_with_card_number(group: str) -> bool:
    return len(group) > LENGTH_MAX and any(is_card_number(group[:length]) for length in _LENGTHS[int(group[:4])])


def is_bare_card_length(text: str) -> bool:
    """Whether a card or token field holds 13-19 digits, separators stripped: refused there whatever the check digit."""
    return len(text) >= LENGTH_MIN and _BARE_CARD_LENGTH.fullmatch(_SEPARATOR.sub("", _ascii_digits(text))) is not None


def is_cvv_name(name: str) -> bool:
    """Whether a field's name says that it holds a CVV, a PIN or track data."""
    return _plain(name) in _PLAIN_CVV_NAMES


def is_card_number_name(name: str) -> bool:
    """Whether a field's name says that it holds a card number."""
    return _plain(name) in _PLAIN_CARD_NUMBER_NAMES


def _plain(name: str) -> str:
    """`card-CVV`, `cardCvv` and full-width letters are all `cardcvv`."""
    return _NOT_IN_NAMES.sub("", (name if name.isascii() else normalize("NFKC", name)).lower())


def _ascii_digits(text: str) -> str:
    """Other scripts' digits as ASCII ones: a full-width card number is a card number."""
    if text.isascii():
        return text
    return "".join(str(int(character)) if character.isdecimal() else character for character in text)
