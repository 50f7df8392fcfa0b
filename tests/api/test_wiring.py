"""What an installation keeps of the versions that its decisions name (law 7)."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import orjson
import pytest

from api.settings import Settings
from api.wiring import assembled, opened_for_reading, pipeline_in_memory
from engine.errors import RulesInvalid
from engine.ledger import Ledger, VersionKind


def _kept(ledger: Ledger, versions_id: str) -> dict[str, bytes | None]:
    content = ledger.version(VersionKind.SNAPSHOT, versions_id)
    assert content is not None
    versions = orjson.loads(content)
    kinds = (VersionKind.RULESET, VersionKind.MODEL, VersionKind.CATALOG, VersionKind.POLICY)
    return {kind.value: ledger.version(kind, versions[kind.value]) for kind in kinds}


def test_every_version_is_kept_with_what_it_consists_of(tmp_path: Path) -> None:
    snapshots = []
    for rate in (0.012, 0.05):
        with assembled(Settings(data=tmp_path / "data", fraud_rate=rate)) as assembly:
            snapshots.append(assembly.snapshot)
    with opened_for_reading(tmp_path / "data") as (ledger, _):
        first, second = (_kept(ledger, snapshot.versions.id) for snapshot in snapshots)
    assert None not in first.values()
    assert first["model"] != second["model"], "the declared rate of fraud is part of the model"
    assert {kind for kind in first if first[kind] != second[kind]} == {"model"}
    for kept, snapshot in ((first, snapshots[0]), (second, snapshots[1])):
        assert snapshot.scorer is not None
        assert kept["model"] == snapshot.scorer.content()


@pytest.mark.parametrize("opened", [assembled, lambda settings: nullcontext(pipeline_in_memory(settings))])
def test_a_fault_of_the_ruleset_names_the_file(
    tmp_path: Path, opened: Callable[[Settings], AbstractContextManager[object]]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(RulesInvalid) as raised, opened(Settings(data=tmp_path / "data", ruleset=file)):
        pass
    assert str(raised.value).startswith(f"The ruleset {file} (ASSAY_RULESET) has faults.\n\nThe file has no rule.")
