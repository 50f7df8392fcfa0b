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
    ],
)
def test_a_word_is_of_one_script(written: str, read: str) -> None:
    assert in_one_script(written.split()) == read.split()
    assert in_one_script(read.split()) == read.split()
