"""The embedded lists against their own package, and MaxMind's editions over them, in a folder as operators have one."""

import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import iporigin
import pytest

from engine.errors import ReferenceInvalid
from engine.features import Unknown
from engine.reference import load_ip_tables
from engine.reference.causes import NO_TABLE, NOT_LISTED, STALE_GEO
from engine.reference.ip_facts import IpFacts
from engine.reference.ip_networks import IpNetworks
from engine.reference.ip_ranges import IpRanges

classify: Callable[[str], Any] = iporigin.classify
dataset_info: Callable[[], dict[str, Any]] = iporigin.dataset_info

MMDB = Path(__file__).parents[2] / "fixtures" / "mmdb"
TOR = {"kind": "tor", "provider": "Tor", "is_tor": True, "is_anonymous": True, "is_privacy_relay": False}
BESIDE = {"kind", "is_hosting", "provider", "is_residential_proxy", "anonymizer_confidence"}
NOW = date(2026, 11, 30).toordinal() - 550


@pytest.fixture(scope="module")
def ranges() -> IpRanges:
    return IpRanges.load()


@pytest.fixture(scope="module")
def embedded() -> IpNetworks:
    return IpNetworks.load()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def filled(*names: str) -> Path:
        for name in names:
            shutil.copy(MMDB / f"{name}-Test.mmdb", tmp_path)
        return tmp_path

    return filled


def known(facts: IpFacts) -> dict[str, object]:
    return {name: value for name, value in facts._asdict().items() if not isinstance(value, Unknown)}


def test_it_finds_what_its_package_finds(ranges: IpRanges) -> None:
    draw = random.Random(7)
    networks = ("3.5.140", "34.64.0", "104.16.0", "185.220.101", "146.70.0", "17.58.96", "77.111.247", "92.223.0")
    addresses = [f"{network}.{draw.randrange(256)}" for network in networks for _ in range(20)]
    addresses += [".".join(str(draw.randrange(1, 224)) for _ in range(4)) for _ in range(300)]
    kinds = set()
    for address in addresses:
        origin = classify(address)
        if origin.kind == "reserved":
            continue
        first, second, third, fourth = map(int, address.split("."))
        found = ranges.find(first << 24 | second << 16 | third << 8 | fourth, 4)
        assert ("unknown" if found is None else found.provider) == (origin.provider or "unknown"), address
        if found is not None:
            assert found.kind in {origin.kind, "relay", "crawler"}
            kinds.add(found.kind)
    assert kinds >= {"hosting", "cdn", "tor"}


def test_the_version_names_package_build_and_content(ranges: IpRanges) -> None:
    assert ranges.version == "iporigin 1.1.2 2026-10-05 509c4599801c"
    assert ranges.rows == dataset_info()["ranges"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("52.95.110.1", {"kind": "hosting", "provider": "Amazon AWS", "is_hosting": True}),
        ("2600:1f18::1", {"kind": "hosting", "provider": "Amazon AWS", "is_hosting": True}),
        ("104.16.0.1", {"kind": "cdn", "provider": "Cloudflare", "is_hosting": True}),
        ("66.249.66.1", {"kind": "crawler", "provider": "Googlebot", "is_hosting": True}),
        ("185.220.101.1", TOR),
        ("::ffff:185.220.101.1", TOR),
        ("73.15.20.30", {}),
        ("10.0.0.1", {}),
        ("nonsense", {}),
    ],
)  # fmt: skip
def test_what_the_embedded_lists_tell(embedded: IpNetworks, address: str, expected: dict[str, object]) -> None:
    assert known(embedded.facts(address, NOW)) == expected


def test_a_relay_that_keeps_the_country_is_no_vpn(embedded: IpNetworks) -> None:
    assert classify("172.224.226.1").kind == "vpn", "so its package says"
    assert known(embedded.facts("172.224.226.1", NOW)) == {
        "kind": "relay",
        "provider": "Apple Private Relay",
        "is_privacy_relay": True,
        "is_vpn": False,
        "is_anonymous": False,
    }


