"""What the issuer and 3-D Secure said: AVS and CVV in Radar's words, ECI, exemption, and why the payment was declined.

Codes are read by the card's network (engine/reference/card_codes.py); where that is not known, a code that networks
mean differently is unknown.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import CardCodes, Reference
from engine.reference.card_codes import AUTHENTICATIONS, FAIL, NOT_PROVIDED, PASS, UNAVAILABLE, UNCHECKED, Eci
from engine.reference.declines import FAMILIES, Decline

CHECK_VALUES: Final = (PASS, FAIL, UNAVAILABLE, UNCHECKED, NOT_PROVIDED)
THREE_DS_VALUES: Final = (PASS, "attempted", FAIL, UNAVAILABLE, UNCHECKED)
SHIFTS: Final = ("yes", "usually", "no")

_SOURCE: Final = "enrichment checks"
_NO_CODES: Final = Unknown("card_codes")
_AMBIGUOUS: Final = Unknown("ambiguous")
_BY_STATUS: Final = {"Y": PASS, "A": "attempted", "N": FAIL, "R": FAIL, "U": UNAVAILABLE}
"""EMV 3-D Secure's transStatus. A challenge that is still to come (C, D, S) and what is for information (I) prove
nothing: unchecked."""
_BY_ECI: Final[Mapping[str, str | Unknown]] = {
    "authenticated": PASS,
    "attempted": "attempted",
    # It failed, or nobody tried.
    "none": _AMBIGUOUS,
    "data_only": UNCHECKED,
    "exempt": UNCHECKED,
    "non_payment": UNCHECKED,
}
_PROOFS: Final = {"Y": "authenticated", "A": "attempted", "N": "none", "R": "none", "U": "none"}
"""The authentication that an ECI has to name beside a status."""
_PROOFS_BY_SUCCESS: Final = {True: ("authenticated", "attempted"), False: ("none", "attempted")}

T = TypeVar("T")


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    card, authentication, processing = payment.card, payment.authentication, payment.processing
    said = _Said(
        known["card_brand"], card.avs_result, card.cvv_result, authentication.trans_status, authentication.eci,
        card.was_3d_secure_successful, processing.decline_code, processing.processor,
    )  # fmt: skip
    codes = reference.card_codes
    if codes is None:
        found = _read(None, said)
    else:
        found = codes.answers.get(said) or codes.answers.hold(said, _read(codes, said))
    return (*found, authentication.eci, authentication.exemption, processing.was_authorized)


class _Said(NamedTuple):
    """All codes of a payment, and what they are read by."""

    brand: Value
    avs: str | None
    cvv: str | None
    status: str | None
    eci: str | None
    was_successful: bool | None
    decline: str | None
    processor: str | None


def _read(codes: CardCodes | None, said: _Said) -> Computed:
    def asked(code: str | None, ask: Callable[[CardCodes, str], T]) -> T | Unknown | None:
        return None if code is None else _NO_CODES if codes is None else ask(codes, code)

    network = None if said.brand is None else str(said.brand)
    address = asked(said.avs, lambda table, code: table.avs(code, network))
    eci = asked(said.eci, lambda table, code: table.eci(code, network))
    why = asked(said.decline, lambda table, code: table.declines.of(code, network, said.processor))
    meaning, shift = (eci.authentication, eci.shift) if isinstance(eci, Eci) else (eci, eci)
    return (
        asked(said.cvv, lambda table, code: table.cvc(code)),
        *(address if isinstance(address, tuple) else (address,) * 3),
        _three_ds(said, meaning),
        meaning,
        shift,
        _agrees(said, meaning),
        *(why if isinstance(why, Decline) else (why, why)),
    )


def _three_ds(said: _Said, meaning: str | Unknown | None) -> Value | Unknown:
    """The status is the server's own word; an ECI follows from it; a mere success is what the merchant made of both."""
    if said.status is not None:
        return _BY_STATUS.get(said.status, UNCHECKED)
    if said.was_successful is not None and not isinstance(meaning, str):
        return PASS if said.was_successful else _AMBIGUOUS
    return _BY_ECI[meaning] if isinstance(meaning, str) else meaning


def _agrees(said: _Said, meaning: str | Unknown | None) -> Value | Unknown:
    """Whether all that was said of an authentication says the same; unknown where fewer than two things were said.

    Where an ECI that cannot be read is one of two, that is why.
    """
    proofs = [proof for proof in (_PROOFS.get(said.status or ""), meaning) if proof in _PROOFS.values()]
    unread = meaning if isinstance(meaning, Unknown) else None
    if said.was_successful is None:
        return proofs[0] == proofs[1] if len(proofs) > 1 else unread if proofs else None
    if not proofs:
        return unread
    return len(set(proofs)) == 1 and proofs[0] in _PROOFS_BY_SUCCESS[said.was_successful]


