"""Rulesets at the edge: what is sent and shown. Rules are JSON here, TOML in a file; the keys are the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api.schemas.body import RequestInvalid
from api.schemas.findings import FINDINGS_MAX
from api.schemas.listing import Page
from engine.card_data import holds_card_number
from engine.decision import RuleMode
from engine.errors import Fault
from engine.rules import Content, Declared, read_rows
from engine.rules.source import MAX_RULES
from engine.rulesets import NOTE_CHARACTERS_MAX, Difference, Draft, Origin, Placed, PublishedRuleset, Standing

_EXAMPLE_RULE: Final[dict[str, Any]] = {
    "id": "big-first-order",
    "name": "High amount on a new account",
    "text": "Review if amount_in_usd >= 300 and hours_since_customer_was_created < 24",
    "reason": "{amount_in_usd} on an account that is {hours_since_customer_was_created} hours old",
    "mode": "rollout",
    "rollout_percent": 10,
}
NUMBER_MAX: Final = 2**31 - 1
_TEXT = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL in a text."""

Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f]*$")]


class RuleBody(BaseModel):
    """A rule, with the keys of a ruleset file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE_RULE]})

    id: Line = Field(max_length=64, description="Stable over edits: a-z, 0-9 and -; the reason's `code`.")
    name: Line = Field(max_length=120, description="What the rule is called.")
    text: str = Field(pattern=_TEXT, max_length=100_000, description="The rule.")
    reason: str = Field(
        pattern=_TEXT, max_length=10_000, description="What a person reads when it fires; `{feature}` is its value."
    )
    mode: RuleMode = Field(
        default=RuleMode.LIVE,
        description="live; shadow: recorded, no effect; rollout: live at `rollout_percent` of the payments; paused or "
        "draft: not evaluated.",
    )
    mandatory: StrictBool = Field(
        default=False, description="The operator's block rules alone: on the first rung, never switched off."
    )
    rollout_percent: StrictInt | None = Field(default=None, description="1 to 99, with `mode` rollout alone.")
    expires_at: Line | None = Field(
        default=None,
        max_length=64,
        description="From then on it has no effect, and is recorded as in shadow.",
        examples=["2027-01-31T00:00:00Z"],
    )


class ContentBody(BaseModel):
    """What a ruleset says."""

    model_config = ConfigDict(extra="forbid")

    rules: list[RuleBody] = Field(
        default=[], max_length=MAX_RULES, description="In any order; at most 200 of them live."
    )
    switched_off: list[Line] = Field(
        default=[], max_length=MAX_RULES, description="A merchant's alone: ids of the operator's default rules."
    )

    def to_content(self) -> Content:
        """The content. Raises RequestInvalid with the faults of rows and set; no rule's text has been read."""
        rows = [each.model_dump(exclude_none=True) for each in self.rules]
        declared, said = read_rows(rows)
        faults = [Fault(pointer="/rules", code="value_invalid", detail=each) for each in said]
        faults += _card_data(self.rules)
        if faults:
            raise RequestInvalid(*faults[:FINDINGS_MAX])
        return Content(rules=declared, switched_off=tuple(self.switched_off))


def _card_data(rules: Sequence[RuleBody]) -> list[Fault]:
    detail = "This looks like a card number. Rules are kept, and may never hold one."
    return [
        Fault(pointer=f"/rules/{place}/{key}", code="card_data_refused", detail=detail)
        for place, rule in enumerate(rules)
        for key in ("name", "text", "reason")
        if holds_card_number(getattr(rule, key))
    ]


class PublishBody(BaseModel):
    """What to publish: rules, or a draft by its name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rules": [_EXAMPLE_RULE], "note": "New accounts, at 10 %"}]}
    )

    rules: list[RuleBody] | None = Field(
        default=None, max_length=MAX_RULES, description="The whole ruleset; or name a draft."
    )
    switched_off: list[Line] = Field(
        default=[], max_length=MAX_RULES, description="A merchant's alone: ids of the operator's default rules."
    )
    draft: Line | None = Field(default=None, max_length=64, description="A saved draft's name; or send rules.")
    note: Line = Field(default="", max_length=NOTE_CHARACTERS_MAX, description="Why, for the history.")
    in_shadow: StrictBool = Field(
        default=False,
        description="Leave what decides as it is, and run the rules that are new or of another text in shadow.",
    )
    confirm: StrictBool = Field(default=False, description="Publish though the figures said to look again.")
    dry_run: StrictBool = Field(default=False, description="Check, say what would change, change nothing.")

    def to_content(self) -> Content | None:
        """The content that was sent; None where a draft is named. Raises RequestInvalid."""
        if (self.rules is None) == (self.draft is None) or (self.draft is not None and self.switched_off):
            detail = "Send either rules (and switched_off), or the name of a draft alone."
            raise RequestInvalid(Fault(pointer="/rules", code="value_invalid", detail=detail))
        if self.rules is None:
            return None
        return ContentBody(rules=self.rules, switched_off=self.switched_off).to_content()


class ApproveBody(BaseModel):
    """Which version is approved."""

    model_config = ConfigDict(extra="forbid")

    number: StrictInt = Field(ge=1, le=NUMBER_MAX, description="The newest version's.")


class RollbackBody(BaseModel):
    """Which version is to hold again."""

    model_config = ConfigDict(extra="forbid")

    number: StrictInt = Field(ge=0, le=NUMBER_MAX, description="The version's; 0: what held before any was published.")
    note: Line = Field(default="", max_length=NOTE_CHARACTERS_MAX, description="Why, for the history.")


class RuleShown(BaseModel):
    """A rule."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    text: str
    reason: str
    mode: RuleMode
    mandatory: bool
    rollout_percent: int | None
    expires_at: datetime | None


