"""Bytes to a decision request. The fast way validates once; where anything is wrong, the slow way names all of it."""

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from math import isfinite
from typing import Any, Final

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from api.schemas.findings import FINDINGS_MAX, pointer_to
from api.schemas.ordinary import OrdinaryRequest, ordinary_request
from api.schemas.request import DecisionRequest
from engine.errors import Fault, MalformedJson, PaymentInvalid

_DIGITS_AS_ZEROS, _LONG_NUMBER = bytes.maketrans(b"123456789", b"000000000"), b"0" * 20
_POSITION = re.compile(r"(.*) at line (\d+) column (\d+)")
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_STRING = ("type_invalid", "Send a string.")
_WHOLE = ("type_invalid", "Send a whole number.")
_NUMBER = ("type_invalid", "Send a number.")
_BOOLEAN = ("type_invalid", "Send true or false.")
_OBJECT = ("type_invalid", "Send an object.")
_FAULTS: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "Required."),
    "string_type": _STRING,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": ("type_invalid", "Send a list."),
    "finite_number": ("number_not_finite", "Send a finite number."),
    "greater_than_equal": ("out_of_range", "Below what is allowed: deadline_ms is 30 to 2000."),
    "less_than_equal": ("out_of_range", "Above what is allowed: deadline_ms is 30 to 2000."),
    "enum": ("value_unknown", "Send none, codes or full."),
}
"""Pydantic's error types to our stable codes and mends; its own messages may quote what was sent."""

_AMOUNT_MENDS = {
    "/order/amount": 'Send a decimal string such as "12.50", or order.amount_minor.',
    "/order/amount_minor": "Send a whole number of minor units such as 1250, without quotes and decimals.",
}
_STAND_INS: Mapping[tuple[str | int, ...], Any] = {
    ("event",): {"transaction_id": ""},
    ("event", "transaction_id"): "",
    ("order",): {"amount_minor": 0, "currency": ""},
    ("order", "currency"): "",
    ("order", "amount_minor"): 0,
}
"""What takes the place of a required value that is missing or wrong while the rest is searched for faults."""

