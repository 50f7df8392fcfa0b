"""The ladder over columns: what a setting makes of each recorded decision, as engine.decide would.

`engine.ladder` says why each rung is what it is; the two agree on every row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.catalog import RISK_LEVELS
from engine.decision import Action, Rule, RuleAction, RuleMode, is_in_share
from engine.payment import EPOCH, MICROSECOND, Stage
from engine.policy import FailAction, Policy
from engine.recorded_frame import ACTIONS, RecordedFrame
from engine.rules.columns import Columns, Mask, Told, Truth
from engine.rules.tree import Condition
from engine.rules.vectorize import truth
from engine.test_values import TEST_VALUES
from models.backtest.listing import Hits, RowLists
from models.backtest.reading import conditions
from models.backtest.setting import Setting

_ALLOW, _CHALLENGE, _REVIEW, _BLOCK = (ACTIONS.index(action) for action in ACTIONS)
_FIXED: Final = tuple(value.name for value in TEST_VALUES if value.action is not None)
"""Test values that settle the action itself; others settle the score alone."""
_SUCCEEDED, _FAILED = ("Y", "A"), ("N", "R")

SETTLING: Final = (RuleAction.ALLOW, RuleAction.BLOCK, RuleAction.REVIEW, RuleAction.REQUEST_3DS)
"""What a rule asks for that settles an action."""

_ACTS: Final = (RuleMode.LIVE, RuleMode.ROLLOUT)

_EVALUATORS: Final = 2
"""Threads that evaluate conditions: nearly all of the time is spent in numpy, outside of Python."""

Places = npt.NDArray[np.int8]
Tell = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """What a setting makes of each row of a frame."""

    action: Places
    """The place in ACTIONS."""
    three_ds: Mask
    true: Mapping[str, Mask]
    """By rule id where the rule is true, whatever its mode."""
    unknown: Mapping[str, int]
    """By rule id, on how many rows it could not be said."""
    acting: Mapping[str, Mask]
    """By rule id where the rule is true and acts: of those alone that are live, or in rollout."""


class Evaluating:
    """The conditions over one frame, each evaluated once, whichever settings it stands in."""

    def __init__(self, frame: RecordedFrame, tell: Tell = lambda: None) -> None:
        """`tell` is called after each rule."""
        self.frame = frame
        self._tell = tell
        self._found: dict[tuple[object, ...], Truth] = {}
        self._columns: dict[tuple[object, ...], Columns] = {}

    def results(self, setting: Setting) -> Iterator[tuple[Rule, Truth]]:
        """Each rule and where it is true or false."""
        ruleset, columns = setting.ruleset, self.columns(setting)
        lists = RowLists(self.frame, setting)
        listed = (id(setting.lists), *((name, id(each)) for name, each in setting.own_lists.items()))

        def result(of: tuple[str, Condition]) -> Truth:
            # A condition may read the policy's risk levels, and names mean what the catalogue says.
            key = (of[0], ruleset.catalog.fingerprint, _levels(setting), listed)
            if key not in self._found:
                self._found[key] = truth(of[1], ruleset.catalog, columns, lists)
            return self._found[key]

        rules = [compiled.rule for compiled in ruleset.compiled]
        texts = [compiled.text for compiled in ruleset.compiled]
        with ThreadPoolExecutor(_EVALUATORS) as evaluators:
            found = evaluators.map(result, zip(texts, conditions(ruleset), strict=True))
            try:
                for each in zip(rules, found, strict=True):
                    self._tell()
                    yield each
            finally:
                # Who is cancelled waits for no rule that was not begun.
                evaluators.shutdown(wait=False, cancel_futures=True)

    def columns(self, setting: Setting) -> Columns:
        """The columns with the risk levels of the setting's policies in place of those recorded."""
        key = _levels(setting)
        if key not in self._columns:
            self._columns[key] = with_levels(self.frame, setting)
        return self._columns[key]


def _levels(setting: Setting) -> tuple[object, ...]:
    """What risk levels follow from."""
    return setting.policy.version, *((name, policy.version) for name, policy in setting.own_policies.items())


def settled(evaluating: Evaluating, setting: Setting) -> Settled:
    """Evaluate every rule and settle every row; what a test value decided stays as it was recorded."""
    results = list(evaluating.results(setting))
    acting = {rule.id: _acting(evaluating.frame, rule, found.true) for rule, found in results if rule.mode in _ACTS}
    action, three_ds = _climbed(evaluating, setting, acting)
    return Settled(
        action=action,
        three_ds=three_ds,
        true={rule.id: found.true for rule, found in results},
        unknown={rule.id: len(found.true) - int(np.count_nonzero(found.known)) for rule, found in results},
        acting=acting,
    )


