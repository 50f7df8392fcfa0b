"""Kinds of goods that fraud prefers, by the words of a shop's categories and by merchant category codes (ISO 18245).

Digital goods are delivered before anybody looks; gift cards are money; what is prone to resale turns into money within
a day. Most words are English, the tongue of most shops' categories; the commonest of German, French, Spanish, Italian,
Portuguese and Dutch are there too. A category is told to be none of these kinds only where one of its words is known.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from engine.reference.letters import unaccented
from engine.reference.phrases import Phrases, phrases_of

CATEGORY_LENGTH_READ: Final = 128
"""A longer category is read so far: shops' own, with all that they lie in, are shorter."""
_CACHED_CATEGORIES: Final = 4096


class Kinds(NamedTuple):
    """Whether goods are digital, are gift cards, are prone to resale."""

    digital: bool
    gift_card: bool
    resale: bool


_DIGITAL: Final = (
    "digital|downloads?|e ?books?|software|licen[cs]es?|streaming|saas|apps?|in ?app|"
    "game keys?|cd ?keys?|activation (keys?|codes?)|steam|vouchers?|top ?ups?|recharges?|air ?time|e ?sims?|"
    "(game|virtual) (credits?|coins?|currency|items?)|skins|loot ?box(es)?|"
    "nfts?|crypto(currency|currencies)?|online courses?|"
    "e ?tickets?|domains?|hosting|vpn|"
    "telechargements?|logiciels?|descargas?|programas? informaticos?|scaricabili|guthaben|aufladung|recargas?"
)
_GIFT_CARD: Final = (
    "e ?gift ?cards?|gift ?cards?|gift ?certificates?|gift ?vouchers?|store ?credits?|prepaid ?cards?|"
    "prepaid (visa|mastercard)|cash ?cards?|"
    "geschenkkarten?|geschenkgutscheine?|gutscheine?|cartes? cadeaux?|tarjetas? (de )?regalo|"
    "cart[ae] regalo|buon[io] regalo|cartao presente|cartoes presente|cadeaukaart(en)?|cadeaubon(nen)?"
)
_RESALE: Final = (
    "electronics?|smart ?phones?|phones?|iphones?|mobiles?|tablets?|ipads?|laptops?|notebooks?|macbooks?|"
    "computers?|graphics? cards?|gpus?|processors?|consoles?|playstations?|xbox|nintendo|cameras?|lenses|drones?|"
    "headphones?|airpods?|smart ?watch(es)?|watch(es)?|jewell?e?ry|gold|silver|bullion|diamonds?|sneakers?|"
    "trainers|designer|luxury|handbags?|perfumes?|fragrances?|cosmetics?|tickets?|power ?tools?|"
    "printer (ink|cartridges?)|toners?|formula|razors?|supplements?|cigarettes?|vapes?|spirits|whiske?y|champagne|"
    "elektronik|electronique|electronica|elettronica|eletronicos?|handys?|ordinateurs?|ordenadores?|moviles|"
    "telephones?|telefon[eio]s?|cellulari|celulares|telefoons?|uhren|montres?|relojes|orologi|relogios|horloges|"
    "schmuck|bijoux|joyas|joyeria|gioielli|joias|sieraden|parfums?|perfumes|profumi|eintrittskarten|billets?|"
    "entradas?|biglietti|ingressos?|konsolen?|consolas?|cameras photo|kameras?|fotocamere"
)
_BELONGING: Final = frozenset(
    phrases_of(
        "cases?|covers?|holders?|straps?|bands?|sleeves?|stands?|mounts?|stickers?|repairs?|chargers?|cables?|"
        "protectors?|skins?|pouches|books?|posters?|accessories|bags?|backpacks?|desks?|tables?|chairs?|caps?|"
        "hullen?|coques?|fundas?|custodi[ae]|hoesjes?|zubehor|accessoires?|accesorios|accessori|acessorios"
    )
)
"""What belongs to goods that are prone to resale is none: nobody steals a card for the case of a phone."""
_WITH_DIGITS: Final = frozenset(
    phrases_of(
        "cameras?|cams?|photo|frames?|watch(es)?|clocks?|scales?|thermometers?|pianos?|radios?|displays?|recorders?|"
        "prints?|printing|tv|cables?|kameras?|uhren"
    )
)
"""What is called digital for how it works is sent by post all the same."""
_MODEL: Final = re.compile(r"[a-z]?[0-9]+[a-z]*|pro|max|plus|mini|ultra")
_SAID_TWICE: Final = frozenset({"phone", "telephone", "computer"})
"""Behind mobile, or laptop, these say nothing more."""
_MODEL_WORDS_MAX: Final = 3
"""So many words name a phone's model at most, between it and the word for what belongs to it."""
_PLAIN: Final = (
    "apparel|cloth(es|ing)|fashion|shoes?|boots?|dress(es)?|shirts?|t ?shirts?|jeans|jackets?|coats?|socks|"
    "underwear|lingerie|swimwear|hats?|caps|scar(f|ves)|gloves|belts?|bags?|wallets?|accessories|cases?|covers?|"
    "holders?|straps?|mounts?|chargers?|cables?|books?|magazines?|comics|stationery|toys?|puzzles?|board games?|"
    "games?|vr|baby|kids|furniture|garden|home|kitchen|bed(ding|room)?|bath|decor|lamps?|lighting|rugs?|curtains?|"
    "desks?|chairs?|tables?|backpacks?|"
    "tools?|hardware|paint|automotive|car parts|tyres|tires|bikes?|bicycles?|sports?|fitness|outdoors?|camping|"
    "fishing|pets?|food|grocer(y|ies)|snacks|coffee|tea|wines?|beers?|health|pharmacy|vitamins?|beauty|make ?up|"
    "skin ?care|hair|soaps?|art|crafts?|music|vinyl|instruments?|flowers?|plants?|office|travel|hotels?|events?|"
    "services?|subscriptions?|donations?|shipping|"
    "kleidung|mode|schuhe|bucher|spielzeug|mobel|garten|haushalt|lebensmittel|vetements|chaussures|livres|jouets|"
    "meubles|jardin|maison|ropa|zapatos|libros|juguetes|muebles|hogar|abbigliamento|scarpe|libri|giocattoli|mobili|"
    "casa|roupas?|sapatos|livros|brinquedos|moveis|kleding|schoenen|boeken|speelgoed|meubels|tuin"
)
"""Goods that are none of these kinds."""
_PHRASES: Final = Phrases(
    (("digital", _DIGITAL), ("gift_card", _GIFT_CARD), ("resale", _RESALE), ("plain", _PLAIN)),
)
_WORD: Final = re.compile(r"[a-z0-9]+|[&,/+>|]")
"""A mark between them parts goods: phone accessories are none of phones, phones & accessories are both."""

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
def kinds_of_category(category: str) -> Kinds | None:
    """What a shop's category says its goods are; None where none of its words is known.

    Of one longer than CATEGORY_LENGTH_READ it is what its beginning says: what that does not say the rest may.
    """
    plain = category[:CATEGORY_LENGTH_READ].lower()
    words = _WORD.findall(unaccented(plain))
    lists: set[str] = set()
    for names, behind in _PHRASES.found(words):
        if "resale" in names and _is_of_what_belongs(words, behind):
            names -= {"resale"}
        if words[behind - 1 : behind] == ["digital"] and not _WITH_DIGITS.isdisjoint(words[behind : behind + 1]):
            names -= {"digital"}
        lists |= names
    is_gift_card = "gift_card" in lists
    found = Kinds(
        digital=is_gift_card or "digital" in lists,
        gift_card=is_gift_card,
        resale=is_gift_card or "resale" in lists,
    )
    return found if lists else None


def _is_of_what_belongs(words: Sequence[str], behind: int) -> bool:
    """Whether the words behind goods, those of their model aside, say that it is their case or cable."""
    for word in words[behind : behind + _MODEL_WORDS_MAX + 1]:
        if word in _BELONGING:
            return True
        if not _MODEL.fullmatch(word) and word not in _SAID_TWICE:
            return False
    return False


def kinds_of_mcc(mcc: str | None) -> Kinds:
    """What a merchant category code says of all goods of the merchant; of most it says nothing."""
    return Kinds(digital=mcc in _DIGITAL_MCCS, gift_card=mcc in _GIFT_CARD_MCCS, resale=mcc in _RESALE_MCCS)
