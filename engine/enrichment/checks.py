"""What the issuer's address and CVV checks said, in Radar's words.

The same AVS letter means different things in different networks (Visa A: street alone; Discover A: both), so where the
brand is unknown only the letters on which all agree are read. Source: the networks' published result codes.
"""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

CHECK_VALUES = ("pass", "fail", "unavailable", "unchecked", "not_provided")

_PASS, _FAIL, _UNAVAILABLE, _UNCHECKED = "pass", "fail", "unavailable", "unchecked"
_CVV = {"M": _PASS, "N": _FAIL, "P": _UNCHECKED, "S": "not_provided", "U": _UNAVAILABLE, "X": _UNAVAILABLE}
_BOTH, _NEITHER, _STREET, _POSTAL = (_PASS, _PASS), (_FAIL, _FAIL), (_PASS, _FAIL), (_FAIL, _PASS)
_NOT_DONE = (_UNAVAILABLE, _UNAVAILABLE)
_NOT_DONE_CODES = dict.fromkeys("RSU", _NOT_DONE)
_AVS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "amex": {
        **_NOT_DONE_CODES,
        **dict.fromkeys("YEM", _BOTH),
        **dict.fromkeys("NKW", _NEITHER),
        **dict.fromkeys("AFO", _STREET),
        **dict.fromkeys("ZDL", _POSTAL),
    },
    "discover": {
        **_NOT_DONE_CODES,
        "G": _NOT_DONE,
        **dict.fromkeys("AX", _BOTH),
        "N": _NEITHER,
        "Y": _STREET,
        **dict.fromkeys("TWZ", _POSTAL),
    },
    "mastercard": {
        **_NOT_DONE_CODES,
        **dict.fromkeys("EG", _NOT_DONE),
        **dict.fromkeys("XY", _BOTH),
        "N": _NEITHER,
        "A": _STREET,
        **dict.fromkeys("WZ", _POSTAL),
    },
    "visa": {
        **_NOT_DONE_CODES,
        **dict.fromkeys("CEGI", _NOT_DONE),
        **dict.fromkeys("DFMY", _BOTH),
        "N": _NEITHER,
        "A": _STREET,
        "Z": _POSTAL,
        "B": (_PASS, _UNCHECKED),
        "P": (_UNCHECKED, _PASS),
    },
}
_AGREED = {
    code: result
    for code, result in _AVS["visa"].items()
    if all(network.get(code) == result for network in _AVS.values())
}
_NOT_READ = Unknown("code_unknown")


def _compute(payment: Payment, _reference: Reference, known: Mapping[str, Value]) -> Computed:
    card = payment.card
    cvc: Value | Unknown = None if card.cvv_result is None else _CVV.get(card.cvv_result, _NOT_READ)
    if card.avs_result is None:
        return (cvc, None, None)
    street_and_postal = _AVS.get(str(known["card_brand"]), _AGREED).get(card.avs_result)
    return (cvc, _NOT_READ, _NOT_READ) if street_and_postal is None else (cvc, *street_and_postal)


def _feature(name: str, doc: str) -> Feature:
    return Feature(
        name=name,
        type=FeatureType.STRING,
        doc=doc,
        source="enrichment checks",
        case_sensitive=True,
        values=CHECK_VALUES,
    )


CHECKS = Enrichment(
    topic="checks",
    features=(
        _feature("cvc_check", "What the issuer said of the CVV."),
        _feature("address_line1_check", "What the issuer said of the billing street."),
        _feature("address_zip_check", "What the issuer said of the billing postal code."),
    ),
    compute=_compute,
    reads=("card_brand",),
)
