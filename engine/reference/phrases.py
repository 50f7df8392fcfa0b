"""Lists of words and phrases, written short, and which of them a text has: a look-up a word, however long the text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

_ALTERNATIVE: Final = re.compile(r"(?:\([^()]*\)|[^|()])+")
_ITEM: Final = re.compile(r"(?:\(([^()]*)\)|\[(\w+)\]|(.))(\??)")


def phrases_of(short: str) -> Iterator[str]:
    """All phrases of a list: `e ?books?|(game|virtual) coins?|licen[cs]es?`, parted by bars.

    `?` says that a letter, a blank or a group may be missing; a group gives alternatives, `[cs]` letters.
    """
    for alternative in _ALTERNATIVE.findall(short):
        items = [
            [*(phrases_of(group) if group else letters or letter), *([""] if may_miss else [])]
            for group, letters, letter, may_miss in _ITEM.findall(alternative)
        ]
        yield from map("".join, product(*items))


class Phrases:
    """What lists say, by name of the list."""

    __slots__ = ("_begun", "_kinds", "_longest")

    def __init__(self, lists: Iterable[tuple[str, str]]) -> None:
        """Take (name, list); a phrase may stand in several."""
        kinds: dict[str, frozenset[str]] = {}
        for name, short in lists:
            for phrase in phrases_of(short):
                kinds[phrase] = kinds.get(phrase, frozenset()) | {name}
        self._kinds = kinds
        longer = [each.split() for each in kinds if " " in each]
        self._begun = frozenset(first for first, *_ in longer)
        """What begins phrases of several words: few do, so that of most words this is all that is asked."""
        self._longest = max(map(len, longer), default=1)

    def found(self, words: Sequence[str]) -> Iterator[tuple[frozenset[str], int]]:
        """The lists of each phrase among the words, and the place of the word behind it."""
        kinds, begun = self._kinds, self._begun
        for at, word in enumerate(words, start=1):
            if word in kinds:
                yield kinds[word], at
            if word in begun:
                for end in range(at + 1, at + self._longest):
                    phrase = " ".join(words[at - 1 : end])
                    if phrase in kinds:
                        yield kinds[phrase], end
