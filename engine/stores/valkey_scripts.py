"""What runs inside Valkey: a library of functions for each plan, so that the plan is there before a call comes."""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final

_PARTS: Final = ("structures", "reading", "observe", "change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The functions of one plan. One that writes is refused whole where there is no memory."""

    text: str
    fingerprint: str
    """The same for the same plan and functions: what was counted by others is not read."""

    def function(self, name: str) -> str:
        """The name that Valkey has for a function: observe, read, change, switch."""
        return f"assay_{name}_{self.fingerprint}"


def library(plan: str) -> Library:
    """The functions for a plan in their language."""
    text = plan + "".join(map(_part, _PARTS))
    fingerprint = blake2b(text.encode(), digest_size=4).hexdigest()
    begin = f'#!lua name=assay_{fingerprint}\nlocal PLAN_NAME = "{fingerprint}"\n'
    return Library(text=begin + text, fingerprint=fingerprint)


@cache
def _part(name: str) -> str:
    return (files("engine.stores") / "lua" / f"{name}.lua").read_text()
