"""Payments that are linked with one, as they are listed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.listing import Page
from engine.decision import Action


class LinkedBy(StrEnum):
    """What payments can share."""

    CARD = "card"
    EMAIL = "email"
    IP = "ip"
    DEVICE = "device"
    PHONE = "phone"
    SHIPPING_ADDRESS = "shipping_address"
    BILLING_ADDRESS = "billing_address"
    CUSTOMER = "customer"


class LinkedPayment(BaseModel):
    """A payment that shares something with the one asked about; its newest decision is named."""

    decision_id: str
    transaction_id: str
    created_at: datetime
    action: Action
    risk_score: float | None
    linked_by: list[LinkedBy] = Field(min_length=1, description="What both payments have.")


class LinkedList(Page):
    """The payments that are linked with one, the latest first; none where nothing is shared."""

    data: list[LinkedPayment]


LINKED_EXAMPLE: Any = {
    "data": [
        {
            "decision_id": "dec_01KBA3Y6T4N8QX0V2M5R7W9ZCE",
            "transaction_id": "order-6",
            "created_at": "2026-11-30T12:00:00.000000Z",
            "action": "block",
            "risk_score": 71.4,
            "linked_by": ["card", "device"],
        }
    ],
    "has_more": False,
    "next_cursor": None,
}
