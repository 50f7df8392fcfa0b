"""Whether postal code, region and country of an address agree. Unknown where a country has no such rule."""

from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.enrichment.shown_text import postal_as_shown
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import PostalRules, Reference
from engine.reference.postal import PostalFacts, plain_code

_MISSING: Final = (Unknown("postal"),) * 3
_NO_COUNTRY, _NO_CODES = Unknown("country_unknown"), Unknown("no_postal_codes")
_REGION_UNKNOWN, _NO_RULE = Unknown("region_unknown"), Unknown("no_rule")
_INVALID: Final = Unknown("postal_invalid")
_STOPGAP_WORDS: Final = """
    NA NAN NIL NO NONE NULL UNDEFINED UNKNOWN NOTAPPLICABLE NOTAVAILABLE NOTPROVIDED NOZIP NOZIPCODE NOPOSTCODE
    NOPOSTALCODE X XX XXX XXXX XXXXX
"""
_STOPGAPS: Final = frozenset(("", *_STOPGAP_WORDS.split()))
"""What is written where there is no postal code, its letters in upper case: N/A, none, a hyphen."""
_NOTHING: Final = (None, None, None)


def _of(contact: Contact, rules: PostalRules) -> tuple[Value | Unknown, ...]:
    """Is the code one of the country; does it lie in the region; is the region one of the country."""
    postal, region, country = contact.postal, contact.region, contact.country
    if postal is None and region is None:
        return _NOTHING
    if postal is not None:
        postal = postal_as_shown(postal)
    if country is None:
        return (
            None if postal is None else _NO_COUNTRY,
            None if postal is None or region is None else _NO_COUNTRY,
            None if region is None else _NO_COUNTRY,
        )
    found = rules.facts(country, region, postal)
    if found.is_valid is False and postal is not None and plain_code(postal) in _STOPGAPS:
        # What a form asked for and the shopper has not is left out, not wrong.
        if region is None:
            return _NOTHING
        postal, found = None, rules.facts(country, region, None)
    valid: Value | Unknown = found.is_valid
    within: Value | Unknown = found.is_in_region
    if postal is not None and valid is None:
        valid = _NO_RULE if found.has_codes else _NO_CODES
    if postal is not None and region is not None and within is None:
        within = _why_not_within(found)
    known: Value | Unknown = found.is_region
    if region is not None and known is None:
        known = _REGION_UNKNOWN if found.has_regions else _NO_RULE
    return valid, within, known


def _why_not_within(found: PostalFacts) -> Unknown:
    """Why nothing says whether a code lies in a region."""
    if found.region is None:
        return _REGION_UNKNOWN if found.has_regions else _NO_RULE
    # What is no code of the country lies nowhere in it, though there is a rule.
    return _INVALID if found.is_valid is False and found.is_region_coded else _NO_RULE


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    if reference.postal is None:
        return _MISSING + _MISSING
    return _of(payment.billing, reference.postal) + _of(payment.shipping, reference.postal)


def _features(group: str) -> tuple[Feature, ...]:
    location = f"{group}_location"
    return (
        Feature(
            name=f"{group}_postal_is_valid",
            type=FeatureType.BOOLEAN,
            doc=f"The {group} postal code is written as codes of the {group} country are, hyphens, blanks and the "
            "country's letters before it (L-1648) aside; zeros alone are none. Unknown where it says N/A, and "
            "(`no_postal_codes`) where the country has none.",
            source="enrichment postal",
            direction=-1,
            reason=location,
            says=f"The {group} postal code is one of its country",
            denies=f"The {group} postal code is none of its country",
        ),
        Feature(
            name=f"{group}_postal_in_region",
            type=FeatureType.BOOLEAN,
            doc=f"The {group} postal code lies in the {group} state or region. Known for the two dozen countries whose "
            "codes tell that (US, CA, AU, BR, IN, IT, JP, ES, MX and more), else unknown (`no_rule`), as where the "
            "region is on no list of the country (`region_unknown`) or the code is none of it (`postal_invalid`).",
            source="enrichment postal",
            direction=-1,
            reason=location,
            says=f"The {group} postal code lies in {{{group}_region}}",
            denies=f"The {group} postal code does not lie in {{{group}_region}}",
        ),
        Feature(
            name=f"{group}_region_in_country",
            type=FeatureType.BOOLEAN,
            doc=f"The {group} state or region is one of the {group} country, by name or code. Unknown (`no_rule`) of "
            "countries whose addresses name none, and (`region_unknown`) where the list does not have it but need not: "
            "false in the US, Canada, Australia and Brazil alone, where all that is written is known.",
            source="enrichment postal",
            direction=-1,
            reason=location,
            says=f"{{{group}_region}} is a region of the {group} country",
            denies=f"{{{group}_region}} is no region of the {group} country",
        ),
    )


POSTAL = Enrichment(
    topic="postal",
    features=_features("billing") + _features("shipping"),
    compute=_compute,
    fields=of_contacts("postal", "region", "country"),
)
