"""The scorecard's items of what was reported before, and of e-mail address, phone, names, network, device and goods.

Weights and sources as in scorecard_items.py.
"""

from models.scorecard import Item, Steps, Weights

_WARNED = "expert: most issuers close a card that was reported; who uses it after that is seldom its holder"
_HIDDEN = (
    "sim: 60 % of card testing comes by hosts and proxies, 2 % of good orders by a VPN; ln(.6 / .02) = 3.4, shrunk"
)
_UNREAL = "expert: who does not want to be reached writes what nobody has"
_SEEN = "expert: stolen cards are used within days; whoever comes back was not reported meanwhile"
_RESOLD = "sim: what resells or is drawn at once is a third of fraud and a tenth of good orders, shrunk"

SIGNALS: tuple[Item, ...] = (
    # What was reported before
    Item(
        group="fraud_history",
        feature="card_fraud_warning_30d",
        points=Steps(thresholds=((1, 2.5),)),
        against="This card was reported for fraud in the last 30 days",
        source=_WARNED,
    ),
    Item(
        group="fraud_history",
        feature="card_disputed_30d",
        points=Steps(thresholds=((1, 1.5),)),
        against="A payment on this card was disputed in the last 30 days",
        source=_WARNED,
    ),
    Item(
        group="fraud_history",
        feature="email_fraud_warning_30d",
        points=Steps(thresholds=((1, 2.0),)),
        against="A payment with this e-mail address was reported for fraud in the last 30 days",
        source=_WARNED,
    ),
    Item(
        group="fraud_history",
        feature="email_disputed_30d",
        points=Steps(thresholds=((1, 1.2),)),
        against="A payment with this e-mail address was disputed in the last 30 days",
        source=_WARNED,
    ),
    Item(
        group="fraud_history",
        feature="ip_fraud_warning_7d",
        points=Steps(
            thresholds=(
                (1, 0.7),
                (3, 1.4),
            )
        ),
        against="{value} payments from this IP address were reported for fraud in the last 7 days",
        source=_WARNED,
    ),
    Item(
        group="fraud_history",
        feature="linked_fraud_warning_30d",
        points=Steps(
            thresholds=(
                (1, 1.2),
                (3, 1.8),
            )
        ),
        against="{value} payments that share an id with this one were reported for fraud in the last 30 days",
        source=_WARNED,
    ),
    Item(
        group="declines",
        feature="linked_distinct_declined_cards_7d",
        points=Steps(
            thresholds=(
                (2, 0.8),
                (4, 1.6),
            )
        ),
        against="{value} cards that are linked with this payment were declined in the last 7 days",
        source="expert: who tries one card after the other has a list of them",
    ),
    # Whom it is known by
    Item(
        group="email_age",
        feature="email_first_seen_seconds_30d",
        points=Steps(
            thresholds=(
                (604_800, -0.3),
                (1_814_400, -0.5),
            )
        ),
        against="",
        speaks_for="This e-mail address was first seen more than a week ago",
        source=_SEEN,
    ),
    Item(
        group="card_age",
        feature="card_first_seen_seconds_30d",
        points=Steps(
            thresholds=(
                (604_800, -0.3),
                (1_814_400, -0.5),
            )
        ),
        against="",
        speaks_for="This card was first seen more than a week ago",
        source=_SEEN,
    ),
    # The e-mail address, the phone, the names
    Item(
        group="disposable_email",
        feature="is_disposable_email",
        points=Weights(by_value={True: 1.5}),
        against="The e-mail address is a throw-away one",
        source="sim: 0.4 % of good shoppers, up to half of those who drain gift cards; ln(.1 / .004) = 3.2, shrunk",
    ),
    Item(
        group="email_deceptive",
        feature="is_deceptive_email_domain",
        points=Weights(by_value={True: 1.0}),
        against="The e-mail domain is written to be taken for another",
        source=_UNREAL,
    ),
    Item(
        group="email_name",
        feature="email_matches_name",
        points=Weights(by_value={True: -0.2, False: 0.2}),
        against="The e-mail address is not like the name",
        speaks_for="The e-mail address is like the name",
        source="expert: many honest addresses are not like the name, so the weight is small",
    ),
    Item(
        group="phone",
        feature="phone_is_placeholder",
        points=Weights(by_value={True: 0.7}),
        against="The phone number is of the kind that people make up",
        source=_UNREAL,
    ),
    Item(
        group="phone",
        feature="phone_is_valid",
        points=Weights(by_value={False: 0.4}),
        against="There can be no such phone number",
        source=_UNREAL,
    ),
    Item(
        group="phone",
        feature="phone_is_voip",
        points=Weights(by_value={True: 0.4}),
        against="The phone number is one of telephony over the internet",
        source=_UNREAL,
    ),
    Item(
        group="names",
        feature="cardholder_matches_billing_name",
        points=Weights(by_value={True: -0.1, False: 0.4}),
        against="The card is in another name than the billing address",
        speaks_for="Card and billing address are in one name",
        source="expert: family and firms pay with one card",
    ),
    Item(
        group="name_written",
        feature="is_cardholder_name_placeholder",
        points=Weights(by_value={True: 0.6}),
        against="The cardholder's name is none",
        source=_UNREAL,
    ),
    Item(
        group="name_written",
        feature="cardholder_name_has_digits",
        points=Weights(by_value={True: 0.5}),
        against="The cardholder's name has digits in it",
        source=_UNREAL,
    ),
    # The network and the device
    Item(
        group="anonymous_ip",
        feature="is_tor",
        points=Weights(by_value={True: 1.8}),
        against="The IP address is a way out of the Tor network",
        source=_HIDDEN,
    ),
    Item(
        group="anonymous_ip",
        feature="is_public_proxy",
        points=Weights(by_value={True: 1.2}),
        against="The IP address is a public proxy",
        source=_HIDDEN,
    ),
    Item(
        group="anonymous_ip",
        feature="is_residential_proxy",
        points=Weights(by_value={True: 1.2}),
        against="The IP address is lent out: a proxy in somebody's home",
        source=_HIDDEN,
    ),
    Item(
        group="anonymous_ip",
        feature="is_hosting",
        points=Weights(by_value={True: 0.9}),
        against="The IP address is a host's, not a shopper's line",
        source=_HIDDEN,
    ),
    Item(
        group="anonymous_ip",
        feature="is_vpn",
        points=Weights(by_value={True: 0.6}),
        against="The IP address is one of a VPN",
        source=_HIDDEN,
    ),
    Item(
        group="anonymous_ip",
        feature="is_anonymous_ip",
        points=Weights(by_value={True: 0.6}),
        against="The IP address hides who is behind it",
        source=_HIDDEN,
    ),
    Item(
        group="automated",
        feature="is_impossible_user_agent",
        points=Weights(by_value={True: 0.8}),
        against="There is no such browser: the user agent contradicts itself",
        source="expert: fraud tools put user agents together",
    ),
    Item(
        group="automated",
        feature="is_automated_user_agent",
        points=Weights(by_value={True: 1.0}),
        against="A program, not a browser, paid",
        source="expert: scripts test cards; agents that shop for somebody say so in the request",
    ),
    # The card and the goods
    Item(
        group="test_card",
        feature="card_is_test_number",
        points=Weights(by_value={True: 1.5}),
        against="The card is one that processors publish for tests",
        source="expert: nobody has such a card",
    ),
    Item(
        group="card_expiry",
        feature="is_card_expired",
        points=Weights(by_value={True: 0.6}),
        against="The card has expired",
        source="expert: holders know their card, lists are old",
    ),
    Item(
        group="shipping_location",
        feature="shipping_is_known_forwarder",
        points=Weights(by_value={True: 0.8}),
        against="The goods go to a freight forwarder",
        source="sim: 2 % of good orders, a tenth of fraud that is shipped; ln(.1 / .02) = 1.6, shrunk",
    ),
    Item(
        group="goods",
        feature="has_gift_cards",
        points=Weights(by_value={True: 0.6}),
        against="There are gift cards in the cart",
        source=_RESOLD,
    ),
    Item(
        group="goods",
        feature="has_resale_prone_goods",
        points=Weights(by_value={True: 0.3}),
        against="There are goods in the cart that resell well",
        source=_RESOLD,
    ),
)
