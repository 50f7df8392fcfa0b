"""What a device says, against where its shopper says to be; nothing makes it raise, and a missing table is unknown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.device import DEVICE, _of_agent, _of_header
from engine.features import Unknown, Value
from engine.payment import Device, Order, Payment
from engine.reference import Reference
from engine.reference.languages import accepted

FEATURES = [feature.name for feature in DEVICE.features]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOWHERE = Unknown("country_unknown")
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = "Windows NT 10.0; Win64; x64"
MAC = "Macintosh; Intel Mac OS X 10_15_7"
IPHONE = "iPhone; CPU iPhone OS 17_5 like Mac OS X"
PIXEL = "Linux; Android 14; Pixel 8"


def of(
    reference: Reference, device: Device, known: Mapping[str, Value] = MappingProxyType({})
) -> dict[str, Value | Unknown]:
    payment = Payment(
        transaction_id="tx-1",
        merchant_id="shop-a",
        at=AT,
        order=Order(amount_minor=4990, currency="USD"),
        device=device,
    )
    read = {"ip_country": None, "billing_country": None, **known}
    return dict(zip(FEATURES, DEVICE.compute(payment, reference, read), strict=True))


AGENTS = [
    (
        f"Mozilla/5.0 ({WINDOWS}) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        "Chrome 126 Windows desktop browser none",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}) {WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0",
        "Edge 126 Windows desktop browser none",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Firefox 127 Windows desktop browser none",
    ),
    (
        f"Mozilla/5.0 ({MAC}) {APPLE} Version/17.5 Safari/605.1.15",
        "Safari 17 Mac_OS_X desktop browser none",
    ),
    (
        f"Mozilla/5.0 ({IPHONE}) {APPLE} Version/17.5 Mobile/15E148 Safari/604.1",
        "Mobile_Safari 17 iOS mobile browser none",
    ),
    (
        f"Mozilla/5.0 ({IPHONE}) {APPLE} CriOS/126.0 Mobile/15E148 Safari/604.1",
        "Chrome_Mobile_iOS 126 iOS mobile browser none",
    ),
    (
        f"Mozilla/5.0 ({PIXEL}) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
        "Chrome_Mobile 126 Android mobile browser none",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 14; SM-X710) {WEBKIT} Chrome/126.0 Safari/537.36",
        "Chrome 126 Android tablet browser none",
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/126.0 Safari/537.36",
        "Chrome 126 Linux desktop browser none",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "IE 11 Windows desktop browser none",
    ),
    (
        f"Mozilla/5.0 (PlayStation; PlayStation 5/6.50) {APPLE} Version/15.4 Safari/605.1.15",
        "Safari 15 - console browser none",
    ),
    (
        f"Mozilla/5.0 ({PIXEL}; wv) {WEBKIT} Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36",
        "Chrome_Mobile_WebView 126 Android mobile app none",
    ),
    (
        "okhttp/4.12.0",
        "okhttp 4 - other app none",
    ),
    (
        "MyShop/1.2 CFNetwork/1410.0.3 Darwin/22.6.0",
        "MyShop 1 iOS other app none",
    ),
    (
        "curl/8.4.0",
        "curl 8 - other library none",
    ),
    (
        "python-requests/2.31.0",
        "Python_Requests 2 - other library none",
    ),
    (
        "Go-http-client/2.0",
        "Go-http-client 2 - other library none",
    ),
    (
        "PostmanRuntime/7.36.0",
        "PostmanRuntime 7 - other library none",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 11; CUBOT X30) {WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36",
        "Chrome_Mobile 120 Android mobile browser none",
    ),
    (
        "Mozilla/5.0 (compatible; Focubot/1.0)",
        "Focubot 1 - other bot none",
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Googlebot 2 - other bot none",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}) {WEBKIT} HeadlessChrome/120.0.0.0 Safari/537.36",
        "HeadlessChrome 120 Windows desktop headless none",
    ),
    (
        f"Mozilla/5.0 {WEBKIT[:-1]}; compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
        "Claude-User 1 - other bot none",
    ),
    (
        f"Mozilla/5.0 {WEBKIT}; compatible; ChatGPT-User/1.0; +https://openai.com/bot",
        "ChatGPT-User 1 - other bot none",
    ),
    (
        f"Mozilla/5.0 ({MAC}) {WEBKIT} Chrome/131.0.0.0 Safari/537.36; compatible; ChatGPT-User/1.0",
        "ChatGPT-User 1 Mac_OS_X other bot none",
    ),
    (
        "Claude-User",
        "Claude-User - - other bot none",
    ),
    (
        "meta-externalfetcher/1.1",
        "meta-externalfetcher 1 - other bot none",
    ),
    (
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "GPTBot 1 - other bot none",
    ),
    (
        f"Mozilla/5.0 (compatible; Pricer/2.1; +mail@prices.example) {WEBKIT}",
        "* none",
    ),
    (
        "reqwest/0.11.18",
        "reqwest 0 - other library none",
    ),
    (
        "go-resty/2.7.0 (https://github.com/go-resty/resty)",
        "go-resty 2 - other library none",
    ),
    (
        "ureq/2.9.1",
        "ureq 2 - other library none",
    ),
    # What no device says
    (
        f"Mozilla/5.0 ({IPHONE}; Windows NT 10.0) {APPLE} Version/17.5 Safari/604.1",
        "* two_systems",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}; Android 14) {WEBKIT} Chrome/126.0 Mobile Safari/537.36",
        "* two_systems",
    ),
    (
        f"Mozilla/5.0 (Windows NT 11.0; Win64; x64) {WEBKIT} Chrome/126.0 Safari/537.36",
        "* no_such_system",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}) {APPLE} Version/17.5 Safari/605.1.15",
        "* browser_system",
    ),
    (
        f"Mozilla/5.0 ({IPHONE}) {WEBKIT} Chrome/126.0 Mobile Safari/537.36",
        "* browser_system",
    ),
    (
        f"Mozilla/5.0 ({IPHONE}; rv:127.0) Gecko/20100101 Firefox/127.0",
        "* browser_system",
    ),
    (
        f"Mozilla/5.0 ({MAC}; Trident/7.0; rv:11.0) like Gecko",
        "* browser_system",
    ),
    # What some do say
    (
        "Mozilla/5.0",
        "* incomplete",
    ),
    (
        f"Mozilla/5.0 ({WINDOWS}) {WEBKIT[:-6]}",
        "* incomplete",
    ),
    (
        "Mozilla/5.0 (Windows NT 5.1) AppleWebKit/534.57 (KHTML, like Gecko) Version/5.1.7 Safari/534.57.2",
        "* none",
    ),
    (
        "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Edge/15.15063",
        "* none",
    ),
]


@pytest.mark.parametrize(("agent", "said"), AGENTS)
def test_what_a_user_agent_says(reference: Reference, agent: str, said: str) -> None:
    found = of(reference, Device(user_agent=agent))
    names = ("browser", "browser_version", "operating_system", "device_type", "user_agent_kind", "user_agent_oddity")
    words = ["-" if isinstance(found[name], Unknown) else str(found[name]).replace(" ", "_") for name in names]
    assert (" ".join(words) if "*" not in said else f"* {words[-1]}") == said
    assert found["has_user_agent"] is True
    assert found["is_automated_user_agent"] == (words[4] in {"headless", "library", "bot"})
    assert found["is_impossible_user_agent"] == (words[5] in {"two_systems", "no_such_system", "browser_system"})


@pytest.mark.parametrize("agent", [None, "", " "])
def test_no_user_agent_is_none(reference: Reference, agent: str | None) -> None:
    found = of(reference, Device(user_agent=agent))
    assert found["has_user_agent"] is False
    assert found["browser"] is None
    assert found["is_automated_user_agent"] is None


@pytest.mark.parametrize(
    ("header", "languages", "countries"),
    [
        ("en-GB,en;q=0.8", "en", "GB"),
        ("fr;q=0.3, de-AT;q=0.9, en;q=0.5", "de en fr", "AT"),
        ("zh-Hant-TW,zh;q=0.9", "zh", "TW"),
        ("nb-NO,nn;q=0.8", "no", "NO"),
        ("iw-IL", "he", "IL"),
        ("pt_BR", "pt", "BR"),
        ("en;q=0,de", "de", ""),
        ("es-419", "es", ""),
        ("de;q=nonsense", "de", ""),
        ("*", "", ""),
        ("", "", ""),
        ("!!,,;;q=", "", ""),
    ],
)
def test_an_accept_language_header(header: str, languages: str, countries: str) -> None:
    assert accepted(header).languages == tuple(languages.split())
    assert accepted(header).countries == tuple(countries.split())


@pytest.mark.parametrize(
    ("header", "country", "is_spoken"),
    [
        ("en-GB,en;q=0.8", "GB", True),
        ("de-DE,de;q=0.9,en;q=0.8", "DE", True),
        ("de-DE,de;q=0.9,en;q=0.8", "AT", True),
        ("fr-FR,fr;q=0.9", "CH", True),
        ("es-MX,es;q=0.9,en;q=0.8", "US", True),
        ("vi-VN,vi;q=0.9,en;q=0.8", "US", False),
        ("ru-RU,ru;q=0.9,en-US;q=0.8", "US", True),
        ("ru-RU,ru;q=0.9", "US", False),
        ("zh-CN,zh;q=0.9", "DE", False),
        ("en-US,en;q=0.9", "US", True),
        ("en-US,en;q=0.9", "DE", Unknown("ambiguous")),
        ("xx-YY", "DE", Unknown("ambiguous")),
        ("*", "DE", Unknown("language_unknown")),
        ("de", None, NOWHERE),
    ],
)
def test_languages_against_countries(
    reference: Reference, header: str, country: str | None, is_spoken: bool | Unknown
) -> None:
    device = Device(accept_language=header)
    assert of(reference, device, {"ip_country": country})["device_language_matches_ip"] == is_spoken
    assert of(reference, device, {"billing_country": country})["device_language_matches_billing"] == is_spoken


def test_a_missing_table_is_unknown_and_nothing_else(reference: Reference) -> None:
    device = Device(user_agent="curl/8.4.0", accept_language="de")
    known: dict[str, Value] = {"ip_country": "DE", "billing_country": "AT"}
    whole = of(reference, device, known)
    bare = of(replace(reference, user_agents=None, languages=None), device, known)
    changed = {name: bare[name] for name in FEATURES if bare[name] != whole[name]}
    assert set(changed.values()) == {Unknown("user_agents"), Unknown("languages")}
    kept = {"has_user_agent", "device_language", "device_language_country", "device_language_count"}
    assert set(FEATURES) - changed.keys() == kept


COUNTRY = st.none() | st.sampled_from(("US", "AQ", "XK", "BV", "ZZ"))


@given(st.text(max_size=60), st.text(alphabet="aen-_;q=.,0 \u0130", max_size=30), COUNTRY)
def test_nothing_makes_it_raise_and_what_is_kept_is_equal(
    reference: Reference, agent: str, header: str, country: str | None
) -> None:
    device = Device(user_agent=f"Mozilla/5.0 ({agent}", accept_language=header)
    assert len(of(reference, device, {"ip_country": country})) == len(FEATURES)
    assert _of_agent(agent, reference.user_agents) == _of_agent.__wrapped__(agent, reference.user_agents)
    of_header = _of_header(header, country, "DE", reference.languages)
    assert of_header == _of_header.__wrapped__(header, country, "DE", reference.languages)
