"""The world's clock, decision ids made from it, and the clock that deadlines are kept by."""

import os
import time
from datetime import UTC, datetime
from typing import Final

from engine.payment import EPOCH, MICROSECOND
from engine.scheme_report import SchemeReportKind


def utc_now() -> datetime:
    """The machine's time: what the edge stamps a payment with when it is received."""
    return datetime.now(UTC)


monotonic_ns: Final = time.perf_counter_ns
"""Nanoseconds since some fixed moment, never going back: the clock of deadlines and timings of this process."""


def new_decision_id(at: datetime) -> str:
    """`dec_`, 48 bits of milliseconds and 80 random bits, in hexadecimal.

    Ids sort by time, so a growing ledger appends to its index instead of scattering over it.
    """
    return f"dec_{int(at.timestamp() * 1000):012x}{os.urandom(10).hex()}"


def new_outcome_id(at: datetime) -> str:
    """`out_`, 56 bits of microseconds and 72 random bits, in hexadecimal.

    Ids sort by time, finer than decisions': outcomes of one payment may come close together, and are listed by id.
    """
    return f"out_{(at - EPOCH) // MICROSECOND:014x}{os.urandom(9).hex()}"


def new_job_id(at: datetime) -> str:
    """`job_`, 48 bits of milliseconds and 80 random bits, in hexadecimal."""
    return f"job_{int(at.timestamp() * 1000):012x}{os.urandom(10).hex()}"


_REPORT_PREFIXES: Final = {SchemeReportKind.CHARGEBACK: "chb", SchemeReportKind.FRAUD_WARNING: "fwn"}


def new_report_id(kind: SchemeReportKind, at: datetime) -> str:
    """`chb_` or `fwn_`, then as an outcome's."""
    return new_outcome_id(at).replace("out", _REPORT_PREFIXES[kind], 1)
