"""Stores in this process's memory."""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from engine.features import Value
from engine.garbage import no_garbage_collection
from engine.stores.memory_fill import Filling
from engine.stores.memory_merchant import Merchant
from engine.stores.memory_plan import Plans
from engine.stores.memory_planning import plans
from engine.stores.memory_streams import Streams
from engine.velocity import Observation, Reading, Recorded, StatusEvent, Velocity
from engine.velocity.sharing import Sharing
from engine.velocity.spec import VelocityScope

if TYPE_CHECKING:
    from engine.stores.history import History


class MemoryCounters:
    """Velocities counted in this process, O(log n) a payment, rebuilt from the ledger at start.

    What is counted over all merchants is told of each merchant's counting, so that it is counted once; what a merchant
    reads there is complete while its time is less than an hour (`LAG_US`) behind the newest of its mode. What has no
    start is held for ever: a few figures and the different values of each key value; where it starts anew at an event,
    all its payments.

    Only `keep` awaits, so every other call is one step to all else in the event loop; threads must not share it.
    """

    def __init__(self, velocities: Sequence[Velocity], own: Mapping[str, Sequence[Velocity]] | None = None) -> None:
        """Count for these velocities, or for a merchant's `own` by its id; readings keep their order."""
        self._default = plans(velocities)
        self._own = {merchant_id: self._checked(each) for merchant_id, each in (own or {}).items()}
        self._merchants: dict[tuple[str, bool], Merchant] = {}
        self._networks: dict[bool, Streams] = {}
        self._sequence = 0
        self._filling: Filling | None = None
        self._one_at_a_time = asyncio.Lock()

    async def observe(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Count the payment, once per id, and read every velocity without it and the one that it supersedes."""
        reading = self._of(observation.merchant_id, test_mode=observation.test_mode).observe(
            observation, self._sequence + 1, superseded
        )
        if reading.is_counted:
            self._sequence = reading.sequence
        if (filling := self._filling_of(observation.merchant_id)) is not None:
            filling.observed(observation, reading.sequence)
        return reading

    async def read(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and change nothing."""
        merchant_id = observation.merchant_id
        merchant = self._merchants.get((merchant_id, observation.test_mode))
        if merchant is None:
            merchant = Merchant(self._plans(merchant_id), self._network(observation.test_mode))
        return merchant.read(observation, self._sequence + 1, superseded)

    async def record(self, event: StatusEvent) -> bool:
        """Count that a payment came to a status, once per payment and status; whether this call counted it."""
        is_counted = self._of(event.merchant_id, test_mode=event.test_mode).record(event)
        if (filling := self._filling_of(event.merchant_id)) is not None:
            filling.recorded(event)
        return is_counted

    async def retract(self, event: StatusEvent) -> None:
        """Take an event back; the payment is counted at the first of its events to this status that stands."""
        if (merchant := self._merchants.get((event.merchant_id, event.test_mode))) is not None:
            merchant.retract(event)
        if (filling := self._filling_of(event.merchant_id)) is not None:
            filling.retracted(event)

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take the payment and its status events back as if they had never been."""
        if (merchant := self._merchants.get((merchant_id, test_mode))) is not None:
            merchant.forget(merchant_id, payment_id)
        if (filling := self._filling_of(merchant_id)) is not None:
            filling.forgotten(payment_id, test_mode=test_mode)

    async def keep(
        self, merchant_id: str, velocities: Sequence[Velocity], history: Callable[[], Iterator[Recorded | None]]
    ) -> None:
        """Count for other velocities from now on, as if always, in slices of some milliseconds; one merchant at a time.

        The switch is the call's last step: what directly awaits it goes on in the same one.
        """
        async with self._one_at_a_time:
            if tuple(velocities) == self._plans(merchant_id).velocities:
                return
            wanted, held = self._checked(velocities), self._merchants
            current = {mode: held[merchant_id, mode] for mode in (False, True) if (merchant_id, mode) in held}
            self._filling = Filling(merchant_id, wanted, current, self._sequence)
            try:
                # What is young and dead now is collected, so that below it is not taken for what stays.
                gc.collect(1)
                with no_garbage_collection():
                    filled = await self._filling.streams(history)
                    # What is filled stays: to walk it once at the end would hold up the event loop.
                    gc.freeze()
            finally:
                self._filling = None
            self._own[merchant_id] = wanted
            for mode in current:
                del held[merchant_id, mode]
            for mode, merchant in filled.items():
                held[merchant_id, mode] = merchant.joined(self._network(mode))

    def restore(self, history: Iterable[Recorded]) -> int:
        """Count what was recorded, in that order, without reading; gives how many payments were counted.

        The first of an id counts. What is left out because it is older than the longest window changes no reading.
        """
        counted = 0
        for recorded in history:
            if isinstance(recorded, StatusEvent):
                self._of(recorded.merchant_id, test_mode=recorded.test_mode).record(recorded)
                continue
            sequence, observation = recorded
            if self._of(observation.merchant_id, test_mode=observation.test_mode).restore(observation, sequence):
                assert sequence >= self._sequence, f"restored {sequence} after {self._sequence}"
                self._sequence = sequence
                counted += 1
        return counted

    def load(self, history: "History") -> int:
        """As `restore`, of what stands in columns, where nothing is counted yet: much faster.

        Raises StoreInvalid where an amount is no whole number of 64 bits; these counters are of no use then.
        """
        # Loaded where they are used: columns take a third of a second to load.
        from engine.stores.memory_inputs import Inputs  # noqa: PLC0415
        from engine.stores.memory_load import load_network  # noqa: PLC0415

        assert not self._merchants, "nothing is counted yet"
        made: dict[tuple[str, ...], Inputs] = {}
        found = []
        for own in history.merchants:
            plan = self._plans(own.merchant_id).merchant
            inputs = made.get(plan.inputs)
            if inputs is None:
                inputs = made[plan.inputs] = Inputs(history, plan.inputs, plan.payments.profile)
            found.append((own, self._of(own.merchant_id, test_mode=own.test_mode).load(own, inputs)))
        if self._default.network is not None:
            for mode in {own.test_mode for own, _ in found}:
                network = self._network(mode)
                assert network is not None, "something is counted over all merchants"
                load_network(network, self._default.network, [each for each in found if each[0].test_mode is mode])
        self._sequence = max((each.sequence for _, each in found), default=0)
        return sum(len(each.payments) for _, each in found)

    def sharing(
        self, merchant_id: str, ids: Mapping[str, Value], *, test_mode: bool, before: str | None, limit: int
    ) -> Sequence[Sharing]:
        """At most `limit` of the merchant's payments that share an id with these: see Sharings."""
        merchant = self._merchants.get((merchant_id, test_mode))
        if merchant is None:
            return ()
        found = islice(merchant.having(ids, before), limit)
        return [Sharing(payment_id=payment_id, names=tuple(names)) for payment_id, names in found]

    def held(self) -> tuple[int, int]:
        """How many payments and how many key values are held now."""
        counts = [merchant.held() for merchant in self._merchants.values()]
        return sum(payments for payments, _ in counts), sum(entities for _, entities in counts)

    def _plans(self, merchant_id: str) -> Plans:
        return self._own.get(merchant_id, self._default)

    def _filling_of(self, merchant_id: str) -> Filling | None:
        filling = self._filling
        return filling if filling is not None and filling.merchant_id == merchant_id else None

    def _of(self, merchant_id: str, *, test_mode: bool) -> Merchant:
        key = merchant_id, test_mode
        merchant = self._merchants.get(key)
        if merchant is None:
            merchant = self._merchants[key] = Merchant(self._plans(merchant_id), self._network(test_mode))
        return merchant

    def _network(self, test_mode: bool) -> Streams | None:  # noqa: FBT001 - a key
        if self._default.network is None:
            return None
        network = self._networks.get(test_mode)
        if network is None:
            network = self._networks[test_mode] = Streams(self._default.network)
        return network

    def _checked(self, velocities: Sequence[Velocity]) -> Plans:
        """What is kept for a merchant: of the network's velocities all and none but the default set's."""
        shared = [
            [each for each in some if each.scope is VelocityScope.NETWORK]
            for some in (velocities, self._default.velocities)
        ]
        assert shared[0] == shared[1], "what is counted over all merchants is the same for each"
        return plans(velocities)
