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

_FREE: Final = """
    bt.com btinternet.com hey.com keemail.me tuta.com tuta.io tutamail.com tutanota.com tutanota.de
    airmail.cc autistici.org cock.li danwin1210.de danwin1210.me dismail.de disroot.org mailbox.org murena.io
    onionmail.org onmail.com riseup.net startmail.com systemli.org vivaldi.net zoho.eu zoho.in gmx.us
    daum.net kakao.com nate.com
    narod.ru internet.ru yandex.az yandex.by yandex.co.il yandex.com.am yandex.com.ge yandex.com.tr yandex.ee yandex.fr
    yandex.kz yandex.lt yandex.lv yandex.md yandex.tj yandex.tm yandex.uz meta.ua
    aliceadsl.fr bbox.fr cegetel.net club-internet.fr neuf.fr numericable.fr sfr.fr
    email.de magenta.de online.de poste.it tim.it tin.it movistar.es ono.com clix.pt netcabo.pt proximus.be
    a1.net chello.at hispeed.ch sunrise.ch broadpark.no online.no bredband.net comhem.se saunalahti.fi
    inbox.lt inbox.lv one.lt azet.sk dir.bg indamail.hu interia.eu tlen.pl zoznam.sk
    au.com biglobe.ne.jp docomo.ne.jp ezweb.ne.jp i.softbank.jp nifty.com softbank.ne.jp
    globo.com globomail.com bezeqint.net netvision.net.il walla.co.il walla.com ttmail.com turk.net
    centurylink.net cogeco.ca eastlink.ca plus.net sasktel.net slingshot.co.nz suddenlink.net sympatico.ca
    mweb.co.za telkomsa.net vodamail.co.za
"""
FREE_BESIDES: Final = frozenset(_FREE.split())
"""Where anybody gets a mailbox, besides what the embedded list of free providers names: for nothing, for a little, or
with a line of the provider, as that list has it. Firms' own domains are none, though the firm sells mailboxes."""

_RELAYS: Final = """
    privaterelay.appleid.com mozmail.com relay.firefox.com duck.com 33mail.com
    cloaked.app cloaked.id clkdmail.com myclkd.email
    addy.io addymail.com anonaddy.com anonaddy.me
    8alias.com 8shield.net aleeas.com dralias.com silomails.com simplelogin.co simplelogin.com simplelogin.fr slmail.me
    slmails.com passfwd.com passinbox.com passmail.com passmail.net
    opayq.com erine.email
"""
RELAYS: Final = frozenset(_RELAYS.split())
"""Services that forward to a mailbox they hide: Apple's Hide My Email, Firefox Relay, DuckDuckGo, 33mail, Cloaked,
addy.io, SimpleLogin with Proton Pass, Blur, erine. By their own pages, Cloaked's by a
published list; Fastmail's masked addresses look like its others."""

_ROLES: Final = """
    abuse accounting accounts admin administrator billing bookings buchhaltung careers compliance contact contacto
    contato customerservice customersupport dns donotreply enquiries events feedback finance ftp hello help helpdesk
    hostmaster hr info information inquiries invoice invoices it jobs kontakt legal list mail mailer-daemon management
    marketing media news newsletter no-reply noc noreply office operations orders payments postmaster press privacy
    purchasing reception recruitment registrar root sales security service services shop staff store subscribe support
    sysadmin team tech undisclosed-recipients unsubscribe usenet uucp vendas ventas verkauf webmaster www
"""
ROLES: Final = frozenset(_ROLES.split())
"""Local parts that are a task's and no person's: RFC 2142's, and what businesses use besides."""