class ContentShown(BaseModel):
    """What a ruleset says, by the rules' ids."""

    rules: list[RuleShown]
    switched_off: list[str]


class VersionShown(BaseModel):
    """A version of the operator's or a merchant's ruleset, without its rules."""

    merchant_id: str | None = Field(description="Null: the operator's.")
    number: int = Field(description="Counts the owner's versions; 0 is what holds where nobody published any.")
    version: str = Field(description="The hash of what it says: the ETag without its quotes.")
    state: str = Field(
        description="in_force, awaiting_approval, replaced (once in force), or not_approved (overtaken)."
    )
    published_at: datetime | None
    published_by: str | None = Field(description="The id of the key.")
    note: str
    restores: int | None = Field(description="The number of the version that a roll back put in force again.")
    approved_at: datetime | None
    approved_by: str | None


class RulesetShown(VersionShown):
    """A version with its rules."""

    content: ContentShown


class RulesetStands(BaseModel):
    """An owner's ruleset in force, and what awaits approval."""

    in_force: RulesetShown
    left_out: str | None = Field(description="Ids of its rules that no longer check and decide nothing, and why.")
    awaiting_approval: RulesetShown | None


class RuleChangeShown(BaseModel):
    """A rule that is not as before."""

    id: str
    change: str = Field(description="added, removed or changed.")
    keys: list[str] = Field(description="What differs of a changed rule.")
    before: RuleShown | None
    after: RuleShown | None


class DifferenceShown(BaseModel):
    """What differs, rule by rule."""

    rules: list[RuleChangeShown]
    switched_off: list[str] = Field(description="The operator's default rules that are switched off now.")
    switched_on: list[str] = Field(description="Those that no longer are.")


class PublishedShown(RulesetShown):
    """What publishing did, or with `dry_run` would do."""

    dry_run: bool
    changes: DifferenceShown = Field(description="From the ruleset in force; without any, nothing was done.")


class HistoryShown(Page):
    """Versions, newest first."""

    data: list[VersionShown]


class DraftShown(BaseModel):
    """A draft."""

    merchant_id: str | None = Field(description="Null: the operator's.")
    name: str
    version: str = Field(description="The hash of what it says: the ETag without its quotes.")
    saved_at: datetime
    saved_by: str = Field(description="The id of the key.")
    content: ContentShown


class DraftList(BaseModel):
    """The owner's drafts by name."""

    drafts: list[DraftShown]


class PlacedShown(RuleShown):
    """A rule that concerns a merchant, and what becomes of it."""

    origin: Origin = Field(description="mandatory or default: the operator's; own: the merchant's.")
    standing: Standing = Field(description="in_force, switched_off, overridden by one of the same id, or left_out.")


class RulesShown(BaseModel):
    """The rules of a merchant's payments."""

    merchant_id: str | None = Field(description="Null: of merchants without rules of their own.")
    ruleset: str = Field(description="The hash that decisions name.")
    rules: list[PlacedShown] = Field(description="The operator's by id, then the merchant's own.")
    left_out: str | None = Field(description="Ids of published rules that no longer check, with what is wrong.")


def shown_content(content: Content) -> ContentShown:
    """A content as it is shown."""
    rules = sorted(content.rules, key=lambda rule: rule.id)
    return ContentShown(
        rules=[RuleShown.model_validate(each) for each in rules], switched_off=sorted(set(content.switched_off))
    )


def shown_version(published: PublishedRuleset, in_force: PublishedRuleset | None, *, is_newest: bool) -> dict[str, Any]:
    """The public fields of a version."""
    if in_force is not None and published.number == in_force.number:
        state = "in_force"
    elif published.is_effective:
        state = "replaced"
    else:
        state = "awaiting_approval" if is_newest else "not_approved"
    return {
        "merchant_id": published.owner,
        "number": published.number,
        "version": published.version,
        "state": state,
        "published_at": published.published_at,
        "published_by": published.published_by,
        "note": published.note,
        "restores": published.restores,
        "approved_at": published.approved_at,
        "approved_by": published.approved_by,
    }


def shown_unpublished(owner: str | None, content: Content) -> dict[str, Any]:
    """As `shown_version` of what holds where the owner published nothing."""
    nothing = ("published_at", "published_by", "restores", "approved_at", "approved_by")
    said = {"merchant_id": owner, "number": 0, "version": content.version, "state": "in_force", "note": ""}
    return {**said, **dict.fromkeys(nothing)}


def shown_difference(found: Difference) -> DifferenceShown:
    """A difference as it is shown."""
    return DifferenceShown(
        rules=[
            RuleChangeShown(
                id=each.id,
                change="added" if each.before is None else "removed" if each.after is None else "changed",
                keys=list(each.keys),
                before=_maybe(each.before),
                after=_maybe(each.after),
            )
            for each in found.rules
        ],
        switched_off=list(found.switched_off),
        switched_on=list(found.switched_on),
    )


def shown_draft(draft: Draft) -> DraftShown:
    """A draft as it is shown."""
    return DraftShown(
        merchant_id=draft.owner,
        name=draft.name,
        version=draft.content.version,
        saved_at=draft.saved_at,
        saved_by=draft.saved_by,
        content=shown_content(draft.content),
    )


def shown_placed(placed: Placed) -> PlacedShown:
    """A rule that concerns a merchant as it is shown."""
    fields = RuleShown.model_validate(placed.rule).model_dump()
    return PlacedShown(**fields, origin=placed.origin, standing=placed.standing)


def _maybe(rule: Declared | None) -> RuleShown | None:
    return None if rule is None else RuleShown.model_validate(rule)
