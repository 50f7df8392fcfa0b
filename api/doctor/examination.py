"""All checks, in the order in which an operator wants to read them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from api.doctor.files import file_findings, settings_findings
from api.doctor.finding import Finding, Level, error, fine, note
from api.doctor.folder import folder_findings, server_findings
from api.doctor.ledger import ledger_findings
from api.doctor.machine import disk_findings, machine_findings, this_machine
from api.doctor.models import model_findings
from api.doctor.valkey import valkey_findings
from api.settings import settings_and_faults

_FIRST: Final = frozenset({"folder", "permissions"})
"""Checks of the data folder without which nothing in it can be read."""


def examination(
    given: Mapping[str, Any], now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Finding]:
    """Everything found, one after another; `given` is what the command line says (by field). It changes nothing.

    `progress` is told how many of the ledger's records were read.
    """
    settings, faults = settings_and_faults(given)
    for fault in faults:
        yield error("settings", fault, "Mend or unset it: every command but this one ends with it.")
    machine = this_machine()
    yield from machine_findings(machine)
    if settings is None:
        yield note("folder", "not looked at: the settings come first", "Mend them, then run this again.")
        return
    if not faults:
        yield fine("settings", "every ASSAY_ variable is a setting and can be used")
    folder: Path = settings.data
    if folder.exists():
        found = list(folder_findings(folder))
        yield from found
        if any(each.check in _FIRST and each.level is Level.ERROR for each in found):
            yield note("rest", "not looked at: it lies in the folder", "Mend the folder, then run this again.")
            return
    yield from settings_findings(settings)
    yield from file_findings(settings, now)
    yield from valkey_findings(settings)
    if not folder.exists():
        begin = (
            "'assay serve' makes it; 'assay keys create' then makes a gateway's key. 'make run' plays a demonstration."
        )
        yield note("folder", f"there is no data folder {folder} yet", begin)
        return
    yield from disk_findings(folder, machine)
    yield from server_findings(folder)
    yield from ledger_findings(folder, now, progress)
    yield from model_findings(folder)
