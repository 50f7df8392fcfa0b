"""User agents: the browser's family and system by ua-parser's patterns, what kind of program it is, and what cannot be.

The patterns are matched by the package's Rust engine: 10 us a user agent.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from typing import Final, NamedTuple, Self

from engine.reference.table import TableInfo

_CACHED: Final = 4096
_TEXT_MAX: Final = 1024
_FAMILY_MAX: Final = 40
_VERSION_DIGITS_MAX: Final = 6

KINDS: Final = ("browser", "app", "headless", "library", "bot", "other")
DEVICE_TYPES: Final = ("desktop", "mobile", "tablet", "tv", "console", "other")
_ON_DEVICES: Final = ("browser", "app", "headless")
_OF_AGENTS: Final = "bot"
NO_ODDITY: Final = "none"
TWO_SYSTEMS, OTHER_SYSTEM, NO_SUCH_SYSTEM, CUT = "two_systems", "browser_system", "no_such_system", "incomplete"
ODDITIES: Final = (NO_ODDITY, TWO_SYSTEMS, OTHER_SYSTEM, NO_SUCH_SYSTEM, CUT)
IMPOSSIBLE: Final = frozenset({TWO_SYSTEMS, OTHER_SYSTEM, NO_SUCH_SYSTEM})

_HEADLESS: Final = re.compile(r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|slimerjs|electron/.*cypress")
_AGENTS: Final = (
    r"(?:chatgpt|claude|perplexity|mistralai|manus)-user|google-agent|googleother|meta-external(?:agent|fetcher)"
    r"|(?:anthropic|cohere)-ai|claude-web"
)
"""What calls itself an agent or a reader of a language model's: it acts on somebody's word, and no person is at it."""
_AGENT: Final = re.compile(rf"\b({_AGENTS})(?:/(\d+))?", re.IGNORECASE)
# Cubot makes phones. Behind a + stands where to ask about the program.
_BOT: Final = re.compile(
    r"(?<!\bcu)bot\b|crawl|spider|slurp|\+https?://|\+[\w.-]+@|facebookexternalhit|preview|monitor|archiver|scrapy"
    rf"|\b(?:{_AGENTS})"
)
_LIBRARY: Final = re.compile(
    r"^(?:curl|wget|python|aiohttp|httpx|java|apache-httpclient|go-http-client|libwww-perl|lwp|php|guzzlehttp|ruby"
    r"|rest-client|windowspowershell|node|axios|got |undici|postman|insomnia|httpie|winhttp|powershell|mechanize"
    r"|faraday|typhoeus|reqwest|ureq/|hyper/|deno/|bun/|go-resty|fasthttp|restsharp)"
)
_APP: Final = re.compile(
    r"okhttp|cfnetwork|dalvik|alamofire|; wv\)|fban|fbav|instagram|musical_ly|bytedance|line/|micromessenger"
)
_TV: Final = re.compile(r"smart-?tv|appletv|googletv|hbbtv|bravia|webos.*tv|tizen.*tv|crkey|\baft[a-z]+|roku")
_CONSOLE: Final = re.compile(r"playstation|xbox|nintendo")
_NINES: Final = bytes.maketrans(b"012345678", b"999999999")
_SYSTEMS: Final = (
    re.compile(r"windows nt|win64|win32"),
    re.compile(r"macintosh"),
    re.compile(r"\b(?:iphone|ipad|ipod)\b"),
    re.compile(r"android"),
    re.compile(r"\bx11\b|\bcros\b"),
)
_WINDOWS_NT: Final = re.compile(r"windows nt (\d+\.\d+)")
_WINDOWS_VERSIONS: Final = frozenset(
    ["3.1", "3.5", "3.51", "4.0", "5.0", "5.01", "5.1", "5.2", "6.0", "6.1", "6.2", "6.3", "6.4", "10.0"]
)
_SAFARI: Final = re.compile(r"version/(\d+)[^ ]* (?:mobile/\w+ )?safari/")
_LAST_SAFARI_ON_WINDOWS: Final = 5
_ON_WEBKIT_ALONE: Final = (" chrome/", " firefox/", " edg/", " edge/", " opr/")
_FAMILIES = tuple[str | None, str | None, str | None]


class UserAgent(NamedTuple):
    """What a user agent says; None where it says none. `kind`, `device_type` and `oddity` are of the lists above."""

    browser: str | None
    browser_version: int | None
    system: str | None
    device_type: str
    kind: str
    oddity: str


class UserAgents:
    """The patterns; `version` is that of the package that has them."""

    __slots__ = ("info", "look_up")

    look_up: Callable[[str], UserAgent]
    """What a user agent says; any text is taken."""

    def __init__(self, *, families: Callable[[str], _FAMILIES], version: str) -> None:
        """`families` gives the browser's family, its major version and the system's family."""
        self.info = TableInfo(
            name="user_agents",
            what="patterns of user agents",
            version=version,
            built=None,
            rows=None,
            source="package ua-parser-builtins (uap-core)",
            licence="Apache 2.0",
        )

        def look_up(text: str) -> UserAgent:
            return _read(text[:_TEXT_MAX], families)

        self.look_up = look_up

    @property
    def version(self) -> str:
        """The package's version."""
        return self.info.version

    @classmethod
    def load(cls) -> Self:
        """Compile the patterns, about 0.1 s and 15 MB."""
        # Who reads no user agents does not pay for their patterns.
        from ua_parser.loaders import load_lazy_builtins  # noqa: PLC0415
        from ua_parser.regex import Resolver  # noqa: PLC0415

        # The lazy ones are texts still: the eager ones are compiled for Python's engine, too, which nobody asks.
        browsers, systems, _devices = load_lazy_builtins()
        resolver = Resolver((browsers, systems, []))
        browser_of, system_of = resolver.ua.extract, resolver.os.extract

        def families(text: str) -> _FAMILIES:
            browser, system = browser_of(text), system_of(text)
            family = None if system is None else system.family
            return (None, None, family) if browser is None else (browser.family, browser.major, family)

        return cls(families=families, version=f"uap-core {version('ua-parser-builtins')}")


