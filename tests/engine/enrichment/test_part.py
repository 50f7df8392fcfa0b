"""What a part of the enrichments holds: the same as computed anew, of the fields that it names and of nothing else."""

import random
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

import orjson
import pytest

from api.bench.payments import payments
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from engine.access import Scope
from engine.enrichment import ENRICHMENTS, PARTS, Enrichment, Named, enrich, enriched_row
from engine.enrichment.part import Part, Profile
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

AT: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
SEED: Final = 7
KEY: Final = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]


def traffic(count: int) -> list[Payment]:
    return [call_of(read_request(orjson.dumps(body)), KEY, AT).payment for body in islice(payments(SEED, AT), count)]


def mixed(drawn: random.Random, pool: list[Payment]) -> Payment:
    """A payment whose every group, and every field of these, is of one or the other of two payments."""
    left, right = drawn.sample(pool, 2)
    groups = {
        each.name: _crossed(drawn, getattr(left, each.name), getattr(right, each.name))
        for each in fields(Payment)
        if is_dataclass(getattr(left, each.name))
    }
    at = AT + timedelta(days=drawn.randrange(0, 400, 25), minutes=drawn.randrange(3000))
    return replace(left, at=at, cart=drawn.choice((left.cart, right.cart)), **groups)


def _crossed(drawn: random.Random, left: Any, right: Any) -> Any:
    if drawn.random() < 0.5:
        return left
    chosen = {each.name: getattr(drawn.choice((left, right)), each.name) for each in fields(left)}
    left_out = {name for name in chosen if drawn.random() < 0.1} - KEPT
    return replace(left, **{**chosen, **dict.fromkeys(left_out)})


KEPT: Final = {"amount_minor", "currency"}


def plainly(payment: Payment, reference: Reference) -> tuple[dict[str, Value], dict[str, str]]:
    """Every enrichment computed for itself, in the order of evaluation: the oracle."""
    known: dict[str, Value] = {}
    causes: dict[str, str] = {}
    for enrichment in (each for part in PARTS for each in part.enrichments):
        values = enrichment.compute(payment, reference, known)
        for feature, value in zip(enrichment.features, values, strict=True):
            known[feature.name] = None if isinstance(value, Unknown) else value
            if isinstance(value, Unknown):
                causes[feature.name] = value.cause
    return known, causes


def test_what_is_held_is_what_would_be_computed(reference: Reference) -> None:
    # Its own answers: what other tests asked before is not counted.
    fresh, drawn, pool = replace(reference), random.Random(SEED), traffic(12)
    for _ in range(1500):
        payment = mixed(drawn, pool)
        plain = plainly(payment, fresh)
        assert enrich(payment, fresh) == plain
        assert enrich(payment, fresh) == plain
    assert all(0 < fresh.answers[name].missed < 1500 for name in NAMES if name != "profile")


def test_a_later_stage_is_asked_nothing_anew(reference: Reference) -> None:
    fresh, (payment,) = replace(reference), traffic(1)
    first = enrich(payment, fresh)
    assert enrich(replace(payment, transaction_id="another"), fresh)[0] | {"order": None} == first[0] | {"order": None}
    assert {name: (len(each), each.missed) for name, each in fresh.answers.items()} == dict.fromkeys(NAMES, (1, 1))


def test_one_field_that_is_another_leaves_what_does_not_read_it(reference: Reference) -> None:
    fresh, (payment,) = replace(reference), traffic(1)
    enrich(payment, fresh)
    moved = replace(payment, device=replace(payment.device, ip_address="203.0.113.77"))
    assert enrich(moved, fresh) == plainly(moved, fresh)
    missed = {name: each.missed for name, each in fresh.answers.items()}
    assert missed == {"profile": 2, "shopper": 1, "addresses": 1}


def test_new_tables_begin_with_nothing_held(reference: Reference) -> None:
    (payment,) = traffic(1)
    known, _ = enrich(payment, reference)
    bare, causes = enrich(payment, replace(reference, bins=None, ip=None, ip_networks=None))
    assert known["ip_country"] is not None
    assert bare["ip_country"] is None
    assert causes["ip_country"] == "geo"
    assert not any(replace(reference).answers.values())


HELD: Final = [each for each in ENRICHMENTS if each.fields is not None]


@pytest.mark.parametrize("enrichment", HELD, ids=[each.topic for each in HELD])
def test_an_enrichment_reads_the_fields_that_it_names_alone(enrichment: Enrichment, reference: Reference) -> None:
    """What it does not name is nowhere at all, so that reading it fails."""
    for payment in traffic(40):
        known, _ = plainly(payment, reference)
        given: Any = Given(payment, enrichment.fields or ())
        read = {name: known[name] for name in enrichment.reads}
        assert enrichment.compute(given, reference, read) == enrichment.compute(payment, reference, known)


def test_all_that_can_be_held_is() -> None:
    held, computed = PARTS
    assert {each.topic for each in held.enrichments} == {each.topic for each in HELD}
    assert sorted(each.topic for part in PARTS for each in part.enrichments) == sorted(e.topic for e in ENRICHMENTS)
    assert isinstance(held, Profile)
    with pytest.raises(AssertionError, match="request"):
        Part("all", computed.enrichments, frozenset())


NAMES: Final = ("profile", "shopper", "addresses")


class Given:
    """A payment that has these fields alone; a group that is not named whole has what is named of it."""

    def __init__(self, payment: Any, names: tuple[str, ...]) -> None:
        groups: dict[str, list[str]] = {}
        for name in names:
            group, _, rest = name.partition(".")
            groups.setdefault(group, []).append(rest)
        for group, below in groups.items():
            value = getattr(payment, group)
            setattr(self, group, value if "" in below else Given(value, tuple(below)))

    card_identity, email_identity = Payment.card_identity, Payment.email_identity


def test_what_was_not_asked_for_longest_goes(reference: Reference) -> None:
    fresh, pool = replace(reference), traffic(3)
    for name in NAMES:
        fresh.answers[name].most = 2
    for payment in (pool[0], pool[1], pool[0], pool[2], pool[0]):
        enrich(payment, fresh)
    assert fresh.answers["profile"].missed == 3, "the first was asked for again before the third came"
    enrich(pool[1], fresh)
    assert fresh.answers["profile"].missed == 4
    assert all(len(each) <= 2 for each in fresh.answers.values())


def test_a_row_is_read_by_name_as_a_dict_is(reference: Reference) -> None:
    (payment,) = traffic(1)
    known, _ = enrich(payment, reference)
    named = Named(enriched_row(payment, reference)[0])
    assert dict(named) == known
    assert {**named, "own": 1} == {**known, "own": 1}
    assert [named.get(name) for name in (*known, "own")] == [*known.values(), None]
    assert named.get("own", 2) == 2
    assert len(named) == len(known)
    with pytest.raises(KeyError):
        named["own"]
