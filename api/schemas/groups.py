"""The groups of a decision request: types and documentation. What a value means beyond its type, `values` reads."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from api.schemas.vocabulary import (
    BRANDS,
    DELIVERY_SPEEDS,
    EXEMPTIONS,
    FUNDINGS,
    INITIATORS,
    METHODS,
    WALLETS,
    listed,
)
from engine.payment import ID_LENGTH_MAX

DEADLINE_MS_DEFAULT = 150


class Group(BaseModel):
    """Fields that stand together. Unknown ones are allowed and become warnings; numbers are taken where text stands."""

    model_config = ConfigDict(
        extra="allow",
        coerce_numbers_to_str=True,
        str_strip_whitespace=True,
        # A validation error never repeats what was sent: it may hold card data.
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing of what was sent: a repr ends in a log."""
        return []


def _described(description: str, example: object) -> object:
    return Field(default=None, description=description, examples=[example])


# As with pydantic's own Field, what stands where the default would be has the field's type.
_field: Callable[..., Any] = _described


class EventGroup(Group):
    """What happens, for whom, and at which stage."""

    transaction_id: str = Field(
        description=f"Your id of the payment, the same at all its stages; opaque, 1-{ID_LENGTH_MAX} characters.",
        examples=["order-100017"],
    )
    merchant_id: str | None = _field(
        f"The merchant, 1-{ID_LENGTH_MAX} characters; may be left out where the key acts for one merchant.", "shop-1"
    )
    shop_id: str | None = _field("Another name for merchant_id.", "shop-1")
    time: str | None = _field(
        "When it happened by your clock, RFC 3339; information only. More than 2 minutes off the receipt time is a "
        "warning.",
        "2026-11-23T17:00:00Z",
    )
    type: str | None = _field("purchase (default), recurring_purchase, or card_verification (amount 0).", "purchase")
    stage: str | None = _field(
        "pre_auth (default), post_3ds (with the result in authentication), or post_auth (with AVS and CVV results).",
        "pre_auth",
    )
    party: str | None = _field("Who is at the checkout: customer or agent.", "customer")
    supersedes: str | None = _field("The transaction id of an earlier payment that this one corrects.", "order-100016")


class AccountGroup(Group):
    """The shopper's account at the merchant."""

    user_id: str | None = _field("Your id of the shopper; opaque, up to 255 characters.", "user-77")
    username_md5: str | None = _field("MD5 of the user name, 32 hex digits.", "5f4dcc3b5aa765d61d8327deb882cf99")
    created_at: str | None = _field("When the account was made, RFC 3339; 1995 or later.", "2024-01-31T09:00:00Z")
    past_transactions_day: int | None = _field("Payments on this account in the last 24 hours, 0-1000000.", 1)
    past_transactions_year: int | None = _field("Payments on this account in the last year, 0-1000000.", 12)
    password_changed_at: str | None = _field("When the password was last changed, RFC 3339.", "2026-11-01T09:00:00Z")


class EmailGroup(Group):
    """The shopper's e-mail address."""

    address: str | None = _field("The address, or its MD5; case is ignored, IDN is taken.", "ada.lovelace@example.com")
    md5: str | None = _field(
        "MD5 of the address in lower case, where you do not send it.", "9e26471d35a78862c17e467d87cddedf"
    )
    domain: str | None = _field("The domain, where you do not send the address.", "example.com")


class ContactGroup(Group):
    """A person and a postal address. Each text up to 255 characters."""

    first_name: str | None = _field("Given name.", "Ada")
    last_name: str | None = _field("Family name.", "Lovelace")
    company: str | None = _field("Company.", "Analytical Engines Ltd")
    address: str | None = _field("First line of the address.", "12 St James's Square")
    address_2: str | None = _field("Second line of the address.", "Flat 4")
    city: str | None = _field("City.", "London")
    region: str | None = _field("State or region, best as its ISO 3166-2 part.", "LND")
    country: str | None = _field("ISO 3166-1 alpha-2.", "GB")
    postal: str | None = _field("Postal code.", "SW1Y 4JH")
    phone_country_code: str | None = _field("Country calling code, 1-4 digits, with or without +.", "44")
    phone_number: str | None = _field("Phone number, at most 15 digits, with or without separators.", "020 7946 0018")


class ShippingGroup(ContactGroup):
    """Where the goods go. Each text up to 255 characters."""

    delivery_speed: str | None = _field(f"How fast: {listed(DELIVERY_SPEEDS)}.", "standard")


class CardGroup(Group):
    """The card: a token, the first and the last digits. A card number, CVV, PIN or track is refused with 422."""

    issuer_id_number: str | None = _field("BIN: the first 6 to 8 digits of the card number.", "41111111")
    last_digits: str | None = _field("The last 4 digits of the card number.", "1111")
    token: str | None = _field(
        "Your processor's token or fingerprint of the card, stable over payments; what counts as the same card. Up to "
        "255 characters; one of digits alone must be longer than 19.",
        "tok_1NvQx2LkdIwHu7ix",
    )
    brand: str | None = _field(f"Card brand: {listed(BRANDS)}.", "visa")
    funding: str | None = _field(f"Funding: {listed(FUNDINGS)}.", "credit")
    country: str | None = _field("The issuer's country, ISO 3166-1 alpha-2.", "GB")
    exp_month: int | None = _field("Expiry month, 1-12.", 12)
    exp_year: int | None = _field("Expiry year, four digits.", 2029)
    cardholder_name: str | None = _field("The name on the card, up to 255 characters.", "ADA LOVELACE")
    wallet: str | None = _field(f"The wallet it was paid from: {listed(WALLETS)}.", "apple_pay")
    avs_result: str | None = _field("The AVS code as the processor gave it, 1-2 letters or digits.", "Y")
    cvv_result: str | None = _field("The CVV check's code as the processor gave it, 1-2 letters or digits.", "M")
    was_3d_secure_successful: bool | None = _field("Whether 3-D Secure succeeded.", example=True)


