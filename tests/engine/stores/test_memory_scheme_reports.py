"""Reports in memory: they answer as those on SQLite do, whatever is reported and matched."""

from random import Random
from typing import Any

import pytest

from engine.outcome import OutcomeKind
from engine.scheme_report import CaseResult, CaseStage, SchemeReportKind
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.memory_scheme_reports import MemorySchemeReports
from engine.stores.sql import Store
from models.labels import label_after
from tests.engine.stores.conftest import NOON, new_outcome, new_record
from tests.engine.test_scheme_report import report

CHARGEBACK, WARNING = SchemeReportKind.CHARGEBACK, SchemeReportKind.FRAUD_WARNING
STEPS = {CHARGEBACK: (CaseStage.CHARGEBACK, CaseStage.REPRESENTMENT, CaseStage.REVERSAL), WARNING: (CaseStage.WARNING,)}


@pytest.mark.parametrize("seed", range(3))
async def test_reports_in_memory_answer_as_those_on_disk(store: Store, seed: int) -> None:
    random = Random(seed)
    ledger = MemoryLedger()
    outcomes = MemoryOutcomes(ledger)
    memory = MemorySchemeReports(outcomes)
    told = []
    for number in range(80):
        case = random.randrange(20)
        kind = random.choice([CHARGEBACK, WARNING])
        each = report(
            id=f"rep_{number:04}",
            kind=kind,
            merchant_id=f"m-{case % 3}",
            case_id=f"case-{case}",
            transaction_id=f"tx-{case}",
            stage=random.choice(STEPS[kind]),
            result=random.choice([None, CaseResult.WON]),
        )
        told.append(each)
        labels = [label for label in [label_after([], each)] if label is not None]
        await store.scheme_reports.append_reports([each], labels)
        await memory.append_reports([each], labels)
        if random.random() < 0.3:
            of = new_record(number, transaction_id=each.transaction_id, merchant_id=each.merchant_id)
            made = new_outcome(number, of, kind=OutcomeKind.DISPUTED, fingerprint=each.fingerprint)
            for ledger_of, outcomes_of in ((store.ledger, store.outcomes), (ledger, outcomes)):
                await ledger_of.append(of)
                await outcomes_of.append(made)
    assert set(memory.unmatched()) == set(store.scheme_reports.unmatched())
    assert {label.transaction_id for label in memory.labels} == {
        label.transaction_id for label in store.labels.labels_as_of(NOON.replace(year=2030))
    }
    for each in told:
        scope = (each.kind, each.merchant_id, each.case_id)
        name = (each.merchant_id, False, each.transaction_id)
        assert list(await memory.of_case(*scope, test_mode=False)) == list(
            await store.scheme_reports.of_case(*scope, test_mode=False)
        )
        assert await memory.unmatched_of(name) == await store.scheme_reports.unmatched_of(name)
    for kind in SchemeReportKind:
        for merchants in (None, {"m-1"}, {"m-0", "m-2"}):
            for matched in (None, True, False):
                asked: dict[str, Any] = {"test_mode": False, "matched": matched, "after": None, "limit": 7}
                page = await memory.page(kind, merchants, **asked)
                assert page == await store.scheme_reports.page(kind, merchants, **asked)
                if page:
                    asked["after"] = page[-1][0].id
                    further = await memory.page(kind, merchants, **asked)
                    assert further == await store.scheme_reports.page(kind, merchants, **asked)
    with pytest.raises(ValueError, match="not in list"):
        await memory.page(CHARGEBACK, None, test_mode=False, matched=None, after="rep_none", limit=1)
