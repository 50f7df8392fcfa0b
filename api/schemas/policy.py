"""A policy at the edge: what is sent and shown. Left out, a field has its default."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.schemas.listing import Page
from engine.custom import CustomField, CustomType
from engine.decision import Action
from engine.policy import (
    CUSTOM_FIELDS_MAX,
    CUSTOM_NAME_LENGTH_MAX,
    FAIL_BANDS,
    FAIL_BANDS_MAX,
    PERCENT_MAX,
    REVIEW_HOURS_MAX,
    RULE_SCORE_MAX,
    USD_CENTS_MAX,
    FailAction,
    FailBand,
    Policy,
    PublishedPolicy,
)

_DEFAULT = Policy()


def _number(sent: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A number as JSON has it: a text or a truth is none, whatever it could be read as."""
    if isinstance(sent, str | bool):
        raise PydanticCustomError("number_type", "Send a number, without quotes.")
    return sent


def _truth(sent: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(sent, bool):
        raise PydanticCustomError("bool_type", "Send true or false.")
    return sent


Percent = Annotated[float, BeforeValidator(_number), Field(ge=0, le=PERCENT_MAX)]
_Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=100)]
Points = Annotated[int, BeforeValidator(_number), Field(ge=1, le=RULE_SCORE_MAX)]
_Cents = Annotated[int, BeforeValidator(_number), Field(ge=0, le=USD_CENTS_MAX)]
_Hours = Annotated[int, BeforeValidator(_number), Field(ge=1, le=REVIEW_HOURS_MAX)]
_Truth = Annotated[bool, BeforeValidator(_truth)]


class FailBandBody(BaseModel):
    """What becomes of amounts up to this one, without a score and where no rule fired."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    up_to_usd_cents: _Cents | None = Field(
        description="US cents, itself included; null, in the last band alone, takes the rest and unknown amounts."
    )
    action: Action = Field(description="allow, challenge, review or block.")


class CustomFieldBody(BaseModel):
    """A field of the request's `custom` that is recorded as a feature and, as a key, counted by."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: str = Field(
        min_length=1, max_length=CUSTOM_NAME_LENGTH_MAX, description="As in the request.", examples=["loyalty_tier"]
    )
    type: CustomType = Field(description="string, number or boolean; a value of another type is unknown.")
    is_velocity_key: _Truth = Field(
        default=False,
        description="Count by it: payments, US dollars and different cards in the last hour, 24 hours and 30 days.",
    )


class PolicyBody(BaseModel):
    """A whole policy. What is left out has its default."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    block_at_percent: Percent | None = Field(
        default=_DEFAULT.block_at_percent, description="Block from this `risk_score` on; null: never by the score."
    )
    review_at_percent: Percent | None = Field(
        default=_DEFAULT.review_at_percent, description="Review from this `risk_score` on; null: never by the score."
    )
    challenge_at_percent: Percent | None = Field(
        default=_DEFAULT.challenge_at_percent,
        description="Ask for 3-D Secure from this `risk_score` on; null: never by the score.",
    )
    block_at_rule_score: Points | None = Field(default=None, description="Block from this `rule_score` on.")
    review_at_rule_score: Points | None = Field(default=None, description="Review from this `rule_score` on.")
    challenge_at_rule_score: Points | None = Field(
        default=None, description="Ask for 3-D Secure from this `rule_score` on."
    )
    elevated_at_percent: Percent = Field(
        default=_DEFAULT.elevated_at_percent, description="`risk_level` is elevated from here on."
    )
    highest_at_percent: Percent = Field(
        default=_DEFAULT.highest_at_percent, description="`risk_level` is highest from here on."
    )
    fail_action: FailAction = Field(
        default=_DEFAULT.fail_action,
        description="Without a score, where no rule fired: rules_only goes by `fail_bands`, any other is the action.",
    )
    fail_bands: list[FailBandBody] = Field(
        default=[FailBandBody.model_validate(band) for band in FAIL_BANDS],
        min_length=1,
        max_length=FAIL_BANDS_MAX,
        description="By the amount in US cents, in rising order; the last one takes the rest. Where the shopper is "
        "absent (off session, recurring), challenge is review.",
    )
    review_hours: _Hours = Field(default=_DEFAULT.review_hours, description="How long a person has to review.")
    review_action_at_expiry: Action = Field(
        default=_DEFAULT.review_action_at_expiry, description="allow or block: what holds when nobody reviewed."
    )
    margin_percent: _Share = Field(
        default=_DEFAULT.margin_percent, description="What a good payment earns, in percent of the amount."
    )
    cost_of_goods_percent: _Share = Field(
        default=_DEFAULT.cost_of_goods_percent, description="What the goods cost, in percent of the amount."
    )
    chargeback_fee_usd_cents: _Cents = Field(
        default=_DEFAULT.chargeback_fee_usd_cents, description="What a chargeback costs beside the goods, in US cents."
    )
    review_cost_usd_cents: _Cents = Field(
        default=_DEFAULT.review_cost_usd_cents, description="What one review costs in wages, in US cents."
    )
    custom_fields: list[CustomFieldBody] = Field(
        default=[], max_length=CUSTOM_FIELDS_MAX, description="Declared custom fields; at most 5 of them count."
    )

    def to_policy(self) -> Policy:
        """The policy. Raises PolicyInvalid with every fault."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        bands = tuple(FailBand(up_to_usd_cents=each.up_to_usd_cents, action=each.action) for each in self.fail_bands)
        declared = tuple(
            CustomField(name=each.name, type=each.type, is_velocity_key=each.is_velocity_key)
            for each in self.custom_fields
        )
        return Policy(**{**said, "fail_bands": bands, "custom_fields": declared})


class PolicyShown(BaseModel):
    """A version of a merchant's policy."""

    merchant_id: str
    version: str = Field(description="The hash of what it says: the ETag without its quotes.")
    number: int = Field(description="Counts the merchant's versions; 0 is the default that nobody published.")
    published_at: datetime | None = Field(description="Null for the default.")
    published_by: str | None = Field(description="The id of the key that published it; null for the default.")
    policy: PolicyBody


class Change(BaseModel):
    """A field that says something else than before."""

    field: str
    before: Any
    after: Any


class PolicyPut(PolicyShown):
    """What a PUT did, or with `dry_run` would do."""

    dry_run: bool
    changes: list[Change] = Field(description="Empty where it says what the one in force said: then nothing was done.")


class PolicyHistory(Page):
    """Versions, newest first."""

    data: list[PolicyShown]


def shown_policy(merchant_id: str, published: PublishedPolicy | None) -> dict[str, Any]:
    """A version's public fields; None is the default."""
    policy = Policy() if published is None else published.policy
    return {
        "merchant_id": merchant_id,
        "version": policy.version,
        "number": 0 if published is None else published.number,
        "published_at": None if published is None else published.published_at,
        "published_by": None if published is None else published.published_by,
        "policy": PolicyBody.model_validate(policy),
    }


def changes(before: Policy, after: Policy) -> list[Change]:
    """What differs, field by field."""
    old, new = orjson.loads(before.content()), orjson.loads(after.content())
    return [Change(field=name, before=old[name], after=new[name]) for name in new if old[name] != new[name]]
