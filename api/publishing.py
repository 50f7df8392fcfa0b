"""Publishing rules: what the routes of rules work with, in a server or by a folder's lock."""

from dataclasses import dataclass

from api.backtests.guarding import BlockGuard
from api.settings import RulesApproval, Settings
from engine.decide import Snapshot
from engine.ledger import Ledger
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


def publishing(settings: Settings, ledger: Ledger, snapshots: MerchantSnapshots, rulesets: Rulesets) -> Publishing:
    """What the settings make of it, with the guard that asks about rules that block too many."""

    def in_force(owner: str | None) -> Snapshot:
        return snapshots.default if owner is None else snapshots.of(owner)

    guard = BlockGuard(folder=settings.data, ledger=ledger, in_force=in_force)
    return Publishing(snapshots=snapshots, rulesets=rulesets, approval=settings.rules_approval, guard=guard)
