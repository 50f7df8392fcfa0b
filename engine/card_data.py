"""Card data that must never be kept: finding card numbers in text and refusing CVV-named fields (law 10).

Ten in a hundred numeric order references pass Luhn by chance, so a number counts as a card number only where prefix,
length and Luhn agree. Prefixes and lengths: ISO/IEC 7812 ranges as the brands publish them.
"""

import re
from collections.abc import Iterator
from html import unescape
from itertools import accumulate
from string import ascii_letters
from unicodedata import normalize
from urllib.parse import unquote

from engine.other_digits import PARTING, in_ascii_digits

_CVV_NAMES = """
    cav2 cavv2 cid csc cvc cvc1 cvc2 cvd cvn cvn2 cvv cvv1 cvv2 card_code cardcode x_card_code card_cvc card_cvv
    card_security_code card_verification_code card_verification_number card_verification_value cv_number card_cv_number
    cvc_code cvv_code cvv_number security_code securitycode verification_value pin pin_block card_pin track track1
    track2 track_data magstripe
"""
CVV_NAMES = frozenset(_CVV_NAMES.split())
"""Names of fields that hold sensitive authentication data; `cvv_result` and `avs_result` are outcomes, not that."""

_CVV_WORDS = frozenset({"cvv", "cvc", "cvn", "cvd"})
"""Words that make any name that holds one a CVV's (`payment_cvv`, `cvvValue`), but for an outcome's."""

# Too common to be refused alone within a name: a `pin_code` is an Indian postal code, a `campaign_cid` a customer's or
# click's id, a `csc_id` a service centre's, and a `verification_code` may have come by SMS. With a payment card's word
# beside them there is no doubt; a gift card's code or a SIM card's PIN is none of a payment card's.
_DOUBTFUL_WORDS = frozenset({"pin", "cid", "csc"})
_DOUBTFUL_PAIRS = (frozenset({"verification", "security"}), frozenset({"code", "value", "number"}))
_CARD_WORDS = frozenset({"card", "cc", "creditcard", "debit", "credit", "atm", "amex"})
_OTHER_CARD_WORDS = frozenset({"gift", "giftcard", "loyalty", "membership", "sim", "voucher", "id"})

_OUTCOMES = """
    result results response status reason message error errors check checks checked present presence match matched
    mismatch required requested provided supplied entered sent collected valid validated validation verified passed
    failed fail fails failure failures attempt attempts retry retries count indicator flag missing skipped enabled
    available avs has is was
"""
_OUTCOME_WORDS = frozenset(_OUTCOMES.split())
"""What is said about a CVV, and is not the CVV."""

_GLUED_CVV_NAMES = frozenset(
    f"{before}{core}{after}"
    for before in ("", "cc", "card", "creditcard", "payment", "user")
    for core in ("cvv", "cvv1", "cvv2", "cvc", "cvc1", "cvc2", "cvn", "cvn2", "cvd")
    for after in ("", "code", "number", "num", "no", "value", "val")
)
"""`cvvvalue`, `CCcvv`: names whose words nothing parts."""

_CARD_NUMBER_NAMES = """
    card_no card_num card_number cardnumber cc cc_no cc_num cc_number ccnum ccnumber credit_card credit_card_number
    number pan primary_account_number
"""
CARD_NUMBER_NAMES = frozenset(_CARD_NUMBER_NAMES.split())
"""Names of fields that hold a card number wherever their value has a card number's length."""

LENGTH_MIN, LENGTH_MAX = 13, 19
_LENGTH_OF_MOST, _LENGTH_OF_AMERICAN_EXPRESS = frozenset({16}), frozenset({15})

