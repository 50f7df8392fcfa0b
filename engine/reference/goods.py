"""Kinds of goods that fraud prefers, by the words of a shop's categories and by merchant category codes (ISO 18245).

Digital goods are delivered before anybody looks; gift cards are money; what is prone to resale turns into money within
a day. The words are English, the tongue of most shops' categories; one that is in none of the lists is none of these.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

_CACHED_CATEGORIES: Final = 4096


class Kinds(NamedTuple):
    """Whether goods are digital, are gift cards, are prone to resale."""

    digital: bool
    gift_card: bool
    resale: bool


_DIGITAL: Final = re.compile(
    r"\b(digital|downloads?|e ?books?|software|licen[cs]es?|streaming|saas|apps?|in ?app|"
    r"game keys?|cd ?keys?|activation (?:keys?|codes?)|steam|vouchers?|top ?ups?|recharges?|air ?time|e ?sims?|"
    r"(?:game|virtual) (?:credits?|coins?|currency|items?)|skins?|loot ?box(?:es)?|"
    r"nfts?|crypto(?:currency|currencies)?|online courses?|"
    r"e ?tickets?|domains?|hosting|vpn)\b"
)
_GIFT_CARD: Final = re.compile(
    r"\b(e ?gift ?cards?|gift ?cards?|gift ?certificates?|gift ?vouchers?|store ?credits?|prepaid ?cards?|"
    r"prepaid (?:visa|mastercard)|cash ?cards?)\b"
)
_RESALE: Final = re.compile(
    r"\b(electronics?|smart ?phones?|phones?|iphones?|mobiles?|tablets?|ipads?|laptops?|notebooks?|macbooks?|"
    r"computers?|graphics? cards?|gpus?|processors?|consoles?|playstations?|xbox|nintendo|cameras?|lenses|drones?|"
    r"headphones?|airpods?|smart ?watch(?:es)?|watch(?:es)?|jewell?e?ry|gold|silver|bullion|diamonds?|sneakers?|"
    r"trainers|designer|luxury|handbags?|perfumes?|fragrances?|cosmetics?|tickets?|power ?tools?|"
    r"printer (?:ink|cartridges?)|toners?|formula|razors?|supplements?|cigarettes?|vapes?|spirits|whiske?y|champagne)\b"
)
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")

_DIGITAL_MCCS: Final = frozenset({"4899", "5734", "5815", "5816", "5817", "5818", "6051", "7372", "7994"})
"""Cable and streaming, software shops, digital media, games, applications, large digital merchants, quasi cash and
cryptocurrency, computer programming, video games."""
_GIFT_CARD_MCCS: Final = frozenset({"6540", "6051"})
"""Stored value cards, quasi cash."""
_RESALE_MCCS: Final = frozenset(
    {"4722", "4812", "5045", "5094", "5732", "5733", "5944", "5946", "5977", "7922", "7941"}
)  # fmt: skip
"""Travel agencies, telecommunication equipment, computers, precious stones and metals, electronics, music instruments,
jewelry and watches, cameras, cosmetics, tickets for theatre and for sports."""


@lru_cache(maxsize=_CACHED_CATEGORIES)
def kinds_of_category(category: str) -> Kinds:
    """What a shop's category says its goods are."""
    words = _SEPARATORS.sub(" ", category.lower())
    is_gift_card = _GIFT_CARD.search(words) is not None
    return Kinds(
        digital=is_gift_card or _DIGITAL.search(words) is not None,
        gift_card=is_gift_card,
        resale=is_gift_card or _RESALE.search(words) is not None,
    )


def kinds_of_mcc(mcc: str | None) -> Kinds:
    """What a merchant category code says of all goods of the merchant; of most it says nothing."""
    return Kinds(digital=mcc in _DIGITAL_MCCS, gift_card=mcc in _GIFT_CARD_MCCS, resale=mcc in _RESALE_MCCS)
