from dataclasses import replace
from datetime import date

import pytest

from engine.reference import Reference, TableInfo

BUILT = date(2026, 6, 1)
INFO = TableInfo(
    name="made", what="made up", version="1", built=BUILT, rows=3, source="nobody", licence="none", max_age_days=30
)


@pytest.mark.parametrize(
    ("info", "today", "age", "is_stale"),
    [
        (INFO, BUILT, 0, False),
        (INFO, date(2026, 7, 1), 30, False),
        (INFO, date(2026, 7, 2), 31, True),
        (replace(INFO, max_age_days=None), date(2036, 7, 2), 3684, False),
        (replace(INFO, built=None), date(2036, 7, 2), None, False),
        (replace(INFO, built=None, parts=(INFO,)), date(2026, 7, 2), None, True),
        (replace(INFO, max_age_days=None, parts=(INFO,)), date(2026, 7, 1), 30, False),
    ],
)
def test_age_and_staleness(info: TableInfo, today: date, age: int | None, *, is_stale: bool) -> None:
    assert (info.age_days(today), info.is_stale(today)) == (age, is_stale)


def test_every_table_says_what_it_is(reference: Reference) -> None:
    infos = {info.name: info for info in reference.infos()}
    assert set(infos) == set(reference.tables())
    for name, info in infos.items():
        assert info.version == reference.versions()[name]
        assert info.rows is None or info.rows > 0
        assert info.what
        assert info.source
        assert info.licence
        assert info.attribution or "CC BY" not in info.licence


def test_the_operator_says_how_old_an_ip_table_may_be(reference: Reference) -> None:
    assert reference.ip is not None
    allowed = replace(reference, ip_max_age_days=7)
    (info,) = (info for info in allowed.infos() if info.name == "ip")
    assert info.max_age_days == 7
    assert info.is_stale(date(2026, 6, 9))


def test_a_missing_table_says_nothing(reference: Reference) -> None:
    bare = replace(reference, ip=None, bins=None)
    assert bare.tables()["bins"] is None
    assert {"ip", "bins"}.isdisjoint(info.name for info in bare.infos())
    assert bare.versions()["bins"] == "missing"
