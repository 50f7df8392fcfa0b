"""The features of the e-mail address, in the order in which email.py gives them."""

from typing import Final

from engine.features import Feature, FeatureType

_TEXT, _FLAG, _COUNT = FeatureType.STRING, FeatureType.BOOLEAN, FeatureType.INTEGER
_SOURCE: Final = "enrichment email"
_DOMAIN, _NAME = "email_domain", "email_name"

EMAIL_FEATURES: Final = (
    Feature(
        name="email_normalized",
        type=_TEXT,
        doc="The mailbox: the e-mail address without what makes no other mailbox, such as tags (+shop) and Gmail's "
        "dots, googlemail.com as gmail.com. Its MD5 if only that came.",
        source=_SOURCE,
    ),
    Feature(
        name="email_registrable_domain",
        type=_TEXT,
        doc="The domain that its owner registered: example.co.uk of mail.example.co.uk, by the public suffix list.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail address belongs to {value}",
    ),
    Feature(
        name="email_tld",
        type=_TEXT,
        doc="The domain's last label, such as com or uk.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail domain ends in .{value}",
    ),
    Feature(
        name="email_domain_country",
        type=FeatureType.COUNTRY,
        doc="The country of the domain's last label; unknown for com and for country domains that are sold to "
        "everybody, such as io.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail domain is one of {value}",
    ),
    Feature(
        name="email_subdomain_count",
        type=_COUNT,
        unit="labels",
        doc="How many labels stand before the registrable domain: 1 for mail.example.co.uk.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail domain has {value} labels below the registered one",
    ),
    Feature(
        name="is_disposable_email",
        type=_FLAG,
        doc="The domain hands out throw-away mailboxes. Relays that hide a lasting mailbox do not count.",
        source=_SOURCE,
        direction=1,
        reason="disposable_email",
        says="The e-mail address is a throw-away one",
        denies="The e-mail address is on no list of throw-away ones",
    ),
    Feature(
        name="is_free_email",
        type=_FLAG,
        doc="Anybody gets a mailbox at the domain, as at gmail.com or a telephone company's; false for a disposable "
        "one. By lists, which cannot have all: False says that none names the domain.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail address is at a free provider",
        denies="The e-mail address is at none of the free providers that are listed",
    ),
    Feature(
        name="is_relay_email",
        type=_FLAG,
        doc="A relay hides the mailbox, as Apple's Hide My Email and Firefox Relay do. False says that the domain "
        "is on no list of them.",
        source=_SOURCE,
        reason=_DOMAIN,
        says="The e-mail address is a relay's, which hides the mailbox",
        denies="The e-mail address is at none of the relays that are listed",
    ),
    Feature(
        name="is_email_tld_known",
        type=_FLAG,
        doc="The domain's last label is a top-level domain of the internet; where it is not, no mail arrives.",
        source=_SOURCE,
        direction=-1,
        reason="email_deliverable",
        says="The e-mail domain is under a top-level domain that exists",
        denies="There is no top-level domain .{email_tld}: no mail arrives there",
    ),
    Feature(
        name="is_misspelt_email_domain",
        type=_FLAG,
        doc="The domain is a great provider's with one slip of the keys, such as gmial.com, and on no list of free or "
        "relay domains.",
        source=_SOURCE,
        reason="email_deliverable",
        says="The e-mail domain looks like a great provider's, misspelt",
        denies="The e-mail domain is no great provider's, misspelt",
    ),
    Feature(
        name="is_deceptive_email_domain",
        type=_FLAG,
        doc="A great provider's name, or what reads like it (a Cyrillic a, rn for m), is a part of another's domain, "
        "such as gmail.com.example.net, or stands under a suffix that is given away, such as gmail.tk.",
        source=_SOURCE,
        direction=1,
        reason="email_deceptive",
        says="The e-mail domain has a great provider's name in it and is not the provider's",
        denies="The e-mail domain bears no great provider's name falsely",
    ),
    Feature(
        name="is_idn_email_domain",
        type=_FLAG,
        doc="The domain has letters beyond ASCII (xn--): ordinary in many languages, and a way to imitate another.",
        source=_SOURCE,
        reason="email_deceptive",
        says="The e-mail domain has letters beyond ASCII",
        denies="The e-mail domain has plain letters alone",
    ),
    Feature(
        name="is_role_email",
        type=_FLAG,
        doc="The local part is a task's and no person's, such as info or sales.",
        source=_SOURCE,
        reason=_NAME,
        says="The e-mail address is a task's, not a person's",
        denies="The e-mail address is not that of a task",
    ),
    Feature(
        name="email_alias_used",
        type=_FLAG,
        doc="The address is one of many that its owner can make of one mailbox, by a tag (ada+shop) or a subdomain.",
        source=_SOURCE,
        reason=_NAME,
        says="The e-mail address has a tag: one mailbox has many of these",
        denies="The e-mail address has no tag",
    ),
    Feature(
        name="email_local_length",
        type=_COUNT,
        unit="characters",
        doc="The length of the local part, what stands before the @, without its tag.",
        source=_SOURCE,
        reason=_NAME,
        says="The e-mail address has {value} characters before the @",
    ),
    Feature(
        name="email_digit_share",
        type=_COUNT,
        unit="%",
        doc="The share of digits among the characters of the local part, without its tag.",
        source=_SOURCE,
        direction=1,
        reason="email_digits",
        says="{value} % of the e-mail address before the @ are digits",
    ),
    Feature(
        name="email_digit_run",
        type=_COUNT,
        unit="digits",
        doc="The longest run of digits in the local part: 2 as in ada84, 4 for a year, more where a machine made it.",
        source=_SOURCE,
        direction=1,
        reason="email_digits",
        says="The e-mail address has {value} digits in a row",
    ),
    Feature(
        name="email_gibberish",
        type=_COUNT,
        unit="%",
        doc="How likely the letters of the local part were struck at random rather than taken from names and words, by "
        "which letters follow which; 50 says neither. Unknown where it has fewer than six letters from a to z besides "
        "Chinese names.",
        source=_SOURCE,
        direction=1,
        reason="email_gibberish",
        says="The letters of the e-mail address are {value} % likely to be random",
    ),
)