def test_what_is_in_no_list_is_unknown_and_not_false(embedded: IpNetworks) -> None:
    facts = embedded.facts("73.15.20.30", NOW)
    assert {facts.is_vpn, facts.is_tor, facts.is_hosting, facts.is_anonymous, facts.kind} == {NOT_LISTED}
    assert {facts.asn, facts.isp, facts.is_public_proxy, facts.risk} == {NO_TABLE}


def test_old_lists_tell_nothing(embedded: IpNetworks) -> None:
    facts = embedded.facts("185.220.101.1", date(2026, 10, 6).toordinal())
    assert {facts.is_tor, facts.kind, facts.is_hosting} == {STALE_GEO}


@pytest.mark.parametrize(
    ("edition", "address", "expected"),
    [
        ("GeoLite2-ASN", "1.0.0.1", {"asn": 15169, "organization": "Google Inc."}),
        ("GeoLite2-ASN", "12.81.96.1", {"asn": 7018}),
        ("GeoIP2-ISP", "8.33.0.1", {"isp": "Level 3 Communications", "organization": "Level 3 Communications"}),
        ("GeoIP2-ISP", "5.83.124.1", {"isp": "WifiNetCom"}),
        ("GeoIP2-Connection-Type", "1.0.0.1", {"connection_type": "cable/dsl"}),
        ("GeoIP-Residential-Proxy", "26.200.1.7", {"is_residential_proxy": True, "provider": "911proxy"}),
        ("GeoIP-Residential-Proxy", "26.200.1.7", {"anonymizer_confidence": 70}),
        ("GeoIP-Residential-Proxy", "26.200.1.8", {"is_residential_proxy": False}),
        ("GeoIP2-Static-IP-Score", "1.2.3.1", {"static_score": 0.04}),
    ],
)  # fmt: skip
def test_what_an_edition_tells(
    folder: Callable[..., Path], edition: str, address: str, expected: dict[str, object]
) -> None:
    tables = load_ip_tables(folder(edition) / f"{edition}-Test.mmdb")
    facts = known(tables.networks.facts(address, NOW))
    assert {name: facts.get(name) for name in expected} == expected
    assert set(facts) - set(expected) <= BESIDE
    assert tables.locations.version.startswith("DBIP-Country-Lite"), "it knows no places"


FLAGS = ("is_anonymous", "is_vpn", "is_public_proxy", "is_residential_proxy", "is_tor", "is_hosting")


@pytest.mark.parametrize("edition", ["GeoIP2-Anonymous-IP", "GeoIP-Anonymous-Plus"])
@pytest.mark.parametrize(
    ("address", "true"),
    [
        ("1.2.0.1", {"is_anonymous", "is_vpn"}),
        ("1.124.213.1", {"is_anonymous", "is_vpn", "is_tor"}),
        ("71.160.223.1", {"is_anonymous", "is_hosting"}),
        ("81.2.69.1", {"is_anonymous", "is_vpn", "is_hosting", "is_public_proxy", "is_residential_proxy", "is_tor"}),
        ("186.30.236.1", {"is_anonymous", "is_public_proxy"}),
        ("73.15.20.30", set()),
    ],
)
def test_the_anonymous_editions_say_false_too(
    folder: Callable[..., Path], edition: str, address: str, true: set[str]
) -> None:
    facts = load_ip_tables(folder(edition)).networks.facts(address, NOW)._asdict()
    assert {name for name in FLAGS if facts[name] is True} == true
    assert {name for name in FLAGS if facts[name] is False} == set(FLAGS) - true


