"""The templates of report and model card."""

from functools import cache
from typing import TYPE_CHECKING

from models.evaluation import words

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> "Environment":
    """Templates of this package: HTML is escaped, and a name that is not given is our fault."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - for pages alone

    made = Environment(
        loader=PackageLoader("models.evaluation", "."),
        autoescape=select_autoescape(("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"words": words, "groups": words.GROUPS}
    made.filters |= {"share": words.share, "dollars": words.dollars, "plain": _plain}
    return made


def _plain(text: object) -> str:
    """As it may stand in a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
