"""The rulesets port, on SQLite and in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.decision import RuleMode
from engine.errors import LedgerUnavailable, RulesetChanged, StoreInvalid
from engine.rules import Content, Declared
from engine.rulesets import Draft, PublishedRuleset, Rulesets
from engine.stores.memory_rulesets import MemoryRulesets
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def content(number: int) -> Content:
    rule = Declared(
        label="rule a-rule",
        id="a-rule",
        name="A rule\x7f \U0001f600",
        text=f"Block if\n  amount_in_usd > {number}",
        reason="'{amount_in_usd}' \"is\" \\too\\ much",
        mode=RuleMode.ROLLOUT,
        rollout_percent=7,
        expires_at=NOON + timedelta(microseconds=number),
    )
    return Content(rules=(rule,), switched_off=("cvc-mismatch",))


def published(number: int, owner: str | None = "shop-a", **fields: Any) -> PublishedRuleset:
    return PublishedRuleset(
        owner=owner,
        number=number,
        content=content(number),
        published_at=NOON + timedelta(hours=number),
        published_by="key",
        note=f"number {number}",
        **fields,
    )


def draft(name: str, number: int = 1, owner: str | None = "shop-a") -> Draft:
    return Draft(owner=owner, name=name, content=content(number), saved_at=NOON, saved_by="key")


@pytest.fixture(params=["sql", "memory"])
def rulesets(request: pytest.FixtureRequest, store: Store) -> Rulesets:
    return store.rulesets if request.param == "sql" else MemoryRulesets()


def test_the_newest_is_in_force(rulesets: Rulesets) -> None:
    assert rulesets.in_force("shop-a") is rulesets.newest("shop-a") is None
    rulesets.append(published(1))
    rulesets.append(published(1, None))
    rulesets.append(published(2, restores=1))
    assert rulesets.in_force("shop-a") == rulesets.newest("shop-a") == published(2, restores=1)
    assert rulesets.in_force(None) == published(1, None)
    assert {each.owner for each in rulesets.all_in_force()} == {None, "shop-a"}


def test_a_number_is_given_once(rulesets: Rulesets) -> None:
    rulesets.append(published(1))
    with pytest.raises(RulesetChanged):
        rulesets.append(replace(published(1), note="other"))
    assert rulesets.in_force("shop-a") == published(1)


def test_what_awaits_approval_is_not_in_force_until_it_is_approved_once(rulesets: Rulesets) -> None:
    rulesets.append(published(1))
    rulesets.append(published(2, awaits=True))
    assert (rulesets.in_force("shop-a"), rulesets.newest("shop-a")) == (published(1), published(2, awaits=True))
    approved = published(2, awaits=True, approved_at=NOON, approved_by="other")
    rulesets.approve(approved)
    assert rulesets.in_force("shop-a") == rulesets.newest("shop-a") == rulesets.find("shop-a", 2) == approved
    for again in (approved, published(1, approved_at=NOON), published(3, approved_at=NOON)):
        with pytest.raises(RulesetChanged):
            rulesets.approve(again)


def test_history_pages_back_from_the_newest(rulesets: Rulesets) -> None:
    for number in range(1, 6):
        rulesets.append(published(number))
    assert rulesets.history("shop-a", before=None, limit=2) == [published(5), published(4)]
    assert rulesets.history("shop-a", before=4, limit=9) == [published(3), published(2), published(1)]
    assert rulesets.history("shop-b", before=None, limit=9) == []
    assert (rulesets.find("shop-a", 3), rulesets.find("shop-a", 6), rulesets.find(None, 3)) == (
        published(3),
        None,
        None,
    )


def test_drafts_are_an_owners_and_replaced_by_name(rulesets: Rulesets) -> None:
    for each in (draft("b"), draft("a"), draft("a", 2), draft("a", 3, None)):
        rulesets.save_draft(each)
    assert rulesets.drafts("shop-a") == [draft("a", 2), draft("b")]
    assert rulesets.draft(None, "a") == draft("a", 3, None)
    assert [rulesets.remove_draft("shop-a", "a") for _ in range(2)] == [True, False]
    assert (rulesets.draft("shop-a", "a"), len(rulesets.drafts(None))) == (None, 1)


def test_rulesets_survive_a_reopening(store: Store, tmp_path: Path) -> None:
    store.rulesets.append(published(1))
    store.rulesets.append(published(2, awaits=True))
    store.rulesets.append(published(1, None))
    store.rulesets.save_draft(draft("a"))
    store.close()
    again = open_store(tmp_path / "data")
    assert again.rulesets.in_force("shop-a") == published(1)
    assert again.rulesets.newest("shop-a") == published(2, awaits=True)
    assert again.rulesets.in_force(None) == published(1, None)
    assert again.rulesets.draft("shop-a", "a") == draft("a")
    again.close()


def test_a_ruleset_that_cannot_be_read_names_the_file_and_the_mend(store: Store, tmp_path: Path) -> None:
    store.rulesets.append(published(1))
    store.writer.driver.execute("UPDATE rulesets SET content = ?", (b"moon = 1",))
    store.close()
    with pytest.raises(StoreInvalid, match=r"assay\.db: ruleset 1 of the merchant 'shop-a' cannot be read .*`moon`"):
        open_store(tmp_path / "data")


def test_what_is_not_durable_is_not_in_force(store: Store) -> None:
    store.rulesets.append(published(1))
    store.rulesets.append(published(2, awaits=True))
    store.writer.driver.execute("PRAGMA query_only = on")
    with pytest.raises(LedgerUnavailable):
        store.rulesets.append(published(3))
    with pytest.raises(LedgerUnavailable):
        store.rulesets.approve(published(2, awaits=True, approved_at=NOON, approved_by="other"))
    with pytest.raises(LedgerUnavailable):
        store.rulesets.save_draft(draft("a"))
    store.writer.driver.execute("PRAGMA query_only = off")
    assert store.rulesets.in_force("shop-a") == published(1)
    assert store.rulesets.newest("shop-a") == published(2, awaits=True)
