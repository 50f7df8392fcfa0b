"""Published rulesets: the operator's and each merchant's own, append-only; the one in force for a merchant joins both.

An owner is a merchant's id, or None for the operator, whose rules hold for every merchant: those that are mandatory on
the ladder's first rung, the others as defaults that a merchant can switch off, or override by a rule of the same id.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Final, Protocol

from engine.decision import RuleMode
from engine.errors import Fault
from engine.rules import Content, Declared, Ruleset, too_costly
from engine.rules.source import MAX_LIVE_RULES
from engine.suggest import nearest

DRAFTS_MAX: Final = 100
RULE_VELOCITIES_MAX: Final = 50
"""What a merchant's rules may count beyond what is counted for every merchant: each costs every payment."""
NOTE_CHARACTERS_MAX: Final = 500
_SHADOW: Final = "-shadow"
_ID_CHARACTERS_MAX: Final = 64

Guard = Callable[[str | None, Ruleset], Awaitable[Mapping[str, object] | None]]
"""Figures that must be confirmed before such a ruleset is put in force for this owner; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRuleset:
    """One version of an owner's ruleset: append-only, the newest that is effective is in force.

    `number` counts an owner's versions from 1; `published_by` and `approved_by` are ids of keys. One that `awaits` a
    second approver has no effect before `approved_at`. `restores` is the number of the version whose content a roll
    back published again.
    """

    owner: str | None
    number: int
    content: Content
    published_at: datetime
    published_by: str
    note: str = ""
    restores: int | None = None
    awaits: bool = False
    approved_at: datetime | None = None
    approved_by: str | None = None

    @property
    def version(self) -> str:
        """The hash of what it says."""
        return self.content.version

    @property
    def is_effective(self) -> bool:
        """Whether nobody's approval is missing."""
        return not self.awaits or self.approved_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is to be published: a version that has no number yet; the words are those of PublishedRuleset."""

    owner: str | None
    content: Content
    at: datetime
    by: str
    note: str = ""
    restores: int | None = None
    awaits: bool = False

    def numbered(self, number: int) -> PublishedRuleset:
        """It as the owner's version of this number."""
        return PublishedRuleset(
            owner=self.owner,
            number=number,
            content=self.content,
            published_at=self.at,
            published_by=self.by,
            note=self.note,
            restores=self.restores,
            awaits=self.awaits,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A content that is kept under a name and has no effect; it may be at fault."""

    owner: str | None
    name: str
    content: Content
    saved_at: datetime
    saved_by: str


class Rulesets(Protocol):
    """Where rulesets and drafts are kept. An owner without a published one has none of its own."""

    def in_force(self, owner: str | None) -> PublishedRuleset | None:
        """The newest effective version, from memory."""

    def newest(self, owner: str | None) -> PublishedRuleset | None:
        """The newest version, whether it awaits approval or not, from memory."""

    def all_in_force(self) -> Sequence[PublishedRuleset]:
        """The version in force of every owner that has one."""

    def append(self, published: PublishedRuleset) -> None:
        """Keep a version durably. Raises RulesetChanged where its number is taken, LedgerUnavailable."""

    def approve(self, approved: PublishedRuleset) -> None:
        """Keep durably when and by whom a kept version was approved, once. Raises RulesetChanged, LedgerUnavailable."""

    def find(self, owner: str | None, number: int) -> PublishedRuleset | None:
        """The version of this number. Raises LedgerUnavailable."""

    def history(self, owner: str | None, *, before: int | None, limit: int) -> Sequence[PublishedRuleset]:
        """At most `limit` versions with numbers below `before`, newest first. Raises LedgerUnavailable."""

    def save_draft(self, draft: Draft) -> None:
        """Keep a draft durably in place of the owner's of this name. Raises LedgerUnavailable."""

    def remove_draft(self, owner: str | None, name: str) -> bool:
        """Remove a draft; whether there was one. Raises LedgerUnavailable."""

    def draft(self, owner: str | None, name: str) -> Draft | None:
        """The owner's draft of this name. Raises LedgerUnavailable."""

    def drafts(self, owner: str | None) -> Sequence[Draft]:
        """The owner's drafts by name. Raises LedgerUnavailable."""


class Origin(StrEnum):
    """Whose a rule is, seen from a merchant."""

    MANDATORY = "mandatory"
    """The operator's, and nobody can switch it off."""
    DEFAULT = "default"
    """The operator's, until the merchant switches it off or overrides it."""
    OWN = "own"


class Standing(StrEnum):
    """Whether a rule of the operator's or the merchant's is part of the merchant's ruleset, and why not."""

    IN_FORCE = "in_force"
    SWITCHED_OFF = "switched_off"
    OVERRIDDEN = "overridden"
    """By the merchant's own rule of the same id; or the merchant's, by a mandatory one."""
    LEFT_OUT = "left_out"
    """It was published and no longer checks: nothing is decided by it until it is published mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A rule of the operator's or the merchant's own, and what became of it."""

    rule: Declared
    origin: Origin
    standing: Standing


def placed(operator: Content, own: Content | None) -> Iterator[Placed]:
    """Every rule that concerns a merchant: the operator's by id, then its own."""
    mandatory = {rule.id for rule in operator.rules if rule.mandatory}
    off = set() if own is None else set(own.switched_off)
    own_ids = set() if own is None else {rule.id for rule in own.rules}
    for rule in sorted(operator.rules, key=lambda each: each.id):
        standing = Standing.IN_FORCE
        if not rule.mandatory and rule.id in own_ids:
            standing = Standing.OVERRIDDEN
        elif not rule.mandatory and rule.id in off:
            standing = Standing.SWITCHED_OFF
        origin = Origin.MANDATORY if rule.mandatory else Origin.DEFAULT
        yield Placed(rule=rule, origin=origin, standing=standing)
    for rule in () if own is None else own.rules:
        # The operator may make a rule mandatory after the merchant took its id: the mandatory one holds.
        standing = Standing.OVERRIDDEN if rule.id in mandatory else Standing.IN_FORCE
        yield Placed(rule=rule, origin=Origin.OWN, standing=standing)


def placed_in(placing: Iterable[Placed], decides: Content) -> Iterator[Placed]:
    """The same rules, where `decides` is what the merchant's payments meet: what it lacks is left out."""
    met = {(rule.id, rule.text) for rule in decides.rules}
    for each in placing:
        is_lacking = each.standing is Standing.IN_FORCE and (each.rule.id, each.rule.text) not in met
        yield replace(each, standing=Standing.LEFT_OUT) if is_lacking else each


def combined(operator: Content, own: Content | None) -> Content:
    """The ruleset of a merchant: what of the operator's holds for it, and its own."""
    if own is None:
        return operator
    standing = [each for each in placed(operator, own) if each.standing is Standing.IN_FORCE]
    # The merchant's first: so a fault's place among all is its place among those that the merchant sent.
    standing.sort(key=lambda each: each.origin is not Origin.OWN)
    return Content(rules=tuple(each.rule for each in standing))


def faults_of(owner: str | None, operator: Content, content: Content) -> tuple[Fault, ...]:
    """What keeps a content from being an owner's ruleset, though each of its rules is sound.

    `operator` is the operator's in force, beside which a merchant's own stands.
    """
    rules = (content if owner is None else combined(operator, content)).rules
    live = sum(rule.is_live for rule in rules)
    faults = list(_of_operator(content) if owner is None else _of_merchant(operator, content))
    if live > MAX_LIVE_RULES:
        whose = "" if owner is None else "With the operator's, "
        detail = f"{whose}{live} rules would be live, of {MAX_LIVE_RULES} at most. Join rules, or set some to shadow."
        faults.append(Fault(pointer="/rules", code="too_many", detail=detail))
    if (costly := too_costly(rules)) is not None:
        faults.append(Fault(pointer="/rules", code="too_many", detail=costly))
    return tuple(faults)


def _of_operator(content: Content) -> Iterator[Fault]:
    if content.switched_off:
        detail = "Rules are switched off by merchants; the operator pauses or removes its own."
        yield Fault(pointer="/switched_off", code="not_allowed", detail=detail)


def _of_merchant(operator: Content, own: Content) -> Iterator[Fault]:
    mandatory = {rule.id for rule in operator.rules if rule.mandatory}
    defaults = sorted(rule.id for rule in operator.rules if not rule.mandatory)
    for place, rule in enumerate(own.rules):
        if rule.mandatory:
            detail = f"rule {rule.id}: `mandatory` is for the operator's rules. Leave it out."
            yield Fault(pointer=f"/rules/{place}/mandatory", code="not_allowed", detail=detail)
        if rule.id in mandatory:
            detail = f"rule {rule.id}: the operator has a mandatory rule of this id. Give yours another."
            yield Fault(pointer=f"/rules/{place}/id", code="name_taken", detail=detail)
    for place, each in enumerate(own.switched_off):
        pointer, close = f"/switched_off/{place}", nearest(each, defaults)
        if each in mandatory:
            detail = f"The operator's rule {each} is mandatory: it cannot be switched off."
            yield Fault(pointer=pointer, code="not_allowed", detail=detail)
        elif each not in defaults:
            hint = f" Did you mean {close}?" if close else " Leave it out."
            detail = f"The operator has no default rule {each[:_ID_CHARACTERS_MAX]}.{hint}"
            yield Fault(pointer=pointer, code="value_invalid", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What two contents say of a rule, where they differ: the rule before and after; None where there is none.

    `keys` names what differs, where both have it.
    """

    id: str
    before: Declared | None
    after: Declared | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two contents: rules by id, and the operator's rules switched off more or no more."""

    rules: tuple[RuleChange, ...]
    switched_off: tuple[str, ...]
    switched_on: tuple[str, ...]


_COMPARED: Final = tuple(each.name for each in fields(Declared) if each.name not in ("label", "id"))


def difference(before: Content, after: Content) -> Difference:
    """What the second says that the first does not, rule by rule."""
    old, new = {rule.id: rule for rule in before.rules}, {rule.id: rule for rule in after.rules}
    found = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        keys: tuple[str, ...] = ()
        if one is not None and other is not None:
            keys = tuple(key for key in _COMPARED if getattr(one, key) != getattr(other, key))
            if not keys:
                continue
        found.append(RuleChange(id=name, before=one, after=other, keys=keys))
    off, was_off = set(after.switched_off), set(before.switched_off)
    return Difference(
        rules=tuple(found), switched_off=tuple(sorted(off - was_off)), switched_on=tuple(sorted(was_off - off))
    )


def in_shadow(standing: Content, wanted: Content, operator: Content | None = None) -> Content:
    """What stands, with the wanted rules that are new or of another text beside it in shadow.

    Nothing that decides today is changed: a live rule of another text stays as it is, and the wanted one runs beside
    it under its id and `-shadow`, or `-shadow-2` and so on where that id is taken. `operator` are the operator's rules
    where a merchant's own stand: these too stay, and none of their ids is taken.
    """
    rules, sent = {rule.id: rule for rule in standing.rules}, {rule.id: rule for rule in wanted.rules}
    theirs = {} if operator is None else {rule.id: rule for rule in operator.rules if rule.id not in rules}
    taken = {rule_id for rule_id, rule in sent.items() if rules.get(rule_id) != rule} | theirs.keys()
    for change in difference(standing, wanted).rules:
        if change.after is None or (change.before is not None and "text" not in change.keys):
            continue
        acts = theirs.get(change.id) if change.before is None else change.before
        name = change.id
        if acts is not None and (acts.is_live or change.before is None):
            names = {acts.name, change.after.name}
            name = next(
                each for each in _beside(change.id) if each not in taken and _is_free(rules.get(each), names=names)
            )
            taken.add(name)
        rules[name] = replace(
            change.after,
            label=f"rule {name}",
            id=name,
            mode=RuleMode.SHADOW,
            mandatory=False,
            rollout_percent=None,
        )
    return Content(rules=tuple(rules[name] for name in sorted(rules)), switched_off=standing.switched_off)


def _beside(rule_id: str) -> Iterator[str]:
    """The ids that a rule's shadow can have, the first that is free is its own."""
    for number in count(1):
        suffix = _SHADOW if number == 1 else f"{_SHADOW}-{number}"
        yield f"{rule_id[: _ID_CHARACTERS_MAX - len(suffix)]}{suffix}"


def _is_free(there: Declared | None, *, names: Collection[str]) -> bool:
    """Whether a shadow of a rule of these names may stand there: in place of none, or of its own shadow before."""
    return there is None or (there.mode is RuleMode.SHADOW and there.name in names)
