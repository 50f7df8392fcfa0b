"""Time zone to its local time, and country to its own, where the country has only one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Self
from zoneinfo import ZoneInfo

from engine.reference.table import TableInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)
_DAY_MINUTES: Final = 24 * 60
_CACHED_OFFSETS: Final = 4096
_CACHED_DAYS: Final = 64


class TimeZones:
    """Every country's time zones, from the installed tzdata package (not the system's, which varies by machine).

    `version` is that package's.
    """

    __slots__ = ("_all_day", "_anywhere", "_at_minute", "_only", "info", "version")

    def __init__(self, *, zones: dict[str, tuple[ZoneInfo, ...]], version: str) -> None:
        self.version = version
        self.info = TableInfo(
            name="time_zones",
            what="countries' local time",
            version=version,
            built=None,
            rows=sum(map(len, zones.values())),
            source="IANA time zone database, package tzdata",
            licence="public domain",
        )

        self._only = {country: found[0].key for country, found in zones.items() if len(found) == 1}
        every = {str(zone.key): zone for found in zones.values() for zone in found}
        # No name of a zone is that of a country: those have two letters.
        places = zones | {name: (zone,) for name, zone in every.items()}

        # Since Liberia's change of January 1972 offsets change at whole minutes of UTC only, and no zone changes twice
        # within a day: on most days one answer serves all payments.
        @lru_cache(maxsize=_CACHED_OFFSETS)
        def all_day(place: str, day: int) -> frozenset[int] | None:
            of_place = places.get(place, ())
            begin, end = (_of_each(of_place, each * _DAY_MINUTES) for each in (day, day + 1))
            return frozenset(begin) if begin == end else None

        @lru_cache(maxsize=_CACHED_OFFSETS)
        def at_minute(place: str, minute: int) -> frozenset[int]:
            return frozenset(_of_each(places.get(place, ()), minute))

        # Of a day's beginning and its end, so that the clocks that change in between count both ways.
        @lru_cache(maxsize=_CACHED_DAYS)
        def anywhere(day: int) -> frozenset[int]:
            return frozenset().union(*(_of_each(every.values(), each * _DAY_MINUTES) for each in (day, day + 1)))

        self._all_day, self._at_minute, self._anywhere = all_day, at_minute, anywhere

    @classmethod
    def load(cls) -> Self:
        """Read tzdata's zone.tab and every zone it names."""
        folder = files("tzdata") / "zoneinfo"
        names = defaultdict[str, list[str]](list)
        for line in (folder / "zone.tab").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                country, _, name, *_ = line.split("\t")
                names[country].append(name)
        zones = {country: tuple(_zone(folder, name) for name in found) for country, found in names.items()}
        return cls(zones=zones, version=f"tzdata {version('tzdata')}")

    def only_zone(self, country: str) -> str | None:
        """The one zone of a country (IANA's name); None where it has several, or none that is known."""
        return self._only.get(country)

    def offsets_minutes(self, place: str, minute: int) -> frozenset[int]:
        """How many minutes the clocks of a place are ahead of UTC (behind: negative), in a minute of `minute_of`.

        A place is a country (ISO 3166-1 alpha-2) or a zone (IANA's name, as zone.tab has it). Several where a country's
        zones disagree at that instant (US, BR, ES: Canaries ...); none where the place is unknown to tzdata.
        """
        found = self._all_day(place, minute // _DAY_MINUTES)
        return self._at_minute(place, minute) if found is None else found

    def is_anywhere(self, offset_minutes: int, minute: int) -> bool:
        """Whether the clocks of some place have this offset on the day of a minute of `minute_of`."""
        return offset_minutes in self._anywhere(minute // _DAY_MINUTES)


def minute_of(at: datetime) -> int:
    """The whole minutes from the epoch to an aware instant."""
    assert at.tzinfo is not None, "an instant needs a time zone"
    return (at - _EPOCH) // _MINUTE


def _zone(folder: Traversable, name: str) -> ZoneInfo:
    with folder.joinpath(*name.split("/")).open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def _of_each(zones: Iterable[ZoneInfo], minute: int) -> list[int]:
    at = _EPOCH + minute * _MINUTE
    offsets = [at.astimezone(zone).utcoffset() for zone in zones]
    return [offset // _MINUTE for offset in offsets if offset is not None]
