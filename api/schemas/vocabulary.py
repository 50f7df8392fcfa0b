"""The closed lists of optional fields, and other names that processors use for the same."""

from engine.reference.bins import DOMESTIC_BRANDS

BRANDS = (
    "visa",
    "mastercard",
    "amex",
    "discover",
    "diners",
    "jcb",
    "unionpay",
    "maestro",
    *sorted(DOMESTIC_BRANDS),
    "private_label",
    "unknown",
)
BRAND_ALIASES = {
    "american_express": "amex",
    "americanexpress": "amex",
    "mc": "mastercard",
    "master_card": "mastercard",
    "master": "mastercard",
    "diners_club": "diners",
    "dinersclub": "diners",
    "diners_club_international": "diners",
    "cup": "unionpay",
    "union_pay": "unionpay",
    "china_union_pay": "unionpay",
    "china_unionpay": "unionpay",
    "cb": "cartes_bancaires",
    "cartebancaire": "cartes_bancaires",
    "carte_bancaire": "cartes_bancaires",
    "visa_electron": "visa",
    "eftpos_au": "eftpos",
    "bcmc": "bancontact",
    "ec_karte": "girocard",
    "girocard_ec": "girocard",
}
FUNDINGS = ("credit", "debit", "prepaid", "unknown")
WALLETS = ("apple_pay", "google_pay", "samsung_pay", "click_to_pay", "link", "paypal", "amazon_pay", "none")
WALLET_ALIASES = {"applepay": "apple_pay", "googlepay": "google_pay", "android_pay": "google_pay", "gpay": "google_pay"}
DELIVERY_SPEEDS = ("same_day", "overnight", "expedited", "standard")
EXEMPTIONS = (
    "low_value",
    "transaction_risk_analysis",
    "trusted_beneficiary",
    "secure_corporate_payment",
    "recurring",
    "merchant_initiated",
    "mail_or_telephone_order",
    "authentication_outage",
    "delegated_authentication",
    "none",
)
EXEMPTION_ALIASES = {
    "low_risk": "transaction_risk_analysis",
    "tra": "transaction_risk_analysis",
    "secure_corporate": "secure_corporate_payment",
    "mit": "merchant_initiated",
    "moto": "mail_or_telephone_order",
}
METHODS = (
    "card",
    "bank_debit",
    "bank_redirect",
    "bank_transfer",
    "buy_now_pay_later",
    "cash",
    "crypto",
    "digital_wallet",
    "gift_card",
    "real_time_payment",
    "rewards",
)
INITIATORS = ("customer", "merchant")
INITIATOR_ALIASES = {"cardholder": "customer", "cit": "customer", "mit": "merchant"}


def listed(values: tuple[str, ...]) -> str:
    """The values for a sentence."""
    return ", ".join(values)
