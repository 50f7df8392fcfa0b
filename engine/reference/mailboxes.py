"""Mail providers at which one mailbox has several spellings, and which.

What Gmail, Yahoo, Yandex, Proton and Fastmail do is as MaxMind documents it for minFraud ("Normalizing Email Addresses
for minFraud"); Apple's three domains are one by its own support pages. Misspelt domains are not mended, unlike there:
who writes `gmial.com` has another mailbox than who writes `gmail.com`, or none.
"""

from typing import Final

SAME_DOMAIN: Final = {
    "googlemail.com": "gmail.com",
    "mac.com": "icloud.com",
    "me.com": "icloud.com",
    "pm.me": "protonmail.com",
    "proton.me": "protonmail.com",
    "ya.ru": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.kz": "yandex.ru",
    "yandex.ua": "yandex.ru",
}
"""Domains under which a provider delivers to the same mailboxes, and the one of them that stands for all."""

WITHOUT_DOTS: Final = frozenset({"gmail.com"})
"""Where dots in the local part mean nothing."""

HYPHEN_TAG_DOMAINS: Final = frozenset({"myyahoo.com", "y7mail.com", "ymail.com"})
"""Yahoo's domains besides `yahoo.<country>`: there a tag begins with a hyphen, elsewhere with a plus."""
HYPHEN_TAG_NAME: Final = "yahoo."

_FASTMAIL: Final = """
    123mail.org airpost.net cluemail.com eml.cc f-m.fm fastest.cc fastmail.ca fastmail.cn fastmail.co.uk fastmail.com
    fastmail.com.au fastmail.de fastmail.es fastmail.fm fastmail.fr fastmail.im fastmail.in fastmail.jp fastmail.mx
    fastmail.net fastmail.nl fastmail.org fastmail.se fastmail.to fastmail.tw fastmail.uk fastmail.us fea.st fmail.co.uk
    hailmail.net imap.cc letterboxes.org mailbolt.com mailcan.com mailhaven.com ml1.net mm.st myfastmail.com
    nospammail.net ownmail.net sent.as sent.at sent.com speedpost.net warpmail.net xsmail.com
"""
SUBDOMAIN_MAILBOXES: Final = frozenset(_FASTMAIL.split())
"""Fastmail's domains: there `anything@name.domain` is the mailbox `name@domain`."""