RUN_SEARCHED_MAX = 100
# Blanks, controls (NUL joins texts), bullets and dashes. What nobody sees is a control by then: `in_ascii_digits`.
_SEPARATORS = r"[\s\x01-\x1f\x7f.\-/_,:*#+()\\\xb7\u2010-\u2015\u2022\u2027\u2212\u2219\u22c5\u30fb\uff0d]"
# Greedy and possessive: no separator is a digit, so nothing could be given back, and time is linear. It begins with a
# set, which is looked for faster than a look behind is; a search from within a run that was too short fails as soon.
# A colon before two digits tells the time: joined, one in eight delivery windows (two days and times) held a number.
_SEPARATED_DIGITS = re.compile(rf"[0-9](?:(?!:[0-9][0-9](?![0-9])){_SEPARATORS}{{0,6}}+[0-9]){{12,}}+")
_SEPARATOR = re.compile(_SEPARATORS)
# As programs write a score, a latitude or a sum of prices, with up to 17 digits behind zeros: by chance one in thirty
# held a number. Where one dot splits a card number, more than three digits stand before it, or fewer than ten behind.
_FRACTION = re.compile(r"(?<![0-9.])[0-9]{1,3}\.[0-9]{10,20}(?![0-9.])")
# Of a text's bytes in UTF-8: a digit is a zero, and so is any character beyond ASCII, of which some are digits; what is
# a separator, or goes on a character, is left out; and all else parts a run.
_ASCII_BYTES, _CONTINUING_BYTES = range(0x80), range(0x80, 0xC0)
_DIGIT_BYTES = {*b"0123456789", *range(_CONTINUING_BYTES.stop, 0x100)}
_RUNS = bytes(ord("0") if code in _DIGIT_BYTES else ord(".") for code in range(0x100))
_CONTINUING = bytes(_CONTINUING_BYTES)
_WITHIN_RUNS = bytes(code for code in _ASCII_BYTES if _SEPARATOR.fullmatch(chr(code))) + _CONTINUING
_SHORTEST_RUN = b"0" * LENGTH_MIN


# Grouped as embossed (4-4-4-4 and 3 more, American Express 4-6-5, Diners Club 4-6-4), whatever stands between: who
# hides a number from a filter writes `4111|1111|1111|1111`, or x for |. The look ahead lets groups overlap.
_APART = r"[^0-9\0]{1,3}"
_EMBOSSED = re.compile(
    rf"(?<![0-9])(?=([0-9]{{4}}(?:{_APART}[0-9]{{4}}){{3}}(?![0-9]))({_APART}[0-9]{{3}}(?![0-9]))?"
    rf"|([0-9]{{4}}{_APART}[0-9]{{6}}{_APART}[0-9]{{4,5}}(?![0-9])))[0-9]"
)
_LETTER = re.compile(r"[^\W0-9_]")
_DIGITS = re.compile(r"[0-9]+")
_TO_SHAPES = bytes(ord("0") if code in b"0123456789" else ord(".") for code in range(0x100))
_EMBOSSED_SHAPE = re.compile(rb"0000\.{1,3}0000")
"""It is in any text whose ASCII digits are grouped so; to look for it takes a sixth of the search."""
_HTML_CHARACTER = re.compile(r"&(?:#[0-9xX]|[A-Za-z]{2,8};)")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_UNQUOTED_TIMES_MAX = 3
"""A referrer holds an address that holds an address."""

