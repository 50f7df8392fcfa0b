"""Texts of rules in a ruleset file: how one is written, and all of a file written in the one way that there is."""

import re
import tomllib
from collections.abc import Callable
from typing import Final

_TEXTS: Final = re.compile(
    r"""^(?P<key>[ \t]*text[ \t]*=[ \t]*)
    (?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')""",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def quoted_toml(text: str) -> str:
    """A text as TOML: in lines where it has lines, and without escapes where it can do without."""
    has_lines = "\n" in text
    if not has_lines and "\\" not in text and '"' not in text:
        return f'"{text}"'
    if "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''" if has_lines or "'" in text else f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}"""' if has_lines else f'"{escaped}"'


def rewritten(source: str, text_of: Callable[[str], str]) -> str | None:
    """A ruleset file with every rule's text replaced, and all else, remarks too, as it was.

    None where a text does not stand behind `text =` at the start of a line. The file is sound TOML.
    """
    before = tomllib.loads(source)["rule"]
    texts = iter([text_of(row["text"]) for row in before])
    expected = [row | {"text": text_of(row["text"])} for row in before]
    if len(_TEXTS.findall(source)) != len(before):
        return None
    after = _TEXTS.sub(lambda match: match["key"] + quoted_toml(next(texts)), source)
    try:
        return after if tomllib.loads(after) == tomllib.loads(source) | {"rule": expected} else None
    except tomllib.TOMLDecodeError:
        return None
