"""The lists of mail domains: which goes first, what an operator lays over them, and the public suffixes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from engine.errors import ReferenceInvalid
from engine.reference import MailDomains, Reference
from engine.reference.mail_domains import info_of

ORACLE = PublicSuffixList(accept_unknown=False)
DOMAINS = MailDomains.load()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own.csv"


@pytest.mark.parametrize(
    "domain",
    [
        "ada@example.org", "@foo.org", "*.bar.org", "https://x.org/", ".dot.org", "dot..org", "trail.org..", "", " ",
        "a b.org", "localhost", "10.0.0.1", "x" * 64 + ".org", ".".join(["x" * 60] * 5),
    ],
)  # fmt: skip
def test_a_row_that_no_address_would_match_is_refused(own: Path, domain: str) -> None:
    own.write_text(f"domain,kind\nok.example,free\n{domain},disposable\n", "utf-8")
    for read in (MailDomains.load, info_of):
        with pytest.raises(
            ReferenceInvalid, match=r"own\.csv, line 3, column domain: .* is no domain; write what follows"
        ):
            read(own)


def test_a_trailing_dot_is_left_out_and_a_listed_suffix_may_be_called_otherwise(own: Path) -> None:
    own.write_text("domain,kind\nTrail.Example.,disposable\ndyndns.org,other\n", "utf-8")
    laid = MailDomains.load(own)
    assert laid.look_up("trail.example").kind == "disposable"
    assert (laid.look_up("dyndns.org").kind, MailDomains.load().look_up("dyndns.org").kind) == ("other", "free")


def test_an_operators_table_goes_before_the_embedded_ones(own: Path) -> None:
    own.write_text("domain,kind\nmailinator.com,other\nSchool.Example,free\nb\u00fccher.example,relay\n", "utf-8")
    laid = MailDomains.load(own)
    kinds = [laid.look_up(each).kind for each in ("mailinator.com", "a.school.example", "xn--bcher-kva.example")]
    assert kinds == ["other", "free", "relay"]
    assert laid.look_up("yopmail.com").kind == "disposable"
    assert DOMAINS.look_up("mailinator.com").kind == "disposable"
    assert laid.version.startswith(DOMAINS.version)
    assert laid.version != DOMAINS.version


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("name,kind\n", "line 1: the columns are domain and kind"),
        ("", "line 1: the columns are domain and kind"),
        (
            "domain,kind\nexample.com,bad\n",
            "line 2, column kind: it is one of disposable, relay, free, other, not",
        ),
        ("domain,kind\n\u2603\u2603-.example,free\n", "line 2, column domain: '\u2603\u2603-.example' is no domain"),
        (
            "domain,kind\n\ncom,disposable\n",
            "line 3, column domain: com is a public suffix, .* below it",
        ),
        ("domain,kind\nco.uk.,disposable\n", "line 2, column domain: co.uk is a public suffix"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(own: Path, text: str, cause: str) -> None:
    own.write_text(text, "utf-8")
    with pytest.raises(ReferenceInvalid, match=cause):
        MailDomains.load(own)


LABELS = """
    a www city b com co uk org.uk jp kawasaki.jp ck www.ck github.io io no sch.uk er compute.amazonaws.com xn--p1ai
"""


@given(st.lists(st.sampled_from(LABELS.split()), min_size=1, max_size=5))
def test_what_was_registered_is_as_the_library_says(labels: list[str]) -> None:
    domain = ".".join(labels)
    assert DOMAINS.registrable(domain) == ORACLE.privatesuffix(domain)


@given(st.text(max_size=40))
def test_any_text_is_looked_up(text: str) -> None:
    assert DOMAINS.look_up(text).kind == "other"


def test_no_top_level_domain_is_on_a_list(reference: Reference) -> None:
    assert reference.mail_domains is not None
    for suffix in ("com", "net", "org", "de", "co.uk", "uk", "ru", "io"):
        assert reference.mail_domains.look_up(suffix).kind == "other", suffix
