"""Features as a decision record holds them: JSON by catalogue position, what repeats said once.

A record is kept for every payment and most of its velocities are the same few numbers, so `[n, v]` stands for n times
v, `[i]` for the text that stands at position i already, and `["dT"]` for flags that stand together: a small letter for
three, a capital (T, F, N unknown) for each that is left. `[-1, text]` is a text with what all browsers say of
themselves cut short, `[-n]` a frequent word, by its place in WORDS. No value of a feature is a list.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, groupby, islice, product
from operator import itemgetter, ne
from typing import Any, Final

from engine.features import Catalog, FeatureType, Value

_COUNTED: Final = frozenset({FeatureType.INTEGER, FeatureType.MONEY})
_FLAGS: Final = frozenset({FeatureType.BOOLEAN})
_THREE: Final = 3
_FLAG_OF: Final[Mapping[str, tuple[Value, ...]]] = {
    **dict(zip("abcdefghijklmnopqrstuvwxyz_", product((True, False, None), repeat=_THREE), strict=True)),
    "T": (True,),
    "F": (False,),
    "N": (None,),
}
_LETTERS: Final = {flags: letter for letter, flags in _FLAG_OF.items()}
_REFERENCE_LENGTH: Final = 5
"""A text that is no longer than this takes no more room than `[123]`."""
_WORDS: Final = """
    purchase pre_auth post_3ds post_auth recurring_purchase card_verification pass fail unavailable unchecked
    not_provided credit debit prepaid charge high medium mastercard visa discover apple_pay google_pay normal elevated
    highest not_assessed none attempted authenticated data_only exempt non_payment usually older under_1h under_1d
    under_7d under_30d under_180d latin cyrillic upper lower title mixed desktop mobile tablet console other browser
    headless library two_systems browser_system no_such_system incomplete under_10s under_1m under_5m under_30m
    under_3h longer Chrome Chrome|Mobile Chrome|Mobile|iOS Safari Mobile|Safari Mobile|Safari|UI/WKWebView Firefox
    Edge Samsung|Internet Windows Mac|OS|X Android Linux transaction_risk_analysis low_value standard expedited
    overnight same_day approved insufficient_funds limit_exceeded do_not_honor suspected_fraud lost_or_stolen
    invalid_card expired_card wrong_cvv wrong_address wrong_pin authentication_required not_permitted revoked
    bad_request cancelled gmail.com yahoo.com hotmail.com outlook.com icloud.com
    card_velocity card_shared email_velocity email_many_cards email_moves ip_velocity ip_many_cards ip_many_emails
    amount ip_location billing_location shipping_location device_clock avs_street avs_postal three_ds card_funding
    wallet account_age account_takeover account_history recurring rush_shipping cart session local_time email_domain
    card_range currency email_name email_digits email_gibberish card_country avs_name decline_reason card_expiry
    discount goods names name_written user_agent device_language disposable_email email_deliverable email_deceptive
    test_card channel declines automated network_velocity device_velocity phone_velocity address_velocity
    account_velocity known_pair device_shared phone_shared address_shared account_many_cards earlier_blocks refunds
    fraud_history card_age email_age ip_age device_age customer_age linked
    ambiguous bin card_codes category_unknown code_unknown country_unknown currencies domain_unknown email_hashed
    expiry_incomplete forwarders geo geo_stale imprecise ip_invalid ip_networks language_unknown languages
    last_digits_unknown letter_pairs mail_domains mx_off no_amount no_country no_history no_mail_host
    no_one_country no_postal_codes no_rate no_rule no_table not_found not_listed not_told not_told_apart
    not_in_valkey other_script phone_invalid phones place_unknown places postal price_unknown private_ip
    region_unknown reserved_ip too_short user_agent_unknown user_agents velocity velocity_warming
