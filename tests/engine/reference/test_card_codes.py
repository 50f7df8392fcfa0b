"""Codes are read by network, and what networks mean differently is unknown where the network is."""

from pathlib import Path

import pytest

from engine.errors import ReferenceInvalid
from engine.features import Unknown
from engine.reference import CardCodes, Currencies
from engine.reference.card_codes import AMBIGUOUS, AVS_FILE, CODE_UNKNOWN, DECLINES_FILE, ECI_FILE, TEST_CARDS_FILE, Eci
from engine.reference.declines import Decline

NOT_READ = (CODE_UNKNOWN,) * 3
AVS_HEADING = "network,code,description,street,postal,name,confidence\n"
ECI_HEADING = "networks,eci,meaning,authentication,liability_shift_to_issuer\n"


@pytest.fixture(scope="module")
def codes() -> CardCodes:
    return CardCodes.load()


@pytest.mark.parametrize(
    ("network", "code", "said"),
    [
        ("visa", "A", ("pass", "fail", "unchecked")),
        ("discover", "A", (AMBIGUOUS, AMBIGUOUS, "unchecked")),
        ("discover", "Y", (AMBIGUOUS, AMBIGUOUS, "unchecked")),
        ("discover", "N", ("fail", "fail", "unchecked")),
        ("visa", "B", ("pass", "unchecked", "unchecked")),
        ("visa", "P", ("unchecked", "pass", "unchecked")),
        ("visa", "C", ("unavailable",) * 3),
        ("amex", "M", ("pass", "pass", "pass")),
        ("amex", "K", ("fail", "fail", "pass")),
        ("amex", "E", (AMBIGUOUS,) * 3),
        ("amex", "W", (AMBIGUOUS,) * 3),
        ("amex", "B", NOT_READ),
        (None, "A", (AMBIGUOUS,) * 3),
        (None, "N", ("fail", "fail", "unchecked")),
        (None, "Z", ("fail", "pass", "unchecked")),
        (None, "S", ("unavailable",) * 3),
        ("jcb", "Y", (AMBIGUOUS,) * 3),
        (None, "Q", NOT_READ),
        ("visa", "Q", NOT_READ),
    ],
)
def test_avs_by_network(codes: CardCodes, network: str | None, code: str, said: tuple[str | Unknown, ...]) -> None:
    assert codes.avs(code, network) == said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("M", "pass"), ("N", "fail"), ("P", "unchecked"), ("S", "not_provided"), ("U", "unavailable"),
        ("X", "unavailable"), ("I", "unchecked"), ("D", AMBIGUOUS), ("Z", CODE_UNKNOWN),
    ],
)  # fmt: skip
def test_cvv(codes: CardCodes, code: str, said: str | Unknown) -> None:
    assert codes.cvc(code) == said


@pytest.mark.parametrize(
    ("network", "code", "said"),
    [
        ("visa", "05", ("authenticated", "yes")),
        ("amex", "06", ("attempted", "usually")),
        ("visa", "07", ("none", "no")),
        ("mastercard", "02", ("authenticated", "yes")),
        ("mastercard", "01", ("attempted", "yes")),
        ("mastercard", "06", ("exempt", "no")),
        ("mastercard", "07", ("authenticated", "yes")),
        ("mastercard", "04", ("data_only", "no")),
        (None, "05", "ambiguous"),
        (None, "02", "ambiguous"),
        (None, "06", "ambiguous"),
        (None, "07", "ambiguous"),
        ("visa", "02", "code_unknown"),
        ("cartes_bancaires", "00", "code_unknown"),
        ("mir", "02", "code_unknown"),
        (None, "99", "code_unknown"),
    ],
)
def test_eci_by_network(codes: CardCodes, network: str | None, code: str, said: tuple[str, str] | str) -> None:
    expected = Unknown(said) if isinstance(said, str) else Eci(authentication=said[0], shift=said[1])
    assert codes.eci(code, network) == expected


def test_an_eci_that_all_networks_read_alike_needs_no_network(tmp_path: Path) -> None:
    rows = "visa|amex,05,3DS,authenticated,yes\nmastercard,05,3DS,authenticated,yes\nmastercard,02,3DS,attempted,yes\n"
    (tmp_path / ECI_FILE).write_text(ECI_HEADING + rows, encoding="utf-8")
    own = CardCodes.load(tmp_path)
    assert own.eci("05", None) == Eci(authentication="authenticated", shift="yes")
    assert own.eci("02", None) == AMBIGUOUS
    assert own.eci("05", "jcb") == CODE_UNKNOWN


