"""The features by topic, for people: what each topic tells, why it may not know, and a rule that asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.features import NOT_PROVIDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A section of the features page. `sources` begin the sources of its features; the first topic that fits has one.

    `causes` are those that an unknown of it may have beside EVERYWHERE. `rule` is an example, empty where none.
    """

    title: str
    sources: tuple[str, ...]
    says: str
    causes: tuple[str, ...] = ()
    rule: str = ""


EVERYWHERE: Final = (NOT_PROVIDED, "unusable")
"""Causes of unknowns that any feature may have."""
OF_THE_IP: Final = ("ip_invalid", "private_ip", "reserved_ip")
"""Those of what the IP address would have told."""

TOPICS: Final = (
    Topic(
        title="Of the request",
        sources=("request",),
        says="What the gateway sent, checked and in one spelling, and what follows from it alone.",
        causes=OF_THE_IP,
        rule="Review if cart_quantity > 20 and is_gift",
    ),
    Topic(
        title="E-mail address",
        sources=("enrichment email", "enrichment mailbox"),
        says="The mailbox behind the spelling, the kind of its domain, and how its name is made.",
        causes=("email_hashed", "domain_unknown", "not_found", "too_short", "mail_domains", "letter_pairs"),
        rule="Review if is_disposable_email and amount_in_usd > 100",
    ),
    Topic(
        title="Mail servers",
        sources=("enrichment mail_exchange",),
        says="Whether the e-mail address's domain takes mail. Looked up only where `ASSAY_MX_LOOKUPS` switches it on.",
        causes=("mx_off", "mx", "no_mail_host"),
    ),
    Topic(
        title="Names",
        sources=("enrichment names",),
        says="The cardholder's name beside those of billing, shipping and the mailbox, and how it is written.",
        causes=("too_short", "other_script", "letter_pairs"),
    ),
    Topic(
        title="Phone",
        sources=("enrichment phone",),
        says="The number in one spelling, whether it can be one, its line and country.",
        causes=("phone_invalid", "country_unknown", "phones", "not_told", "not_told_apart", "no_one_country", "postal"),
        rule="Review if phone_is_valid and not phone_country_matches_billing and phone_is_voip",
    ),
    Topic(
        title="Address",
        sources=("enrichment address", "enrichment postal"),
        says="Billing and shipping address: equal however they are written, what kind of place, valid for the country.",
        causes=(
            *("postal", "no_postal_codes", "no_rule", "region_unknown", "postal_invalid", "country_unknown"),
            *("not_told", "other_script", "forwarders", "places"),
        ),
        rule="Review if shipping_is_po_box and not shipping_address_matches_billing",
    ),
    Topic(
        title="Distances",
        sources=("enrichment distances",),
        says="Kilometres between the IP address and the two addresses, as far as each is known that precisely.",
        causes=(*OF_THE_IP, "imprecise", "place_unknown", "not_found", "not_told", "country_unknown", "places"),
        rule="Review if distance_between_ip_and_billing_address > 1000 and not shipping_address_matches_billing",
    ),
    Topic(
        title="Order and amount",
        sources=("enrichment amount", "enrichment order", "enrichment currency", "enrichment history"),
        says="What is bought and for how much, and how that is beside what this merchant and shopper do otherwise.",
        causes=(
            "no_rate",
            "no_amount",
            "price_unknown",
            "category_unknown",
            "currencies",
            "country_unknown",
            "not_found",
        ),
        rule="Request 3D Secure if amount_in_usd > 500",
    ),
    Topic(
        title="Card",
        sources=("enrichment bin", "enrichment expiry"),
        says="What the first digits tell of the card. What the request says goes before the table.",
        causes=("not_found", "bin", "expiry_incomplete", "last_digits_unknown", "card_codes"),
        rule="Request 3D Secure if card_funding = 'prepaid' and amount_in_usd > 100",
    ),
    Topic(
        title="The issuer's checks",
        sources=("enrichment checks",),
        says="The processor's codes for CVV, address and 3-D Secure, in one vocabulary for all networks.",
        causes=("ambiguous", "code_unknown", "card_codes"),
        rule="Block if cvc_check = 'fail' and address_zip_check = 'fail'",
    ),
    Topic(
        title="IP address",
        sources=("enrichment ip", "enrichment network"),
        says=(
            "Where the address is used and what network it belongs to: embedded tables, or any MaxMind edition that "
            "you have. What no table lists is unknown, not clean."
        ),
        causes=(
            *OF_THE_IP,
            "not_found",
            "not_listed",
            "no_table",
            "geo",
            "geo_stale",
            "ip_networks",
        ),
        rule="Review if ip_country != card_country",
    ),
    Topic(
        title="Countries beside each other",
        sources=("enrichment countries",),
        says="Whether card, IP address, billing and shipping name one country; unknown where one of the two is.",
        causes=(*OF_THE_IP, "country_unknown"),
        rule="Review if not ip_country_matches_card and not ip_country_matches_billing",
    ),
    Topic(
        title="Device and session",
        sources=("enrichment device", "enrichment clock"),
        says="The browser and system that the device says it is, its language and its clock beside where it should be.",
        causes=(
            *OF_THE_IP,
            "not_found",
            "ambiguous",
            "language_unknown",
            "country_unknown",
            "user_agents",
            "languages",
        ),
        rule="Review if not device_clock_matches_ip and local_hour < 5",
    ),
    Topic(
        title="Velocities",
        sources=("velocity",),
        says="Earlier payments and what became of them, in a window that ends with this payment; by what they count.",
        causes=("velocity", "velocity_warming"),
        rule="Block if ip_distinct_cards_1h > 5",
    ),
    Topic(
        title="Beside the past",
        sources=("relation",),
        says="What this payment is beside what velocities tell of its card, mailbox, address and customer.",
        causes=("no_history", "velocity", "velocity_warming"),
        rule="Request 3D Secure if amount_ratio_to_card_average_30d > 5 and amount_in_usd > 200",
    ),
    Topic(
        title="The score",
        sources=("score",),
        says="Made from all above. Rules read it; a model does not.",
        rule="Request 3D Secure if risk_score > 5",
    ),
)

