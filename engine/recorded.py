"""What decisions were made from, as it was recorded: features by name, by the catalogue of their day (law 5)."""

from typing import Final

import orjson

from engine.decision import recorded_decision
from engine.features import Value
from engine.ledger import DecisionRecord, Ledger, VersionKind

_CATALOGS_MAX: Final = 1000
"""As many are held by name; each merchant that declares custom fields has one."""


class RecordedFeatures:
    """Reads the features of recorded decisions; the catalogues that they name are read once."""

    def __init__(self, ledger: Ledger) -> None:
        """`ledger` keeps the versions of every decision that it holds."""
        self._ledger = ledger
        self._names: dict[str, tuple[str, ...]] = {}

    def of(self, record: DecisionRecord) -> dict[str, Value]:
        """The features by name; None is unknown. Raises LedgerUnavailable."""
        decision = recorded_decision(record.decision)
        return dict(zip(self.names(decision.versions_id), decision.values, strict=True))

    def names(self, versions_id: str) -> tuple[str, ...]:
        """The features' names in the order of the values of decisions with these versions. Raises LedgerUnavailable."""
        names = self._names.get(versions_id)
        if names is None:
            if len(self._names) >= _CATALOGS_MAX:
                self._names.clear()
            names = self._names[versions_id] = self._read_names(versions_id)
        return names

    def _read_names(self, versions_id: str) -> tuple[str, ...]:
        versions = self._ledger.version(VersionKind.SNAPSHOT, versions_id)
        assert versions is not None, f"the ledger keeps the versions {versions_id} of every decision it holds"
        catalog = self._ledger.version(VersionKind.CATALOG, orjson.loads(versions)["catalog"])
        assert catalog is not None, "the ledger keeps the catalogue of every decision it holds"
        return tuple(feature["name"] for feature in orjson.loads(catalog))
