"""A catalogue and rows for the tests of rules, of every type, independent of the installation's names."""

from engine.features import Catalog, Feature, Features, FeatureType, Value

_TYPES = {
    "boolean": FeatureType.BOOLEAN,
    "integer": FeatureType.INTEGER,
    "number": FeatureType.NUMBER,
    "money": FeatureType.MONEY,
    "string": FeatureType.STRING,
    "country": FeatureType.COUNTRY,
}


def feature(
    name: str,
    kind: str,
    unit: str = "",
    *,
    aliases: tuple[str, ...] = (),
    exact: bool = False,
    values: str = "",
    source: str = "tests",
) -> Feature:
    return Feature(
        name=name,
        type=_TYPES[kind],
        doc=f"{name}, for tests.",
        source=source,
        unit=unit,
        aliases=aliases,
        case_sensitive=exact,
        values=tuple(values.split()),
    )


CATALOG = Catalog(
    (
        feature("amount_in_usd", "money", "USD"),
        feature("amount_in_eur", "money", "EUR"),
        feature("card_amount_usd_24h", "money", "USD", source="velocity"),
        feature("risk_score", "number", "%"),
        feature("hours_since_created", "number", "hours"),
        feature("session_age_seconds", "number", "seconds"),
        feature("seconds_since_login", "integer", "seconds"),
        feature("basket_share", "number"),
        feature("distance_between_ip_and_billing_address", "number", "km"),
        feature("ip_distinct_cards_10m", "integer", "cards", source="velocity"),
        feature("card_payments_1h", "integer", "payments", source="velocity"),
        feature("card_country", "country"),
        feature("ip_country", "country"),
        feature("billing_country", "country", aliases=("billing_address_country",)),
        feature("email", "string"),
        feature("email_domain", "string"),
        feature("card_bin", "string"),
        feature("ip_address", "string"),
        feature("customer", "string", exact=True),
        feature("card", "string", exact=True),
        feature("cvc_check", "string", exact=True, values="pass fail unavailable unchecked not_provided"),
        feature("risk_level", "string", values="normal elevated highest not_assessed"),
        feature("card_funding", "string", values="credit debit prepaid charge"),
        feature("is_recurring", "boolean"),
        feature("is_3d_secure", "boolean"),
        feature("is_disposable_email", "boolean"),
    )
)

LIST_NAMES = ("trusted", "risky_domains", "countries")


class Texts(frozenset[str]):
    """A named list of texts as they stand."""

    def holds(self, value: str) -> bool:
        return value in self


def row(**values: Value) -> Features:
    """Features with these values; every other is unknown."""
    return Features(CATALOG, (None,) * len(CATALOG)).replaced(values)
