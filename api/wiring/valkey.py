"""The counters of an installation in the Valkey that its settings name; the client is loaded here alone."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

from api.settings import Settings, SettingsInvalid, shown_valkey
from api.wiring.counting import Counting
from engine.custom import CustomField
from engine.decide import Snapshot
from engine.feedback import Feedback
from engine.pipeline import Pipeline
from engine.rebuild import newest_at, rebuild, rebuild_of
from engine.receipt import ReceiptTimes
from engine.stores.sql import Store, extent, open_reader
from engine.velocity import VELOCITIES, Recorded, Velocity
from engine.velocity.watch import CountersWatch

if TYPE_CHECKING:
    from engine.stores.valkey_line import Line

FILLER_SECONDS: Final = 5.0
"""How long one round trip of a filling may take."""
NO_CLIENT: Final = (
    "ASSAY_VALKEY names a Valkey, and its client is not installed: pip install 'assay[valkey]', or unset ASSAY_VALKEY "
    "to count in memory."
)


def in_valkey(settings: Settings, store: Store, times: ReceiptTimes, snapshots: Mapping[str, Snapshot]) -> Counting:
    """Counters in Valkey, which is not asked yet; `snapshots` are merchants' own bundles.

    Raises SettingsInvalid where there is no client for it.
    """
    with _with_client():
        # Loaded where it is used: nothing else of Assay needs the client.
        from engine.stores.valkey import ValkeyCounters  # noqa: PLC0415
        from engine.stores.valkey_line import CALL_SECONDS  # noqa: PLC0415
        from engine.stores.valkey_watch import Past, ValkeyWatch  # noqa: PLC0415
    folder = settings.data
    history_of = partial(_history_of, folder)
    own = {
        merchant_id: (each.velocities, partial(history_of, merchant_id, each.velocities, each.custom_fields))
        for merchant_id, each in snapshots.items()
    }
    counters = ValkeyCounters(
        _line(settings, CALL_SECONDS),
        VELOCITIES,
        own,
        history=partial(_all_history, folder),
        filler=_line(settings, FILLER_SECONDS),
    )
    times.restore(newest_at(store.ledger, store.outcomes))

    def watch(pipeline: Pipeline, feedback: Feedback) -> CountersWatch:
        async def settled() -> None:
            await asyncio.gather(pipeline.settled(), feedback.settled())

        def mark() -> str:
            reached = extent(folder)
            return f"{reached.decision_id} {reached.outcome_id}"

        past = Past(
            owner=f"{gethostname()}:{folder.resolve()}",
            newest=lambda: extent(folder).sequence,
            mark=mark,
            settled=settled,
            is_in_doubt=lambda: pipeline.is_in_doubt() or feedback.is_in_doubt(),
        )
        return ValkeyWatch(counters, past)

    sequence = extent(folder).sequence
    return Counting(
        counters=counters,
        history_of=history_of,
        restored=sequence,
        sequence=sequence,
        watch=watch,
        held=lambda: None,
    )


def valkey_examined(settings: Settings) -> None:
    """Ask the Valkey that the settings name whether it can be counted in, and change nothing.

    Raises SettingsInvalid, or CountersUnavailable with the cause.
    """
    with _with_client():
        from engine.stores.valkey_space import require_usable  # noqa: PLC0415 - as above

    async def ask() -> None:
        async with _line(settings, FILLER_SECONDS) as line:
            await require_usable(line)

    asyncio.run(ask())


def _all_history(folder: Path) -> Iterator[Recorded | None]:
    with open_reader(folder) as reading:
        yield from rebuild(reading.ledger, reading.outcomes, VELOCITIES, {})


def _history_of(
    folder: Path, merchant_id: str, velocities: Sequence[Velocity], declared: Sequence[CustomField]
) -> Iterator[Recorded | None]:
    # Read in another thread than the loop's, over connections of its own.
    with open_reader(folder) as reading:
        yield from rebuild_of(merchant_id, reading.ledger, reading.outcomes, velocities, declared=declared)


@contextmanager
def _with_client() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "valkey":
            raise
        raise SettingsInvalid(NO_CLIENT) from error


def _line(settings: Settings, call_seconds: float) -> "Line":
    """A line to the URL that the settings give. Raises SettingsInvalid where the driver cannot use it."""
    from engine.stores.valkey_line import open_line  # noqa: PLC0415 - as above

    assert settings.valkey is not None, "there is one to be opened"
    try:
        return open_line(settings.valkey.get_secret_value(), call_seconds=call_seconds)
    except (ValueError, TypeError) as error:
        # Not the error's own words: they may quote a password.
        message = f"ASSAY_VALKEY ({shown_valkey(settings)}) cannot be used: check what stands behind the ? of the URL."
        raise SettingsInvalid(message) from error
