"""A merchant's policy: thresholds, costs, bands, the fail policy, the terms of a review, declared custom fields.

It is checked when it is made, versioned by the hash of what it says, and never edited: a change is another policy.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import orjson

from engine.card_data import holds_card_number, is_card_number_name, is_cvv_name
from engine.custom import CustomField, CustomType
from engine.decision import Action, ReviewTerms
from engine.errors import Fault, PolicyInvalid
from engine.score import Score

CUSTOM_FIELDS_MAX: Final = 20
VELOCITY_KEYS_MAX: Final = 5
"""Each key adds nine velocities to every payment of the merchant."""
FAIL_BANDS_MAX: Final = 10
REVIEW_HOURS_MAX: Final = 720
RULE_SCORE_MAX: Final = 1_000_000
USD_CENTS_MAX: Final = 100_000_000_000
CUSTOM_NAME_LENGTH_MAX: Final = 64
PERCENT_MAX: Final = 99.0
"""As `risk_score` is at most: a threshold above it would never be reached."""

_BLANK_NAME: Final = "custom_"
_PERCENTS: Final = (
    "block_at_percent",
    "review_at_percent",
    "challenge_at_percent",
    "elevated_at_percent",
    "highest_at_percent",
)
_SHARES: Final = ("margin_percent", "cost_of_goods_percent")
_MONEY: Final = ("chargeback_fee_usd_cents", "review_cost_usd_cents")
_BELOW_BLOCK: Final = ("review", "challenge")
_THRESHOLDS: Final = ("block", *_BELOW_BLOCK)
_AT_EXPIRY: Final = (Action.ALLOW, Action.BLOCK)
_ALWAYS_SAID: Final = (
    "block_at_percent",
    "review_at_percent",
    "challenge_at_percent",
    "block_at_rule_score",
    "review_at_rule_score",
    "challenge_at_rule_score",
    "elevated_at_percent",
    "highest_at_percent",
    "fail_action",
    "fail_bands",
    "review_hours",
    "review_action_at_expiry",
    "margin_percent",
    "cost_of_goods_percent",
    "chargeback_fee_usd_cents",
    "review_cost_usd_cents",
    "custom_fields",
)
"""What every policy's content says, in this order, for ever: so other defaults here make other versions (law 7)."""


class FailAction(StrEnum):
    """What becomes of a payment that has no score and on which no rule fired; `rules_only` goes by the amount."""

    RULES_ONLY = "rules_only"
    ALLOW = "allow"
    REVIEW = "review"
    CHALLENGE = "challenge"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailBand:
    """What becomes of amounts up to this one (in USD cents, itself included); None takes the rest, unknown ones too."""

    up_to_usd_cents: int | None
    action: Action


