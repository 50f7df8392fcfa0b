"""What reading a request finds: odd values (a warning, the value is unknown) and wrong ones (a fault, no decision)."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.card_data import holds_card_number
from engine.errors import Fault

FINDINGS_MAX = 50
_NAME_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InputWarning:
    """An odd value, taken as unknown: a stable code, where it stands (RFC 6901), and what to send instead."""

    code: str
    input_pointer: str
    warning: str


@dataclass(frozen=True, slots=True)
class Odd:
    """What a reader gives for a value that the payment is decided without.

    `cause` is why the features that it would have told are unknown; `kept` stands in its place, if anything.
    """

    code: str
    warning: str
    cause: str = "unusable"
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a reader gives for a value that no payment is decided with."""

    code: str
    detail: str


class Findings:
    """Collects the findings of one request in the order of its fields."""

    __slots__ = ("_unnamed", "_warnings", "faults", "unusable")

    def __init__(self) -> None:
        """Begin with none."""
        self.faults: list[Fault] = []
        self.unusable: dict[str, str] = {}
        """The causes that odd values leave behind, by pointer: of all, also where the warnings are counted alone."""
        self._warnings: list[InputWarning] = []
        self._unnamed = 0

    @property
    def is_full(self) -> bool:
        """Whether further warnings are counted alone."""
        return len(self._warnings) >= FINDINGS_MAX

    @property
    def has_enough_faults(self) -> bool:
        """Whether further faults are not named: what is read from here on may be wrong without a word."""
        return len(self.faults) >= FINDINGS_MAX

    def note(self, pointer: str, finding: Odd | Wrong) -> None:
        """Keep a finding at a place. Of warnings, the first FINDINGS_MAX are named and the others counted."""
        if isinstance(finding, Wrong):
            if len(self.faults) < FINDINGS_MAX:
                self.faults.append(Fault(pointer=pointer, code=finding.code, detail=finding.detail))
            return
        self.unusable[pointer] = finding.cause
        if not self.is_full:
            self._warnings.append(InputWarning(code=finding.code, input_pointer=pointer, warning=finding.warning))
        else:
            self._unnamed += 1

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Keep the faults at places where none is known yet: one wrong value is one fault."""
        known = {fault.pointer for fault in self.faults}
        self.faults.extend(fault for fault in faults if fault.pointer not in known)

    def warnings(self) -> tuple[InputWarning, ...]:
        """The warnings; the last one counts those that are not named."""
        if not self._unnamed:
            return tuple(self._warnings)
        more = InputWarning(
            code="more_warnings", input_pointer="", warning=f"{self._unnamed} more warnings are not shown."
        )
        return (*self._warnings, more)


def pointer_to(parent: str, name: str | int) -> str:
    """The JSON pointer (RFC 6901) of a member; the parent's where the caller's name is not fit to be repeated."""
    if isinstance(name, int):
        return f"{parent}/{name}"
    if len(name) > _NAME_LENGTH_MAX or "\0" in name or holds_card_number(name):
        return parent
    return f"{parent}/{name.replace('~', '~0').replace('/', '~1')}"
