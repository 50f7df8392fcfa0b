"""What an installation keeps of the versions that its decisions name (law 7)."""

from pathlib import Path

import orjson

from api.settings import Settings
from api.wiring import assembled, opened_for_reading
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