"""
WORDS: Final = tuple(word.replace("|", " ") for word in _WORDS.split())
"""Words that features often are, groups of reasons, causes of unknowns; | stands for a space. Records name them by
place, from 1: more are added behind, none is changed."""
_NUMBERS: Final[Mapping[str, list[int]]] = {word: [-place] for place, word in enumerate(WORDS, start=1)}
_PAIR: Final = 2
_TIMES_MAX: Final = 10_000
_POSITIONS_MAX: Final = 1 << 30
_LONG_LENGTH: Final = 60
_SHORTENED: Final = -1
_MARK: Final = "~"
_BROWSER: Final = "Mozilla/5.0 ("
_PIECES: Final = {
    "m": " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "a": _BROWSER,
    "b": ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/",
    "c": ".0.0.0 Safari/537.36",
    "d": ".0.0.0 Mobile Safari/537.36",
    "e": "Windows NT 10.0; Win64; x64",
    "f": "Macintosh; Intel Mac OS X 10_15_7",
    "g": "Linux; Android ",
    "h": "iPhone; CPU iPhone OS ",
    "i": " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/",
    "j": " Mobile/15E148 Safari/604.1",
    "k": "X11; Linux x86_64",
    "l": " Gecko/20100101 Firefox/",
}
"""What a user agent is made of. Records name pieces by their letter: one that is given is never changed."""
_AGENTS_MAX: Final = 4096
_SHAPES_MAX: Final = 1000
"""As many catalogues are in use at a time; each merchant that declares custom fields has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a catalogue has texts, and its longest stretches of flags and of whole numbers, its velocities."""

    texts: tuple[int, ...]
    flags: slice
    counts: slice

    @property
    def fixed(self) -> int:
        """Before here neither flags nor counts stand, which are packed by stretches."""
        return min((each.start for each in (self.flags, self.counts) if each.stop > each.start), default=_POSITIONS_MAX)


@lru_cache(maxsize=_SHAPES_MAX)
def shape_of(catalog: Catalog) -> Shape:
    """The shape by the features' types alone: they are what a kept catalogue tells of them."""
    texts = (at for at, feature in enumerate(catalog) if feature.type is FeatureType.STRING)
    return Shape(texts=tuple(texts), flags=_longest(catalog, _FLAGS), counts=_longest(catalog, _COUNTED))


def _longest(catalog: Catalog, types: Collection[FeatureType]) -> slice:
    """The longest stretch of features of these types."""
    best, begin = slice(0, 0), 0
    for is_one, stretch in groupby(catalog, lambda feature: feature.type in types):
        end = begin + len(list(stretch))
        if is_one and end - begin > best.stop - best.start:
            best = slice(begin, end)
        begin = end
    return best


def packed(values: Sequence[Value], shape: Shape) -> list[Any]:
    """The values in the order of the catalogue, as they are written. Each is of its feature's type, or unknown."""
    written: list[Any] = list(values)
    first: dict[str, int] = {}
    for position in shape.texts:
        text = written[position]
        if text in _NUMBERS:
            written[position] = _NUMBERS[text]
        elif text is not None and len(text) > _REFERENCE_LENGTH:
            known = first.setdefault(text, position)
            if known != position:
                written[position] = [known]
            elif len(text) > _LONG_LENGTH and text.startswith(_BROWSER) and (short := _shortened(text)) is not None:
                written[position] = [_SHORTENED, short]
    end = max(shape.flags.stop, shape.counts.stop)
    if end:
        written[end:] = _without_gaps(written[end:])
    # The later stretch first, so that the earlier one still stands where it is.
    for stretch, pack in sorted(((shape.flags, _flags), (shape.counts, _runs)), key=_start, reverse=True):
        written[stretch] = pack(written[stretch])
    front = slice(0, min(shape.fixed, len(written)))
    written[front] = _without_gaps(written[front])
    return written


def _start(of: tuple[slice, Any]) -> int:
    start: int = of[0].start
    return start


