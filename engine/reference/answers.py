"""What is made of a table again and again, held beside the table: it goes when the table is replaced."""

from typing import Any, Final, TypeVar

_HELD_MAX: Final = 16_384

T = TypeVar("T")


def held(answers: dict[tuple[Any, ...], Any], key: tuple[Any, ...], answer: T) -> T:
    """Keep the answer to a question, and give it back. A table that was asked of too much begins anew."""
    if len(answers) >= _HELD_MAX:
        answers.clear()
    answers[key] = answer
    return answer
