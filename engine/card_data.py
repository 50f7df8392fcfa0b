"""Card data that must never be kept: finding card numbers in text and refusing CVV-named fields (law 10).

Ten in a hundred numeric order references pass Luhn by chance, so a number counts as a card number only where prefix,
length and Luhn agree. Prefixes and lengths: ISO/IEC 7812 ranges as the brands publish them.
"""

import re

CVV_NAMES = frozenset(
    "cav2 cavv2 cid csc cvc cvc1 cvc2 cvd cvn cvn2 cvv cvv1 cvv2 card_code cardcode card_cvc card_cvv card_security_code "
    "card_verification_code card_verification_number card_verification_value cvc_code cvv_code cvv_number security_code "
    "securitycode verification_value pin pin_block track track1 track2 track_data magstripe".split()
)
"""Names of fields that hold sensitive authentication data; `cvv_result` and `avs_result` are outcomes, not such data."""

_SEPARATED_DIGITS = re.compile(r"(?<!\d)\d(?:[ \t.\-/_\u00a0\u2010-\u2015]{0,2}\d){12,}(?!\d)")
_NOT_A_DIGIT = re.compile(r"\D")
_BARE_CARD_LENGTH = re.compile(r"\d{13,19}")

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
    """Whether the check digit is right (ISO/IEC 7812-1 annex B)."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        digit = ord(character) - 48
        if index % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether bare digits are a card number: a brand's prefix, its length, and Luhn."""
    return any(
        len(digits) in lengths and low <= int(digits[:width]) <= high for width, low, high, lengths in _PREFIXES
    ) and passes_luhn(digits)


def holds_card_number(text: str) -> bool:
    """Whether free text holds a card number, its digits bare or separated.

    Runs longer than 19 digits are searched at every offset: a number hides behind an extra leading zero as well.
    """
    for match in _SEPARATED_DIGITS.finditer(_ascii_digits(text)):
        digits = _NOT_A_DIGIT.sub("", match[0])
        for start in range(len(digits) - 12):
            for length in range(13, min(19, len(digits) - start) + 1):
                if is_card_number(digits[start : start + length]):
                    return True
    return False


def is_bare_card_length(text: str) -> bool:
    """Whether a card or token field holds 13-19 digits, separators stripped: refused there whatever the check digit."""
    return _BARE_CARD_LENGTH.fullmatch(re.sub(r"[ \-]", "", _ascii_digits(text))) is not None


def is_cvv_name(name: str) -> bool:
    """Whether a field's name says that it holds a CVV, a PIN or track data."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_") in CVV_NAMES


def _ascii_digits(text: str) -> str:
    """Other scripts' digits as ASCII ones: a full-width card number is a card number."""
    if text.isascii():
        return text
    return "".join(str(int(character)) if character.isdecimal() else character for character in text)
