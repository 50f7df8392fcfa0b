"""Kinds of goods that fraud prefers, by the words of a shop's categories and by merchant category codes (ISO 18245).

Digital goods are delivered before anybody looks; gift cards are money; what is prone to resale turns into money within
a day. Most words are English, the tongue of most shops' categories; the commonest of German, French, Spanish, Italian,
Portuguese and Dutch are there too. A category is told to be none of these kinds only where one of its words is known.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple
from unicodedata import combining, normalize

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
    r"e ?tickets?|domains?|hosting|vpn|"
    r"telechargements?|logiciels?|descargas?|programas? informaticos?|scaricabili|guthaben|aufladung|recargas?)\b"
)
_GIFT_CARD: Final = re.compile(
    r"\b(e ?gift ?cards?|gift ?cards?|gift ?certificates?|gift ?vouchers?|store ?credits?|prepaid ?cards?|"
    r"prepaid (?:visa|mastercard)|cash ?cards?|"
    r"geschenkkarten?|geschenkgutscheine?|gutscheine?|cartes? cadeaux?|tarjetas? (?:de )?regalo|"
    r"cart[ae] regalo|buon[io] regalo|cartao presente|cartoes presente|cadeaukaart(?:en)?|cadeaubon(?:nen)?)\b"
)
_RESALE: Final = re.compile(
    r"\b(electronics?|smart ?phones?|phones?|iphones?|mobiles?|tablets?|ipads?|laptops?|notebooks?|macbooks?|"
    r"computers?|graphics? cards?|gpus?|processors?|consoles?|playstations?|xbox|nintendo|cameras?|lenses|drones?|"
    r"headphones?|airpods?|smart ?watch(?:es)?|watch(?:es)?|jewell?e?ry|gold|silver|bullion|diamonds?|sneakers?|"
    r"trainers|designer|luxury|handbags?|perfumes?|fragrances?|cosmetics?|tickets?|power ?tools?|"
    r"printer (?:ink|cartridges?)|toners?|formula|razors?|supplements?|cigarettes?|vapes?|spirits|whiske?y|champagne|"
    r"elektronik|electronique|electronica|elettronica|eletronicos?|handys?|ordinateurs?|ordenadores?|moviles|"
    r"telephones?|telefon[eio]s?|cellulari|celulares|telefoons?|uhren|montres?|relojes|orologi|relogios|horloges|"
    r"schmuck|bijoux|joyas|joyeria|gioielli|joias|sieraden|parfums?|perfumes|profumi|eintrittskarten|billets?|"
    r"entradas?|biglietti|ingressos?|konsolen?|consolas?|cameras photo|kameras?|fotocamere)\b"
    # What belongs to such goods is none: nobody steals a card for the case of a phone.
    r"(?!(?: (?:[a-z]?\d+[a-z]*|pro|max|plus|mini|ultra)){0,3} (?:cases?|covers?|holders?|straps?|bands?|sleeves?|"
    r"stands?|mounts?|stickers?|repairs?|chargers?|cables?|"
    r"protectors?|skins?|pouches|books?|posters?|hulle[n]?|coques?|fundas?|custodi[ae]|hoesjes?)\b)"
)
_PLAIN: Final = re.compile(
    r"\b(apparel|cloth(?:es|ing)|fashion|shoes?|boots?|dress(?:es)?|shirts?|t ?shirts?|jeans|jackets?|coats?|socks|"
    r"underwear|lingerie|swimwear|hats?|caps|scar(?:f|ves)|gloves|belts?|bags?|wallets?|accessories|cases?|covers?|"
    r"holders?|straps?|mounts?|chargers?|cables?|books?|magazines?|comics|stationery|toys?|puzzles?|board games?|"
    r"games?|vr|baby|kids|furniture|garden|home|kitchen|bed(?:ding|room)?|bath|decor|lamps?|lighting|rugs?|curtains?|"
    r"tools?|hardware|paint|automotive|car parts|tyres|tires|bikes?|bicycles?|sports?|fitness|outdoors?|camping|"
    r"fishing|pets?|food|grocer(?:y|ies)|snacks|coffee|tea|wines?|beers?|health|pharmacy|vitamins?|beauty|make ?up|"
    r"skin ?care|hair|soaps?|art|crafts?|music|vinyl|instruments?|flowers?|plants?|office|travel|hotels?|events?|"
    r"services?|subscriptions?|donations?|shipping|"
    r"kleidung|mode|schuhe|bucher|spielzeug|mobel|garten|haushalt|lebensmittel|vetements|chaussures|livres|jouets|"
    r"meubles|jardin|maison|ropa|zapatos|libros|juguetes|muebles|hogar|abbigliamento|scarpe|libri|giocattoli|mobili|"
    r"casa|roupas?|sapatos|livros|brinquedos|moveis|kleding|schoenen|boeken|speelgoed|meubels|tuin)\b"
)
"""Goods that are none of these kinds."""
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
def kinds_of_category(category: str) -> Kinds | None:
    """What a shop's category says its goods are; None where none of its words is known."""
    plain = category.lower()
    if not plain.isascii():
        plain = "".join(each for each in normalize("NFKD", plain) if not combining(each))
    words = _SEPARATORS.sub(" ", plain)
    is_gift_card = _GIFT_CARD.search(words) is not None
    found = Kinds(
        digital=is_gift_card or _DIGITAL.search(words) is not None,
        gift_card=is_gift_card,
        resale=is_gift_card or _RESALE.search(words) is not None,
    )
    return found if any(found) or _PLAIN.search(words) is not None else None


def kinds_of_mcc(mcc: str | None) -> Kinds:
    """What a merchant category code says of all goods of the merchant; of most it says nothing."""
    return Kinds(digital=mcc in _DIGITAL_MCCS, gift_card=mcc in _GIFT_CARD_MCCS, resale=mcc in _RESALE_MCCS)
