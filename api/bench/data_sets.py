"""Data sets of others that benchmarks measure on: beside the checkout, and not part of Assay."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "data"


def absence(path: Path) -> str:
    """Why nothing can be measured on this file; empty where it is there."""
    return "" if path.is_file() else f"no data: there is no {path.parent.name}/{path.name} in ../shared/data"
