"""Forms: what is to be done with a group of an ordinary request, by the names and JSON types in it.

Callers send a few forms again and again: these fields in this order, each of its type. What follows from that alone is
worked out once a form, so that a request pays for its values and not for its names.
"""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Final, get_args

from api.schemas.groups import CartItemGroup, Group
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS, TEXT
from api.schemas.request import BUILDERS, RESHAPED, DecisionRequest
from api.schemas.screening import EXEMPT
from api.schemas.values import Reader
from api.schemas.vocabulary import BRANDS, DELIVERY_SPEEDS, EXEMPTIONS, FUNDINGS, METHODS, WALLETS
from engine.iso import COUNTRIES, CURRENCY_EXPONENTS
from engine.payment import TWINS, CartItem, Party, PaymentType, Stage
from engine.payment_record import in_order

FORMS_MAX: Final = 256
"""Of one group; a caller that makes up more has them worked out again."""

Values = dict[str, Any]
Getter = Callable[[Values], tuple[str, ...]]
"""Some of a group's values; all are texts."""
Reading = tuple[str, Reader, Mapping[Any, Any], bool, bool]
"""A field whose value is read: its name, its reader, frequent values with what the reader makes of them, whether it is
a text, and whether that is searched for card numbers."""
Form = tuple[Getter | None, Getter | None, tuple[Reading, ...], tuple[str, ...], tuple[str, ...] | None]
"""Of a group: its plain texts that are searched for card numbers, those that are not, the fields that are read, those
that are blank, and the names in the order in which a record holds them where they stand in another."""
_Rule = tuple[type, Reader | None, Mapping[Any, Any], bool]
"""Of a field: the type it has in JSON, its reader, its frequent values, and whether its text is searched."""


class UnusualError(Exception):
    """Something may be to be said about this request."""


class Blank:
    """The type that an empty text counts as."""


class Forms(dict[tuple[object, ...], Form]):
    """The forms of one group that were met, by the group's names and after them the types of its values.

    A dictionary, so that a form that was met costs no call. A new one raises UnusualError where a value is of another
    type, and KeyError where there is no such field.
    """

    __slots__ = ("_build", "_rules")

    def __init__(self, model: type[Group], readers: Mapping[str, Reader | None], build: type[Any] | None) -> None:
        """`build` gives the order of a record, None where that is not known before the values are."""
        super().__init__()
        self._rules: Mapping[str, _Rule] = {
            name: _rule(name, _json_type(model.model_fields[name].annotation), reader)
            for name, reader in readers.items()
        }
        self._build = build

    def __missing__(self, names_and_types: tuple[object, ...]) -> Form:
        """Work it out, and hold it."""
        half = len(names_and_types) // 2
        types = dict(zip(names_and_types[:half], names_and_types[half:], strict=True))
        form = _form(self._rules, types, self._build)
        if len(self) >= FORMS_MAX:
            self.clear()
        self[names_and_types] = form
        return form


def type_or_blank(value: object) -> type:
    """The type of a value; Blank for an empty text."""
    return Blank if value == "" else type(value)


def _form(rules: Mapping[str, _Rule], types: Mapping[Any, Any], build: type[Any] | None) -> Form:
    searched: list[str] = []
    opaque: list[str] = []
    blank: list[str] = []
    readings: list[Reading] = []
    for name, sent_type in types.items():
        kind, reader, known, is_searched = rules[name]
        if sent_type is type(None) or (sent_type is Blank and kind is str):
            blank.append(name)
        elif sent_type is not kind and (kind is not float or sent_type is not int):
            raise UnusualError
        elif kind is str and (reader is None or reader is TEXT):
            (searched if is_searched else opaque).append(name)
        elif reader is not None:
            # A whole number may stand where a number does.
            exact = _of_float(reader) if sent_type is not kind else reader
            readings.append((name, exact, known, kind is str, is_searched))
    names = tuple(name for name in types if name not in blank)
    ordered = names if build is None else tuple(in_order(build, dict.fromkeys(names)))
    return _getter(searched), _getter(opaque), tuple(readings), tuple(blank), None if ordered == names else ordered


def _getter(names: list[str]) -> Getter | None:
    # Of one name alone a getter gives no tuple; a text that is there twice is looked at twice.
    return itemgetter(*names, *names[: len(names) == 1]) if names else None


# ---- the rules, made of the models and their readers

_FREQUENT: Mapping[str, tuple[object, ...]] = {
    "type": tuple(PaymentType),
    "stage": tuple(Stage),
    "party": tuple(Party),
    "country": tuple(COUNTRIES),
    "phone_country_code": tuple(range(1, 1000)),
    "currency": tuple(CURRENCY_EXPONENTS),
    "brand": BRANDS,
    "funding": FUNDINGS,
    "wallet": WALLETS,
    "avs_result": tuple("ABCDEGIMNPRSTUWXYZ"),
    "cvv_result": tuple("MNPSUXY"),
    "three_ds_version": ("2.1.0", "2.2.0", "2.3.1"),
    "trans_status": tuple("YNUACDRIS"),
    "eci": ("00", "01", "02", "05", "06", "07"),
    "exemption": EXEMPTIONS,
    "delivery_speed": DELIVERY_SPEEDS,
    "method": METHODS,
    "exp_month": tuple(range(1, 13)),
    "exp_year": tuple(range(2020, 2050)),
    "past_transactions_day": tuple(range(20)),
    "past_transactions_year": tuple(range(100)),
    "quantity": tuple(range(1, 20)),
    "timezone_offset": tuple(range(-720, 841, 30)),
}
"""Values that most requests have, by field: their readers are asked once, here."""


def _rule(name: str, kind: type, reader: Reader | None) -> _Rule:
    values = [kind(value) for value in _FREQUENT.get(name, ())]
    known = {} if reader is None else {value: reader(value) for value in values}
    return kind, reader, known, kind is str and name not in EXEMPT


def _of_float(reader: Reader) -> Reader:
    return lambda value: reader(float(value))


def _json_type(annotation: object) -> type:
    """The one of JSON's types in a field's annotation."""
    if annotation in (str, int, float, bool):
        kind: type = annotation
        return kind
    return next(_json_type(part) for part in get_args(annotation) if part is not type(None))


def _model_of(name: str) -> type[Group]:
    annotation = DecisionRequest.model_fields[name].annotation
    parts = (annotation, *get_args(annotation))
    return next(part for part in parts if isinstance(part, type) and issubclass(part, Group))


def _forms(name: str, build: type[Any] | None) -> Forms:
    return Forms(_model_of(name), GROUP_READERS[name], build)


EVENT, ORDER = _forms("event", None), _forms("order", None)
CART_LINE = Forms(CartItemGroup, CART_ITEM_READERS, CartItem)
GROUPS = {
    (name := pointer.removeprefix("/")): (
        _forms(name, None if pointer in RESHAPED else build),
        argument,
        build,
        TWINS[build],
        RESHAPED.get(pointer),
    )
    for pointer, (argument, build) in BUILDERS.items()
}
"""By the request's names: the forms, where the payment has the group, what it is there, the twin of that, and what
reshapes the values before."""
