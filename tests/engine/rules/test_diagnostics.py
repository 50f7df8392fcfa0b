"""How a fault is shown."""

from engine.rules.diagnostics import Code, Diagnostic, Span


def shown(text: str, start: int, end: int) -> list[str]:
    diagnostic = Diagnostic(
        code=Code.SYNTAX, span=Span(start=start, end=end), message="Wrong.", cause="So it is.", hint="Do so."
    )
    return diagnostic.render(text).split("\n")


def test_place_line_underline_cause_and_hint() -> None:
    assert shown("Block if\n  abc = 5", 11, 14) == [
        "line 2, column 3: Wrong. [syntax]",
        "  |   abc = 5",
        "  |   ^^^",
        "  cause: So it is.",
        "  hint: Do so.",
    ]


def test_the_end_of_the_text_has_a_caret() -> None:
    assert shown("Block if", 8, 9)[1:3] == ["  | Block if", "  |         ^"]
    assert shown("", 0, 0)[1:3] == ["  | ", "  | ^"]
    assert shown("a", 900, 901)[1:3] == ["  | a", "  |  ^"]


def test_an_underline_stays_on_its_line() -> None:
    assert shown("ab\r\ncd", 1, 6)[1:3] == ["  | ab", "  |  ^"]


def test_a_long_line_is_shown_around_the_fault() -> None:
    _, line, underline, *_ = shown("a" * 200 + "XYZ" + "b" * 200, 200, 203)
    assert line.startswith("  | ... aaa")
    assert line.endswith("bbb ...")
    assert len(line) < 120
    assert line[underline.index("^") : underline.rindex("^") + 1] == "XYZ"


def test_controls_and_half_characters_are_not_passed_on() -> None:
    text = "a\x1b[31m\t\ud800 b"
    assert shown(text, len(text) - 1, len(text))[1:3] == ["  | a·[31m · b", "  |          ^"]


def test_wide_characters_keep_the_underline_in_place() -> None:
    assert shown("'日本' x", 5, 6)[1:3] == ["  | '日本' x", "  |        ^"]
