"""Replaying: every recorded decision made again from what the ledger kept of it, byte for byte (law 1).

The recorded features, payment and versions go through the same decide() as they did when they came. Nothing is looked
up and nothing is counted anew, so neither today's tables, rules nor model have a say.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import orjson

from engine.decide import Snapshot, decide
from engine.decision import NO_MODEL, Versions, recorded_decision
from engine.errors import AssayError, PolicyInvalid, VersionNotKept, VersionTooOld
from engine.features import Catalog, Feature, FeatureType
from engine.ledger import DecisionRecord, Ledger, VersionKind
from engine.lists import NO_LISTS, ListHistory, ListStore
from engine.payment_record import payment_of
from engine.policy import Policy, policy_of
from engine.reference import Reference
from engine.rules import parse_ruleset
from engine.score import Scorer

LATE: Final = "deadline"
"""What a decision's `degraded` says where its time was over before it was scored."""

ScorerOf = Callable[[bytes, Catalog, str], Scorer]
"""A scorer from its content, the catalogue of its day and its role. Raises ModelInvalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one recorded decision; `difference` is None where the same bytes came out.

    `difference` names the first field that differs and shows neither value: a feature may be personal. `too_old` says
    instead why it was not replayed: another version of Assay recorded it, in words that this one does not know.
    """

    record: DecisionRecord
    difference: str | None = None
    too_old: str | None = None