def _flags(flags: Sequence[Any]) -> list[Any]:
    if len(flags) <= 1:
        return list(flags)
    whole = len(flags) - len(flags) % _THREE
    threes = zip(flags[:whole:_THREE], flags[1:whole:_THREE], flags[2:whole:_THREE], strict=True)
    return [["".join([_LETTERS[each] for each in threes] + [_LETTERS[(flag,)] for flag in flags[whole:]])]]


@lru_cache(maxsize=_AGENTS_MAX)
def _shortened(text: str) -> str | None:
    """The text with a letter for each known piece; None where it holds what marks one."""
    if _MARK in text:
        return None
    for letter, piece in _PIECES.items():
        text = text.replace(piece, _MARK + letter)
    return text


def _whole(short: str) -> str:
    if short.__class__ is not str:
        raise TypeError("a shortened text is no text")
    for letter, piece in _PIECES.items():
        short = short.replace(_MARK + letter, piece)
    return short


def _without_gaps(values: Sequence[Any]) -> list[Any]:
    """Any values, with runs of unknowns as `[n, null]`: equal ones may be of different types, unknowns are not."""
    written: list[Any] = []
    for is_gap, stretch in groupby(values, _is_none):
        part = list(stretch)
        written += [[len(part), None]] if is_gap and len(part) > _PAIR else part
    return written


def _is_none(value: Any) -> bool:  # noqa: ANN401 - a value, or what stands for it
    return value is None


def _runs(counts: Sequence[Any]) -> list[Any]:
    """Whole numbers and unknowns, which are the same where they are equal, with runs of them as `[n, v]`."""
    written: list[Any] = []
    start = 0
    # Where one differs from the next, and the end: most do not differ, and are passed over without a step of ours.
    for stop in (*compress(range(1, len(counts)), map(ne, counts, islice(counts, 1, None))), len(counts)):
        times = stop - start
        if times > _PAIR:
            written.append([times, counts[start]])
        else:
            written += counts[start:stop]
        start = stop
    return written


def unpacked(written: Iterable[Any]) -> tuple[Value, ...]:
    """The values that `packed` wrote. Raises IndexError, TypeError or ValueError where it cannot have written them."""
    values: list[Value] = []
    for each in written:
        if each.__class__ is not list:
            values.append(each)
        elif len(each) == _PAIR and each[0] == _SHORTENED:
            values.append(_whole(each[1]))
        elif len(each) == _PAIR:
            times, value = each
            if times > _TIMES_MAX:
                raise ValueError("a run is longer than any catalogue")
            values += [value] * times
        elif each[0].__class__ is str:
            values += _flags_of(each[0])
        else:
            values.append(_said(values, each[0]))
    return tuple(values)


def word_number(word: str) -> int | str:
    """A frequent word's place below 0, another as it stands: how a score names the parts that it is of."""
    number = _NUMBERS.get(word)
    return word if number is None else number[0]


def numbered_word(number: int | str) -> str:
    """The word that `word_number` gave. Raises IndexError where it gave no such number."""
    return number if isinstance(number, str) else WORDS[-number - 1]


def _said(values: Sequence[Any], place: int) -> Value:
    """The text that stands at a position already, or below 0 the word of that place."""
    text: Value = values[place] if place >= 0 else WORDS[-place - 1]
    return text


def _flags_of(letters: str) -> list[Value]:
    try:
        return [flag for letter in letters for flag in _FLAG_OF[letter]]
    except KeyError as error:
        raise ValueError("a letter stands for no flags") from error


def picker(positions: Sequence[int], shape: Shape) -> Callable[[Sequence[Any]], tuple[Value, ...]]:
    """Takes the values at some positions out of what `packed` wrote: of what stands before the flags and counts alone.

    What it gives raises as `unpacked` does.
    """
    if not positions:
        return lambda _written: ()
    get: Any = itemgetter(*positions) if len(positions) > 1 else lambda values: (values[positions[0]],)
    if max(positions) >= shape.fixed:
        return lambda written: get(unpacked(written))

    # No value takes more than a place, so all that is asked for stands in as many.
    needed = max(positions) + 1
    return lambda written: get(unpacked(islice(written, needed)))
