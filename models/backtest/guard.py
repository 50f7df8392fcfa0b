"""The figure that publishing asks about: how much of last week's payments a ruleset would block."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.decision import Action, RuleAction
from engine.recorded_frame import ACTIONS, RecordedFrame
from models.backtest.figures import Share
from models.backtest.intervals import share
from models.backtest.setting import Setting
from models.backtest.settling import Evaluating, settled

BLOCKS_MAX: Final = 0.2
"""A rule, or a ruleset, that would block more than this share of last week's payments is asked about again."""
_BLOCK: Final = ACTIONS.index(Action.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What a candidate would have blocked of the payments of a frame; `rules` are its block rules by id."""

    payments: int
    blocked: Share
    """By the whole candidate, as the ladder settles."""
    blocked_live: Share
    """As it was decided."""
    rules: dict[str, Share]
    """What each live block rule is true of."""

    @property
    def too_many(self) -> tuple[str, ...]:
        """The rules that would block more than BLOCKS_MAX."""
        return tuple(rule_id for rule_id, found in self.rules.items() if (found.value or 0.0) > BLOCKS_MAX)

    @property
    def is_asked(self) -> bool:
        """Whether publishing is to ask again with these figures: a rule blocks too many, or all of them together do.

        What is blocked live already is no reason.
        """
        more = (self.blocked.value or 0.0) > max(BLOCKS_MAX, self.blocked_live.value or 0.0)
        return more or bool(self.too_many)


def guard(frame: RecordedFrame, candidate: Setting) -> Guarded:
    """What `candidate` would have blocked of the payments of the frame: of last week's, for publishing."""
    made = settled(Evaluating(frame), candidate)
    count = int(frame.payment.max(initial=-1)) + 1

    def payments(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Share:
        found = np.zeros(count, dtype=np.bool_)
        found[frame.payment[rows]] = True
        return share(int(found.sum()), count)

    return Guarded(
        payments=count,
        blocked=payments(made.action == _BLOCK),
        blocked_live=payments(frame.action == _BLOCK),
        rules={
            compiled.rule.id: payments(made.acting[compiled.rule.id])
            for compiled in candidate.ruleset.compiled
            if compiled.rule.action is RuleAction.BLOCK and compiled.rule.id in made.acting
        },
    )
