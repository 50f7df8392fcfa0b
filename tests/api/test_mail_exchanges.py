"""Mail exchanges by DNS: what each answer means, that it is asked once and kept as long as it says."""

import asyncio
from collections.abc import Iterator
from typing import Any

import dns.name
import dns.rrset
import pytest
from dns.exception import Timeout
from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers

from api.mail_exchanges import DnsMailExchanges
from engine.enrichment.mail_exchange import MX_FAILED, MailExchange

SECOND = 1_000_000_000


class Dns:
    """A resolver over records in memory, which says what dnspython says."""

    def __init__(self, records: dict[tuple[str, str], list[str]], ttl: int = 3600) -> None:
        self.records, self.ttl = records, ttl
        self.asked: list[tuple[str, str]] = []
        self.fails: type[Exception] | None = None

    async def __call__(self, domain: str, kind: str) -> Any:
        self.asked.append((domain, kind))
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        name = dns.name.from_text(domain)
        if not any(domain == known for known, _ in self.records):
            raise NXDOMAIN
        if (domain, kind) not in self.records:
            raise NoAnswer
        return Answer(dns.rrset.from_text(name, self.ttl, "IN", kind, *self.records[domain, kind]))


class Answer:
    """As much of dnspython's as is read."""

    def __init__(self, rrset: dns.rrset.RRset) -> None:
        self.rrset = rrset

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rrset)


RECORDS = {
    ("good.example", "MX"): ["20 second.example.", "10 FIRST.Mail.Example."],
    ("refuses.example", "MX"): ["0 ."],
    ("address.example", "A"): ["192.0.2.1"],
    ("six.example", "AAAA"): ["2001:db8::1"],
    ("text.example", "TXT"): ["hello"],
}


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("good.example", "first.mail.example"),
        ("refuses.example", None),
        ("address.example", "address.example"),
        ("six.example", "six.example"),
        ("text.example", None),
        ("absent.example", None),
    ],
)
async def test_what_an_answer_means(domain: str, host: str | None) -> None:
    assert await DnsMailExchanges(Dns(RECORDS)).of(domain) == MailExchange(host=host)


@pytest.mark.parametrize("error", [Timeout, NoNameservers, OSError])
async def test_who_does_not_answer_is_asked_again_soon(error: type[Exception]) -> None:
    now = [0]
    resolver = Dns(RECORDS)
    exchanges = DnsMailExchanges(resolver, lambda: now[0])
    resolver.fails = error
    assert await exchanges.of("good.example") == MX_FAILED
    resolver.fails = None
    assert await exchanges.of("good.example") == MX_FAILED
    now[0] = 31 * SECOND
    assert await exchanges.of("good.example") == MailExchange(host="first.mail.example")


@pytest.mark.parametrize(("ttl", "kept"), [(0, 300), (3600, 3600), (10**6, 86_400)])
async def test_an_answer_is_kept_as_long_as_it_says_within_bounds(ttl: int, kept: int) -> None:
    now = [0]
    resolver = Dns(RECORDS, ttl)
    exchanges = DnsMailExchanges(resolver, lambda: now[0])
    for seconds, questions in ((0, 1), (kept - 1, 1), (kept, 2)):
        now[0] = seconds * SECOND
        await exchanges.of("good.example")
        assert len(resolver.asked) == questions


async def test_many_wait_for_one_question_and_none_ends_it() -> None:
    resolver = Dns(RECORDS)
    exchanges = DnsMailExchanges(resolver)
    waiting = [asyncio.create_task(exchanges.of("good.example")) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    found = await asyncio.gather(*waiting[1:])
    assert found == [MailExchange(host="first.mail.example")] * 4
    assert resolver.asked == [("good.example", "MX")]


async def test_questions_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.mail_exchanges._ASKED_MAX", 2)
    exchanges = DnsMailExchanges(Dns(RECORDS))
    found = await asyncio.gather(*map(exchanges.of, ("a.example", "b.example", "c.example")))
    assert found == [MailExchange(host=None), MailExchange(host=None), MX_FAILED]


async def test_what_is_no_domain_is_unknown() -> None:
    exchanges = DnsMailExchanges()
    assert await exchanges.of(f"{'a' * 64}.example") == MX_FAILED
    assert await exchanges.of("a..example") == MX_FAILED
