"""A desk for each test of the import."""

from pathlib import Path

import pytest

from tests.api.importing.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(folder=tmp_path)
