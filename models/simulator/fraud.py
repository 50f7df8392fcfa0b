"""Labelled fraud beside ordinary orders: card testing in bursts, stolen cards from elsewhere, accounts taken over.

Simple, so that what learns from chargebacks has something to learn. Nobody here adapts to what is blocked, so it is no
evidence of how well fraud is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import md5
from heapq import heappop, heappush, merge
from itertools import count
from random import Random
from typing import Any, Final

from models.simulator.events import Event, Fate, Order, one_of
from models.simulator.markets import MARKETS, MINOR_PER_USD
from models.simulator.orders import World, later, orders, placed, request_of, shipping_to, who
from models.simulator.rhythm import Period
from models.simulator.shoppers import ABROAD, Crowd, Shopper, contact_of, device_at, guest_email, shopper_named
from models.simulator.shops import Shop
from models.simulator.truth import Truth, after_genuine, after_theft

DAY_SECONDS: Final = 86_400.0
_CODES: Final = {"do_not_honor": 5, "stolen_card": 2, "insufficient_funds": 2, "incorrect_cvc": 1}
_FAILED_3DS: Final = {"N": 6, "": 4}
_AT_HOME, _ABROAD = 0.2, 0.5
"""How many thieves pay from the card's own country, and how many from a few others that fraud comes from."""
_SENDS_ON: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Habits:
    """How one sort of fraud goes: how many attempts a campaign has, how long after each other, at what prices.

    `declined` and `passes_3ds` are shares of attempts; `weight` is how often a campaign is one of these.
    """

    weight: int
    attempts: tuple[int, int]
    pause_seconds: float
    dearer: tuple[float, float]
    declined: float
    passes_3ds: float
    avs: Mapping[str, int]
    cvv: Mapping[str, int]

    @property
    def mean_attempts(self) -> float:
        return sum(self.attempts) / 2


