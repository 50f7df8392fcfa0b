"""The scorecard's items. docs/scorecard.md is this table in words, made by `assay`'s tests.

Weights are natural-log odds ratios. Where a source gives rates, the weight is the logarithm of
P(value | fraud) / P(value | good); "expert" is judgement to be replaced by the merchant's own labels.
Rates marked "sim" are the simulator's assumptions (learning.md sections 11.2-11.3), which cite their anchors.
"""

from models.scorecard import Item, Steps, Weights
from models.scorecard_signals import SIGNALS

_EXPERT = "expert: no public rate found; a handful of repeats is ordinary, a burst is not"
_GEO = "sim: a foreign IP address triples the odds (ln 3 = 1.1); an agreeing one lowers them slightly"
_AVS = (
    "Apruvd, 1 M orders: 93 % of AVS-N orders are good, 82 % with CVV-N too; ln of the odds ratio = 1.8, split in two"
)
_CVV = "Apruvd, 1 M orders: 93.5 % of CVV-N orders are good; ln of the odds ratio = 1.7"
_3DS = "sim: fraud passes 10-18 %, the good 92 %; ln(.15 / .92) = -1.8 and ln(.85 / .08) = 2.4, shrunk to 2.2"

ITEMS: tuple[Item, ...] = (
    # Card velocity
    Item(
        group="card_velocity",
        feature="card_payments_10m",
        points=Steps(thresholds=((2, 0.5), (4, 1.2), (8, 2.0))),
        against="{value} payments on this card in the last 10 minutes",
        source=_EXPERT,
    ),
    Item(
        group="card_velocity",
        feature="card_payments_24h",
        points=Steps(thresholds=((4, 0.4), (8, 1.0), (15, 1.6))),
        against="{value} payments on this card in the last 24 hours",
        source=_EXPERT,
    ),
    Item(
        group="card_velocity",
        feature="card_amount_usd_24h",
        points=Steps(thresholds=((50_000, 0.3), (150_000, 0.8), (300_000, 1.3))),
        against="{value} asked of this card in the last 24 hours",
        source=_EXPERT,
    ),
    Item(
        group="card_shared",
        feature="card_distinct_emails_24h",
        points=Steps(thresholds=((2, 1.0), (3, 1.7), (5, 2.3))),
        against="{value} different e-mail addresses used this card in the last 24 hours",
        source=_EXPERT,
    ),
    Item(
        group="card_shared",
        feature="card_distinct_emails_30d",
        points=Steps(thresholds=((3, 0.6), (5, 1.1))),
        against="{value} different e-mail addresses used this card in the last 30 days",
        source=_EXPERT,
    ),
    Item(
        group="card_shared",
        feature="card_distinct_ips_24h",
        points=Steps(thresholds=((3, 0.4), (5, 0.9), (10, 1.4))),
        against="This card came from {value} different IP addresses in the last 24 hours",
        source=_EXPERT,
    ),
    # E-mail velocity
    Item(
        group="email_velocity",
        feature="email_payments_1h",
        points=Steps(thresholds=((3, 0.4), (6, 1.0), (12, 1.6))),
        against="{value} payments by this e-mail address in the last hour",
        source=_EXPERT,
    ),
    Item(
        group="email_velocity",
        feature="email_amount_usd_24h",
        points=Steps(thresholds=((100_000, 0.3), (250_000, 0.8))),
        against="{value} asked by this e-mail address in the last 24 hours",
        source=_EXPERT,
    ),
    Item(
        group="email_many_cards",
        feature="email_distinct_cards_24h",
        points=Steps(thresholds=((2, 0.9), (3, 1.7), (5, 2.5))),
        against="{value} different cards used with this e-mail address in the last 24 hours",
        source="expert: a household has two or three cards, a list of stolen ones has more",
    ),
    Item(
        group="email_many_cards",
        feature="email_distinct_cards_30d",
        points=Steps(thresholds=((3, 0.5), (5, 1.1), (8, 1.7))),
        against="{value} different cards used with this e-mail address in the last 30 days",
        source="expert: a household has two or three cards, a list of stolen ones has more",
    ),
    Item(
        group="email_moves",
        feature="email_distinct_ips_24h",
        points=Steps(thresholds=((4, 0.4), (8, 0.9))),
        against="This e-mail address came from {value} different IP addresses in the last 24 hours",
        source=_EXPERT,
    ),
    # IP velocity: shared addresses (offices, mobile carriers) make a few payments ordinary
    Item(
        group="ip_velocity",
        feature="ip_payments_10m",
        points=Steps(thresholds=((5, 0.4), (15, 1.0), (40, 1.6))),
        against="{value} payments from this IP address in the last 10 minutes",
        source=_EXPERT,
    ),
    Item(
        group="ip_velocity",
        feature="ip_payments_24h",
        points=Steps(thresholds=((25, 0.4), (80, 0.9))),
        against="{value} payments from this IP address in the last 24 hours",
        source=_EXPERT,
    ),
    Item(
        group="ip_many_cards",
        feature="ip_distinct_cards_10m",
        points=Steps(thresholds=((2, 0.7), (3, 1.6), (5, 2.6), (10, 3.4))),
        against="{value} different cards from this IP address in the last 10 minutes: a sign of card testing",
        source="sim: card testing uses one address for tens of cards; good households at most two in ten minutes",
    ),
    Item(
        group="ip_many_cards",
        feature="ip_distinct_cards_1h",
        points=Steps(thresholds=((3, 0.8), (6, 1.8), (12, 2.8))),
        against="{value} different cards from this IP address in the last hour: a sign of card testing",
        source="sim: card testing uses one address for tens of cards; good households at most two in ten minutes",
    ),
    Item(
        group="ip_many_cards",
        feature="ip_distinct_cards_24h",
        points=Steps(thresholds=((5, 0.6), (10, 1.2), (25, 1.9))),
        against="{value} different cards from this IP address in the last 24 hours",
        source="sim: a mobile carrier's address serves 50-500 persons, so the day weighs less than the hour",
    ),
    Item(
        group="ip_many_emails",
        feature="ip_distinct_emails_1h",
        points=Steps(thresholds=((3, 0.5), (6, 1.2), (12, 1.8))),
        against="{value} different e-mail addresses from this IP address in the last hour",
        source=_EXPERT,
    ),
    # Amount
    Item(
        group="amount",
        feature="amount_in_usd",
        points=Steps(thresholds=((10_000, 0.1), (20_000, 0.3), (50_000, 0.7), (100_000, 1.0))),
        against="The amount is high: {value}",
        source="sim: fraudsters take what resells; odds double from 40 to 500 USD",
    ),
    # Countries
    Item(
        group="ip_location",
        feature="ip_country_matches_card",
        points=Weights(by_value={True: -0.25, False: 1.1}),
        against="The IP address is in {ip_country}, the card was issued in {card_country}",
        speaks_for="The IP address is in {card_country}, where the card was issued",
        source=_GEO,
    ),
    Item(
        group="ip_location",
        feature="ip_country_matches_billing",
        points=Weights(by_value={True: -0.15, False: 0.8}),
        against="The IP address is in {ip_country}, the billing address in {billing_country}",
        speaks_for="IP address and billing address are both in {billing_country}",
        source=_GEO,
    ),
    Item(
        group="billing_location",
        feature="billing_country_matches_card",
        points=Weights(by_value={True: -0.2, False: 0.9}),
        against="The billing address is in {billing_country}, the card was issued in {card_country}",
        speaks_for="The billing address is in {card_country}, where the card was issued",
        source="sim: the card is the buyer's own in 93-95 % of good orders; stolen cards come with any address",
    ),
    Item(
        group="shipping_location",
        feature="shipping_country_matches_billing",
        points=Weights(by_value={True: -0.1, False: 0.5}),
        against="The goods go to {shipping_country}, the billing address is in {billing_country}",
        speaks_for="The goods go to the billing country, {billing_country}",
        source="sim: 7 % of good orders ship abroad (gifts, forwarders), fraud more often; ln(.12 / .07) = .5",
    ),
    Item(
        group="shipping_location",
        feature="shipping_country_matches_card",
        points=Weights(by_value={True: -0.1, False: 0.5}),
        against="The goods go to {shipping_country}, the card was issued in {card_country}",
        speaks_for="The goods go to the card's country, {card_country}",
        source="sim: 7 % of good orders ship abroad (gifts, forwarders), fraud more often; ln(.12 / .07) = .5",
    ),
    Item(
        group="device_clock",
        feature="device_clock_matches_ip",
        points=Weights(by_value={True: -0.1, False: 0.5}),
        against="The device's clock is set for another country than its IP address",
        speaks_for="The device's clock agrees with its IP address",
        source="expert: proxies are seen by their clocks; travellers too, so the weight is small",
    ),
    # The issuer's checks
    Item(
        group="cvc",
        feature="cvc_check",
        points=Weights(by_value={"fail": 1.7, "pass": -0.1}),
        against="The CVV does not match",
        speaks_for="The CVV matches",
        source=_CVV,
    ),
    Item(
        group="avs_street",
        feature="address_line1_check",
        points=Weights(by_value={"fail": 0.8, "pass": -0.4}),
        against="The billing street does not match the issuer's records",
        speaks_for="The billing street matches the issuer's records",
        source=_AVS,
    ),
    Item(
        group="avs_postal",
        feature="address_zip_check",
        points=Weights(by_value={"fail": 1.0, "pass": -0.4}),
        against="The billing postal code does not match the issuer's records",
        speaks_for="The billing postal code matches the issuer's records",
        source=_AVS,
    ),
    Item(
        group="three_ds",
        feature="three_ds_status",
        points=Weights(by_value={"y": -1.8, "a": -0.9, "n": 2.2, "r": 2.2}),
        against="3-D Secure authentication failed (status {value})",
        speaks_for="The shopper passed 3-D Secure (status {value})",
        source=_3DS,
    ),
    Item(
        group="three_ds",
        feature="has_liability_shift",
        points=Weights(by_value={True: -1.2}),
        against="",
        speaks_for="The issuer bears the liability for fraud",
        source=_3DS,
    ),
    # The card
    Item(
        group="card_funding",
        feature="card_funding",
        points=Weights(by_value={"prepaid": 0.8, "debit": -0.1}),
        against="A prepaid card: hard to trace",
        speaks_for="A debit card: the issuer knows its holder",
        source="Sift: attack rate of prepaid 5 %, credit 1.9 %; ln(5 / 1.9) = .97, shrunk",
    ),
    Item(
        group="wallet",
        feature="digital_wallet",
        points=Weights(by_value={"apple_pay": -0.9, "google_pay": -0.9, "android_pay": -0.9, "samsung_pay": -0.9}),
        against="",
        speaks_for="Paid by a wallet that the holder unlocked ({value})",
        source="expert: the holder unlocked the device; enrolment fraud remains",
    ),
    # The shopper's account
    Item(
        group="account_age",
        feature="hours_since_customer_was_created",
        points=Steps(thresholds=((1, 0.3), (24, 0.0), (720, -0.4), (8760, -0.8)), below=0.5),
        against="The shopper's account is new ({value} hours)",
        speaks_for="The shopper's account is established ({value} hours)",
        source="expert: fraud seldom waits a month",
    ),
    Item(
        group="account_takeover",
        feature="hours_since_password_changed",
        points=Steps(thresholds=((24, 0.0),), below=0.8),
        against="The account's password was changed {value} hours ago",
        source="expert: a take-over begins with the password",
    ),
    Item(
        group="account_history",
        feature="past_transactions_year",
        points=Steps(thresholds=((3, -0.4), (12, -0.6))),
        against="",
        speaks_for="The account paid {value} times in the past year",
        source="expert: repeat customers",
    ),
    Item(
        group="recurring",
        feature="is_recurring",
        points=Weights(by_value={True: -0.8}),
        against="",
        speaks_for="A payment of a series that the shopper agreed to",
        source="expert: the first of the series was authenticated",
    ),
    # The order
    Item(
        group="rush_shipping",
        feature="shipping_speed",
        points=Weights(by_value={"same_day": 0.5, "overnight": 0.5, "expedited": 0.3}),
        against="Rush shipping ({value}): the goods are gone before anyone notices",
        source="expert: rush shipping of resellable goods",
    ),
    Item(
        group="cart",
        feature="cart_quantity",
        points=Steps(thresholds=((10, 0.4), (25, 0.8))),
        against="{value} goods in one cart",
        source="expert: bulk buying of resellable goods",
    ),
    Item(
        group="session",
        feature="session_age_seconds",
        points=Steps(thresholds=((5, 0.5), (15, 0.0)), below=0.9),
        against="The shopper was in the shop for {value} seconds only",
        source="expert: scripts do not browse",
    ),
    Item(
        group="local_time",
        feature="local_hour",
        points=Weights(by_value=dict.fromkeys(range(1, 5), 0.25)),
        against="It is night on the shopper's clock (hour {value})",
        source="sim: good orders have their trough at four in the morning, scripted fraud has none",
    ),
    *SIGNALS,
)