def _acting(frame: RecordedFrame, rule: Rule, true: Mask) -> Mask:
    """Where a rule that is true has an effect: before it expires, and in rollout on its share of the payments."""
    if not rule.is_conditional:
        return true
    acting = true.copy()
    if rule.expires_at is not None:
        acting &= frame.at_us < (rule.expires_at - EPOCH) // MICROSECOND
    if rule.mode is RuleMode.ROLLOUT:
        assert rule.rollout_percent is not None, "a rule in rollout has a share"
        rows = np.flatnonzero(acting)
        ids = frame.transaction_ids.at(rows.tolist())
        acting[rows] = [is_in_share(rule.id, id_, rule.rollout_percent) for id_ in ids]
    return acting


def without(evaluating: Evaluating, setting: Setting, made: Settled, rule_id: str) -> Places:
    """The actions that the setting gives where one of its rules has no effect."""
    acting = {id_: mask for id_, mask in made.acting.items() if id_ != rule_id}
    return _climbed(evaluating, setting, acting)[0]


def _climbed(evaluating: Evaluating, setting: Setting, acting: Mapping[str, Mask]) -> tuple[Places, Mask]:
    """The actions and where 3-D Secure is asked for, by what acts where."""
    frame, columns = evaluating.frame, evaluating.columns(setting)
    is_any_forced = bool(frame.is_forced.any())
    rules = {compiled.rule.id: compiled.rule for compiled in setting.ruleset.compiled}
    # A test value's outcome is fixed: neither rules nor lists settle anything then.
    fired = [(rules[id_], mask & ~frame.is_forced if is_any_forced else mask) for id_, mask in acting.items()]
    action, three_ds = _Ladder(frame, columns, setting, fired).climbed()
    if not is_any_forced:
        return action, three_ds
    is_fixed = frame.is_forced & frame.columns.told("card").among(_FIXED).true
    return (
        np.where(is_fixed, frame.action, action).astype(np.int8),
        np.where(is_fixed, frame.action == _CHALLENGE, three_ds),
    )


def with_levels(frame: RecordedFrame, setting: Setting) -> Columns:
    """The columns with the risk levels of the setting's policies in place of those recorded."""
    score, policies = frame.columns.numbers("risk_score"), _Policies(frame, setting)
    codes = np.full(frame.columns.rows, RISK_LEVELS.index("not_assessed"), dtype=np.int8)
    bands = (
        ("normal", 0.0),
        ("elevated", policies.at("elevated_at_percent")),
        ("highest", policies.at("highest_at_percent")),
    )
    for name, floor in bands:
        np.copyto(codes, np.int8(RISK_LEVELS.index(name)), where=score.known & (score.values >= floor))
    return replace(frame.columns, features={**frame.columns.features, "risk_level": Told(codes, RISK_LEVELS)})


class _Policies:
    """The policy of each row."""

    def __init__(self, frame: RecordedFrame, setting: Setting) -> None:
        """By its merchant."""
        of_merchant = [setting.own_policies.get(name, setting.policy) for name in frame.merchants]
        self.different = tuple({policy.version: policy for policy in (*of_merchant, setting.policy)}.values())
        places = [
            next(i for i, each in enumerate(self.different) if each.version == policy.version) for policy in of_merchant
        ]
        self.place = np.array([*places, 0], dtype=np.int32)[frame.merchant]

    def at(self, name: str) -> Any:  # noqa: ANN401 - one number, or one a row
        """A threshold; infinite where there is none."""
        values = [np.inf if (value := getattr(policy, name)) is None else value for policy in self.different]
        return values[0] if len(values) == 1 else np.array(values)[self.place]


