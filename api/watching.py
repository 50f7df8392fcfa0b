"""What the edge watches: ids that look like card numbers, and a clock that is behind the times it gave before.

Ids are opaque while few look like card numbers, and refused where a key's ids mostly do.

By chance one numeric reference in ten looks like a card number, so one id says nothing. Where more than half of a key's
last ids in one field do, somebody sends card numbers as ids.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import structlog

from engine.card_data import id_looks_like_card_number, may_hold_card_number
from engine.errors import Fault, PaymentInvalid
from engine.payment import Payment

IDS_WATCHED: Final = 20
ALERT_EVERY_SECONDS: Final = 3_600
CLOCK_BEHIND_MAX: Final = timedelta(seconds=2)
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000

log = structlog.get_logger()


class SentId(NamedTuple):
    """An id that a call sent: the field it stands in, the place of it in the request, and its text."""

    field: str
    pointer: str
    text: str


class Watch:
    """The last ids of one key in one field: whether each looked like a card number, and a hash to tell them apart."""

    __slots__ = ("alerted_ns", "suspect", "window")

    def __init__(self) -> None:
        """Begin with none seen."""
        self.window: deque[tuple[int, bool]] = deque(maxlen=IDS_WATCHED)
        self.suspect = 0
        self.alerted_ns: int | None = None

    def see(self, text: str, *, looks_so: bool) -> None:
        """Take the next id; one that is held (a retry, a later stage, a customer who comes back) says nothing new."""
        mark, window = hash(text), self.window
        if any(seen == mark for seen, _ in window):
            return
        if len(window) == IDS_WATCHED:
            self.suspect -= window[0][1]
        window.append((mark, looks_so))
        self.suspect += looks_so

    @property
    def is_alarming(self) -> bool:
        """Whether so many ids are known and more than half of them look like card numbers."""
        return len(self.window) == IDS_WATCHED and 2 * self.suspect > IDS_WATCHED


class WatchedIds:
    """Watches the ids that each key sends in each field, in this process's memory; no id is kept."""

    def __init__(self) -> None:
        """Begin with no key seen."""
        self._watches: dict[tuple[str, str], Watch] = {}
        self._watched_keys: set[str] = set()
        self.refused = 0
        """How many calls were refused; for the metrics."""

    def check_payment(self, key_id: str, payment: Payment, idempotency_key: str | None, now_ns: int) -> None:
        """As `check`, of the ids that a decision call sent: of most keys nothing is watched, and no id looks so."""
        texts = (*_texts_of(payment), *[line.item_id for line in payment.cart], idempotency_key)
        # Nearly always there is nothing to watch, so no SentId is made to find that out.
        sent = [text for text in texts if text]
        if key_id in self._watched_keys or (
            may_hold_card_number("x".join(sent)) and any(map(id_looks_like_card_number, sent))
        ):
            self.check(key_id, ids_of(payment, idempotency_key), now_ns)

    def check(self, key_id: str, ids: Iterable[SentId], now_ns: int) -> None:
        """Raise PaymentInvalid where a field of the key's holds mostly card numbers, and an id of this call is one.

        A field is watched from its first id that looks so: until then there is nothing to count.
        """
        faults = []
        for sent in ids:
            looks_so = id_looks_like_card_number(sent.text)
            watch = self._watches.get((key_id, sent.field))
            if watch is None:
                if not looks_so:
                    continue
                watch = self._watches[key_id, sent.field] = Watch()
                self._watched_keys.add(key_id)
            watch.see(sent.text, looks_so=looks_so)
            if looks_so and watch.is_alarming:
                self._alert(watch, key_id, sent.field, now_ns)
                faults.append(_fault(sent))
        if faults:
            self.refused += 1
            raise PaymentInvalid(*faults)

    def _alert(self, watch: Watch, key_id: str, field: str, now_ns: int) -> None:
        """Tell the operator, once an hour for each key and field."""
        if watch.alerted_ns is None or now_ns - watch.alerted_ns >= ALERT_EVERY_SECONDS * _NANOSECONDS_PER_SECOND:
            watch.alerted_ns = now_ns
            log.error("ids_look_like_card_numbers", key_id=key_id, field=field, suspect=watch.suspect, of=IDS_WATCHED)


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


_PLACES: Final = (
    ("transaction_id", "/event/transaction_id"),
    ("merchant_id", "/event/merchant_id"),
    ("supersedes", "/event/supersedes"),
    ("user_id", "/account/user_id"),
    ("session_id", "/device/session_id"),
    ("fingerprint", "/device/fingerprint"),
    ("affiliate_id", "/order/affiliate_id"),
    ("attempt_of", "/payment/attempt_of"),
)
"""The ids of a payment outside its cart: their fields, and where they stand in the request."""


def _texts_of(payment: Payment) -> tuple[str | None, ...]:
    """The texts of these ids, one for each place."""
    return (
        payment.transaction_id,
        payment.merchant_id,
        payment.supersedes,
        payment.account.user_id,
        payment.device.session_id,
        payment.device.fingerprint,
        payment.order.affiliate_id,
        payment.processing.attempt_of,
    )


def ids_of(payment: Payment, idempotency_key: str | None) -> Iterator[SentId]:
    """The ids that a decision call sent, its header's key among them."""
    for (field, pointer), text in zip(_PLACES, _texts_of(payment), strict=True):
        if text is not None:
            yield SentId(field, pointer, text)
    for index, item in enumerate(payment.cart):
        if item.item_id is not None:
            yield SentId("item_id", f"/shopping_cart/{index}/item_id", item.item_id)
    if idempotency_key is not None:
        yield header_key(idempotency_key)


def header_key(idempotency_key: str) -> SentId:
    """The header Idempotency-Key as an id; it stands nowhere in the body."""
    return SentId("idempotency_key", "", idempotency_key)


def _fault(sent: SentId) -> Fault:
    where = "" if sent.pointer else " (the header Idempotency-Key)"
    return Fault(
        pointer=sent.pointer,
        code="card_data_refused",
        detail=f"Most of the last {IDS_WATCHED} ids sent with this key in this field{where} look like card numbers, "
        "and so does this one. Send ids of your own.",
    )