class Replay:
    """Replays decisions of one ledger; a bundle that many decisions name is put together once."""

    def __init__(
        self,
        ledger: Ledger,
        scorer_of: ScorerOf,
        reference: Reference,
        lists: ListStore,
    ) -> None:
        """`reference` stands where a bundle has its tables: decide() reads none of them.

        Of `lists` those are rebuilt that a decision saw. Raises LedgerUnavailable.
        """
        self._ledger = ledger
        self._scorer_of = scorer_of
        self._reference = reference
        self._lists = ListHistory(lists)
        self._list_names = lists.names_ever()
        self._snapshots: dict[str, Snapshot | AssayError] = {}

    def of(self, records: Iterable[DecisionRecord]) -> Iterator[Replayed]:
        """Each record replayed, in its order; what cannot be replayed is a difference that says why."""
        for record in records:
            try:
                yield Replayed(record=record, difference=self._difference(record))
            except VersionTooOld as error:
                yield Replayed(record=record, too_old=str(error))

    def _difference(self, record: DecisionRecord) -> str | None:
        try:
            recorded, said = recorded_decision(record.decision), orjson.loads(record.decision)
        except (LookupError, TypeError, ValueError) as error:
            return f"the record is no decision ({type(error).__name__})"
        snapshot = self.snapshot(recorded.versions_id)
        if isinstance(snapshot, VersionTooOld):
            raise snapshot
        if isinstance(snapshot, AssayError):
            return str(snapshot)
        if len(recorded.values) != len(snapshot.catalog):
            return f"features: {len(recorded.values)} values for {len(snapshot.catalog)} features"
        try:
            payment = payment_of(record.payment)
            if recorded.lists_sequence:
                lists = self._lists.of(payment.merchant_id, recorded.lists_sequence)
                snapshot = replace(snapshot, lists=lists)
            features = recorded.features(snapshot.catalog).replaced({"risk_score": None, "risk_level": None})
            decision = decide(payment, features, snapshot, is_late=LATE in said["degraded"])
            again = decision.canonical()
        except (AssayError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # What was tampered with need not be of the type that it was.
            return f"it cannot be decided again ({type(error).__name__})"
        return None if again == record.decision else _first_difference(said, orjson.loads(again), snapshot.catalog)

    def snapshot(self, versions_id: str) -> Snapshot | AssayError:
        """The bundle that decided, by the versions that decisions name; where it cannot be had, why."""
        if versions_id not in self._snapshots:
            try:
                self._snapshots[versions_id] = self._rebuilt(versions_id)
            except AssayError as error:
                self._snapshots[versions_id] = error
        return self._snapshots[versions_id]

    def _rebuilt(self, versions_id: str) -> Snapshot:
        versions = versions_of(self._kept(VersionKind.SNAPSHOT, versions_id))
        _require_same(VersionKind.SNAPSHOT, versions_id, versions.id)
        catalog = catalog_of_content(self._kept(VersionKind.CATALOG, versions.catalog))
        _require_same(VersionKind.CATALOG, versions.catalog, catalog.fingerprint)
        policy = _policy(self._kept(VersionKind.POLICY, versions.policy), versions.policy)
        text = self._kept(VersionKind.RULESET, versions.ruleset).decode()
        ruleset = parse_ruleset(text, catalog, self._list_names, is_limited=False)
        _require_same(VersionKind.RULESET, versions.ruleset, ruleset.hash)
        return Snapshot(
            ruleset=ruleset,
            lists=NO_LISTS,
            scorer=self._scorer(versions, catalog),
            policy=policy,
            reference=self._reference,
            catalog=catalog,
            # Nothing is counted again: the recorded features hold what was counted.
            velocities=(),
            custom_fields=policy.custom_fields,
            versions=versions,
        )

    def _scorer(self, versions: Versions, catalog: Catalog) -> Scorer | None:
        if versions.model == NO_MODEL:
            return None
        content = self._kept(VersionKind.MODEL, versions.model)
        scorer = self._scorer_of(content, catalog, versions.model_role)
        _require_same(VersionKind.MODEL, versions.model, scorer.id)
        return scorer

    def _kept(self, kind: VersionKind, version: str) -> bytes:
        content = self._ledger.version(kind, version)
        if content is None:
            raise VersionNotKept(f"the ledger does not keep the {kind} {version} that it names")
        return content


def _policy(content: bytes, version: str) -> Policy:
    """The policy of a kept content, which is known by its bytes: another version of Assay may have said it otherwise.

    Raises VersionNotKept where it is another content, VersionTooOld where it is the one and cannot be read.
    """
    _require_same(VersionKind.POLICY, version, sha256(content).hexdigest()[: len(version)])
    try:
        policy = policy_of(content)
    except PolicyInvalid as error:
        fields = ", ".join(sorted({fault.pointer for fault in error.faults}))
        raise VersionTooOld(f"the policy {version} says what this version of Assay does not know ({fields})") from error
    if policy.version != version:
        raise VersionTooOld(f"the policy {version} is said otherwise by this version of Assay ({policy.version})")
    return policy


def versions_of(content: bytes) -> Versions:
    """Read back what `Versions.content` wrote."""
    said: dict[str, Any] = orjson.loads(content)
    return Versions(**{**said, "data": tuple(said["data"].items())})


def catalog_of_content(content: bytes) -> Catalog:
    """Read back what `Catalog.content` wrote; where a value came from is not kept there."""
    return Catalog(
        Feature(
            name=said["name"],
            type=FeatureType(said["type"]),
            doc=said["doc"],
            source="recorded",
            unit=said["unit"],
            aliases=tuple(said["aliases"]),
            case_sensitive=said["case_sensitive"],
            values=tuple(said["values"]),
        )
        for said in orjson.loads(content)
    )


def _require_same(kind: VersionKind, named: str, made: str) -> None:
    """What is kept under a version must be what the version was made from."""
    if named != made:
        raise VersionNotKept(f"what the ledger keeps as the {kind} {named} is another one ({made})")


def _first_difference(recorded: dict[str, Any], again: dict[str, Any], catalog: Catalog) -> str:
    for name, value in again.items():
        if name in recorded and _is_same(recorded[name], value):
            continue
        if name == "features":
            pairs = enumerate(zip(recorded[name], value, strict=True))
            differing = next(position for position, (one, other) in pairs if not _is_same(one, other))
            return f"features/{catalog.features[differing].name}"
        return name
    return next((name for name in recorded if name not in again), "the order or spelling of the JSON alone")


def _is_same(one: object, other: object) -> bool:
    # As bytes: 1, 1.0 and true are equal to Python.
    return orjson.dumps(one) == orjson.dumps(other)
