"""What the edge watches: ids that look like card numbers, and a clock that is behind the times it gave before.

Ids are opaque while few look like card numbers, and refused where a key's ids mostly do.

By chance one numeric reference in ten looks like a card number, so one id says nothing. Where more than half of a key's
last ids do, somebody sends card numbers as ids.
"""

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import structlog

from engine.card_data import LENGTH_MAX, LENGTH_MIN, is_card_number
from engine.errors import Fault, PaymentInvalid
from engine.payment import Payment

IDS_WATCHED: Final = 20
ALERT_EVERY_SECONDS: Final = 3_600
CLOCK_BEHIND_MAX: Final = timedelta(seconds=2)
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000

log = structlog.get_logger()


class Watch:
    """The last transaction ids of one key: whether each looked like a card number, and a hash that tells them apart."""

    __slots__ = ("alerted_ns", "suspect", "window")

    def __init__(self) -> None:
        """Begin with none seen."""
        self.window: deque[tuple[int, bool]] = deque(maxlen=IDS_WATCHED)
        self.suspect = 0
        self.alerted_ns: int | None = None

    def see(self, transaction_id: str) -> None:
        """Take the next id; a retry or a later stage of one that is held says nothing new."""
        mark, window = hash(transaction_id), self.window
        if any(seen == mark for seen, _ in window):
            return
        if len(window) == IDS_WATCHED:
            self.suspect -= window[0][1]
        looks_so = looks_like_card_number(transaction_id)
        window.append((mark, looks_so))
        self.suspect += looks_so

    @property
    def is_alarming(self) -> bool:
        """Whether so many ids are known and more than half of them look like card numbers."""
        return len(self.window) == IDS_WATCHED and 2 * self.suspect > IDS_WATCHED


class WatchedIds:
    """Watches the ids that each key sends, in this process's memory; no id is kept."""

    def __init__(self) -> None:
        """Begin with no key seen."""
        self._watches: dict[str, Watch] = {}
        self.refused = 0
        """How many payments were refused; for the metrics."""

    def check(self, key_id: str, payment: Payment, now_ns: int) -> None:
        """Raise PaymentInvalid where the key's ids are mostly card numbers and ids of this payment look like one."""
        watch = self._watches.get(key_id)
        if watch is None:
            watch = self._watches[key_id] = Watch()
        watch.see(payment.transaction_id)
        if not watch.is_alarming:
            return
        if watch.alerted_ns is None or now_ns - watch.alerted_ns >= ALERT_EVERY_SECONDS * _NANOSECONDS_PER_SECOND:
            watch.alerted_ns = now_ns
            log.error("ids_look_like_card_numbers", key_id=key_id, suspect=watch.suspect, of=IDS_WATCHED)
        faults = [_fault(pointer) for pointer, text in _ids(payment) if looks_like_card_number(text)]
        if faults:
            self.refused += 1
            raise PaymentInvalid(*faults)


class ClockWatch:
    """Tells the operator, once an hour, that the clock is behind times that were taken from it.

    Until it is past them, payments are received at the newest of them: a clock that was once a day ahead makes all
    payments of a day look like those of one moment.
    """

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._told_ns: int | None = None

    def check(self, behind: timedelta, now_ns: int) -> None:
        """Look at how far the clock was behind when a payment was received."""
        if behind <= CLOCK_BEHIND_MAX:
            return
        if self._told_ns is None or now_ns - self._told_ns >= ALERT_EVERY_SECONDS * _NANOSECONDS_PER_SECOND:
            self._told_ns = now_ns
            log.error("clock_behind", seconds=round(behind.total_seconds(), 1))


def looks_like_card_number(text: str) -> bool:
    """Whether an id is 13 to 19 bare digits with a brand's prefix, its length and a right check digit."""
    return LENGTH_MIN <= len(text) <= LENGTH_MAX and text.isascii() and text.isdecimal() and is_card_number(text)


def _ids(payment: Payment) -> Iterator[tuple[str, str]]:
    named = (
        ("/event/transaction_id", payment.transaction_id),
        ("/event/merchant_id", payment.merchant_id),
        ("/event/supersedes", payment.supersedes),
        ("/account/user_id", payment.account.user_id),
        ("/device/session_id", payment.device.session_id),
        ("/device/fingerprint", payment.device.fingerprint),
        ("/order/affiliate_id", payment.order.affiliate_id),
        ("/payment/attempt_of", payment.processing.attempt_of),
        *((f"/shopping_cart/{index}/item_id", item.item_id) for index, item in enumerate(payment.cart)),
    )
    yield from ((pointer, text) for pointer, text in named if text is not None)


def _fault(pointer: str) -> Fault:
    return Fault(
        pointer=pointer,
        code="card_data_refused",
        detail=f"Most of the last {IDS_WATCHED} ids sent with this key look like card numbers, and so does this one. "
        "Send ids of your own.",
    )