class _Ladder:
    """One climbing of all rows."""

    def __init__(
        self, frame: RecordedFrame, columns: Columns, setting: Setting, fired: Sequence[tuple[Rule, Mask]]
    ) -> None:
        """`fired` are the rules that act, and where."""
        self._frame, self._columns, self._fired = frame, columns, fired
        self._rows = columns.rows
        self._policies = _Policies(frame, setting)
        hits = RowLists(frame, setting).screened(columns)
        self._hits = Hits(*(mask & ~frame.is_forced for mask in hits))
        self._score = columns.numbers("risk_score")
        self._points = np.zeros(self._rows, dtype=np.int64)
        for rule, mask in self._fired:
            if rule.points:
                self._points[np.flatnonzero(mask)] += rule.points

    def climbed(self) -> tuple[Places, Mask]:
        """The actions, and where 3-D Secure is asked for."""
        action, is_reached = self._climb()
        wants_3ds, challenged = self._asked(RuleAction.REQUEST_3DS), self._reached(Action.CHALLENGE)
        is_asked = reduce(np.logical_or, [self._asked(each) for each in SETTLING])
        is_listed = reduce(np.logical_or, self._hits)
        fails = ~self._score.known & ~is_asked & ~is_listed & ~is_reached & ~challenged
        action, wants_3ds = self._failed(action, wants_3ds, fails)
        is_before = self._columns.told("stage").among((Stage.PRE_AUTH.value,)).true
        is_after = self._columns.told("stage").among((Stage.POST_AUTH.value,)).true
        can_authenticate = is_before & ~self._columns.told("three_ds_status").known
        can_3ds = (action != _BLOCK) & can_authenticate
        wants_3ds = wants_3ds | (challenged & self._shopper_is_there())
        three_ds = wants_3ds & can_3ds
        action[three_ds & (action == _ALLOW)] = _CHALLENGE
        has_authenticated = ~is_after & ~can_authenticate
        action[wants_3ds & (action != _BLOCK) & has_authenticated & ~self._is_proven()] = _REVIEW
        return action, three_ds

    def _asked(self, action: RuleAction, *, mandatory: bool = False) -> Mask:
        """Where a live rule that is true asks for an action."""
        found = np.zeros(self._rows, dtype=np.bool_)
        for rule, mask in self._fired:
            if rule.action is action and (rule.mandatory or not mandatory):
                found |= mask
        return found

    def _reached(self, action: Action) -> Mask:
        at_percent, at_points = (self._policies.at(f"{action}_at_{unit}") for unit in ("percent", "rule_score"))
        by_score: Mask = self._score.known & (self._score.values >= at_percent)
        return by_score | np.asarray(self._points >= at_points, dtype=np.bool_)

    def _climb(self) -> tuple[Places, Mask]:
        """The rung that is reached, and where a threshold decided it."""
        action = np.full(self._rows, _ALLOW, dtype=np.int8)
        by_threshold = np.zeros(self._rows, dtype=np.bool_)
        is_open = ~(self._asked(RuleAction.BLOCK, mandatory=True) | self._hits.mandatory)
        action[~is_open] = _BLOCK
        is_open &= ~(self._asked(RuleAction.ALLOW) | self._hits.allow)
        listed = {_BLOCK: self._hits.block}
        for place, rung, rule_action in (
            (_BLOCK, Action.BLOCK, RuleAction.BLOCK),
            (_REVIEW, Action.REVIEW, RuleAction.REVIEW),
        ):
            reached = is_open & self._reached(rung)
            by_threshold |= reached
            asked = self._asked(rule_action) | listed.get(place, False)
            taken = reached | (is_open & asked)
            action[taken] = place
            is_open &= ~taken
        return action, by_threshold

    def _shopper_is_there(self) -> Mask:
        return ~self._columns.truth("is_off_session").true & ~self._columns.truth("is_recurring").true

    def _is_proven(self) -> Mask:
        status = self._columns.told("three_ds_status")
        succeeded, failed = status.among(_SUCCEEDED).true, status.among(_FAILED).true
        said = self._columns.truth("has_liability_shift").true | self._frame.three_ds_succeeded.true
        return succeeded | (~failed & said)

    def _failed(self, action: Places, wants_3ds: Mask, fails: Mask) -> tuple[Places, Mask]:
        """What the fail policies make of the rows without a score that nothing else settles."""
        wants_3ds = wants_3ds & ~fails
        for place, policy in enumerate(self._policies.different):
            rows = np.flatnonzero(fails & (self._policies.place == place))
            amounts = self._columns.numbers("amount_in_usd")
            made = np.array(
                [
                    ACTIONS.index(_of_failing(policy, int(amount) if is_known else None))
                    for amount, is_known in zip(amounts.values[rows], amounts.known[rows], strict=True)
                ],
                dtype=np.int8,
            )
            is_there = self._shopper_is_there()[rows]
            is_challenged = made == _CHALLENGE
            action[rows] = np.where(is_challenged, np.where(is_there, _ALLOW, _REVIEW), made)
            wants_3ds[rows] = is_challenged & is_there
        return action, wants_3ds


def _of_failing(policy: Policy, usd_cents: int | None) -> Action:
    if policy.fail_action is FailAction.RULES_ONLY:
        return policy.fail_band(usd_cents)
    return Action(policy.fail_action)
