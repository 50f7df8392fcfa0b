"""The scripts that run inside Valkey: one a call, each for one plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import Final

_PARTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "observe": ("#!lua\n", ("structures", "reading", "observe")),
    "read": ("#!lua flags=no-writes\n", ("structures", "reading", "observe")),
    "change": ("#!lua\n", ("structures", "change")),
}
"""What each script begins with, and the files that it is made of. One that writes is refused whole without memory."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the name that Valkey gives it."""

    text: str
    digest: str


def scripts(plan: str) -> Mapping[str, Script]:
    """The scripts by name, for a plan in their language."""
    return {name: _script(begin + plan + "".join(map(_part, parts))) for name, (begin, parts) in _PARTS.items()}


def _script(text: str) -> Script:
    return Script(text=text, digest=sha1(text.encode(), usedforsecurity=False).hexdigest())


@cache
def _part(name: str) -> str:
    return (files("engine.stores") / "lua" / f"{name}.lua").read_text()