class AuthenticationGroup(Group):
    """What 3-D Secure said; send it with stage post_3ds."""

    three_ds_version: str | None = _field("Protocol version.", "2.2.0")
    trans_status: str | None = _field("EMV 3-D Secure transStatus: Y, N, U, A, C, D, R, I or S.", "Y")
    eci: str | None = _field("Electronic commerce indicator, 00-07.", "05")
    liability_shift: bool | None = _field("Whether liability moved to the issuer.", example=True)
    exemption: str | None = _field(f"Exemption from strong authentication: {listed(EXEMPTIONS)}.", "low_value")


class DeviceGroup(Group):
    """The shopper's device."""

    ip_address: str | None = _field("The shopper's public IPv4 or IPv6 address, alone.", "81.2.69.160")
    user_agent: str | None = _field("The User-Agent header, up to 1024 characters.", "Mozilla/5.0 (X11; Linux x86_64)")
    accept_language: str | None = _field("The Accept-Language header, up to 255 characters.", "en-GB,en;q=0.8")
    session_id: str | None = _field("Your id of the visit; opaque, up to 255 characters.", "a333a4e127f880d8820e56a6")
    session_age: float | None = _field("Seconds since the visit began, 0-1000000000.", 184.5)
    fingerprint: str | None = _field("Your fingerprint of the device; opaque, up to 255 characters.", "fp_8b1a9953c461")
    timezone_offset: int | None = _field("The device's minutes east of UTC, -840 to 840.", 0)


class OrderGroup(Group):
    """What is bought, and for how much."""

    amount_minor: Annotated[int, Field(strict=True)] | None = _field(
        "The amount in the currency's minor units (cents; yen have none), zero or more. This or amount is required.",
        12500,
    )
    amount: StrictStr | None = _field(
        "The amount as a decimal string in main units, instead of amount_minor.", "125.00"
    )
    currency: str = Field(description="ISO 4217 alphabetic code.", examples=["GBP"])
    discount_code: str | None = _field("The discount code used, up to 255 characters.", "SUMMER")
    is_gift: bool | None = _field("Whether it is marked as a gift.", example=False)
    has_gift_message: bool | None = _field("Whether it carries a gift message.", example=False)
    referrer_uri: str | None = _field("Where the shopper came from, up to 1024 characters.", "https://example.com/")
    affiliate_id: str | None = _field("The affiliate's id; opaque, up to 255 characters.", "aff-9")


class PaymentGroup(Group):
    """How it is to be processed."""

    method: str | None = _field(f"Method: {listed(METHODS)}.", "card")
    processor: str | None = _field("Your processor's name, up to 64 characters.", "stripe")
    mcc: str | None = _field("The merchant's category code (ISO 18245), four digits.", "5942")
    is_recurring: bool | None = _field("Whether it is one of a series.", example=False)
    is_off_session: bool | None = _field("Whether the shopper is absent.", example=False)
    initiator: str | None = _field(f"Who starts it: {listed(INITIATORS)}.", "customer")
    attempt_of: str | None = _field("The first attempt's transaction id, on a retry of the same order.", "order-100015")
    was_authorized: bool | None = _field("What the issuer said, with stage post_auth.", example=True)
    decline_code: str | None = _field("The decline code, up to 64 characters.", "insufficient_funds")


class CartItemGroup(Group):
    """A line of the shopping cart."""

    category: str | None = _field("Your category, up to 255 characters.", "books")
    item_id: str | None = _field("Your id of the item; opaque, up to 255 characters.", "isbn-9780141439600")
    quantity: int | None = _field("How many, 0-1000000.", 1)
    price: str | None = _field("Price of one in main units of the order's currency, a decimal string.", "12.50")


class Explain(StrEnum):
    """How much of the why an answer tells."""

    NONE = "none"
    """No reasons and no rules."""
    CODES = "codes"
    """The reasons, and the rules that are not false."""
    FULL = "full"
    """The reasons, all rules and all features; needs the scope decisions:explain."""


def _unless_null(*, default: object) -> BeforeValidator:
    """Null is what was not said."""
    return BeforeValidator(lambda value: default if value is None else value)


class OptionsGroup(Group):
    """How to answer; no part of the payment, and not compared when a call is repeated."""

    deadline_ms: Annotated[StrictInt, _unless_null(default=DEADLINE_MS_DEFAULT)] = Field(
        default=DEADLINE_MS_DEFAULT,
        ge=30,
        le=2000,
        description="The budget of the call in milliseconds, from when it arrived: what is late by then is unknown, "
        "and `degraded` says so.",
        examples=[150],
    )
    explain: Annotated[Explain, _unless_null(default=Explain.CODES)] = Field(
        default=Explain.CODES,
        description="none: no reasons and rules. codes: reasons, and the rules that are not false. full: all rules and "
        "all features; needs the scope decisions:explain.",
        examples=["codes"],
    )
    dry_run: Annotated[StrictBool, _unless_null(default=False)] = Field(
        default=False, description="Decided, not stored and not counted.", examples=[False]
    )
