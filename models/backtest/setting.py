"""What decides: a ruleset with the lists and the policies, as a backtest compares two of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.lists import NO_LISTS, MerchantLists
from engine.policy import Policy
from engine.rules import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A ruleset, a policy and the lists; those of merchants that have others beside them.

    `own_policies` and `own_lists` matter where payments of several merchants are looked at, as for an operator's rules.
    Lists are as they stand: an entry holds for past payments too, up to when it expires.
    """

    ruleset: Ruleset
    policy: Policy = field(default_factory=Policy)
    lists: MerchantLists = NO_LISTS
    own_policies: Mapping[str, Policy] = field(default_factory=dict)
    own_lists: Mapping[str, MerchantLists] = field(default_factory=dict)