FAIL_BANDS: Final = (
    FailBand(up_to_usd_cents=5000, action=Action.ALLOW),
    FailBand(up_to_usd_cents=None, action=Action.CHALLENGE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds and bands in percent of `risk_score` or in points of `rule_score`; None never acts.

    The default thresholds follow from the expected cost of a mistake: with a margin of 30 %, a chargeback fee of 20 USD
    and goods at 60 % of a 40 USD ticket, refusing pays off from a probability of about 25 % (docs/scorecard.md); the
    block threshold stands above that because the shipped scorecard is not yet calibrated on the merchant's own labels.

    `margin_percent` and `cost_of_goods_percent` are shares of the amount (0-100), `chargeback_fee_usd_cents` is what
    one chargeback costs beside the goods, `review_cost_usd_cents` what one review costs in wages. Raises PolicyInvalid
    with every fault.
    """

    block_at_percent: float | None = 40.0
    review_at_percent: float | None = 15.0
    challenge_at_percent: float | None = 5.0
    block_at_rule_score: int | None = None
    review_at_rule_score: int | None = None
    challenge_at_rule_score: int | None = None
    elevated_at_percent: float = 2.0
    highest_at_percent: float = 10.0
    fail_action: FailAction = FailAction.RULES_ONLY
    fail_bands: tuple[FailBand, ...] = FAIL_BANDS
    review_hours: int = 24
    review_action_at_expiry: Action = Action.ALLOW
    margin_percent: float = 30.0
    cost_of_goods_percent: float = 60.0
    chargeback_fee_usd_cents: int = 2000
    review_cost_usd_cents: int = 300
    custom_fields: tuple[CustomField, ...] = ()
    version: str = field(init=False, compare=False)
    """The hash of what it says, made once: every decision names it."""

    def __post_init__(self) -> None:
        """Check every value, and hash what the policy says."""
        if faults := tuple(_faults(self)):
            raise PolicyInvalid(*faults)
        for name in (*_PERCENTS, *_SHARES):
            # 40 and 40.0 are one policy.
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else float(value))
        object.__setattr__(self, "version", hashlib.sha256(self.content()).hexdigest()[:16])

    def content(self) -> bytes:
        """What the policy says, as the ledger keeps it (JSON); `policy_of` reads it back.

        A field that a later version of Assay adds is said where it differs from its default alone, by name behind the
        first ones: so it changes no version of a policy that does without it. Its default then never changes.
        """
        later = sorted(
            each.name
            for each in fields(self)
            if each.init and each.name not in _ALWAYS_SAID and getattr(self, each.name) != each.default
        )
        return orjson.dumps({name: getattr(self, name) for name in (*_ALWAYS_SAID, *later)})

    def risk_level(self, score: Score | None) -> str:
        """The band in which the score falls; without a score, `not_assessed`."""
        if score is None:
            return "not_assessed"
        if score.percent >= self.highest_at_percent:
            return "highest"
        return "elevated" if score.percent >= self.elevated_at_percent else "normal"

    def fail_band(self, usd_cents: int | None) -> Action:
        """What becomes of an amount without a score; of an unknown one what becomes of the largest."""
        if usd_cents is not None:
            for band in self.fail_bands:
                if band.up_to_usd_cents is not None and usd_cents <= band.up_to_usd_cents:
                    return band.action
        return self.fail_bands[-1].action

    def review_terms(self) -> ReviewTerms:
        """How long a person has to review, and what holds when nobody did."""
        return ReviewTerms(hours=self.review_hours, action_at_expiry=self.review_action_at_expiry)


def policy_of(content: bytes) -> Policy:
    """Read back what `Policy.content` wrote: the same policy under the same version.

    Raises PolicyInvalid, of what another version of Assay wrote and this one cannot read too.
    """
    try:
        said: dict[str, Any] = dict(orjson.loads(content))
    except (TypeError, ValueError) as error:
        raise _unreadable(error) from error
    known = {each.name for each in fields(Policy) if each.init}
    if unknown := sorted(said.keys() - known):
        raise PolicyInvalid(
            *(Fault(pointer=f"/{name}", code="field_unknown", detail="There is no such field.") for name in unknown)
        )
    if missing := [name for name in _ALWAYS_SAID if name not in said]:
        raise PolicyInvalid(
            *(Fault(pointer=f"/{name}", code="missing", detail="A policy's content says it.") for name in missing)
        )
    try:
        return Policy(**{name: _READERS[name](value) if name in _READERS else value for name, value in said.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> PolicyInvalid:
    return PolicyInvalid(
        Fault(pointer="", code="value_invalid", detail=f"It is not what a policy's content says: {error}.")
    )


def _fail_band(said: dict[str, Any]) -> FailBand:
    return FailBand(up_to_usd_cents=said["up_to_usd_cents"], action=Action(said["action"]))


def _custom_field(said: dict[str, Any]) -> CustomField:
    return CustomField(name=said["name"], type=CustomType(said["type"]), is_velocity_key=said["is_velocity_key"])


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "fail_action": FailAction,
    "fail_bands": lambda said: tuple(map(_fail_band, said)),
    "review_action_at_expiry": Action,
    "custom_fields": lambda said: tuple(map(_custom_field, said)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPolicy:
    """One version of a merchant's policy: append-only, the newest holds.

    `number` counts a merchant's versions from 1; `published_by` is the id of the key that published it.
    """

    merchant_id: str
    number: int
    policy: Policy
    published_at: datetime
    published_by: str


class Policies(Protocol):
    """Where policies are kept; a merchant without one has the default."""

    def current(self, merchant_id: str) -> PublishedPolicy | None:
        """The newest version, from memory: it is asked for while a decision waits."""

    def all(self) -> Sequence[PublishedPolicy]:
        """The newest version of every merchant that has one."""

    def append(self, published: PublishedPolicy) -> None:
        """Keep a version durably. Raises PolicyChanged where its number is taken, LedgerUnavailable."""

    def history(self, merchant_id: str, *, before: int | None, limit: int) -> Sequence[PublishedPolicy]:
        """At most `limit` versions with numbers below `before`, newest first. Raises LedgerUnavailable."""


def _faults(policy: Policy) -> Iterator[Fault]:
    wrong = tuple(_out_of_range(policy))
    yield from wrong
    if not wrong:
        # What is no number cannot be compared.
        yield from _out_of_order(policy)
    yield from _fail_faults(policy.fail_bands)
    if policy.review_action_at_expiry not in _AT_EXPIRY:
        said = "A review ends in 'allow' or 'block': the shopper is gone, and a review cannot end in a review."
        yield Fault(pointer="/review_action_at_expiry", code="value_invalid", detail=said)
    yield from _custom_faults(policy.custom_fields)


def _out_of_range(policy: Policy) -> Iterator[Fault]:
    percents = dict.fromkeys(_PERCENTS, (0.0, PERCENT_MAX)) | dict.fromkeys(_SHARES, (0.0, 100.0))
    counts = (
        dict.fromkeys(_MONEY, (0, USD_CENTS_MAX))
        | {f"{each}_at_rule_score": (1, RULE_SCORE_MAX) for each in _THRESHOLDS}
        | {"review_hours": (1, REVIEW_HOURS_MAX)}
    )
    for name, (least, most) in (percents | counts).items():
        value = getattr(policy, name)
        if value is None and name.startswith(_THRESHOLDS):
            continue
        kind = int | float if name in percents else int
        if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
            # What is not a number compares as false, and so is out of any range.
            number = "a number" if name in percents else "a whole number"
            yield Fault(pointer=f"/{name}", code="out_of_range", detail=f"Send {number} from {least:g} to {most:g}.")


def _out_of_order(policy: Policy) -> Iterator[Fault]:
    for unit in ("percent", "rule_score"):
        block = getattr(policy, f"block_at_{unit}")
        for action in _BELOW_BLOCK:
            # Challenge above review is fine: 3-D Secure is an axis of its own, and a reviewed payment can ask for it.
            at = getattr(policy, f"{action}_at_{unit}")
            if block is not None and at is not None and at > block:
                said = f"It is above block_at_{unit} ({block:g}) and would never act: lower it, or send null."
                yield Fault(pointer=f"/{action}_at_{unit}", code="out_of_order", detail=said)
    if policy.elevated_at_percent > policy.highest_at_percent:
        said = f"It is above highest_at_percent ({policy.highest_at_percent:g}): lower it."
        yield Fault(pointer="/elevated_at_percent", code="out_of_order", detail=said)
    if policy.margin_percent + policy.cost_of_goods_percent > 100:  # noqa: PLR2004 - percent
        yield Fault(
            pointer="/margin_percent",
            code="out_of_range",
            detail="With cost_of_goods_percent it is above 100: lower one of them.",
        )


def _fail_faults(bands: tuple[FailBand, ...]) -> Iterator[Fault]:
    if not 1 <= len(bands) <= FAIL_BANDS_MAX:
        yield Fault(
            pointer="/fail_bands", code="too_many" if bands else "missing", detail=f"Send 1 to {FAIL_BANDS_MAX} bands."
        )
        return
    lowest = -1
    for index, band in enumerate(bands):
        pointer, cents = f"/fail_bands/{index}/up_to_usd_cents", band.up_to_usd_cents
        if index == len(bands) - 1:
            if cents is not None:
                yield Fault(pointer=pointer, code="value_invalid", detail="The last band takes the rest: send null.")
        elif cents is None:
            yield Fault(
                pointer=pointer, code="value_invalid", detail="Only the last band takes the rest: send USD cents."
            )
        elif not 0 <= cents <= USD_CENTS_MAX:
            yield Fault(pointer=pointer, code="out_of_range", detail=f"Send USD cents from 0 to {USD_CENTS_MAX}.")
        elif cents <= lowest:
            yield Fault(
                pointer=pointer,
                code="out_of_order",
                detail="It is not above the band before: send the bands in rising order.",
            )
        lowest = max(lowest, -1 if cents is None else cents)


def _custom_faults(declared: tuple[CustomField, ...]) -> Iterator[Fault]:
    if len(declared) > CUSTOM_FIELDS_MAX:
        yield Fault(
            pointer="/custom_fields", code="too_many", detail=f"Declare at most {CUSTOM_FIELDS_MAX} custom fields."
        )
    if sum(each.is_velocity_key for each in declared) > VELOCITY_KEYS_MAX:
        yield Fault(
            pointer="/custom_fields",
            code="too_many",
            detail=f"At most {VELOCITY_KEYS_MAX} of them can be velocity keys.",
        )
    taken: dict[str, int] = {}
    for index, each in enumerate(declared):
        pointer = f"/custom_fields/{index}/name"
        if not 1 <= len(each.name) <= CUSTOM_NAME_LENGTH_MAX or not each.name.isprintable():
            yield Fault(
                pointer=pointer,
                code="value_invalid",
                detail=f"Send 1 to {CUSTOM_NAME_LENGTH_MAX} characters, none a control.",
            )
            continue
        if holds_card_number(each.name) or is_cvv_name(each.name) or is_card_number_name(each.name):
            detail = "No request may carry a field of this name: it says or shows card data."
            yield Fault(pointer=pointer, code="card_data_refused", detail=detail)
            continue
        if each.feature_name == _BLANK_NAME:
            yield Fault(
                pointer=pointer,
                code="value_invalid",
                detail="Its feature would have no name: use a letter a-z or a digit in it.",
            )
            continue
        for made in (each.feature_name, *(velocity.name for velocity in each.velocities())):
            if taken.setdefault(made, index) != index:
                said = f"Its feature {made} is that of custom field {taken[made]} too: rename one of them."
                yield Fault(pointer=pointer, code="name_taken", detail=said)
                break
