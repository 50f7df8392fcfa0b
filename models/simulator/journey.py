"""What follows from an answer: 3-D Secure, the bank's word, another attempt, capture, refund, chargebacks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from engine.decision import Action
from engine.outcome import OutcomeKind
from engine.payment import Stage
from engine.scheme_report import SchemeReportKind
from models.simulator.events import Event, EventKind, Order
from models.simulator.orders import again, later
from models.simulator.truth import Step

ATTEMPTS_MAX: Final = 3
_FORWARDED: Final = frozenset({Action.ALLOW, Action.REVIEW})
_ECI: Final = {"Y": "05", "A": "06", "N": "07", "U": "07"}
_ISSUER_ANSWERS_SECONDS: Final = 0.2


def usual_action(event: Event) -> Action:
    """What happens to a payment where nobody decides: its bank may ask for 3-D Secure, and all else is let through."""
    if event.kind is EventKind.PAYMENT and event.stage is Stage.PRE_AUTH and event.order.fate.is_challenged:
        return Action.CHALLENGE
    return Action.ALLOW


def following(event: Event, action: Action) -> tuple[Event, ...]:
    """What follows an event, where `action` was the answer to a payment; an outcome has none.

    A report of a scheme is followed by nothing, and all of a payment follow its capture: first to last, some weeks on.

    A gateway does what docs/api.md asks of it: it forwards what is allowed or reviewed, runs 3-D Secure where that is
    asked, and drops the rest.
    """
    if event.kind is EventKind.OUTCOME:
        return _after_outcome(event)
    if event.kind is not EventKind.PAYMENT:
        return ()
    if event.stage is Stage.POST_AUTH:
        # It is authorized already: a shop that does not want it gives the money back.
        kind = OutcomeKind.CAPTURED if action in _FORWARDED else OutcomeKind.REFUNDED
        return (_outcome(event, kind, later(event.at, _capture_seconds(event.order))),)
    if action is Action.CHALLENGE and event.stage is Stage.PRE_AUTH:
        return _after_challenge(event)
    return (_authorization(event),) if action in _FORWARDED else ()


def _after_challenge(event: Event) -> tuple[Event, ...]:
    fate = event.order.fate
    if not fate.challenge_result:
        return ()
    at = later(event.at, fate.challenge_seconds)
    return (_staged(event.order, Stage.POST_3DS, at, _authenticated(event.order)),)


def _authenticated(order: Order) -> Mapping[str, Any]:
    """The groups that tell how 3-D Secure ended."""
    result = order.fate.challenge_result
    is_successful = result in {"Y", "A"}
    said = {"trans_status": result, "eci": _ECI[result], "liability_shift": is_successful}
    return {
        "credit_card": {**order.body["credit_card"], "was_3d_secure_successful": is_successful},
        "authentication": {**order.body.get("authentication", {}), **said},
    }


def _authorization(event: Event) -> Event:
    """The bank's word on what was forwarded."""
    code = event.order.fate.decline_code
    at = later(event.at, event.order.fate.bank_seconds)
    if code is None:
        return _outcome(event, OutcomeKind.AUTHORIZED, at)
    return _outcome(event, OutcomeKind.DECLINED, at, decline_code=code)


def _after_outcome(event: Event) -> tuple[Event, ...]:
    order, fate = event.order, event.order.fate
    if event.outcome is OutcomeKind.DECLINED:
        if fate.again_seconds is None or order.attempt == ATTEMPTS_MAX:
            return ()
        return (again(order, order.attempt + 1, later(event.at, fate.again_seconds)),)
    if event.outcome is OutcomeKind.AUTHORIZED:
        if order.shop.screens_after:
            return (_post_auth(event, later(event.at, _ISSUER_ANSWERS_SECONDS)),)
        return (_outcome(event, OutcomeKind.CAPTURED, later(event.at, _capture_seconds(order))),)
    if event.outcome is OutcomeKind.CAPTURED:
        refund = fate.refund_seconds
        refunds = () if refund is None else (_outcome(event, OutcomeKind.REFUNDED, later(event.at, refund)),)
        return (*refunds, *(_reported(event, step) for step in order.aftermath.steps))
    return ()


def _reported(event: Event, step: Step) -> Event:
    """What the cardholder's bank reports, through the scheme, as docs/chargebacks.md has it."""
    order = event.order
    at = later(event.at, step.days * order.aftermath.day_seconds)
    is_warning = step.kind is SchemeReportKind.FRAUD_WARNING
    body = {
        "merchant_id": order.shop.merchant_id,
        "transaction_id": order.transaction_id,
        "case_id": f"{'w' if is_warning else 'c'}-{order.transaction_id}",
        "network": order.body["credit_card"]["brand"],
        "amount_minor": order.body["order"]["amount_minor"],
        "currency": order.shop.currency,
        "occurred_at": at.isoformat(timespec="milliseconds"),
        **({"fraud_type": step.code} if is_warning else {"stage": step.stage.value, "reason_code": step.code}),
        **({} if step.result is None else {"result": step.result.value}),
    }
    return Event(at=at, kind=EventKind(step.kind.value), order=order, stage=event.stage, body=body)


def _post_auth(event: Event, at: datetime) -> Event:
    """The call with what the issuer said of address and code, after 3-D Secure or without."""
    order = event.order
    known = _authenticated(order) if event.stage is Stage.POST_3DS else {}
    results = {"avs_result": order.fate.avs_result, "cvv_result": order.fate.cvv_result}
    changes = {
        **known,
        "credit_card": {**known.get("credit_card", order.body["credit_card"]), **results},
        "payment": {**order.body.get("payment", {}), "was_authorized": True},
    }
    return _staged(order, Stage.POST_AUTH, at, changes)


def _staged(order: Order, stage: Stage, at: datetime, changes: Mapping[str, Any]) -> Event:
    """The same payment asked about at a later stage."""
    asked = {**order.body["event"], "stage": stage.value, "time": at.isoformat(timespec="milliseconds")}
    return Event(
        at=at, kind=EventKind.PAYMENT, order=order, stage=stage, body={**order.body, **changes, "event": asked}
    )


def _outcome(event: Event, kind: OutcomeKind, at: datetime, **details: str) -> Event:
    body = {"type": kind.value, "occurred_at": at.isoformat(timespec="milliseconds"), **details}
    return Event(at=at, kind=EventKind.OUTCOME, order=event.order, stage=event.stage, body=body, outcome=kind)


def _capture_seconds(order: Order) -> float:
    """Goods are charged when they leave, all else at once."""
    return order.fate.ship_seconds if order.shop.ships else order.fate.bank_seconds
