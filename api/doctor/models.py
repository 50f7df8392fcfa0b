"""The models of a data folder: whether those in force can be used."""

from collections.abc import Iterator
from pathlib import Path

from api.doctor.finding import Finding, error, fine, warning
from api.wiring import models_in
from engine.errors import LedgerUnavailable, StoreInvalid
from models.registry import ModelFiles

_MEND = "Restore the file (and model_key) from a backup, promote another model, or roll back: 'assay rollback'."


def model_findings(folder: Path) -> Iterator[Finding]:
    """The champion and the challengers, read as at a start, and who cannot be. It changes nothing."""
    try:
        standing = models_in(folder)
    except (StoreInvalid, LedgerUnavailable):
        # The ledger's own finding says so.
        return
    files = ModelFiles(folder)
    faults = {name: files.listed(name).fault for name in files.ids()}
    champion = standing.champion
    if champion is not None:
        fault = files.listed(champion).fault
        if fault is not None:
            yield error("champion", f"{champion} does not decide, a fallback does: {fault}", _MEND)
        else:
            yield fine("champion", f"{champion} is in force")
    for name in standing.challengers:
        fault = files.listed(name).fault
        if fault is not None:
            yield warning("challenger", f"{name} does not score: {fault}", _MEND)
    unused = [name for name, fault in faults.items() if fault is not None and name not in standing.challengers]
    for name in unused:
        if name != champion:
            yield warning("models", f"{name} cannot be used: {faults[name]}", "Restore it from a backup, or remove it.")
    if not any(faults.values()):
        yield fine("models", f"{len(faults)} trained" if faults else "none was trained: the scorecard decides")
