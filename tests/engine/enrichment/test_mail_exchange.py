"""What a domain's mail exchange tells, and what a decision does that asks for it: it waits a little, and records."""

import asyncio
from dataclasses import replace

import pytest

from engine.enrichment import enrich
from engine.enrichment.mail_exchange import MX_FAILED, MailExchange, lay_over
from engine.features import Unknown, Value
from engine.payment import Email
from engine.reference import Reference
from tests.engine.pipelines import House, Make

NAMES = ("email_domain_accepts_mail", "email_mail_host")
GOOGLE = MailExchange(host="aspmx.l.google.com")


class Told:
    """Answers each domain as it is told to; where it is told nothing, never."""

    def __init__(self, **told: MailExchange | Unknown) -> None:
        self.told = told
        self.asked: list[str] = []

    async def of(self, domain: str) -> MailExchange | Unknown:
        self.asked.append(domain)
        found = self.told.get(domain.partition(".")[0])
        if found is None:
            await asyncio.Event().wait()
            raise AssertionError
        return found


@pytest.mark.parametrize(
    ("found", "accepts", "host", "causes"),
    [
        (GOOGLE, True, "google.com", {}),
        (MailExchange(host="mx.example.co.uk"), True, "example.co.uk", {}),
        (MailExchange(host="localhost"), True, "localhost", {}),
        (MailExchange(host=None), False, None, {"email_mail_host": "no_mail_host"}),
        (MX_FAILED, None, None, dict.fromkeys(NAMES, "mx")),
        (None, None, None, {}),
    ],
)
def test_what_is_laid_over(
    make_payment: Make,
    reference: Reference,
    found: MailExchange | Unknown | None,
    accepts: bool | None,
    host: str | None,
    causes: dict[str, str],
) -> None:
    values, why = enrich(make_payment(email=Email(address="ada@example.com")), reference)
    order = list(values)
    assert {why[name] for name in NAMES} == {"mx_off"}
    lay_over(found, reference, values, why)
    assert (values["email_domain_accepts_mail"], values["email_mail_host"]) == (accepts, host)
    assert {name: why[name] for name in NAMES if name in why} == causes
    assert list(values) == order


def test_without_the_suffixes_the_host_is_told_whole(make_payment: Make, reference: Reference) -> None:
    bare = replace(reference, mail_domains=None)
    values, why = enrich(make_payment(), bare)
    lay_over(GOOGLE, bare, values, why)
    assert values["email_mail_host"] == "aspmx.l.google.com"


async def test_decisions_record_what_they_were_told(house: House, make_payment: Make) -> None:
    async def decided(number: int, **email: str) -> tuple[Value, ...]:
        payment = make_payment(transaction_id=f"tx-{number}", email=Email(**email))
        features = await house.features(payment)
        return tuple(features[name] for name in NAMES)

    assert await decided(1, address="ada@good.example") == (None, None)
    told = Told(good=GOOGLE, bad=MailExchange(host=None))
    house.pipeline.mail_exchanges = told
    assert await decided(2, address="ada@good.example") == (True, "google.com")
    assert await decided(3, domain="bad.example") == (False, None)
    assert await decided(4, md5="0" * 32) == (None, None)
    assert told.asked == ["good.example", "bad.example"]


async def test_a_decision_does_not_wait_for_who_does_not_answer(house: House, make_payment: Make) -> None:
    told = Told()
    house.pipeline.mail_exchanges = told
    features = await house.features(make_payment(email=Email(address="ada@silent.example")))
    assert [features[name] for name in NAMES] == [None, None]
    assert told.asked == ["silent.example"]
