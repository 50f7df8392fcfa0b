"""The features of the device, in the order in which device.py gives them."""

from typing import Final

from engine.features import Feature, FeatureType
from engine.reference.user_agents import DEVICE_TYPES, KINDS, ODDITIES

_TEXT, _FLAG, _COUNT = FeatureType.STRING, FeatureType.BOOLEAN, FeatureType.INTEGER
_SOURCE: Final = "enrichment device"
_AGENT, _LANGUAGE = "user_agent", "device_language"

DEVICE_FEATURES: Final = (
    Feature(
        name="has_user_agent",
        type=_FLAG,
        doc="The request says a user agent, be it one that was dropped. Scripts often say none; so do shops that do "
        "not send it.",
        source=_SOURCE,
        direction=-1,
        reason=_AGENT,
        says="The device says what program it is",
        denies="No user agent came",
    ),
    Feature(
        name="browser",
        type=_TEXT,
        doc="The browser's or program's family, such as Chrome, Mobile Safari or okhttp, by uap-core's patterns.",
        source=_SOURCE,
        reason=_AGENT,
        says="The browser is {value}",
    ),
    Feature(
        name="browser_version",
        type=_COUNT,
        doc="The browser's major version.",
        source=_SOURCE,
        reason=_AGENT,
        says="The browser's version is {value}",
    ),
    Feature(
        name="operating_system",
        type=_TEXT,
        doc="The system's family, such as Windows, iOS or Android.",
        source=_SOURCE,
        reason=_AGENT,
        says="The device runs {value}",
    ),
    Feature(
        name="device_type",
        type=_TEXT,
        doc="What the user agent's words say of the device. An iPad that asks for desktop pages says desktop.",
        source=_SOURCE,
        values=DEVICE_TYPES,
        reason=_AGENT,
        says="The device is of the type {value}",
    ),
    Feature(
        name="user_agent_kind",
        type=_TEXT,
        doc="What kind of program it is: a browser, an app on a phone, a browser driven by a program (headless), a "
        "library of a programming language, or a bot that says so, as a language model's helpers do.",
        source=_SOURCE,
        values=KINDS,
        reason=_AGENT,
        says="The program is of the kind {value}",
    ),
    Feature(
        name="is_automated_user_agent",
        type=_FLAG,
        doc="The user agent is a headless browser's, a library's or a bot's: no person is at it.",
        source=_SOURCE,
        direction=1,
        reason="automated",
        says="The payment was sent by a program, not by a person's browser",
        denies="The user agent is that of no automatic program",
    ),
    Feature(
        name="user_agent_oddity",
        type=_TEXT,
        doc="What is wrong with the user agent: it names two systems, a browser that was never made for its system, "
        "a Windows that never was, or it is cut off.",
        source=_SOURCE,
        values=ODDITIES,
        reason=_AGENT,
        says="What is odd in the user agent: {value}",
    ),
    Feature(
        name="is_impossible_user_agent",
        type=_FLAG,
        doc="No device says this user agent: two systems, a browser that its system never had, or a Windows that never "
        "was. It was typed by somebody.",
        source=_SOURCE,
        direction=1,
        reason="automated",
        says="No real device has this user agent",
        denies="A real device could have this user agent",
    ),
    Feature(
        name="device_language",
        type=_TEXT,
        doc="The language that the browser asks for first, as its ISO 639 code.",
        source=_SOURCE,
        reason=_LANGUAGE,
        says="The browser asks for the language {value}",
    ),
    Feature(
        name="device_language_country",
        type=FeatureType.COUNTRY,
        doc="The first country that the browser's languages name: GB of en-GB.",
        source=_SOURCE,
        reason=_LANGUAGE,
        says="The browser's language is that of {value}",
    ),
    Feature(
        name="device_language_count",
        type=_COUNT,
        unit="languages",
        doc="How many languages the browser asks for.",
        source=_SOURCE,
        reason=_LANGUAGE,
        says="The browser asks for {value} languages",
    ),
    Feature(
        name="device_language_matches_ip",
        type=_FLAG,
        doc="A language of the browser is spoken in the IP address's country. English counts where no other is asked "
        "for; where it is alone and not the country's, this is unknown.",
        source=_SOURCE,
        direction=-1,
        reason=_LANGUAGE,
        says="The browser's language is spoken in the IP address's country",
        denies="The browser's language is not spoken where the IP address is",
    ),
    Feature(
        name="device_language_matches_billing",
        type=_FLAG,
        doc="A language of the browser is spoken in the billing country, read as for the IP address's.",
        source=_SOURCE,
        direction=-1,
        reason=_LANGUAGE,
        says="The browser's language is spoken in the billing country",
        denies="The browser's language is not spoken in the billing country",
    ),
)
