"""Bytes to the fields of a call beside the decision's: types exact, every fault named, unknown fields warned of."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from api.schemas.findings import FINDINGS_MAX, Findings, Odd, Wrong, pointer_to
from api.schemas.reading import clear_unfit, fingerprint_of, tree_of
from api.schemas.screening import refuse_sensitive
from api.schemas.values import Reader
from engine.errors import Fault, PaymentInvalid

_MENDS = {
    "string_type": "Send a string.",
    "int_type": "Send a whole number.",
    "bool_type": "Send true or false.",
    "list_type": "Send a list.",
    "model_type": "Send an object.",
    "model_attributes_type": "Send an object.",
}
"""Pydantic's error types to our mends; its own messages may quote what was sent."""
_NAME_LENGTH_MAX = 64


class RequestInvalid(PaymentInvalid):
    """A request that is no payment and cannot be taken: every fault found."""

    code = "request_invalid"


class Fields(BaseModel):
    """Fields that stand together. Unknown ones are allowed and become warnings; a value of another type is a fault."""

    model_config = ConfigDict(
        extra="allow",
        str_strip_whitespace=True,
        # A validation error never repeats what was sent: it may hold card data.
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing of what was sent: a repr ends in a log."""
        return []


_Model = TypeVar("_Model", bound=Fields)


def read_body(body: bytes) -> tuple[dict[str, Any], bytes, Findings]:
    """The JSON object in a body, its fingerprint, and the faults that no type shows.

    Raises MalformedJson or RequestInvalid.
    """
    try:
        tree = tree_of(body)
    except PaymentInvalid as error:
        raise RequestInvalid(*error.faults) from None
    findings = Findings()
    fingerprint = fingerprint_of(tree, body)
    findings.faults += list(clear_unfit(tree, ""))[:FINDINGS_MAX]
    return tree, fingerprint, findings


def read_fields(model: type[_Model], tree: object, pointer: str, findings: Findings) -> _Model | None:
    """The fields of an object at a place of the body; None where a fault of their types or names is noted."""
    before = len(findings.faults)
    if isinstance(tree, dict):
        _note_unknown(model, tree, pointer, findings)
    try:
        fields = model.model_validate(tree)
    except ValidationError as error:
        known = {fault.pointer for fault in findings.faults}
        for detail in error.errors(include_url=False, include_context=False):
            place = pointer
            for name in detail["loc"]:
                place = pointer_to(place, name)
            if place not in known and len(findings.faults) < FINDINGS_MAX:
                findings.faults.append(_fault(place, detail["type"], detail["input"]))
        return None
    return fields if len(findings.faults) == before else None


def values_of(fields: Fields, readers: Mapping[str, Reader | None], pointer: str, findings: Findings) -> dict[str, Any]:
    """What the readers make of the fields that they read; blank and None are left out."""
    values: dict[str, Any] = {}
    for name, reader in readers.items():
        value = getattr(fields, name)
        if value is None or value == "":
            continue
        found = value if reader is None else reader(value)
        if isinstance(found, Odd | Wrong):
            findings.note(f"{pointer}/{name}", found)
        else:
            values[name] = found
    return values


def _note_unknown(model: type[BaseModel], tree: dict[str, Any], pointer: str, findings: Findings) -> None:
    """Warn of fields that there are not, and refuse those that must not be there, in groups within too."""
    for name, value in tree.items():
        place = pointer_to(pointer, name)
        field = model.model_fields.get(name)
        if field is None:
            if not refuse_sensitive(name, value, place, findings) and not findings.is_full:
                findings.note(place, Odd("field_unknown", _hint(name, tuple(model.model_fields))))
        elif isinstance(value, dict):
            group = next((each for each in (field.annotation, *_members(field.annotation)) if _is_model(each)), None)
            if group is not None:
                _note_unknown(group, value, place, findings)


def _members(annotation: object) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", ())


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _hint(name: str, known: tuple[str, ...]) -> str:
    """Names the nearest known field, and never what was sent."""
    close = get_close_matches(name[:_NAME_LENGTH_MAX].lower(), known, n=1, cutoff=0.7)
    return f"There is no such field; did you mean {close[0]}?" if close else "There is no such field here."


def _fault(pointer: str, kind: str, sent: object) -> Fault:
    if kind == "missing" or sent is None:
        return Fault(pointer=pointer, code="missing", detail="Required.")
    return Fault(pointer=pointer, code="type_invalid", detail=_MENDS.get(kind, "Not a value of this field."))
