"""A restart reads columns where there is much, and never fails for a copy that is damaged."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog

from api.bench.long_ledger import make_ledger
from api.settings import Settings
from api.wiring import Assembly, assembled, counting, segments_written
from engine.payment_record import payment_of
from engine.pipeline import observation
from engine.recorded import RecordedFeatures
from engine.stores.segments import FOLDER, MANIFEST, SegmentKind, manifest_of

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of some payments, most of it in segments."""
    folder = tmp_path_factory.mktemp("restart") / "data"
    asyncio.run(make_ledger(folder, 60, 20, 5, NOW))
    segments_written(folder, NOW, lambda _: None)
    return folder


def readings(assembly: Assembly) -> list[object]:
    """What every recorded payment would read now."""
    features, found = RecordedFeatures(assembly.ledger), list[object]()

    async def read() -> None:
        for record in assembly.ledger.recent(LATER - datetime(2026, 1, 1, tzinfo=UTC)):
            payment = payment_of(record.payment)
            seen = observation(payment.received(NOW), features.of(record))
            found.append(await assembly.counters.read(seen))

    asyncio.run(read())
    return found


@pytest.fixture
def plain(made: Path) -> list[object]:
    with assembled(Settings(data=made)) as assembly:
        assert assembly.payments_restored == 60
        return readings(assembly)


@pytest.fixture
def columns(plain: list[object], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """From now on columns are read however little there is; what the log says."""
    assert plain
    monkeypatch.setattr(counting, "COLUMNS_FROM", 0)
    with structlog.testing.capture_logs() as logged:
        yield logged


def test_columns_read_as_one_by_one(made: Path, plain: list[object], columns: list[Any]) -> None:
    with assembled(Settings(data=made)) as assembly:
        assert assembly.payments_restored == 60
        assert readings(assembly) == plain
    assert not columns, "nothing was to be said"


@pytest.mark.parametrize("harm", ["manifest", "said", "file", "cut", "ledger", "none"])
def test_a_damaged_copy_is_not_used(
    made: Path, plain: list[object], columns: list[Any], harm: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(made, folder)
    kept = folder / FOLDER
    segment = next(manifest_of(folder).of(SegmentKind.DECISIONS))
    match harm:
        case "manifest":
            (kept / MANIFEST).write_text("{", encoding="utf-8")
        case "said":
            (kept / MANIFEST).write_text('{"format": 1, "segments": []}', encoding="utf-8")
        case "file":
            (kept / segment.name).unlink()
        case "cut":
            content = (kept / segment.name).read_bytes()
            (kept / segment.name).write_bytes(content[: len(content) // 2])
        case "ledger":
            # As where a copy of the database was put back, and the segments are newer.
            text, upto = (kept / MANIFEST).read_text(encoding="utf-8"), manifest_of(folder).upto[SegmentKind.DECISIONS]
            changed = text.replace(f'"decisions": {upto}', '"decisions": 1')
            assert changed != text
            (kept / MANIFEST).write_text(changed, encoding="utf-8")
        case _:
            shutil.rmtree(kept)
    with assembled(Settings(data=folder)) as assembly:
        assert assembly.payments_restored == 60
        assert readings(assembly) == plain
    assert [line["event"] for line in columns] == ([] if harm == "none" else ["restored_otherwise"])


@pytest.mark.usefixtures("columns")
@pytest.mark.parametrize("seed", range(4))
def test_a_changed_byte_changes_no_count(made: Path, plain: list[object], seed: int, tmp_path: Path) -> None:
    random, folder = Random(seed), tmp_path / "data"
    shutil.copytree(made, folder)
    for segment in manifest_of(folder).segments:
        file = folder / FOLDER / segment.name
        content = bytearray(file.read_bytes())
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        file.write_bytes(content)
    with assembled(Settings(data=folder)) as assembly:
        assert readings(assembly) == plain