_HABITS: Final = {
    Truth.CARD_TESTING: _Habits(
        weight=5,
        attempts=(12, 40),
        pause_seconds=40,
        dearer=(1, 1),
        declined=0.8,
        passes_3ds=0.02,
        avs={"N": 60, "U": 25, "Z": 10, "Y": 5},
        cvv={"M": 78, "N": 16, "P": 6},
    ),
    Truth.STOLEN_CARD: _Habits(
        weight=59,
        attempts=(1, 4),
        pause_seconds=1_500,
        dearer=(1.5, 4),
        declined=0.38,
        passes_3ds=0.1,
        avs={"N": 45, "Y": 25, "Z": 12, "U": 10, "A": 8},
        cvv={"M": 88, "N": 6, "U": 6},
    ),
    Truth.ACCOUNT_TAKEOVER: _Habits(
        weight=36,
        attempts=(1, 4),
        pause_seconds=4_000,
        dearer=(1.2, 3),
        declined=0.12,
        passes_3ds=0.15,
        avs={"Y": 85, "A": 6, "Z": 5, "N": 4},
        cvv={"M": 80, "P": 12, "U": 8},
    ),
}
_WEIGHTS: Final = {truth: habits.weight for truth, habits in _HABITS.items()}
_ATTEMPTS_A_CAMPAIGN: Final = sum(habits.weight * habits.mean_attempts for habits in _HABITS.values()) / sum(
    _WEIGHTS.values()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Campaign:
    """One thief at work at one shop: who is robbed, and from which device the thief pays, to which address."""

    name: str
    truth: Truth
    shop: Shop
    rank: int
    victim: Shopper
    devices: tuple[Mapping[str, Any], ...]
    drop: Mapping[str, Any]


def with_fraud(
    world: World, period: Period, rate: float, share: float, day_seconds: float = DAY_SECONDS
) -> Iterator[Event]:
    """The first requests of ordinary orders, `rate` a second, and of fraud: `share` of all, in order of time.

    Each knows what it truly is (`Order.aftermath`), and reports follow in days of `day_seconds`. The ordinary orders
    are those of `orders`, the same for one seed whatever the share.
    """
    ordinary = (_known(event, world, day_seconds) for event in orders(world, period, rate))
    if not share:
        return ordinary
    return merge(ordinary, attacks(world, period, rate * share / (1 - share), day_seconds), key=lambda event: event.at)


def attacks(world: World, period: Period, rate: float, day_seconds: float = DAY_SECONDS) -> Iterator[Event]:
    """The first requests of fraudulent payments, in order of time: on average `rate` a second, in campaigns.

    In a stream of less than a day campaigns are so much quicker, that whole ones are in it.
    """
    random = Random(f"{world.seed}/attacks")  # noqa: S311 - made-up data, the same for one seed
    pace = min(1.0, period.cycle_seconds / DAY_SECONDS)
    waiting: list[tuple[datetime, int, Event]] = []
    numbers, elapsed = count(), 0.0
    for campaign in count(1):
        elapsed += random.expovariate(rate / _ATTEMPTS_A_CAMPAIGN)
        begins, is_over = period.start + timedelta(seconds=elapsed), not period.holds(elapsed)
        while waiting and (is_over or waiting[0][0] <= begins):
            yield heappop(waiting)[2]
        if is_over:
            return
        for event in _attempts(Random(random.random()), world, campaign, begins, pace, day_seconds):  # noqa: S311
            if period.end is None or event.at < period.end:
                heappush(waiting, (event.at, next(numbers), event))


def _known(event: Event, world: World, day_seconds: float) -> Event:
    """The same request of an order of which it is known what its cardholder will say."""
    order = event.order
    # Not by the run: of one seed the same orders are disputed in each.
    name = order.transaction_id.removeprefix(world.run)
    random = Random(f"{world.seed}/{name}/dispute")  # noqa: S311 - made-up data, the same for one seed
    network = order.body["credit_card"]["brand"]
    return replace(
        event, order=replace(order, aftermath=after_genuine(random, order.shop.category, network, day_seconds))
    )


def _attempts(
    random: Random, world: World, number: int, begins: datetime, pace: float, day_seconds: float
) -> Iterator[Event]:
    campaign = _drawn(random, world, number)
    habits = _HABITS[campaign.truth]
    at = begins
    for attempt in range(random.randint(*habits.attempts)):
        order = _attempt(random, world, campaign, f"{number:05d}-{attempt + 1:02d}", at, day_seconds)
        yield placed(order, at)
        at = later(at, pace * random.expovariate(1 / habits.pause_seconds))


def _drawn(random: Random, world: World, number: int) -> _Campaign:
    truth = one_of(random, _WEIGHTS)
    shop = random.choices(world.shops, [each.share for each in world.shops])[0]
    name = f"campaign-{number}"
    if truth is Truth.ACCOUNT_TAKEOVER:
        rank, victim = who(random, shop, world, Crowd.RETURNING, "")
    else:
        rank, victim = 0, shopper_named(world.seed, f"{name}-victim", shop, Crowd.NEW)
    devices = tuple(
        device_at(_digest(world, f"{name}/{device}"), _address(random, victim), victim.market, random)
        for device in range(random.randint(1, 3) if truth is Truth.CARD_TESTING else 1)
    )
    drop = contact_of(random, MARKETS[random.choice(tuple(MARKETS))])
    return _Campaign(name=name, truth=truth, shop=shop, rank=rank, victim=victim, devices=devices, drop=drop)


def _attempt(random: Random, world: World, campaign: _Campaign, number: str, at: datetime, day_seconds: float) -> Order:
    """One payment of a campaign. A request says of it what the thief cannot hide."""
    truth, shop, habits = campaign.truth, campaign.shop, _HABITS[campaign.truth]
    thief = _thief(random, world, campaign, number)
    fate = _fate(random, habits, asks_3ds=thief.market.asks_3ds)
    dearer = replace(shop, ticket_usd=shop.ticket_usd * random.uniform(*habits.dearer))
    crowd = Crowd.CARD_TESTING if truth is Truth.CARD_TESTING else Crowd.NEW
    transaction_id = f"{world.run}-{shop.merchant_id}-x{number}"
    body = request_of(random, transaction_id, dearer, thief, crowd, (campaign.rank, at), fate)
    session = {"session_id": body["device"]["session_id"], "session_age": round(random.lognormvariate(4.2, 0.9), 1)}
    body["device"] = {**random.choice(campaign.devices), **session}
    if shop.ships and random.random() < _SENDS_ON:
        body["shipping"] = shipping_to(random, campaign.drop)
    network, amount_minor = body["credit_card"]["brand"], body["order"]["amount_minor"]
    return Order(
        transaction_id=transaction_id,
        shop=shop,
        shopper=thief,
        fate=fate,
        body=body,
        aftermath=after_theft(random, truth, network, amount_minor / MINOR_PER_USD[shop.currency], day_seconds),
    )


def _thief(random: Random, world: World, campaign: _Campaign, number: str) -> Shopper:
    """Who pays: what of the victim the thief knows, and what is the thief's own."""
    if campaign.truth is Truth.ACCOUNT_TAKEOVER:
        return campaign.victim
    robbed = campaign.victim
    if campaign.truth is Truth.CARD_TESTING:
        # Of a list: every card is another one's.
        robbed = shopper_named(world.seed, f"{campaign.name}-{number}", campaign.shop, Crowd.NEW)
    email = guest_email(random, _digest(world, f"{campaign.name}/{number if robbed is not campaign.victim else ''}"))
    return replace(robbed, age_days=0, email=email, cards=robbed.cards[:1])


def _fate(random: Random, habits: _Habits, *, asks_3ds: bool) -> Fate:
    drawn = Fate.drawn(random, asks_3ds=asks_3ds)
    decline_code = one_of(random, _CODES) if random.random() < habits.declined else None
    return replace(
        drawn,
        decline_code=decline_code,
        avs_result=one_of(random, habits.avs),
        cvv_result="N" if decline_code == "incorrect_cvc" else one_of(random, habits.cvv),
        challenge_result="Y" if random.random() < habits.passes_3ds else one_of(random, _FAILED_3DS),
        refund_seconds=None,
        again_seconds=None,
    )


def _address(random: Random, victim: Shopper) -> str:
    sort = random.random()
    if sort < _AT_HOME:
        networks = victim.market.networks
    elif sort < _AT_HOME + _ABROAD:
        networks = ABROAD
    else:
        networks = MARKETS[random.choice(tuple(MARKETS))].networks
    return f"{random.choice(networks)}.{random.randrange(1, 255)}.{random.randrange(1, 255)}"


def _digest(world: World, name: str) -> str:
    return md5(f"{world.seed}/{name}".encode(), usedforsecurity=False).hexdigest()
