"""What to write instead: the nearest of some names, and the feature that a function call asks for."""

import difflib
import re
from collections.abc import Collection, Iterable

_MAX_LENGTH = 80
"""Nobody's slip is longer, and difflib's time grows with the square of the length."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like a word, case ignored, or None where none is like it."""
    if len(word) > _MAX_LENGTH:
        return None
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def resembling(text: str, names: Collection[str]) -> str | None:
    """The name that shares the most parts with a text, or None where fewer than three are shared.

    `distinct(card, by: ip_address, within: 10m)` asks for `ip_distinct_cards_10m`.
    """
    wanted = _parts(text)
    best = max(names, key=lambda name: (len(wanted & _parts(name)), -len(name), name), default="")
    return best if len(wanted & _parts(best)) >= 3 else None  # noqa: PLR2004 - fewer say little about what is meant


def _parts(text: str) -> frozenset[str]:
    return frozenset(part.rstrip("s") for part in re.findall("[a-z0-9]+", text.lower()))


def quoted(text: str) -> str:
    """A text as a rule writes it: in single quotes, or in double ones where it holds a single one."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def listed(words: Iterable[str]) -> str:
    """Words as a person lists them: `a`, `b` and `c`, ten at most."""
    shown = [f"`{word}`" for word in words]
    if len(shown) > 10:  # noqa: PLR2004 - more help nobody
        return f"{', '.join(shown[:10])} and {len(shown) - 10} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "none"