@pytest.mark.parametrize(
    ("code", "network", "processor", "family", "is_final"),
    [
        ("05", "visa", "worldpay", "do_not_honor", False),
        ("51", None, None, "insufficient_funds", False),
        ("41", "mastercard", None, "lost_or_stolen", True),
        ("43", "visa", None, "lost_or_stolen", True),
        ("54", "visa", None, "expired_card", False),
        ("59", None, None, "suspected_fraud", False),
        ("65", "visa", None, "limit_exceeded", False),
        ("65", "mastercard", None, "authentication_required", False),
        ("65", None, None, "ambiguous", None),
        ("1A", "visa", None, "authentication_required", False),
        ("n7", "visa", None, "wrong_cvv", False),
        ("N7", None, None, "wrong_cvv", False),
        ("R1", "visa", None, "revoked", True),
        ("R1", "amex", None, "code_unknown", None),
        ("82", "mastercard", None, "not_permitted", True),
        ("82", "visa", None, "wrong_cvv", False),
        ("121", "amex", None, "limit_exceeded", False),
        ("00", "visa", None, "approved", False),
        ("5", "visa", "worldpay", "do_not_honor", False),
        ("5", "visa", None, "ambiguous", None),
        ("2", None, "Adyen", "do_not_honor", False),
        ("5", "visa", "adyen", "lost_or_stolen", True),
        ("12", "visa", "adyen", "ambiguous", None),
        ("14", "visa", "stripe", "invalid_card", False),
        ("20", None, "adyen", "suspected_fraud", False),
        ("51 : Insufficient funds/over credit limit", "visa", "adyen", "insufficient_funds", False),
        ("Issuer Suspected Fraud", None, "adyen", "suspected_fraud", False),
        ("CVC Declined", None, None, "wrong_cvv", False),
        ("Not enough balance", None, None, "insufficient_funds", False),
        ("insufficient_funds", None, "stripe", "insufficient_funds", False),
        ("INSUFFICIENT-FUNDS", None, None, "insufficient_funds", False),
        ("stolen_card", "visa", "stripe", "lost_or_stolen", True),
        ("generic_decline", None, None, "do_not_honor", False),
        ("authentication_required", None, None, "authentication_required", False),
        ("incorrect_zip", None, "stripe", "wrong_address", False),
        ("try_again_later", None, "stripe", "unavailable", False),
        ("my own word", None, None, "code_unknown", None),
        ("", None, None, "code_unknown", None),
    ],
)
def test_declines(
    codes: CardCodes, code: str, network: str | None, processor: str | None, family: str, is_final: bool | None
) -> None:
    expected = Unknown(family) if is_final is None else Decline(family, is_final)
    assert codes.declines.of(code, network, processor) == expected


def test_published_test_cards_are_told_by_first_and_last_digits(codes: CardCodes) -> None:
    assert codes.is_test_card("424242", "4242") is True
    assert codes.is_test_card("42424242", "4242") is True
    assert codes.is_test_card("4242424", "4242") is True
    assert codes.is_test_card("37828224", "0005") is True
    for bin_, last in (
        ("40000000", "0002"),
        ("400000", "9995"),
        ("400000", "3220"),
        ("411111", "1142"),
        ("400934", "1881"),
    ):
        assert codes.is_test_card(bin_, last) is True
    assert codes.is_test_card("424242", "4243") is False
    assert codes.is_test_card("42424299", "4242") is False
    assert codes.is_test_card("424242", None) is codes.is_test_card("424242", "42") is None
    assert codes.is_test_card("493001", None) is False


def test_no_test_card_is_kept_whole() -> None:
    text = (Path(CardCodes.load.__globals__["EMBEDDED"]) / TEST_CARDS_FILE).read_text(encoding="utf-8")
    assert not any(cell.isdecimal() and len(cell) > 8 for line in text.splitlines() for cell in line.split(","))


def test_the_operators_file_goes_before_the_embedded_one(tmp_path: Path, codes: CardCodes) -> None:
    (tmp_path / AVS_FILE).write_text(AVS_HEADING + "visa,A,Both match,match,match,unknown,high\n", encoding="utf-8")
    own = CardCodes.load(tmp_path)
    assert own.avs("A", "visa") == ("pass", "pass", "unchecked")
    assert own.avs("N", "visa") == NOT_READ
    assert own.cvc("M") == "pass"
    assert own.version != codes.version


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        (AVS_FILE, "network,code\n", "the heading is not network,code,description"),
        (AVS_FILE, AVS_HEADING, "no rows"),
        (
            AVS_FILE,
            AVS_HEADING + "visa,A,x,maybe,match,match,high\n",
            "line 2",
        ),
        (
            AVS_FILE,
            AVS_HEADING + "visa,A,x,match,match,match,sure\n",
            "line 2: confidence 'sure' is not high, or medium",
        ),
        (
            ECI_FILE,
            ECI_HEADING + "visa,05,x,sure,yes\n",
            "'sure' is not",
        ),
        (DECLINES_FILE, "system,code,family,is_final,description\nvisa,05,bored,no,x\n", "family approved"),
        (DECLINES_FILE, "system,code,family,is_final,description\nvisa,05,revoked,no\n", "4 columns instead of 5"),
        (TEST_CARDS_FILE, "bin,last_digits,digits,brand,kind\n4242,4242,16,visa,credit\n", "first eight and its last"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, name: str, text: str, cause: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match=cause) as caught:
        CardCodes.load(tmp_path)
    assert name in str(caught.value)


def test_currencies_that_are_legal_tender() -> None:
    table = Currencies.load()
    tender = {("EUR", "DE"), ("USD", "PA"), ("PAB", "PA"), ("EUR", "BG"), ("EUR", "HR"), ("USD", "EC"), ("GBP", "JE")}
    assert [pair for pair in tender if not table.is_tender(*pair)] == []
    assert table.is_tender("USD", "DE") is table.is_tender("BGN", "BG") is False
    assert table.is_tender("EUR", "AQ") is None


def test_a_currency_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("country,currency\nDE,DEM\n", encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match="line 2"):
        Currencies.load(path)
