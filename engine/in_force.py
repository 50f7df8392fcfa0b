"""What is in force at one time: the operator's rules, and a bundle for each merchant that has something of its own."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.bundles import Parts, bundle, lenient_bundle, rescored
from engine.catalog import CATALOG, catalog_of, unkept_by_all, velocities_of
from engine.custom import CustomField
from engine.decide import Snapshot
from engine.errors import Fault
from engine.policy import Policy
from engine.rules import Content, Declared, Ruleset, called_in
from engine.rulesets import RULE_VELOCITIES_MAX
from engine.score import Scorer
from engine.velocity.spec import VelocityScope


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Everything in force at one time but the lists; merchants of one policy and the same rules share a snapshot.

    `left_out` says by owner (None: the operator) which published rules do not check any more and are left out.
    """

    parts: Parts
    operator: Ruleset
    default: Snapshot
    by_merchant: Mapping[str, Snapshot]
    left_out: Mapping[str | None, str]

    def of(self, merchant_id: str) -> Snapshot:
        """The merchant's bundle."""
        return self.by_merchant.get(merchant_id, self.default)

    def every(self) -> tuple[Snapshot, ...]:
        """Every bundle once."""
        return tuple({id(each): each for each in (self.default, *self.by_merchant.values())}.values())

    def with_merchant(self, merchant_id: str, snapshot: Snapshot) -> "InForce":
        """The same with another bundle for one merchant: an equal one of another's where there is one."""
        shared = next((each for each in self.every() if each.versions.id == snapshot.versions.id), snapshot)
        left_out = {owner: said for owner, said in self.left_out.items() if owner != merchant_id}
        return replace(
            self,
            by_merchant=MappingProxyType({**self.by_merchant, merchant_id: shared}),
            left_out=MappingProxyType(left_out),
        )

    def with_scorer(self, scorer: Scorer | None) -> "InForce":
        """The same with another scorer for all; no rule is compiled for it, so it takes no time that anybody notes."""
        made = {id(each): rescored(each, scorer) for each in self.every()}
        return replace(
            self,
            parts=replace(self.parts, scorer=scorer),
            default=made[id(self.default)],
            by_merchant=MappingProxyType({name: made[id(each)] for name, each in self.by_merchant.items()}),
        )


def in_force_of(
    parts: Parts,
    operator: Ruleset,
    policies: Mapping[str, Policy],
    own: Mapping[str, Content],
    list_names: Callable[[str], Collection[str]],
    left_out: Mapping[str | None, str],
) -> InForce:
    """What these rules of the operator's and of merchants (`own`), and these policies, make.

    `list_names` gives those that a merchant's rules may name. Of its rules those that no longer check are left out.
    """
    default, made, of_merchant = Policy(), dict[tuple[str, str | None], tuple[Snapshot, str]](), {}
    said: dict[str | None, str] = dict(left_out)
    made[default.version, None] = (bundle(parts, operator, default, None, ()), "")
    for merchant_id in policies.keys() | own.keys():
        policy, rules = policies.get(merchant_id, default), own.get(merchant_id)
        key = policy.version, None if rules is None else rules.version
        if key not in made:
            made[key] = lenient_bundle(parts, operator, policy, rules, list_names(merchant_id))
        of_merchant[merchant_id], fault = made[key]
        said |= {merchant_id: fault} if fault else {}
    return InForce(
        parts=parts,
        operator=operator,
        default=made[default.version, None][0],
        by_merchant=MappingProxyType(of_merchant),
        left_out=MappingProxyType(said),
    )


def counts_otherwise(before: Snapshot, after: Snapshot) -> bool:
    """Whether the counters must keep other velocities for a merchant, or count them by other fields."""
    return (before.velocities, before.custom_fields) != (after.velocities, after.custom_fields)


def uncountable(rules: Iterable[Declared], declared: Sequence[CustomField]) -> tuple[Fault, ...]:
    """What is counted by a merchant's rules, with these custom fields, and cannot be kept for it."""
    called = called_in(rules, catalog_of(declared))
    velocities = velocities_of(declared, called)[len(velocities_of(declared)) :]
    faults = []
    if shared := [each.name for each in velocities if each.scope is VelocityScope.NETWORK]:
        detail = (
            f"The rules count over all merchants what is not counted for every merchant: {', '.join(shared)}. "
            "With `scope: network`, use what 'assay velocities' lists."
        )
        faults.append(Fault(pointer="/rules", code="not_allowed", detail=detail))
    if len(velocities) > RULE_VELOCITIES_MAX:
        detail = (
            f"The rules count {len(velocities)} things that are not counted for every merchant, of "
            f"{RULE_VELOCITIES_MAX} at most: each is counted for every payment. Use what 'assay velocities' lists."
        )
        faults.append(Fault(pointer="/rules", code="too_many", detail=detail))
    return tuple(faults)


def uncountable_for(owner: str | None, rules: Iterable[Declared], declared: Sequence[CustomField]) -> tuple[Fault, ...]:
    """As `uncountable`, of an owner's rules; None: the operator's, which count what is kept for every merchant."""
    if owner is not None:
        return uncountable(rules, declared)
    unkept = unkept_by_all(called_in(rules, CATALOG))
    return (Fault(pointer="/rules", code="not_allowed", detail=unkept),) if unkept else ()
