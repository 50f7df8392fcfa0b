import random
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import cast

import maxminddb
import pytest
from geoip2.database import Reader
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it ships no types

from engine.errors import ReferenceInvalid
from engine.features import Unknown
from engine.reference.ip import EMBEDDED_IP_COUNTRIES, IpLocations
from engine.reference.ip_address import public_ip

MMDB = Path(__file__).parents[2] / "fixtures" / "mmdb"


@pytest.fixture(scope="module")
def embedded() -> IpLocations:
    return IpLocations.load()


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("8.8.8.8", "US"),
        ("193.0.6.139", "NL"),  # RIPE NCC
        ("200.160.2.3", "BR"),  # registro.br
        ("133.11.0.1", "JP"),  # University of Tokyo
        ("2001:67c:2e8:22::c100:68b", "NL"),
        ("::ffff:8.8.8.8", "US"),
        ("0:0:0:0:0:FFFF:808:808", "US"),
        ("10.0.0.1", None),
        ("192.0.2.1", None),
        ("::1", None),
    ],
)
def test_known_addresses(embedded: IpLocations, address: str, country: str | None) -> None:
    assert embedded.country(address) == country


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "8.8", "8.8.8", "134744072", "010.8.8.8", "8.8.8.8 ", "256.1.1.1", "8.8.8.8/32", "8.8.8.8:443",
     "::g", "[::1]", "fe80::1%eth0", "1.2.3.4\0", "é", "\ud800", "::ffff:8.8.8", "8" * 10_000],
)  # fmt: skip
def test_what_is_no_address_is_unknown(embedded: IpLocations, text: str) -> None:
    assert embedded.country(text) is None


def test_geoip2_reads_the_embedded_table() -> None:
    with Reader(EMBEDDED_IP_COUNTRIES) as reader:
        assert reader.country("8.8.8.8").country.iso_code == "US"
    assert EMBEDDED_IP_COUNTRIES.stat().st_size <= 10 * 1024 * 1024


def test_the_version_names_type_build_and_content(embedded: IpLocations) -> None:
    assert embedded.version == "DBIP-Country-Lite 2026-06-01 cc13e994771c"


def test_the_embedded_table_is_the_published_one(embedded: IpLocations, shared_data: Path) -> None:
    draw = random.Random(20260601)
    addresses = [IPv4Address(draw.getrandbits(32)) for _ in range(20_000)]
    public: list[IPv4Address | IPv6Address] = [IPv6Address((1 << 125) + draw.getrandbits(125)) for _ in range(20_000)]
    with maxminddb.open_database(shared_data / "ip" / "dbip-country.mmdb") as published:
        known = 0
        for address in addresses + public:
            record = cast("dict[str, str] | None", published.get(address))
            if isinstance(public_ip(str(address)), Unknown):
                assert embedded.country(str(address)) is None, "the source has places for what no shopper has"
                continue
            assert embedded.country(str(address)) == (record and record["country_code"]), address
            known += record is not None
    assert known > 20_000


@pytest.mark.parametrize("name", ["GeoIP2-Country-Test", "GeoIP2-City-Test"])
@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("2.125.160.216", "GB"),  # registered in FR
        ("81.2.69.160", "GB"),
        ("::ffff:81.2.69.160", "GB"),
        ("216.160.83.56", "US"),
        ("2001:218::1", "JP"),
        ("1.2.3.4", None),
    ],
)
def test_maxmind_databases(name: str, address: str, country: str | None) -> None:
    table = IpLocations.load(MMDB / f"{name}.mmdb")
    assert table.country(address) == country
    assert table.version.startswith(f"{name.removesuffix('-Test')} 2026-02-04 ")


def test_an_enterprise_database() -> None:
    assert IpLocations.load(MMDB / "GeoIP2-Enterprise-Test.mmdb").country("74.209.24.0") == "US"


@pytest.mark.parametrize("kind", ["GeoLite2-ASN", "GeoIP2-Anonymous-IP"])
def test_a_database_without_countries_is_refused(kind: str) -> None:
    path = MMDB / f"{kind}-Test.mmdb"
    with pytest.raises(ReferenceInvalid, match=f"{path.name}: a database of type '{kind}' does not know countries"):
        IpLocations.load(path)


@pytest.mark.parametrize("kind", ["Broken-Double-Format", "Invalid-Node-Count"])
def test_a_broken_database_is_refused(kind: str) -> None:
    path = MMDB / f"GeoIP2-City-Test-{kind}.mmdb"
    with pytest.raises(ReferenceInvalid, match=f"{path.name}: corrupt or truncated .*download"):
        IpLocations.load(path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_database_is_refused(tmp_path: Path, share: float) -> None:
    whole = (MMDB / "GeoIP2-Country-Test.mmdb").read_bytes()
    path = tmp_path / "short.mmdb"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ReferenceInvalid, match=r"short\.mmdb: corrupt or truncated"):
        IpLocations.load(path)


def test_changed_bytes_are_refused_or_give_unknowns(tmp_path: Path) -> None:
    draw = random.Random(7)
    whole = (MMDB / "GeoIP2-Country-Test.mmdb").read_bytes()
    refused = 0
    for number in range(60):
        broken = bytearray(whole)
        for _ in range(20):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path = tmp_path / f"{number}.mmdb"
        path.write_bytes(broken)
        try:
            table = IpLocations.load(path)
        except ReferenceInvalid:
            refused += 1
        else:
            assert table.country("2.125.160.216") in {"GB", None}
    assert refused > 30


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceInvalid, match=r"none\.mmdb: cannot be read \(No such file"):
        IpLocations.load(tmp_path / "none.mmdb")
    with pytest.raises(ReferenceInvalid, match="cannot be read"):
        IpLocations.load(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[int, dict[str, object]], Path]:
    def written(ip_version: int, record: dict[str, object]) -> Path:
        writer = MMDBWriter(ip_version, "Our-Country", ipv4_compatible=ip_version == 6)
        writer.insert_network(IPSet(["1.0.0.0/8"]), record)
        path = tmp_path / "own.mmdb"
        writer.to_db_file(str(path))
        return path

    return written


def test_a_database_of_another_shape_is_refused(write: Callable[[int, dict[str, object]], Path]) -> None:
    with pytest.raises(ReferenceInvalid, match=r"own\.mmdb: no record holds country\.iso_code; convert it"):
        IpLocations.load(write(6, {"country_code": "US"}))


def test_a_database_of_ipv4_alone(write: Callable[[int, dict[str, object]], Path]) -> None:
    table = IpLocations.load(write(4, {"country": {"iso_code": "FR"}}))
    assert (table.country("1.2.3.4"), table.country("2001:db8::1")) == ("FR", None)


def test_the_registered_country_is_not_taken_for_the_country(
    write: Callable[[int, dict[str, object]], Path],
) -> None:
    record: dict[str, object] = {"registered_country": {"iso_code": "FR"}}
    with pytest.raises(ReferenceInvalid, match="no record holds"):
        IpLocations.load(write(6, record))


def test_codes_that_are_no_country_are_unknown(write: Callable[[int, dict[str, object]], Path]) -> None:
    with pytest.raises(ReferenceInvalid, match="no record holds"):
        IpLocations.load(write(6, {"country": {"iso_code": "EU"}}))
