"""Looks of `assay doctor` at a folder, by check."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.doctor import Finding, Level, examination
from api.doctor.folder import folder_findings, server_findings
from api.doctor.ledger import ledger_findings

Found = dict[str, Finding]


def look(folder: Path, **given: Any) -> Found:
    """All checks."""
    return {finding.check: finding for finding in examination({"data": folder, **given}, datetime.now(UTC))}


def look_into(folder: Path) -> Found:
    """The checks of the folder and its ledger: the tables are not loaded each time."""
    found = (*folder_findings(folder), *server_findings(folder), *ledger_findings(folder, datetime.now(UTC)))
    return {finding.check: finding for finding in found}


def worst(found: Found) -> set[str]:
    return {check for check, finding in found.items() if finding.level in {Level.ERROR, Level.WARNING}}
