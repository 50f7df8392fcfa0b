"""Mail exchanges by DNS: one question a domain at a time, answers kept as long as they say, within bounds."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer

from api.clock import monotonic_ns
from engine.deadline import Clock
from engine.enrichment.mail_exchange import MX_FAILED, MailExchange
from engine.features import Unknown

_KEPT_MAX: Final = 50_000
_ASKED_MAX: Final = 256
"""How many questions may be open: more domains at once than this are not asked about."""
_LIFETIME_SECONDS: Final = 3.0
_TTL_SECONDS_MIN, _TTL_SECONDS_MAX = 300, 86_400
_NONE_SECONDS: Final = 900
"""How long it is believed that a domain accepts no mail."""
_FAILED_SECONDS: Final = 30
_NANOSECONDS: Final = 1_000_000_000
_NO_MAIL: Final = MailExchange(host=None)

Resolve = Callable[[str, str], Awaitable[Any]]
"""Asks the DNS for a domain's records of a type, as dns.asyncresolver does, and raises as it does."""


class DnsMailExchanges:
    """Looks mail exchanges up by the system's resolvers. What is asked goes on behind a caller that cannot wait."""

    def __init__(self, resolve: Resolve | None = None, clock: Clock = monotonic_ns) -> None:
        """`resolve` is the system's resolvers' unless another is given."""
        self._resolve = resolve or _by_system
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, MailExchange | Unknown]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[MailExchange | Unknown]] = {}

    async def of(self, domain: str) -> MailExchange | Unknown:
        """See MailExchanges."""
        kept = self._kept.get(domain)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        task = self._asked.get(domain)
        if task is None:
            if len(self._asked) >= _ASKED_MAX:
                return MX_FAILED
            task = self._asked[domain] = asyncio.create_task(self._ask(domain))
        # Others wait for the same answer: a caller that is gone ends none of them.
        return await asyncio.shield(task)

    async def _ask(self, domain: str) -> MailExchange | Unknown:
        try:
            found, seconds = await self._look_up(domain)
        finally:
            del self._asked[domain]
        self._kept[domain] = (self._clock() + seconds * _NANOSECONDS, found)
        self._kept.move_to_end(domain)
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return found

    async def _look_up(self, domain: str) -> tuple[MailExchange | Unknown, int]:
        """What there is, and for how many seconds it may be believed."""
        try:
            answer = await self._resolve(domain, "MX")
        except NXDOMAIN:
            return _NO_MAIL, _NONE_SECONDS
        except NoAnswer:
            return await self._by_address(domain)
        except (DNSException, OSError):
            return MX_FAILED, _FAILED_SECONDS
        first = min(answer, key=lambda record: record.preference)
        host = str(first.exchange).rstrip(".").lower()
        # RFC 7505: an exchange without a name says that no mail is taken.
        return MailExchange(host=host or None), max(_TTL_SECONDS_MIN, min(_TTL_SECONDS_MAX, answer.rrset.ttl))

    async def _by_address(self, domain: str) -> tuple[MailExchange | Unknown, int]:
        """RFC 5321, 5.1: without an MX record, mail goes to the domain's own address."""
        for kind in ("A", "AAAA"):
            try:
                await self._resolve(domain, kind)
            except NXDOMAIN:
                return _NO_MAIL, _NONE_SECONDS
            except NoAnswer:
                continue
            except (DNSException, OSError):
                return MX_FAILED, _FAILED_SECONDS
            return MailExchange(host=domain), _TTL_SECONDS_MIN
        return _NO_MAIL, _NONE_SECONDS


async def _by_system(domain: str, kind: str) -> Any:  # noqa: ANN401
    # The system's resolvers are read anew: they may change while the server runs, and a question is seldom.
    return await Resolver().resolve(domain, kind, lifetime=_LIFETIME_SECONDS, search=False)
