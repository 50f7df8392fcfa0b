"""Velocities: what was seen and learnt before on a card, mailbox, IP address. The default set is VELOCITIES."""

from engine.velocity.counters import Counters, Observation, Reading, Recorded, StatusEvent
from engine.velocity.defaults import VELOCITIES
from engine.velocity.histories import DISPUTES, HISTORIES
from engine.velocity.spec import Aggregate, Count, Distinct, Status, Total, Velocity

__all__ = [
    "DISPUTES",
    "HISTORIES",
    "VELOCITIES",
    "Aggregate",
    "Count",
    "Counters",
    "Distinct",
    "Observation",
    "Reading",
    "Recorded",
    "Status",
    "StatusEvent",
    "Total",
    "Velocity",
]
