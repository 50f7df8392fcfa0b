"""Publishing rules: what the routes of rules work with, in a server or by a folder's lock."""

from dataclasses import dataclass

from api.settings import RulesApproval
from engine.rulesets import Guard, Rulesets
from engine.snapshots import MerchantSnapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """Published rulesets, what they make of decisions, and what stands before a publication."""

    snapshots: MerchantSnapshots
    rulesets: Rulesets
    approval: RulesApproval
    guard: Guard | None = None
    """What is asked of a ruleset before it is put in force, where there is anything to ask."""

    def needs_approval(self, owner: str | None) -> bool:
        """Whether rules that this owner publishes (None: the operator) wait for another key's approval."""
        return self.approval is RulesApproval.ALL or (self.approval is RulesApproval.OPERATOR and owner is None)
