"""Reason codes: what each claims, and tables that cannot be read."""

from pathlib import Path

import pytest

from engine.errors import ReferenceInvalid
from engine.reference import ReasonCodes
from engine.scheme_report import Claim

HEADING = "network,code,description,category,fraud_label,status\n"


@pytest.fixture(scope="module")
def codes() -> ReasonCodes:
    return ReasonCodes.load()


@pytest.mark.parametrize(
    ("network", "code", "claim"),
    [
        ("visa", "10.4", Claim.THIRD_PARTY_FRAUD),
        ("visa", " 13.1 ", Claim.SERVICE_DISPUTE),
        ("visa", "12.5", Claim.OTHER),
        ("visa", "11.3", Claim.OTHER),
        ("mastercard", "4837", Claim.THIRD_PARTY_FRAUD),
        ("mastercard", "4863", Claim.THIRD_PARTY_FRAUD),
        ("mastercard", "4853", Claim.SERVICE_DISPUTE),
        ("amex", "f29", Claim.THIRD_PARTY_FRAUD),
        ("discover", "UA02", Claim.THIRD_PARTY_FRAUD),
    ],
)
def test_a_code_claims_what_its_network_says(codes: ReasonCodes, network: str, code: str, claim: Claim) -> None:
    found = codes.of(network, code)
    assert found is not None
    assert (found.claim, found.needs_review) == (claim, False)


def test_fraud_of_cards_that_were_present_needs_a_person(codes: ReasonCodes) -> None:
    found = codes.of("visa", "10.1")
    assert found is not None
    assert (found.claim, found.needs_review) == (Claim.UNKNOWN, True)


def test_a_code_is_its_networks_alone(codes: ReasonCodes) -> None:
    assert codes.of("mastercard", "10.4") is None
    assert codes.of("jcb", "4837") is None
    assert codes.of("visa", "99.9") is None


def test_the_embedded_table_has_every_network_and_names_its_version(codes: ReasonCodes) -> None:
    assert {network for network, _ in codes.codes} == {"visa", "mastercard", "amex", "discover"}
    assert len(codes.codes) == 110
    assert {each.claim for each in codes.codes.values()} == {*Claim}
    assert len(codes.version) == 12


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network,code\n", "line 1: the heading"),
        (HEADING + "visa,10.4,Fraud,fraud,maybe,current\n", "line 2: write"),
        (HEADING + "visa,10.4,Fraud\n", "line 2: write"),
        (HEADING + "visa,1,A,fraud,yes,current\nvisa,1,B,fraud,no,current\n", "line 3: visa 1 stands twice"),
    ],
)
def test_a_table_that_cannot_be_read_names_line_and_mend(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(text)
    with pytest.raises(ReferenceInvalid, match=said):
        ReasonCodes.load(file)