_ENCODINGS: Final = {
    b"\xef\xbb\xbf": "it begins with a byte order mark; send UTF-8 without one;",
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff", b"\x00{", b"{\x00"), "it is UTF-16 or UTF-32; send UTF-8;"),
    b"\x1f\x8b": "it is compressed; send it as it is;",
}
"""What bodies in another encoding begin with, and what to do."""
_REQUIRED_WITHIN = {
    "/event": ("/event/transaction_id",),
    "/order": ("/order/amount_minor", "/order/currency"),
}


AskedRequest = DecisionRequest | OrdinaryRequest
"""A request as it was read; both give the same payment."""


def read_request(body: bytes) -> AskedRequest:
    """The request in a body of JSON.

    Raises MalformedJson, or PaymentInvalid with every fault found: where the shape is wrong, also those that only
    `to_payment` would find.
    """
    return _read_shortly(body) or read_in_full(body)


def _read_shortly(body: bytes) -> OrdinaryRequest | None:
    """The request where nothing is to be said about it; None leaves it to the other way."""
    if b"\\" in body and b"\\u0000" in body:
        return None
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if tree.__class__ is not dict:
        return None
    # It is read in its place, and then no more what was sent.
    fingerprint = fingerprint_of(tree, body)
    return ordinary_request(tree, fingerprint, partial(read_in_full, body), has_blanks=b'""' in body)


def read_in_full(body: bytes) -> DecisionRequest:
    """The request with all that may have to be said of it; raises as `read_request` does."""
    try:
        # orjson refuses exactly what JSON cannot say (NaN, 1e999), but makes whole numbers over 64 bits floats; the
        # other parser keeps those exact, so that two ids of 20 digits stay two.
        tree = orjson.loads(body)
        if _LONG_NUMBER in body.translate(_DIGITS_AS_ZEROS):
            tree = from_json(body, cache_strings="keys")
        if b"\\u0000" not in body:
            request = DecisionRequest.model_validate(tree)
            request.fingerprint = fingerprint_of(tree, body)
            return request
    except (ValueError, ValidationError):
        # The slow way says what; raised from there, no error carries this one, which holds the body.
        pass
    return _read_slowly(body)


def fingerprint_of(tree: dict[str, Any], body: bytes) -> bytes:
    """SHA-256 of the canonical body: keys sorted, no white space, `options` left out, for they change no decision.

    A body that cannot be held exactly counts as it stands.
    """
    decided = tree.copy()
    decided.pop("options", None)
    try:
        return sha256(orjson.dumps(decided, option=orjson.OPT_SORT_KEYS)).digest()
    except orjson.JSONEncodeError:
        return sha256(body).digest()


def _read_slowly(body: bytes) -> DecisionRequest:
    """Every fault of a body that the fast way did not take; the request where there is none."""
    tree = tree_of(body)
    faults = list(clear_unfit(tree, ""))
    request = _validated(tree, faults)
    if not faults and request is not None:
        request.fingerprint = fingerprint_of(tree, body)
        return request
    if request is not None:
        try:
            request.to_payment("-", test_mode=False, received_at=_SOME_TIME)
        except PaymentInvalid as error:
            known = {fault.pointer for fault in faults}
            faults += [fault for fault in error.faults if fault.pointer not in known]
    raise PaymentInvalid(*faults[:FINDINGS_MAX])


def tree_of(body: bytes) -> dict[str, Any]:
    """The body as Python values, whole numbers exact. Raises MalformedJson, or PaymentInvalid where too deep."""
    cause = _parsed(body)
    if isinstance(cause, str) and b"\0" in body:
        # A bare NUL is no JSON either; where that is all, say so by its place.
        retried = _parsed(body.replace(b"\0", b"\\u0000"))
        cause = cause if isinstance(retried, str) else retried
    if isinstance(cause, dict):
        return cause
    match = _POSITION.fullmatch(cause)
    if match is None or (encoded := _encoding_of(body)):
        raise MalformedJson(cause if match is None else encoded, 1, 1)
    if "recursion" in cause:
        raise PaymentInvalid(Fault(pointer="", code="nested_too_deep", detail="Nest no deeper than 8 levels."))
    raise MalformedJson(match[1], int(match[2]), int(match[3]))


def _encoding_of(body: bytes) -> str:
    """What is the matter with a body that is JSON in another dress; nothing where it is not."""
    return next((said for begins, said in _ENCODINGS.items() if body.startswith(begins)), "")


def _parsed(body: bytes) -> dict[str, Any] | str:
    """The JSON object, or why it is none."""
    try:
        tree = from_json(body, cache_strings="keys")
    except ValueError as error:
        return str(error)
    return tree if isinstance(tree, dict) else "send an object, in braces,"


def clear_unfit(node: dict[Any, Any] | list[Any], pointer: str) -> Iterator[Fault]:
    """The faults that no type shows, NUL and numbers that are not finite; each such value becomes None."""
    members: list[tuple[Any, Any]] = list(node.items() if isinstance(node, dict) else enumerate(node))
    for key, value in members:
        place = pointer_to(pointer, key)
        if isinstance(node, dict) and "\0" in key:
            del node[key]
            yield Fault(pointer=place, code="control_character", detail="Remove NUL from the names of the fields.")
        elif isinstance(value, str) and "\0" in value:
            node[key] = None
            yield Fault(pointer=place, code="control_character", detail="Remove NUL (\\u0000).")
        elif isinstance(value, float) and not isfinite(value):
            node[key] = None
            yield Fault(pointer=place, code="number_not_finite", detail="Send a finite number; NaN is not JSON.")
        elif isinstance(value, (dict, list)):
            yield from clear_unfit(value, place)


def _validated(tree: dict[str, Any], faults: list[Fault]) -> DecisionRequest | None:
    """The request; its faults of shape are added, and stand-ins take their place so that others are found too."""
    known = {fault.pointer for fault in faults}
    for _ in range(2):
        try:
            return DecisionRequest.model_validate(tree)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
        for detail in details:
            for fault in _faults_of(detail):
                if fault.pointer not in known:
                    known.add(fault.pointer)
                    faults.append(fault)
            _stand_in(tree, detail["loc"])
    return None


def _faults_of(detail: ErrorDetails) -> Iterator[Fault]:
    pointer = ""
    for name in detail["loc"]:
        pointer = pointer_to(pointer, name)
    code, mend = _FAULTS.get(detail["type"], ("type_invalid", "Not a value of this field."))
    if code == "type_invalid" and detail["input"] is None and detail["loc"] in _STAND_INS:
        code, mend = "missing", "Required."
    if code == "missing" and pointer in _REQUIRED_WITHIN:
        yield from (Fault(pointer=within, code=code, detail=mend) for within in _REQUIRED_WITHIN[pointer])
    else:
        yield Fault(pointer=pointer, code=code, detail=_AMOUNT_MENDS.get(pointer, mend))


def _stand_in(tree: dict[str, Any], loc: tuple[str | int, ...]) -> None:
    """Put a stand-in, or None, where the fault is."""
    node: Any = tree
    for name in loc[:-1]:
        node = node[name]
    is_cart_line = loc[:-1] == ("shopping_cart",)
    node[loc[-1]] = {} if is_cart_line else copy.copy(_STAND_INS.get(loc))
    if loc == ("order", "amount"):
        # Else the amount would be reported as missing as well.
        node.setdefault("amount_minor", 0)