_TOKEN_NUMBER = re.compile(
    rf"(?<![0-9])(?:[0-9]{{{LENGTH_MIN},}}+|[0-9]{{4}}(?:{_SEPARATORS}{{1,6}}+[0-9]{{4}}){{3}}+"
    rf"(?:{_SEPARATORS}{{1,6}}+[0-9]{{3}})?|[0-9]{{4}}{_SEPARATORS}{{1,6}}+[0-9]{{6}}{_SEPARATORS}{{1,6}}+[0-9]{{4,5}})"
    r"(?![0-9])"
)
"""A run of digits, or digits grouped as they are embossed on a card."""
_IN_TOKENS = bytes(ord(".") if chr(code) in ascii_letters else ord("0") for code in range(0x100))
_WITHIN_TOKENS = bytes(code for code in _ASCII_BYTES if not chr(code).isalnum()) + _CONTINUING
"""Of a token's bytes: letters alone part its digits, in whatever script these are."""
_HEX = re.compile(r"[0-9A-Fa-f]+")
_HEX_LETTER = re.compile(r"[A-Fa-f]")
_UUID_GROUP_MIN = 8
_EXPIRY_AND_CVV = re.compile(r"(?:(?:0[1-9]|1[0-2])[23][0-9]|[23][0-9](?:0[1-9]|1[0-2]))(?:[0-9]{3,4})?")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED_PLAIN = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_BARE_CARD_LENGTH = re.compile(r"[0-9]{13,19}")
_NAME_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN_CVV_NAMES = frozenset(name.replace("_", "") for name in CVV_NAMES) | _GLUED_CVV_NAMES
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
    """Whether free text holds a card number, its digits bare or separated, percent-encoded or not.

    Groups as on a card are searched whatever parts them, up to three characters. Of a run that common separators part,
    whole groups are searched, and the beginning of a group of more than 19 digits, where an expiry may follow
    a number: at every offset chance would find a card number in one of two 20-digit references. In a bare number of 16
    digits it finds one in twenty-five. A run of more than RUN_SEARCHED_MAX digits counts as one without a search: it
    would hold one by chance, and a search of a body full of digits would be long. A decimal fraction holds none.
    """
    if "%" in text or _HTML_CHARACTER.search(text):
        return any(map(_shows_card_number, _readings(text)))
    return _shows_card_number(text)


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and percent-decoded as often as that changes it: either may hide digits of the other.

    So may HTML's `&nbsp;` and `&#52;`.
    """
    yield text
    if (plain := unescape(text)) != text:
        yield plain
    for _ in range(_UNQUOTED_TIMES_MAX):
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded
        yield text


def _shows_card_number(text: str) -> bool:
    readings = in_ascii_digits(text)
    if _may_show_card_number(text) and any(map(_runs_show_card_number, readings)):
        return True
    return any(map(_shows_embossed, readings))


def _may_show_card_number(text: str) -> bool:
    """False where the text holds no run of so many digits: a look at bytes takes far less than a search."""
    return _SHORTEST_RUN in text.encode("utf-8", "surrogatepass").translate(_RUNS, _WITHIN_RUNS)


def _shows_embossed(text: str, *, in_token: bool = False) -> bool:
    """Whether groups as on a card are one's number; where letters part them, the same ones, for `?a=1&b=2` is a page's.

    A token may be letters and digits by chance: letters part no groups there.
    """
    if not _EMBOSSED_SHAPE.search(text.encode("utf-8", "surrogatepass").translate(_TO_SHAPES, _CONTINUING)):
        return False
    for four, three, six in _EMBOSSED.findall(text):
        for written in (four, four + three, six):
            apart = set(_DIGITS.split(written)[1:-1])
            if not apart or (_LETTER.search("".join(apart)) and (in_token or len(apart) > 1)):
                continue
            if is_card_number(_NOT_DIGITS.sub("", written)):
                return True
    return False


def _runs_show_card_number(text: str) -> bool:
    return any(
        _groups_show_card_number(list(filter(None, _NOT_DIGITS.split(run))))
        for match in _SEPARATED_DIGITS.finditer(text)
        for run in _FRACTION.split(match[0])
    )


def _groups_show_card_number(groups: list[str]) -> bool:
    is_long = sum(map(len, groups)) > RUN_SEARCHED_MAX
    return is_long or _holds_whole_groups(groups) or any(map(_begins_with_card_number, groups))


def token_holds_card_number(token: str) -> bool:
    """Whether a token is a card number with something around it: `tok_PAN`, `PAN_1227`, `PAN1227`, `0000PAN`.

    A number is a whole run of digits, or grouped as on a card; or it begins a run of digits and an expiry (and CVV)
    is all that follows. A run within more than 19 hexadecimal characters, letters among them, is hexadecimal, and so
    are groups that touch a UUID's longer ones: by chance one random token of 32 such characters in two thousand would
    hold a number. So hexadecimal and UUID tokens hold none, base64 has one in 10**9 and base32 one in 10**7; of
    all-digit tokens of 20 to 27 digits one in 250 is refused, and none of longer ones.
    """
    return may_hold_card_number(token) and any(map(_token_shows_card_number, _readings(token)))


def may_hold_card_number(tokens: str) -> bool:
    """False where no token among these, letters between them, holds a number: most have letters all over."""
    shape = tokens.encode("utf-8", "surrogatepass").translate(_IN_TOKENS, _WITHIN_TOKENS)
    return _SHORTEST_RUN in shape or "%" in tokens


def _token_shows_card_number(token: str) -> bool:
    readings = in_ascii_digits(token)
    # Between single digits of a token only what is unseen parts nothing.
    closed = [each.replace(PARTING, "") for each in readings if PARTING in each]
    return any(_token_runs_show(each) or _shows_embossed(each, in_token=True) for each in (*readings, *closed))


def _token_runs_show(token: str) -> bool:
    numbers = list(_TOKEN_NUMBER.finditer(token))
    if not numbers:
        return False
    encoded = [match.span() for match in _HEX.finditer(token) if _HEX_LETTER.search(match[0])]
    for match in numbers:
        shortest = LENGTH_MAX + 1 if match[0].isdecimal() else _UUID_GROUP_MIN
        if any(start < match.end() and match.start() < end and end - start >= shortest for start, end in encoded):
            continue
        digits = _NOT_DIGITS.sub("", match[0]).lstrip("0")
        if len(digits) < LENGTH_MIN:
            continue
        if is_card_number(digits) or any(
            _EXPIRY_AND_CVV.fullmatch(digits, length) and is_card_number(digits[:length])
            for length in _LENGTHS[int(digits[:4])]
        ):
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
    """Whether a number begins a long group, or 19 digits are one and its CVV: 16 and 3, American Express 15 and 4.

    Shorter groups are searched whole alone: by chance every length tried at the beginning would find a number in more
    than one of ten of 18 digits, and PAN with CVV has 19 digits but for cards that are no longer issued. So it is found
    in one of thirteen random 19-digit references, not in one of thirty; ids made from the time begin with 1.
    """
    if len(group) < LENGTH_MAX:
        return False
    lengths = _LENGTHS[int(group[:4])]
    if len(group) == LENGTH_MAX:
        lengths = lengths & _LENGTH_OF_MOST or lengths & _LENGTH_OF_AMERICAN_EXPRESS
    return any(is_card_number(group[:length]) for length in lengths)


def id_looks_like_card_number(text: str) -> bool:
    """Whether an id is a card number, however its digits are parted, or made of one as a token may be.

    By chance one number in ten of a card's length is, so of one id alone it says nothing.
    """
    if not may_hold_card_number(text):
        return False
    digits = _SEPARATOR.sub("", in_ascii_digits(text)[-1])
    is_whole = _BARE_CARD_LENGTH.fullmatch(digits) is not None and is_card_number(digits)
    return is_whole or token_holds_card_number(text)


def is_bare_card_length(text: str) -> bool:
    """Whether a card or token field holds 13-19 digits, separators stripped: refused there whatever the check digit."""
    if len(text) < LENGTH_MIN or text[0] in ascii_letters:
        # A letter is no digit in any script and parts none: most tokens and all names begin with one.
        return False
    return _BARE_CARD_LENGTH.fullmatch(_SEPARATOR.sub("", in_ascii_digits(text)[-1])) is not None


def is_cvv_name(name: str) -> bool:
    """Whether a field's name says that it holds a CVV, a PIN or track data, and not what came of its check."""
    if _plain(name) in _PLAIN_CVV_NAMES:
        return True
    words = {word.lower() for word in _NAME_WORDS.findall(name if name.isascii() else normalize("NFKC", name))}
    if not words.isdisjoint(_OUTCOME_WORDS):
        return False
    if not words.isdisjoint(_CVV_WORDS):
        return True
    is_of_card = not words.isdisjoint(_CARD_WORDS) and words.isdisjoint(_OTHER_CARD_WORDS)
    return is_of_card and (not words.isdisjoint(_DOUBTFUL_WORDS) or not any(map(words.isdisjoint, _DOUBTFUL_PAIRS)))


def is_card_number_name(name: str) -> bool:
    """Whether a field's name says that it holds a card number."""
    return _plain(name) in _PLAIN_CARD_NUMBER_NAMES


def _plain(name: str) -> str:
    """`card-CVV`, `cardCvv` and full-width letters are all `cardcvv`."""
    return _NOT_IN_NAMES.sub("", (name if name.isascii() else normalize("NFKC", name)).lower())
