"""What is remembered of a user agent's shape and brackets says what its whole words say; tags, what headers say."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.iso import COUNTRIES
from engine.reference.languages import _TAG, _TAGS_MAX, _country, _weight, accepted, primary
from engine.reference.user_agents import (
    _CONSOLE,
    _SAFARI,
    _SYSTEMS,
    _WINDOWS_NT,
    _WINDOWS_VERSIONS,
    _kind,
    _oddity,
    _read,
)

_TV = re.compile(r"smart-?tv|appletv|googletv|hbbtv|bravia|web0s|webos.*tv|tizen.*tv|crkey|\baft[a-z]+|roku")
_WEBKIT_ALONE = re.compile(r" chrome/| firefox/| edge?/| opr/")
_WORDS = (
    *("Mozilla/5.0 ", "Opera/9.80 ", "(", ")", "; ", " ", "/", ".", "0", "4", "9", "12", "Windows NT 10.0", "Win64"),
    *("Windows NT 11.0", "Windows NT 6.1", "Windows Phone 10.0", "Macintosh", "iPhone", "iPad", "Android 14", "X11"),
    *(
        "CrOS",
        "Linux x86_64",
        "Mobile",
        "Tablet",
        " Chrome/126.0",
        " Firefox/127.0",
        " Edg/126.0",
        " Edge/15",
        " OPR/9",
    ),
    *("Trident/7.0", "Version/17.5 Safari/605", "Version/5.1 Mobile/15E148 Safari/6", "web0s", "web9s", "WebOS TV"),
    *(
        "Tizen TV",
        "AFTB",
        "aft9",
        "SmartTV",
        "smart-tv",
        "PlayStation 5",
        "Xbox",
        "HeadlessChrome/9",
        "bot",
        "bot/",
        "2",
    ),
    *(
        "+http://a",
        "curl/8.4.0",
        "okhttp/4",
        "Dalvik/2.1",
        "; wv)",
        "line/",
        "\u0130",
        "\u0661",
        "preview",
        "electron/9",
    ),
    *("cypress", "iPod", "CFNetwork"),
)
_AGENTS = st.lists(st.sampled_from(_WORDS) | st.text(max_size=3), max_size=14).map("".join)


def _type_by_all_words(lower: str) -> str:
    if _TV.search(lower):
        return "tv"
    if _CONSOLE.search(lower):
        return "console"
    if "ipad" in lower or "tablet" in lower or ("android" in lower and "mobile" not in lower and "dalvik" not in lower):
        return "tablet"
    if any(each in lower for each in ("iphone", "ipod", "mobile", "android", "windows phone")):
        return "mobile"
    return "desktop" if any(each in lower for each in ("windows", "macintosh", "x11", "cros", "linux")) else "other"


def _oddity_by_all_words(lower: str) -> str:
    brackets = re.search(r"\(([^)]*)", lower)
    if lower.startswith("mozilla/") and (brackets is None or lower.count("(") != lower.count(")")):
        return "incomplete"
    if brackets is None or "windows phone" in lower:
        return "none"
    said = brackets[1]
    if sum(system.search(said) is not None for system in _SYSTEMS) > 1:
        return "two_systems"
    if (windows := _WINDOWS_NT.search(said)) is not None and windows[1] not in _WINDOWS_VERSIONS:
        return "no_such_system"
    return "browser_system" if _is_foreign(lower, said) else "none"


def _is_foreign(lower: str, said: str) -> bool:
    if _SYSTEMS[2].search(said):
        return _WEBKIT_ALONE.search(lower) is not None or "trident/" in lower
    if "windows" in said:
        safari = None if "chrome/" in lower else _SAFARI.search(lower)
        return safari is not None and int(safari[1][:3]) > 5
    return "trident/" in lower


@settings(max_examples=1000)
@example("Opera/9.80 (X11)")
@example("Mozilla/5.0 (X99)")
@example("Mozilla/5.0 (web0s)")
@example("Mozilla/5.0 (web9s)")
@given(_AGENTS)
def test_kind_type_and_oddity_are_those_of_all_words(agent: str) -> None:
    lower = agent.lower()
    found = _read(agent, lambda _text: (None, None, None))
    assert found.kind == _kind(lower)
    assert found.device_type == (_type_by_all_words(lower) if found.kind in ("browser", "app", "headless") else "other")
    assert found.oddity == _oddity(lower) == _oddity_by_all_words(lower)


_PARTS = (
    "en",
    "de-AT",
    "zh-Hant-TW",
    "pt_BR",
    "xx",
    ";q=0.5",
    ";q=0",
    ";q=2",
    "; Q = .3",
    ",",
    ", ",
    " ",
    "*",
    "-",
    "x",
)


@given(st.lists(st.sampled_from(_PARTS) | st.text(max_size=2), max_size=80).map("".join))
def test_a_header_says_what_its_tags_say_one_by_one(header: str) -> None:
    found: list[tuple[float, str, str | None]] = []
    for part in header.lower().split(",")[:_TAGS_MAX]:
        tag, _, parameters = part.strip().replace("_", "-").partition(";")
        match = _TAG.fullmatch(tag.strip())
        if match is not None and (weight := _weight(parameters)) > 0:
            found.append((-weight, primary(match[1]), _country(match[2])))
    found.sort(key=lambda each: each[0])
    asked = accepted(header)
    assert asked.languages == tuple(dict.fromkeys(language for _, language, _ in found))
    assert asked.countries == tuple(dict.fromkeys(country for _, _, country in found if country is not None))
    assert set(asked.countries) <= set(COUNTRIES)