CAUSES: Final[Mapping[str, str]] = {
    "not_provided": "The request does not hold it.",
    "ambiguous": "It may mean several things: a code that networks or sources read differently, English alone.",
    "bin": "There is no BIN table.",
    "card_codes": "There is no table of the networks' codes.",
    "category_unknown": "A line of the cart says no category that is known.",
    "code_unknown": "No table has this code.",
    "country_unknown": "A country is not known, of which rules hold or which is compared.",
    "currencies": "There is no table of countries' currencies.",
    "domain_unknown": "No public suffix is known under which the domain could be registered.",
    "email_hashed": "Only the e-mail address's MD5 came.",
    "expiry_incomplete": "Month or year of the card's expiry is missing.",
    "forwarders": "There is no list of freight forwarders.",
    "geo": "There is no IP table.",
    "geo_stale": "The IP table is older than `ASSAY_REFERENCE_MAX_AGE_DAYS`.",
    "imprecise": "Where it is is known too roughly for a distance.",
    "ip_invalid": "What came is no IP address.",
    "ip_networks": "There is no table of networks.",
    "language_unknown": "The accept-language names no language that is known.",
    "languages": "There is no table of languages.",
    "last_digits_unknown": "The card's last digits did not come.",
    "letter_pairs": "There is no table of letter pairs.",
    "mail_domains": "There is no table of mail domains.",
    "mx": "The look-up failed or took too long.",
    "mx_off": "Look-ups are not switched on.",
    "no_amount": "There is no amount to compare.",
    "no_history": "Nothing came before that it could be compared with.",
    "no_mail_host": "The domain accepts no mail.",
    "no_one_country": "The number belongs to no one country.",
    "no_postal_codes": "The country has no postal codes.",
    "no_rate": "No rate is known for the currency.",
    "no_rule": "No rule is known for the country's postal codes.",
    "no_table": "No database that knows this is there.",
    "not_found": "The table has no entry for it.",
    "not_listed": "No list has it, which does not say that it is clean.",
    "not_told": "What is known of the country does not tell it.",
    "not_told_apart": "The country's numbers do not tell it.",
    "other_script": "The two are in different scripts.",
    "phone_invalid": "The number cannot be one.",
    "phones": "There is no table of phone numbers.",
    "place_unknown": "No coordinates are known for it.",
    "places": "There is no table of places.",
    "postal": "There is no table of postal codes.",
    "postal_invalid": "The postal code is none of its country.",
    "price_unknown": "A line of the cart says no price.",
    "private_ip": "The address is of a private network.",
    "region_unknown": "The region is on no list of the country's.",
    "reserved_ip": "The address is reserved and on no public network.",
    "too_short": "There is too little of it to judge.",
    "unusable": "It came and was dropped: a warning of the answer says why, such as `email_invalid` or `too_long`.",
    "user_agents": "There is no table of user agents.",
    "velocity": "The counters failed or took too long.",
    "velocity_warming": "The counters do not hold all of the past yet.",
}
"""Why a value is unknown, by the cause that a decision records."""

KEYS: Final[Mapping[str, str]] = {
    "card": "the card",
    "card_bin": "the card's first digits",
    "card_bin6": "the card's first six digits",
    "card_bin8": "the card's first eight digits",
    "email_normalized": "the mailbox",
    "email_domain": "the e-mail address's domain",
    "customer": "the shopper's account",
    "ip_address": "the IP address",
    "ip_normalized": "the IP line",
    "ip_network": "the network around the IP address",
    "device": "the device",
    "order": "the order",
    "merchant_id": "the merchant",
    "billing_address": "the billing address",
    "shipping_address": "the shipping address",
    "phone_normalized": "the phone number",
}
"""What velocities count by, in words."""


def topic_of(source: str) -> Topic | None:
    """The topic of a feature's source; None where none is described."""
    return next((topic for topic in TOPICS if any(_is_of(source, each) for each in topic.sources)), None)


def _is_of(source: str, begins: str) -> bool:
    return source == begins or source.startswith(f"{begins} ")
