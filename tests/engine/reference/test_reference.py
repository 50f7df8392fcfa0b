from datetime import date
from pathlib import Path

import pytest

from engine.errors import ReferenceInvalid
from engine.reference import Rates, Reference, TimeZones, load_reference

MMDB = Path(__file__).parents[2] / "fixtures" / "mmdb"


def test_the_embedded_tables_load() -> None:
    reference = load_reference()
    assert reference.ip is not None
    assert reference.bins is not None
    assert reference.ip.country("8.8.8.8") == "US"
    assert reference.bins.rows == 337_265
    assert reference.rates.usd_minor(100, "USD", date(2026, 1, 1)) == 100
    assert {"ip", "bins", "rates", "time_zones"} <= reference.versions().keys()
    assert all(reference.versions().values())


def test_the_operators_files_are_taken(tmp_path: Path) -> None:
    bins, rates = tmp_path / "bins.csv", tmp_path / "rates.csv"
    bins.write_text("BIN,Brand,Type,Category,Issuer,isoCode2\n99999999,VISA,,,,\n", encoding="utf-8")
    rates.write_text("date,currency,usd_per_unit\n2026-01-01,EUR,2\n", encoding="utf-8")
    reference = load_reference(MMDB / "GeoIP2-City-Test.mmdb", bins, rates)
    assert reference.versions()["ip"].startswith("GeoIP2-City 2026-02-04 ")
    assert reference.versions()["bins"].startswith("bins 1 rows ")
    assert reference.rates.usd_minor(100, "EUR", date(2026, 1, 1)) == 200
    assert reference.rates.usd_minor(100, "GBP", date(2026, 1, 1)) is None


def test_a_table_may_be_missing() -> None:
    reference = Reference(ip=None, bins=None, rates=Rates.load(), time_zones=TimeZones.load())
    assert reference.versions()["ip"] == reference.versions()["bins"] == "missing"


def test_what_cannot_be_loaded_is_refused_whole() -> None:
    with pytest.raises(ReferenceInvalid) as caught:
        load_reference(ip_database=MMDB / "GeoIP2-City-Test-Invalid-Node-Count.mmdb")
    assert caught.value.code == "reference_invalid"
