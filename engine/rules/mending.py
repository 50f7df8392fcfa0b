"""Tokens as written to tokens of the grammar: signs, options and repairs, so that all faults are found in one pass."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from engine.rules.diagnostics import Diagnostic, Span
from engine.rules.lexer import Kind, Token
from engine.rules.mistakes import BEFORE_A_VALUE, fault_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """Tokens of the grammar alone, or None where a mistake has no plain repair; and what was found."""

    tokens: tuple[Token, ...] | None
    diagnostics: tuple[Diagnostic, ...]


def mend(tokens: Sequence[Token], names: Collection[str]) -> Mended:
    """Repair or report what is not in the grammar. `names` are those of the features, for hints."""
    meant: list[Token] = []
    diagnostics: list[Diagnostic] = []
    opened: list[_Opened] = []
    complete = True
    index = 0
    while index < len(tokens):
        _follow(meant, opened)
        option = _option(tokens, index, meant, opened)
        if option is not None:
            meant.extend(option)
            index += 2
            continue
        joined, index = _joined_number(tokens, index, meant)
        if (bracket := _list_bracket(joined, meant, opened)) is not None:
            meant.append(bracket)
            continue
        fault = fault_of(joined, meant, tokens[index] if index < len(tokens) else joined, names)
        if fault is None:
            meant.append(joined)
            continue
        diagnostics.append(fault.diagnostic)
        complete = complete and fault.meant is not None
        meant.extend(fault.meant or ())
    return Mended(tokens=tuple(meant) if complete else None, diagnostics=tuple(diagnostics))


class _Opened(Enum):
    """What a parenthesis that is open encloses."""

    GROUP = "group"
    CALL = "call"
    LIST = "list"


def _follow(meant: Sequence[Token], opened: list[_Opened]) -> None:
    """Keep account of the parentheses as the last token opens or closes one."""
    match meant[-1].kind if meant else None:
        case Kind.LPAR:
            is_call = len(meant) > 1 and meant[-2].kind is Kind.NAME
            opened.append(_Opened.CALL if is_call else _Opened.GROUP)
        case Kind.LBRA:
            opened.append(_Opened.LIST)
        case Kind.RPAR | Kind.RBRA if opened:
            opened.pop()


def _option(
    tokens: Sequence[Token], index: int, meant: Sequence[Token], opened: Sequence[_Opened]
) -> tuple[Token, ...] | None:
    """`name:` at the start of an argument of a function, with the name that touches its colon; None where it is not."""
    token = tokens[index]
    if token.kind is not Kind.NAME or not opened or opened[-1] is not _Opened.CALL:
        return None
    after = tokens[index + 1]
    if meant[-1].kind not in (Kind.LPAR, Kind.COMMA) or after.kind not in (Kind.COLON, Kind.HALF_NAME):
        return None
    colon = Span(start=after.span.start, end=after.span.start + 1)
    option = replace(token, kind=Kind.OPTION, span=token.span.to(colon), text=f"{token.text}:")
    if after.kind is Kind.COLON:
        return (option,)
    span = Span(start=colon.end, end=after.span.end)
    return (option, Token(kind=Kind.NAME, span=span, text=after.text[1:], value=after.text[1:]))


def _list_bracket(token: Token, meant: Sequence[Token], opened: Sequence[_Opened]) -> Token | None:
    """A square bracket around the values of an option."""
    if token.text == "[" and meant and meant[-1].kind is Kind.OPTION:
        return replace(token, kind=Kind.LBRA)
    return replace(token, kind=Kind.RBRA) if token.text == "]" and opened and opened[-1] is _Opened.LIST else None


def _joined_number(tokens: Sequence[Token], index: int, meant: Sequence[Token]) -> tuple[Token, int]:
    """The token at `index` and the index after it; a sign and thousands written with commas are joined to a number."""
    token = tokens[index]
    before = meant[-1].kind if meant else Kind.END
    if (
        token.text == "-"
        and before in (*BEFORE_A_VALUE, Kind.AND, Kind.OR, Kind.NOT, Kind.END)
        and tokens[index + 1].kind is Kind.NUMBER
        and token.span.end == tokens[index + 1].span.start
    ):
        number = tokens[index + 1]
        text = token.text + number.text
        return replace(number, span=token.span.to(number.span), text=text, value=text), index + 2
    if token.kind is not Kind.NUMBER or before is not Kind.COMPARE:
        return token, index + 1
    last = index
    while (
        tokens[last + 1].kind is Kind.COMMA
        and tokens[last + 2].kind is Kind.NUMBER
        and re.fullmatch(r"[0-9]{3}(\.[0-9]+)?", tokens[last + 2].text)
        and tokens[last].span.end == tokens[last + 1].span.start == tokens[last + 2].span.start - 1
    ):
        last += 2
    if last == index:
        return token, index + 1
    text = "".join(part.text for part in tokens[index : last + 1])
    span = token.span.to(tokens[last].span)
    return Token(kind=Kind.ODD_NUMBER, span=span, text=text, value=text.replace(",", "")), last + 1