def _read(text: str, families: Callable[[str], _FAMILIES]) -> UserAgent:
    browser, major, system = families(text)
    lower = text.lower()
    shape = lower.encode("utf-8", "surrogatepass").translate(_NINES)
    kind, device_type = _kind_and_type(shape, "web0s" in lower, "x11" in lower)
    if kind == _OF_AGENTS and (agent := _AGENT.search(text)) is not None:
        # The patterns take the address behind it for its name, or know none.
        browser, major = agent[1], agent[2]
    return UserAgent(
        None if browser is None else browser[:_FAMILY_MAX],
        int(major) if major is not None and _is_short_number(major) else None,
        None if system is None else system[:_FAMILY_MAX],
        device_type,
        kind,
        _oddity(lower),
    )


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _VERSION_DIGITS_MAX


@lru_cache(maxsize=_CACHED)
def _kind_and_type(shape: bytes, has_web0s: bool, has_x11: bool) -> tuple[str, str]:  # noqa: FBT001 - a cache's key
    """What kind of program it is, and what type of device, by its words in lower case (UTF-8); every digit is a nine.

    Programs of all versions share the answer: of what is asked here, two words alone have digits, LG's televisions' and
    that of Unix desktops.
    """
    lower = shape.decode("utf-8", "surrogatepass")
    kind = _kind(lower)
    if kind not in _ON_DEVICES:
        return kind, "other"
    device_type = "tv" if has_web0s else _device_type(lower)
    return kind, "desktop" if device_type == "other" and has_x11 else device_type


def _kind(lower: str) -> str:
    if _HEADLESS.search(lower):
        return "headless"
    if _BOT.search(lower):
        return "bot"
    if _LIBRARY.search(lower):
        return "library"
    if _APP.search(lower):
        return "app"
    return "browser" if lower.startswith(("mozilla/", "opera/")) else "other"


def _device_type(lower: str) -> str:
    if _TV.search(lower):
        return "tv"
    if _CONSOLE.search(lower):
        return "console"
    if "ipad" in lower or "tablet" in lower or ("android" in lower and "mobile" not in lower and "dalvik" not in lower):
        return "tablet"
    if any(each in lower for each in ("iphone", "ipod", "mobile", "android", "windows phone")):
        return "mobile"
    is_desktop = any(each in lower for each in ("windows", "macintosh", "cros", "linux"))
    return "desktop" if is_desktop else "other"


def _oddity(lower: str) -> str:
    """What is wrong with it, the first that is found; phones with Windows said the names of all others."""
    begins = lower.find("(") + 1
    if lower.startswith("mozilla/") and (not begins or lower.count("(") != lower.count(")")):
        return CUT
    if not begins or "windows phone" in lower:
        return NO_ODDITY
    ends = lower.find(")", begins)
    said = _in_brackets(lower[begins:] if ends < 0 else lower[begins:ends])
    if said.oddity != NO_ODDITY:
        return said.oddity
    return OTHER_SYSTEM if _is_foreign(lower, said) else NO_ODDITY


class _InBrackets(NamedTuple):
    oddity: str
    is_apples_phone: bool
    is_windows: bool


@lru_cache(maxsize=_CACHED)
def _in_brackets(said: str) -> _InBrackets:
    """What the first brackets say of the system; cached, for browsers of many versions run on one system."""
    found = [system.search(said) is not None for system in _SYSTEMS]
    windows = _WINDOWS_NT.search(said)
    is_no_windows = windows is not None and windows[1] not in _WINDOWS_VERSIONS
    oddity = TWO_SYSTEMS if sum(found) > 1 else NO_SUCH_SYSTEM if is_no_windows else NO_ODDITY
    return _InBrackets(oddity=oddity, is_apples_phone=found[2], is_windows="windows" in said)


def _is_foreign(lower: str, said: _InBrackets) -> bool:
    """Whether the browser was never made for the system: on iPhones they have other names, some are Windows' own."""
    if said.is_windows and not said.is_apples_phone:
        safari = None if "chrome/" in lower else _SAFARI.search(lower)
        return safari is not None and int(safari[1][:3]) > _LAST_SAFARI_ON_WINDOWS
    if "trident/" in lower:
        return True
    return said.is_apples_phone and any(map(lower.__contains__, _ON_WEBKIT_ALONE))