def _check(name: str, doc: str, reason: str, says: str) -> Feature:
    return Feature(
        name=name,
        type=FeatureType.STRING,
        doc=doc,
        source=_SOURCE,
        case_sensitive=True,
        values=CHECK_VALUES,
        reason=reason,
        says=says,
    )


CHECKS = Enrichment(
    topic="checks",
    features=(
        _check("cvc_check", "What the issuer said of the CVV.", "cvc", "The issuer's check of the CVV: {value}"),
        _check(
            "address_line1_check",
            "What the issuer said of the billing street.",
            "avs_street",
            "The issuer's check of the billing street: {value}",
        ),
        _check(
            "address_zip_check",
            "What the issuer said of the billing postal code.",
            "avs_postal",
            "The issuer's check of the billing postal code: {value}",
        ),
        _check(
            "cardholder_name_check",
            "What the issuer said of the cardholder's name: American Express alone looks at it.",
            "avs_name",
            "The issuer's check of the cardholder's name: {value}",
        ),
        Feature(
            name="three_ds_check",
            type=FeatureType.STRING,
            doc="How 3-D Secure ended, by its status, else by the ECI, else by the success that was sent: pass; "
            "attempted, where the issuer takes no part; fail; unavailable; unchecked, where nothing was proved yet.",
            source=_SOURCE,
            case_sensitive=True,
            values=THREE_DS_VALUES,
            reason="three_ds",
            says="3-D Secure ended with: {value}",
        ),
        Feature(
            name="eci_authentication",
            type=FeatureType.STRING,
            doc="What the ECI says at the card's network: authenticated, attempted, none, data_only, exempt.",
            source=_SOURCE,
            case_sensitive=True,
            values=AUTHENTICATIONS,
            reason="three_ds",
            says="By the ECI the authentication was: {value}",
        ),
        Feature(
            name="eci_liability_shift",
            type=FeatureType.STRING,
            doc="Whether the issuer bears a fraud chargeback, as the ECI says at the card's network; "
            "has_liability_shift is what the processor says.",
            source=_SOURCE,
            case_sensitive=True,
            values=SHIFTS,
            reason="three_ds",
            says="By the ECI the liability shifts to the issuer: {value}",
        ),
        Feature(
            name="three_ds_codes_agree",
            type=FeatureType.BOOLEAN,
            doc="Status, ECI and success of 3-D Secure say the same: what was sent of an authentication that took "
            "place does. Unknown where only one of them was sent.",
            source=_SOURCE,
            direction=-1,
            reason="three_ds",
            says="What was sent of 3-D Secure agrees",
            denies="What was sent of 3-D Secure contradicts itself",
        ),
        Feature(
            name="decline_family",
            type=FeatureType.STRING,
            doc="Why the issuer declined (stage post_auth), by its response code or the processor's word for it.",
            source=_SOURCE,
            case_sensitive=True,
            values=FAMILIES,
            reason="decline_reason",
            says="The issuer's answer: {value}",
        ),
        Feature(
            name="is_decline_final",
            type=FeatureType.BOOLEAN,
            doc="The issuer will never approve this payment, however often it is asked: networks fine retries. "
            "False where it may approve another attempt, and where it approved.",
            source=_SOURCE,
            reason="decline_reason",
            says="The issuer declined for good",
            denies="The issuer has not refused the payment for good",
        ),
        Feature(
            name="eci",
            type=FeatureType.STRING,
            doc="The electronic commerce indicator as it was sent, 00 to 07.",
            source=_SOURCE,
            reason="three_ds",
            says="The ECI is {value}",
        ),
        Feature(
            name="sca_exemption",
            type=FeatureType.STRING,
            doc="The exemption from strong customer authentication that the merchant asks for.",
            source=_SOURCE,
            reason="three_ds",
            says="Exempt from strong authentication: {value}",
        ),
        Feature(
            name="was_authorized",
            type=FeatureType.BOOLEAN,
            doc="The issuer authorized the payment (stage post_auth).",
            source=_SOURCE,
            reason="decline_reason",
            says="The issuer authorized the payment",
            denies="The issuer declined the payment",
        ),
    ),
    compute=_compute,
    reads=("card_brand",),
)
