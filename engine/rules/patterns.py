"""What `includes`, `like` and `matches` look for in a text. All take time linear in the text's length.

For `matches` the factor is counted in steps: the instructions of RE2's program. Where its automaton has more states
than fit in memory, it tries every step at every character.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import re2

from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.tree import Matcher, Text
from engine.suggest import quoted

MAX_PATTERN_CHARACTERS: Final = 500
MAX_PATTERN_STEPS: Final = 100
MAX_RULESET_STEPS: Final = 1000
"""Of one pattern, and of all patterns that a payment is searched for: some 10 ms at worst, with 500 characters."""
_MAX_MEMORY_BYTES: Final = 1 << 18
"""What RE2 may use for one pattern; a pattern that needs more is refused when it is written."""

_ANY: Final = "%"
_WORDS = re.compile(r"(?:[^\\.+*?()\[\]{}]|\\[^A-Za-z0-9])*")
"""Words joined by `|`: the states of their automaton are their beginnings, so that all fit in memory."""

Found = Callable[[str], bool]


def finder(operator: Matcher, pattern: str, *, is_exact_case: bool) -> Found:
    """Whether a text holds what is looked for. `like` and `includes` are given lower case where case does not count."""
    if operator is Matcher.MATCHES:
        return _matching(pattern, is_exact_case=is_exact_case)
    wanted = pattern if is_exact_case else pattern.lower()
    return _like(wanted) if operator is Matcher.LIKE else lambda text: wanted in text


def _matching(pattern: str, *, is_exact_case: bool) -> Found:
    search = re2.compile(pattern, _options(is_exact_case=is_exact_case)).search
    # Given bytes it need not find the place of each character, which takes longer than the search.
    return lambda text: search(text.encode()) is not None


def _options(*, is_exact_case: bool) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = is_exact_case
    options.max_mem = _MAX_MEMORY_BYTES
    options.never_capture = True
    options.log_errors = False
    return options


def _like(pattern: str) -> Found:
    first, *middle = pattern.split(_ANY)
    if not middle:
        return lambda text: text == first
    last = middle.pop()
    middle = [part for part in middle if part]
    if not middle:
        least = len(first) + len(last)
        return lambda text: len(text) >= least and text.startswith(first) and text.endswith(last)

    def found(text: str) -> bool:
        if not text.startswith(first):
            return False
        start = len(first)
        for part in middle:
            # The first place is never worse than a later one.
            place = text.find(part, start)
            if place < 0:
                return False
            start = place + len(part)
        return len(text) - start >= len(last) and text.endswith(last)

    return found


def pattern_fault(operator: Matcher, pattern: Text) -> Diagnostic | None:
    """What is wrong with a pattern, or None."""
    written = pattern.value
    if not written.strip(_ANY if operator is Matcher.LIKE else ""):
        cause = "Every text that is known has it."
        return _fault(
            pattern, "This is found in every text.", cause, "Write what shall be found, or `not is_missing(x)`."
        )
    if len(written) > MAX_PATTERN_CHARACTERS:
        cause = f"A pattern has {MAX_PATTERN_CHARACTERS} characters at most."
        return _fault(pattern, "The pattern is too long.", cause, "Split the rule in two.", Code.LIMIT)
    if operator is Matcher.LIKE and "*" in written and _ANY not in written:
        cause = "The one wildcard of `like` is `%`, for any characters or none; `*` stands for itself."
        return _fault(pattern, "`*` is no wildcard.", cause, f"Write {quoted(written.replace('*', _ANY))}.")
    if operator is Matcher.INCLUDES and _ANY in written.strip() and len(written) > 1:
        plain = written.strip(_ANY)
        if plain != written and _ANY not in plain:
            cause = "`includes` looks for the text as it stands, anywhere; `%` is a wildcard of `like` alone."
            return _fault(pattern, "`%` is no wildcard here.", cause, f"Write {quoted(plain)}, or `like` before it.")
    return _no_pattern(pattern) if operator is Matcher.MATCHES else None


@lru_cache(maxsize=4096)
def steps(pattern: str) -> int:
    """How many steps RE2 takes at a character at worst; the same for every payment. Raises re2.error."""
    program = re2.compile(pattern, _options(is_exact_case=False))
    return max(int(program.programsize), int(program.reverseprogramsize))


def shared_steps(pattern: str) -> int:
    """The steps that count among those of a ruleset: none where the pattern is words alone, or no pattern at all."""
    if _WORDS.fullmatch(pattern):
        return 0
    try:
        return steps(pattern)
    except re2.error:
        return 0


def _no_pattern(pattern: Text) -> Diagnostic | None:
    try:
        needed = steps(pattern.value)
    except re2.error as error:
        said = error.args[0]
        why = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        cause = (
            f"RE2 says: {why}. Patterns have neither look-around nor back-references, and repeat 1000 times at most."
        )
        hint = "Mend the pattern, or use `like` with `%` or `includes`, which need none."
        return _fault(pattern, "This is no pattern.", cause, hint)
    if needed > MAX_PATTERN_STEPS:
        cause = (
            f"It takes {needed} steps at a character, of {MAX_PATTERN_STEPS} at most. `{{40}}` writes 40 times what is "
            "before it; `.` and `[^a]` take 10 steps, `\\pL` more than 1000."
        )
        hint = (
            "Repeat by `*` or `+` in place of a number, write `[a-z]` for what is meant, or split it in two patterns."
        )
        return _fault(pattern, "The pattern is too costly.", cause, hint, Code.LIMIT)
    return None


def _fault(node: Text, message: str, cause: str, hint: str, code: Code = Code.UNKNOWN_VALUE) -> Diagnostic:
    return Diagnostic(code=code, span=node.span, message=message, cause=cause, hint=hint)