def test_a_folder_of_editions_is_one_table(folder: Callable[..., Path]) -> None:
    tables = load_ip_tables(
        folder(
            "GeoIP2-Country", "GeoIP2-City", "GeoIP2-Enterprise", "GeoLite2-ASN", "GeoIP2-ISP", "GeoIP2-Domain",
            "GeoIP2-Anonymous-IP", "GeoIP-Anonymous-Plus", "GeoIP2-IP-Risk", "GeoIP2-Connection-Type",
        )
    )  # fmt: skip
    assert tables.locations.version.startswith("GeoIP2-Enterprise "), (
        "of those that know places the one that tells most"
    )
    info = tables.networks.info
    assert [part.what for part in info.parts[:-1]] == [
        "GeoIP2-IP-Risk", "GeoIP-Anonymous-Plus", "GeoIP2-Anonymous-IP", "GeoIP2-ISP", "GeoIP2-Connection-Type",
        "GeoIP2-Enterprise", "GeoLite2-ASN",
    ]  # fmt: skip
    assert info.parts[-1].source == "package iporigin, from what the providers publish"
    assert tables.networks.version == " over ".join(part.version for part in info.parts)
    facts = tables.networks.facts("1.2.0.6", NOW)
    assert (facts.is_vpn, facts.is_anonymous) == (True, True), "what one says is so, though another does not"
    assert tables.networks.facts("74.209.24.0", NOW).user_type == "residential"
    assert tables.networks.facts("74.209.24.0", NOW).asn == 14671
    assert tables.networks.facts("6.1.2.1", NOW).risk == 75.0


def test_an_old_edition_tells_nothing(folder: Callable[..., Path]) -> None:
    """Built on 4 February 2026: the embedded lists of October still tell."""
    networks = load_ip_tables(folder("GeoIP2-Anonymous-IP", "GeoLite2-ASN")).networks
    facts = networks.facts("185.220.101.1", date(2026, 2, 5).toordinal())
    assert (facts.is_tor, facts.is_public_proxy, facts.asn) == (True, STALE_GEO, STALE_GEO)
    assert networks.facts("73.15.20.30", date(2026, 2, 4).toordinal()).is_tor is False
    assert networks.facts("73.15.20.30", date(2026, 2, 4).toordinal()).asn == 7922


@pytest.mark.parametrize("edition", ["GeoLite2-ASN", "GeoIP2-ISP", "GeoIP2-Anonymous-IP", "GeoIP2-Connection-Type"])
def test_changed_bytes_are_refused_or_give_unknowns(tmp_path: Path, edition: str) -> None:
    draw = random.Random(7)
    whole = (MMDB / f"{edition}-Test.mmdb").read_bytes()
    path = tmp_path / "broken.mmdb"
    refused = 0
    for _ in range(5):
        broken = bytearray(whole)
        for _ in range(40):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path.write_bytes(broken)
        try:
            networks = load_ip_tables(path).networks
        except ReferenceInvalid:
            refused += 1
        else:
            for address in ("1.2.0.1", "1.0.128.1", "74.209.24.0", "2001:220::1"):
                assert len(networks.facts(address, NOW)) == len(IpFacts._fields)
    assert refused


def test_a_broken_file_of_a_folder_is_named(folder: Callable[..., Path]) -> None:
    path = folder("GeoLite2-ASN", "GeoIP2-City")
    (path / "GeoIP2-City-Test.mmdb").write_bytes(b"no database")
    with pytest.raises(ReferenceInvalid, match=r"GeoIP2-City-Test\.mmdb: corrupt or truncated"):
        load_ip_tables(path)


def test_a_folder_of_nothing_that_is_asked_is_refused(folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(ReferenceInvalid, match=r"no \.mmdb file in this folder is of use; give GeoIP2"):
        load_ip_tables(folder("GeoIP2-Domain"))
    with pytest.raises(ReferenceInvalid, match="'GeoIP2-Domain' tells nothing that is asked"):
        load_ip_tables(tmp_path / "GeoIP2-Domain-Test.mmdb")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _whole: b"", "requires a buffer"),
        (lambda whole: b"X" + whole[1:], "it begins with"),
        (lambda whole: whole[:8] + b"\x02" + whole[9:], "form 2"),
        (lambda whole: whole[:-1], "bytes, where"),
        (lambda whole: whole[:18] + b"\0\0\0\0" + whole[22:], "bytes, where|kind|overlap"),
    ],
)
def test_lists_of_another_form_are_refused(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    whole = (Path(iporigin.__file__).parent / "data" / "ranges.bin").read_bytes()
    path = tmp_path / "ranges.bin"
    path.write_bytes(change(whole))
    with pytest.raises(ReferenceInvalid, match=f"no table of iporigin.*(?:{said})"):
        IpRanges.read(path, "mine")
