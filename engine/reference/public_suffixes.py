"""The public suffix list (publicsuffix.org): under which names anybody can register one, such as co.uk.

The list's own algorithm over sets of names; the package `publicsuffixlist`, whose data this reads, takes 70 us for what
takes 1 us here, and its answers are the tests' oracle.
"""

from typing import Self

import idna

_ICANN_BEGINS, _ICANN_ENDS = "===BEGIN ICANN DOMAINS===", "===END ICANN DOMAINS==="


class PublicSuffixes:
    """Public suffixes, ICANN's and those that companies declared (github.io)."""

    __slots__ = ("_exceptions", "_rules", "_top_level", "_wildcards")

    def __init__(
        self, *, rules: frozenset[str], wildcards: frozenset[str], exceptions: frozenset[str], top_level: frozenset[str]
    ) -> None:
        self._rules = rules
        self._wildcards = wildcards
        self._exceptions = exceptions
        self._top_level = top_level

    @classmethod
    def of(cls, text: str) -> Self:
        """The list by its text in the form of public_suffix_list.dat; names in letters beyond ASCII stand in both."""
        rules, wildcards, exceptions, top_level = set[str](), set[str](), set[str](), set[str]()
        is_icann = False
        for line in text.splitlines():
            rule = line.strip()
            if rule.startswith("//"):
                is_icann = (is_icann or _ICANN_BEGINS in rule) and _ICANN_ENDS not in rule
            elif rule:
                name = _ascii(rule.lstrip("!").removeprefix("*."))
                (exceptions if rule.startswith("!") else wildcards if rule.startswith("*.") else rules).add(name)
                if is_icann:
                    top_level.add(name.rpartition(".")[2])
        return cls(
            # What a wildcard stands under is a suffix too, by the list's own tests (kobe.jp).
            rules=frozenset(rules | wildcards),
            wildcards=frozenset(wildcards),
            exceptions=frozenset(exceptions),
            top_level=frozenset(top_level),
        )

    def exists(self, top_level_domain: str) -> bool:
        """Whether ICANN's part of the list knows this top-level domain (in ASCII)."""
        return top_level_domain in self._top_level

    def is_suffix(self, domain: str) -> bool:
        """Whether anybody can register a name right below this one (in ASCII), as the list says."""
        return domain not in self._exceptions and (domain in self._rules or domain.partition(".")[2] in self._wildcards)

    def registrable(self, domain: str) -> str | None:
        """The suffix and one label before it: what its owner registered; None where the domain is a suffix itself.

        None too where no rule knows its top-level domain, which the list would take for a suffix.
        """
        if ".." in f".{domain}.":
            return None
        longer, name = None, domain
        while name:
            if name in self._exceptions:
                return name
            rest = name.partition(".")[2]
            if name in self._rules or rest in self._wildcards:
                return longer
            longer, name = name, rest
        return None


def _ascii(name: str) -> str:
    return name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
