"""Sends a timeline's events at their times and does what a gateway does with the answers."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import Final

from api.traffic.calls import Called, Caller
from api.traffic.tally import Tally
from engine.decision import Action
from engine.errors import AssayError
from models.simulator import Timeline

CONNECTIONS: Final = 32
LOOK_SECONDS: Final = 0.1
"""How often progress is told and an interrupt is noticed."""
_UNANSWERED_MAX: Final = 20
_UNDER_WAY_MAX: Final = 4 * CONNECTIONS
_MENDS: Final = {
    "scope_missing": "The key needs the scopes decisions:write and outcomes:write, with --fraud labels:write too "
    "(--scope names each)",
    "merchant_not_found": "The key must act for every merchant",
}
_NEW_KEY: Final = "make one with 'assay keys create --name traffic --all-merchants' and give it with --key."


class TrafficStopped(AssayError):
    """The server does not take the traffic, so no more is sent."""

    code = "traffic_stopped"


class Sender:
    """Plays a timeline against a server.

    A payment whose answer is late delays what follows from it, and no other.
    """

    def __init__(self, timeline: Timeline, caller: Caller, start: datetime, until: datetime) -> None:
        """Events before `until` are sent, each so long after the beginning as its time is after `start`."""
        self.tally = Tally()
        self.is_interrupted = False
        self._timeline = timeline
        self._caller = caller
        self._start, self._until = start, until
        self._came: SimpleQueue[Called] = SimpleQueue()
        self._decisions: dict[str, str] = {}
        self._under_way = 0
        self._unanswered = 0
        self._behind_seconds = 0.0

    def play(self, told: Callable[[float], object]) -> None:
        """Send until the end, Ctrl-C, or a refusal that would meet every call; then wait for what is under way.

        `told` is told of the seconds gone by. Raises TrafficStopped, saying the mend.
        """
        began = time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            try:
                while (wait := self._until_next(time.monotonic() - began)) is not None:
                    if wait <= 0 and self._under_way < _UNDER_WAY_MAX:
                        self._behind_seconds = max(self._behind_seconds, -wait)
                        self._send(pool)
                    self._take(min(max(wait, 0.0), LOOK_SECONDS))
                    told(time.monotonic() - began)
            except KeyboardInterrupt:
                self.is_interrupted = True
            finally:
                pool.shutdown(cancel_futures=True)
                self._caller.close()
        while not self._came.empty():
            self.tally.add(self._came.get())

    @property
    def behind_seconds(self) -> float:
        """How late the latest call left: more than a moment where the server or this client did not keep up."""
        return self._behind_seconds

    def _until_next(self, elapsed: float) -> float | None:
        """Seconds until something is to be done; None where nothing is any more."""
        at = self._timeline.next_at
        if at is not None and at < self._until:
            return (at - self._start).total_seconds() - elapsed
        return LOOK_SECONDS if self._under_way else None

    def _send(self, pool: ThreadPoolExecutor) -> None:
        event = self._timeline.take()
        assert event is not None, "it was there a moment ago"
        decision_id = self._decisions.get(event.order.transaction_id)
        self._under_way += 1
        pool.submit(lambda: self._came.put(self._caller.call(event, decision_id)))

    def _take(self, seconds: float) -> None:
        """Take an answer that is there, or comes within so many seconds."""
        try:
            called = self._came.get(timeout=seconds) if seconds else self._came.get_nowait()
        except Empty:
            return
        self._under_way -= 1
        self.tally.add(called)
        self._stop_where_refused(called)
        if not called.is_fine:
            return
        if called.decision_id is not None:
            self._decisions[called.event.order.transaction_id] = called.decision_id
        self._timeline.answered(called.event, called.action or Action.ALLOW)

    def _stop_where_refused(self, called: Called) -> None:
        """Raise TrafficStopped where the next call would meet the same."""
        self._unanswered = self._unanswered + 1 if called.status == 0 else 0
        if self._unanswered >= _UNANSWERED_MAX:
            raise TrafficStopped(f"The server answers no more ({called.detail}). Start it again: 'assay serve'.")
        if called.status == HTTPStatus.UNAUTHORIZED:
            raise TrafficStopped(f"The server refused the key: {called.detail} Check --key, or {_NEW_KEY}")
        if called.code in _MENDS:
            raise TrafficStopped(f"The server refused the call: {called.detail} {_MENDS[called.code]}: {_NEW_KEY}")
