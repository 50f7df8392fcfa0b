"""What decides: a ruleset with its lists and the policies, as a backtest compares two of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.policy import Policy
from engine.rules import Lists, Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A ruleset, the lists it names, and the policy; `own_policies` are those of merchants that have another one.

    `own_policies` matters where payments of several merchants are looked at, as for an operator's rules.
    """

    ruleset: Ruleset
    lists: Lists = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    own_policies: Mapping[str, Policy] = field(default_factory=dict)
