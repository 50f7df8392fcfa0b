"""The ledger's database: whole, of this version; its keys, and its clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from api.doctor.finding import Finding, error, fine, note, warning
from api.operator import KEY_FILE, KEY_NAME, operator_key_kept
from api.wiring import examined
from engine.access import ApiKey
from engine.errors import StoreInvalid
from engine.examined import Examined

EXPIRES_SOON: Final = timedelta(days=14)
AHEAD_MAX: Final = timedelta(minutes=2)
WAITS_LONG: Final = timedelta(hours=2)
_RESTORE: Final = "Stop the server, keep a copy of the folder, and restore a backup (docs/operating.md#backup)."


def ledger_findings(folder: Path, now: datetime, progress: Callable[[int], None] = lambda _: None) -> Iterator[Finding]:
    """What a look over the database finds; it reads alone, and a server may run.

    `progress` is told how many records were read.
    """
    if not (folder / "assay.db").exists():
        yield note("ledger", "there is no ledger yet", "'assay serve' makes one.")
        return
    try:
        found = examined(folder, progress)
    except StoreInvalid as invalid:
        yield error("ledger", str(invalid), "If the message names none: restore assay.db from a backup.")
        return
    if found.damage:
        said = f"assay.db is damaged: {'; '.join(found.damage)}"
        yield error("ledger", said, _RESTORE)
        return
    if found.is_empty:
        said = "assay.db is empty: it has none of Assay's tables, and every payment that it held is lost"
        yield error(
            "ledger", said, f"{_RESTORE} Only where none was ever decided here: 'assay serve' makes the tables."
        )
        return
    if found.schema_fault is not None:
        yield error(
            "schema", found.schema_fault, "Start this version's server once, or install the version that wrote it."
        )
        return
    yield records_finding(found)
    yield fine("schema", "of this version")
    yield from operator_key_findings(folder, found.keys)
    yield from key_findings(found.keys, now)
    yield clock_finding(found.newest_at, now)
    yield jobs_finding(found, now)


def records_finding(found: Examined) -> Finding:
    """Whether every record can be read: a start reads them, and so does a retry of the payment."""
    count = found.unreadable_count
    if not count:
        return fine("ledger", f"whole, {found.decisions:,} decisions")
    more = f" and {count - len(found.unreadable):,} more" if count > len(found.unreadable) else ""
    said = (
        f"{count:,} of {found.decisions:,} records are damaged: {', '.join(found.unreadable)}{more}. "
        "The server may not start on them, and a retry of such a payment is answered with 503"
    )
    return error("ledger", said, _RESTORE)


def operator_key_findings(folder: Path, keys: Sequence[ApiKey]) -> Iterator[Finding]:
    """Whether the operator's key opens what it should; where the file cannot be read, the folder's findings say so."""
    try:
        works = operator_key_kept(folder, {key.id: key for key in keys}.get) is not None
    except OSError:
        return
    if works:
        yield fine("operator_key", f"{KEY_FILE} is a key of this ledger and in force")
    else:
        said = f"{KEY_FILE} holds no key of this ledger that is in force: a running server refuses the commands"
        yield warning("operator_key", said, "Restart the server: it makes the key anew.")


def key_findings(keys: Sequence[ApiKey], now: datetime) -> Iterator[Finding]:
    """Whether anybody but the operator can call, and will be able to in two weeks."""
    in_force = [key for key in keys if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)]
    callers = [key for key in in_force if key.name != KEY_NAME]
    live = [key for key in callers if not key.test_mode]
    made = "assay keys create --name gateway --merchant <merchant>"
    if not callers:
        yield warning("keys", "no key is in force but the operator's: no gateway can call", f"Make one: {made}")
    elif not live:
        yield warning("keys", "only test keys are in force: no live payment can be decided", f"Make a live one: {made}")
    else:
        yield fine("keys", f"{len(live)} live and {len(callers) - len(live)} test keys in force")
    for key in callers:
        if key.expires_at is not None and key.expires_at - now < EXPIRES_SOON:
            said = f"key {key.id} ({key.name}) expires on {key.expires_at:%Y-%m-%d}"
            yield warning("key_expiry", said, "Make its successor now, hand it over, then revoke this one.")


def jobs_finding(found: Examined, now: datetime) -> Finding:
    """Whether jobs are done: one that waits for hours is not."""
    since = found.jobs_waiting_since
    if since is None or now - since <= WAITS_LONG:
        return fine("jobs", f"{found.jobs_waiting} wait")
    said = f"{found.jobs_waiting} jobs wait, the oldest since {since:%Y-%m-%d %H:%M} UTC"
    mend = "A running server does one at a time: start one, or see its log for jobs_wait, work_beside_ended."
    return warning("jobs", said, mend)


def clock_finding(newest_at: datetime | None, now: datetime) -> Finding:
    """Whether the clock is behind the newest receipt time: times never go back, so they stand still until it is not."""
    if newest_at is None or newest_at - now <= AHEAD_MAX:
        return fine("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")
    said = (
        f"the newest decision was received at {newest_at:%Y-%m-%d %H:%M} UTC, and the clock says {now:%Y-%m-%d %H:%M}"
    )
    mend = (
        "Set the clock (NTP). If it was ahead before: until then its merchant's receipt times stand at the newest one."
    )
    return error("clock", said, mend)
