"""A text as an eye reads it: what nobody sees and what looks the same tells nothing apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.shown_text import _AS_SHOWN, as_shown, in_one_script


def test_all_that_is_not_seen_is_found() -> None:
    assert [code for code in _AS_SHOWN if as_shown(f"\u00e9{chr(code)}") == f"\u00e9{chr(code)}"] == []


@given(st.text(max_size=40))
def test_what_is_shown_is_shown_once(text: str) -> None:
    assert as_shown(as_shown(text)) == as_shown(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("m\u0430in st", "main st"),
        ("\u0441\u043e\u0440\u0435 st", "cope st"),
        (
            "\u0443\u043b\u0438\u0446\u0430 \u043c\u0438\u0440a",
            "\u0443\u043b\u0438\u0446\u0430 \u043c\u0438\u0440\u0430",
        ),
        ("\u043a\u0432 5a", "\u043a\u0432 5a"),
        ("\u0430 \u0441 12 kyiv", "\u0430 \u0441 12 kyiv"),
        ("\u043c\u0438\u0440\u0430 5 bc \u043a\u0432 3", "\u043c\u0438\u0440\u0430 5 bc \u043a\u0432 3"),
        ("\u0438d\u03b1", "\u0438d\u03b1"),
        ("a\u03b8\u03b7\u03bd\u03c9\u03bd 12", "\u03b1\u03b8\u03b7\u03bd\u03c9\u03bd 12"),
        ("t\u03b8 12", "\u03c4\u03b8 12"),
        ("a \u044f 12", "\u0430 \u044f 12"),
        (
            "\u043c\u043e\u0441\u043a\u0432\u0430 101000 a \u044f 12",
            "\u043c\u043e\u0441\u043a\u0432\u0430 101000 \u0430 \u044f 12",
        ),
        ("\u0441\u0430\u0434\u043e\u0432\u0430\u044f 12\u0430", "\u0441\u0430\u0434\u043e\u0432\u0430\u044f 12a"),
        (
            "\u0441\u0430\u0434\u043e\u0432\u0430\u044f 12 \u0430 \u043a\u0432 5",
            "\u0441\u0430\u0434\u043e\u0432\u0430\u044f 12 a \u043a\u0432 5",
        ),
        ("\u0443\u043b \u043c\u0438\u0440\u0430 12 \u043a 2", "\u0443\u043b \u043c\u0438\u0440\u0430 12 \u043a 2"),
        (
            "\u0445\u0440\u0435\u0449\u0430\u0442\u0438\u043a 12\u0432",
            "\u0445\u0440\u0435\u0449\u0430\u0442\u0438\u043a 12b",
        ),
        ("\u03b5\u03c1\u03bc\u03bf\u03c5 12\u03b1", "\u03b5\u03c1\u03bc\u03bf\u03c5 12a"),
        ("12 \u0430 st", "12 a st"),
        ("12 main st apt \u0430", "12 main st apt a"),
        ("a\u0562\u0578\u057e\u0575\u0561\u0576 12", "\u0561\u0562\u0578\u057e\u0575\u0561\u0576 12"),
        ("\u043a\u0438\u0456\u0432 5 \u0430 \u0441 12", "\u043a\u0438\u0456\u0432 5 \u0430 \u0441 12"),
    ],
)
def test_a_word_is_of_one_script(written: str, read: str) -> None:
    assert in_one_script(written.split()) == read.split()
    assert in_one_script(read.split()) == read.split()


@given(st.text(alphabet="abt 1 2\u0430\u044f\u0441\u03b1\u03b8\u0562\u0578", max_size=20))
def test_what_is_read_is_read_once(text: str) -> None:
    read = in_one_script(text.split())
    assert in_one_script(read) == read
