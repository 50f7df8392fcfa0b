"""Whether names agree, and how they are written; nothing makes it raise, and unknown is never a mismatch."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.mailbox import mailbox_of
from engine.enrichment.name_in_email import likeness_to_local
from engine.enrichment.name_likeness import likeness_percent
from engine.enrichment.names import _LEGAL_FORMS, _TITLES, NAMES, _of_names
from engine.enrichment.scripts import _is_titled, case_of, in_katakana, may_be_written_otherwise, script_of
from engine.features import Unknown, Value
from engine.payment import Card, Contact, Email, Order, Payment
from engine.reference import LetterPairs, Reference
from engine.reference.letter_pairs import _PINYIN, EMBEDDED_LETTER_PAIRS
from engine.reference.letters import plain_letters

FEATURES = [feature.name for feature in NAMES.features]
IVAN = "\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432"
JOSE = "Jos\u00e9 Garc\u00eda"


def of(
    reference: Reference,
    holder: str | None = None,
    billing: tuple[str | None, str | None] = (None, None),
    shipping: tuple[str | None, str | None] = (None, None),
    email: str | None = None,
) -> dict[str, Value | Unknown]:
    payment = Payment(
        transaction_id="tx-1",
        merchant_id="shop-a",
        at=datetime(2026, 11, 2, tzinfo=UTC),
        order=Order(amount_minor=4990, currency="USD"),
        card=Card(cardholder_name=holder),
        billing=Contact(first_name=billing[0], last_name=billing[1]),
        shipping=Contact(first_name=shipping[0], last_name=shipping[1]),
        email=Email(address=email),
    )
    return dict(zip(FEATURES, NAMES.compute(payment, reference, {}), strict=True))


@pytest.mark.parametrize(
    ("holder", "first", "last", "is_same"),
    [
        ("Ada Lovelace", "Ada", "Lovelace", True),
        ("ADA LOVELACE", "ada", "lovelace", True),
        ("LOVELACE ADA", "Ada", "Lovelace", True),
        ("Mrs. Ada Lovelace", "Ada", "Lovelace", True),
        ("A LOVELACE", "Ada", "Lovelace", True),
        ("J DOE", "Jane", "Doe", True),
        ("J DOE", "Ann", "Doe", False),
        ("J ROE", "Jane", "Doe", False),
        ("Ada King Lovelace", "Ada", "Lovelace", True),
        ("JOSE GARCIA", "Jos\u00e9", "Garc\u00eda", True),
        ("Lovelace-King, Ada", "Ada", "Lovelace King", True),
        ("Ada Lovelcae", "Ada", "Lovelace", True),
        ("Charles Babbage", "Ada", "Lovelace", False),
        ("Ada Babbage", "Ada", "Lovelace", False),
        ("Ada", "Ada", "Lovelace", False),
        (IVAN, "\u0418\u0432\u0430\u043d", "\u041f\u0435\u0442\u0440\u043e\u0432", True),
    ],
)
def test_cardholder_against_billing_name(
    reference: Reference, holder: str, first: str, last: str, is_same: bool
) -> None:
    assert of(reference, holder, (first, last))["cardholder_matches_billing_name"] is is_same


@pytest.mark.parametrize(
    ("holder", "first", "last"),
    [
        ("LUKASZ KOWALSKI", "\u0141ukasz", "Kowalski"),
        ("SOREN JENSEN", "S\u00f8ren", "Jensen"),
        ("SOEREN JENSEN", "S\u00f8ren", "Jensen"),
        ("HANS STRAUSS", "Hans", "Strau\u00df"),
        ("HANS STRAUSS", "Hans", "STRAU\u1e9e"),
        ("ISIL YILMAZ", "I\u015f\u0131l", "Y\u0131lmaz"),
        ("HANS MUELLER", "Hans", "M\u00fcller"),
        ("DJORDJE DOKIC", "Djordje", "\u0110oki\u0107"),
        ("AESA THORSDOTTIR", "\u00c6sa", "\u00de\u00f3rsd\u00f3ttir"),
        ("GUDRUN SIGURDARDOTTIR", "Gu\u00f0r\u00fan", "Sigur\u00f0ard\u00f3ttir"),
        ("ILHAM ELIYEV", "\u0130lham", "\u018fliyev"),
        ("MARIE LECOEUR", "Marie", "LeC\u0153ur"),
        ("Leilani Ka\u02bbahumanu", "Leilani", "Ka'ahumanu"),
        ("JOHN SMITH", "J\u043ehn", "Smith"),
    ],
)
def test_letters_of_latin_alphabets_are_no_other_script(
    reference: Reference, holder: str, first: str, last: str
) -> None:
    assert of(reference, holder, (first, last))["cardholder_matches_billing_name"] is True


@pytest.mark.parametrize("name", ["J\u00f8hn Smith", "J\u043ehn Smith", "John \u1d0dith"])
def test_an_odd_letter_does_not_make_another_shopper_unknown(reference: Reference, name: str) -> None:
    assert of(reference, "BORIS PETROV", (name, None))["cardholder_matches_billing_name"] is False
    assert of(reference, name, email="boris.petrov@example.com")["email_matches_name"] is False


@pytest.mark.parametrize("name", [IVAN, "\u5c71\u7530 \u592a\u90ce", "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2"])
def test_a_name_in_another_script_is_unknown(reference: Reference, name: str) -> None:
    found = of(reference, name, ("Ivan", "Petrov"), ("\u0645\u062d\u0645\u062f", None))
    assert found["cardholder_matches_billing_name"] == Unknown("other_script")
    assert found["cardholder_shipping_name_similarity"] == Unknown("other_script")


@pytest.mark.parametrize(
    ("holder", "first", "last", "percent"),
    [
        ("\u5c71\u7530\u592a\u90ce", "\u592a\u90ce", "\u5c71\u7530", 100),
        ("\u5c71\u7530 \u592a\u90ce", "\u592a\u90ce", "\u5c71\u7530", 100),
        ("\u738b\u5c0f\u660e", "\u5c0f\u660e", "\u738b", 100),
        ("\u674e\u96f7", "\u96f7", "\u674e", 100),
        ("\uae40\ubbfc\uc900", "\ubbfc\uc900", "\uae40", 100),
        ("\uc774\uc21c\uc2e0", "\uc21c\uc2e0", "\uc774", 100),
        ("\u3084\u307e\u3060 \u305f\u308d\u3046", "\u30bf\u30ed\u30a6", "\u30e4\u30de\u30c0", 100),
        ("\uff94\uff8f\uff80\uff9e \uff80\uff9b\uff73", "\u305f\u308d\u3046", "\u3084\u307e\u3060", 100),
        # Kanji and kana, traditional and simplified characters: no dictionary here brings them together.
        ("\u5c71\u7530\u592a\u90ce", "\u305f\u308d\u3046", "\u3084\u307e\u3060", None),
        ("\u5c71\u7530\u592a\u90ce", "\u305f\u308d\u3046", "\u5c71\u7530", None),
        ("\u91d1\u6c11\u4fca", "\ubbfc\uc900", "\uae40", None),
        ("\u6b50\u967d\u4fee", "\u4fee", "\u6b27\u9633", None),
        ("\u5f35\u5049", "\u4f1f", "\u5f20", None),
        ("\u6fa4\u7530\u592a\u90ce", "\u592a\u90ce", "\u6ca2\u7530", None),
        # Of one kind, they are another's.
        ("\u5c71\u7530\u592a\u90ce", "\u82b1\u5b50", "\u5c71\u7530", 44),
        ("\u674e\u660e", "\u82b3", "\u738b", 0),
        ("\u5f35\u5049", "\u5f37", "\u9673", 0),
        ("\u5f35\u5049\u660e", "\u4f1f", "\u5f20", 0),
        ("\uae40 \ubbfc\uc900", "\uae40", "\ubbfc\uc9c4", 75),
    ],
)
def test_names_of_east_asia(reference: Reference, holder: str, first: str, last: str, percent: int | None) -> None:
    found = of(reference, holder, (first, last))["cardholder_billing_name_similarity"]
    assert found == (Unknown("other_script") if percent is None else percent)


@pytest.mark.parametrize(
    ("local", "name", "is_alike"),
    [
        ("ada.lovelace", "Ada Lovelace", True),
        ("lovelace.ada", "Ada Lovelace", True),
        ("alovelace84", "Ada Lovelace", True),
        ("a_lovelace+shop", "Ada Lovelace", True),
        ("lovelacea", "ADA K LOVELACE", True),
        ("ada1984", "Ada Lovelace", True),
        ("jose.garcia", JOSE, True),
        ("lukasz.kowalski", "\u0141ukasz Kowalski", True),
        ("hstrauss", "Hans Strau\u00df", True),
        ("charles.babbage", "Ada Lovelace", False),
        ("xk29dqz", "Ada Lovelace", False),
        ("info", "Ada Lovelace", False),
        ("al", "Ada Lovelace", Unknown("too_short")),
        ("ivan.petrov", IVAN, Unknown("other_script")),
    ],
)
def test_the_email_address_against_the_name(
    reference: Reference, local: str, name: str, is_alike: bool | Unknown
) -> None:
    assert of(reference, name, email=f"{local}@example.com")["email_matches_name"] == is_alike


@pytest.mark.parametrize(
    ("name", "words", "script", "case", "is_mixed"),
    [
        ("Ada Lovelace", 2, "latin", "title", False),
        ("ADA LOVELACE", 2, "latin", "upper", False),
        ("ada lovelace", 2, "latin", "lower", False),
        ("Ludwig van der Berg", 4, "latin", "title", False),
        ("Ronald McDonald", 2, "latin", "title", False),
        ("Conan O'Brien", 2, "latin", "title", False),
        ("CONAN O\u2019BRIEN", 2, "latin", "upper", False),
        ("Jean-Luc PICARD", 3, "latin", "title", False),
        ("aDA lOVELACE", 2, "latin", "mixed", False),
        ("AdA LoVeLaCe", 2, "latin", "mixed", False),
        ("adA", 1, "latin", "mixed", False),
        (IVAN, 2, "cyrillic", "title", False),
        ("\u0410da Lovelace", 2, "latin", "title", True),
        (f"Ada {IVAN}", 3, "cyrillic", "title", False),
        ("\u5c71\u7530 \u592a\u90ce", 2, "east_asian", "none", False),
        ("\u5c71\u7530 \u305f\u308d\u3046", 2, "east_asian", "none", False),
        ("\u0645\u062d\u0645\u062f", 1, "arabic", "none", False),
        ("4111", 0, "none", "none", False),
    ],
)
def test_how_a_name_is_written(
    reference: Reference, name: str, words: int, script: str, case: str, is_mixed: bool
) -> None:
    found = of(reference, name)
    names = ("cardholder_name_words", "cardholder_name_script", "cardholder_name_case", "has_mixed_script_name")
    assert [found[each] for each in names] == [words, script, case, is_mixed]


def test_stopgaps_digits_and_struck_keys(reference: Reference) -> None:
    assert of(reference, "TEST  TEST")["is_cardholder_name_placeholder"] is True
    assert of(reference, "GIFT CARD RECIPIENT")["is_cardholder_name_placeholder"] is True
    assert of(reference, "Mr John Doe")["is_cardholder_name_placeholder"] is True
    for name in ("VISA CARDHOLDER", "VISA GIFT CARD", "VALUED CARDHOLDER", "Max Mustermann", "Erika Mustermann"):
        assert of(reference, name)["is_cardholder_name_placeholder"] is True
    for name in ("A GIFT FOR YOU", "VISA GIFT", "VISA GIFT CARD", "TEST CARD", "Mastercard Gift Card"):
        assert of(reference, name)["is_cardholder_name_placeholder"] is True
    assert of(reference, "Jan Kowalski")["is_cardholder_name_placeholder"] is False
    assert of(reference, "Ada Lovelace")["is_cardholder_name_placeholder"] is False
    assert of(reference, "Ada L0velace")["cardholder_name_has_digits"] is True
    gibberish = of(reference, "Sdfjk Hgfhgf")["cardholder_name_gibberish"]
    plain = of(reference, "Ada Lovelace")["cardholder_name_gibberish"]
    assert isinstance(gibberish, int)
    assert isinstance(plain, int)
    assert gibberish > 90
    assert plain < 10


@pytest.mark.parametrize(
    "name",
    [
        *("JOHN SMITH III", "JOHN SMITH JR", "Dr. John Smith", "J F KENNEDY", "JF KENNEDY", "HP SCHMITZ"),
        *("NESTLE S.A.", "VOLKSWAGEN AG", "SIEMENS GMBH", "PIRELLI S.p.A.", "UNILEVER PLC", "ORACLE INC"),
    ],
)
def test_titles_initials_and_legal_forms_are_not_told_random(reference: Reference, name: str) -> None:
    percent = of(reference, name)["cardholder_name_gibberish"]
    assert isinstance(percent, int)
    assert percent < 50


@pytest.mark.parametrize(
    "name",
    [
        *("ACME LTD", "BMW AG", "HSBC PLC", "ACME GMBH", "KLM NV", "JO LEE", "Dr Lee", "III"),
        *("HP MEIER", "QIU JIAQI", "QU XIAOQIN"),
    ],
)
def test_few_letters_and_chinese_syllables_are_not_judged(reference: Reference, name: str) -> None:
    assert of(reference, name)["cardholder_name_gibberish"] == Unknown("too_short")


@pytest.mark.parametrize("name", ["XU XIAOJUN", "ZHANG XIAOQIANG", "SMITH XIUQIN", "XIAN QIJING"])
def test_chinese_names_are_not_told_random(reference: Reference, name: str) -> None:
    percent = of(reference, name)["cardholder_name_gibberish"]
    assert not isinstance(percent, int) or percent < 50


@pytest.mark.parametrize("name", ["XQIAOJ ZXUN", "QJXIUZX JQ", "ZHANG XKQJWZ"])
def test_letters_of_chinese_names_at_random_are_told_random(reference: Reference, name: str) -> None:
    percent = of(reference, name)["cardholder_name_gibberish"]
    assert isinstance(percent, int)
    assert percent > 90


def test_three_names_are_compared_by_two(reference: Reference) -> None:
    found = of(reference, "Ada Lovelace", ("Ada", "Lovelace"), ("Charles", "Babbage"))
    assert found["cardholder_billing_name_similarity"] == 100
    for name in ("cardholder_shipping_name_similarity", "billing_shipping_name_similarity"):
        assert isinstance(percent := found[name], int)
        assert percent < 50


def test_what_was_not_sent_is_unknown(reference: Reference) -> None:
    assert set(of(reference).values()) == {None}
    alone = of(reference, "Ada Lovelace")
    assert alone["cardholder_matches_billing_name"] is None
    assert alone["email_matches_name"] is None


def test_a_missing_table_is_unknown_and_nothing_else(reference: Reference) -> None:
    given_ = ("Ada Lovelace", ("Ada", "Lovelace"), ("Ada", None), "ada@example.com")
    whole, bare = of(reference, *given_), of(replace(reference, letter_pairs=None), *given_)
    assert {name for name in FEATURES if whole[name] != bare[name]} == {"cardholder_name_gibberish"}
    assert bare["cardholder_name_gibberish"] == Unknown("letter_pairs")


NAME = st.none() | st.text(max_size=20) | st.sampled_from(("Ada Lovelace", "\u00df", "\u0130I", "\u01c5x", "-", "Mr"))


@given(NAME, NAME, NAME, st.none() | st.text(max_size=12))
def test_nothing_makes_it_raise_and_what_is_kept_is_equal(
    reference: Reference, holder: str | None, billing: str | None, shipping: str | None, email: str | None
) -> None:
    first = _of_names(holder, billing, shipping, email, reference.letter_pairs)
    assert len(first) == len(FEATURES)
    assert first == _of_names(holder, billing, shipping, email, reference.letter_pairs)


LETTERS = LetterPairs.load()
BITS = {
    row["first"] + second: int(hundredths) / 100
    for row in csv.DictReader(EMBEDDED_LETTER_PAIRS.read_text("ascii").splitlines())
    for second, hundredths in row.items()
    if second != "first"
}


def words_of(name: str) -> tuple[str, ...]:
    plain = in_katakana(re.sub("['`]", "", plain_letters(name)))
    found = tuple(re.sub("[^a-z\x80-\U0010ffff]+", " ", plain).split())
    return tuple(word for word in found if word not in _TITLES) or found


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> int | Unknown:
    """Two names compared without a look at whether they are the same."""
    if not one or not other:
        return Unknown("too_short")
    if script_of(" ".join(one)) != script_of(" ".join(other)):
        return Unknown("other_script")
    percent = likeness_percent(one, other)
    if percent < 80 and may_be_written_otherwise("".join(one), "".join(other)):
        return Unknown("other_script")
    return percent


def likeness_to_email(email: str, words: tuple[str, ...]) -> int | Unknown:
    letters = re.sub("[^a-z\x80-\U0010ffff]+", "", plain_letters(mailbox_of(email).local))
    if len(letters) < 3 or not words:
        return Unknown("too_short")
    if script_of(letters) != script_of("".join(words)):
        return Unknown("other_script")
    return likeness_to_local(letters, mailbox_of(email).local, words)


def gibberish(text: str) -> int | Unknown:
    judged = [word for word in words_of(text) if len(word) > 2 and word not in _LEGAL_FORMS]
    runs = [run for word in judged for run in re.findall("[a-z]+", word)]
    percent = percent_of(runs)
    besides = [run for run in runs if not _PINYIN.fullmatch(run)]
    return percent_of(besides) if isinstance(percent, int) and 50 < percent < 100 else percent


def percent_of(runs: list[str]) -> int | Unknown:
    if sum(map(len, runs)) < 6:
        return Unknown("too_short")
    pairs = (first + second for run in runs for first, second in zip(f"-{run}", f"{run}-", strict=True))
    bits = sum(BITS[pair] for pair in pairs)
    return round(100 / (1 + 2.0 ** max(-60, min(60, bits))))


def case_by_letters(text: str) -> str:
    letters = [each for each in text if each.upper() != each.lower()]
    if not letters:
        return "none"
    if all(each == each.upper() for each in letters):
        return "upper"
    if all(each == each.lower() for each in letters):
        return "lower"
    return "title" if all(_is_titled(word) for word in text.replace("-", " ").split()) else "mixed"


PLAIN = (
    *("Jane", "JANE", "Doe", "doe", "O'Brien", "McDonald", "van", "Anna-Maria", "J", "J.", "Dr", "Mr", "II", "jaNe"),
    *("X2", "DeVitoAB", "Aa'Bb'Cc'Dd", "-", "De-"),
)
FOREIGN = ("\u0141ukasz", "J\u00f8hn", "J\u043ehn", "Jos\u00e9", IVAN, "\u0410nna", "\u00df", "\t", "\u0661", "\ufb01n")
WORD = st.sampled_from((*PLAIN, *FOREIGN)) | st.text(max_size=4)
WHOLE = st.lists(WORD, min_size=1, max_size=4).map(" ".join)


@given(WHOLE, WHOLE, WHOLE | st.none(), st.lists(WORD, max_size=3).map(".".join))
def test_a_short_way_says_what_every_letter_says(holder: str, billing: str, shipping: str | None, local: str) -> None:
    sent, email = billing if shipping is None else shipping, f"{local}@gmail.com"
    counted = len(words_of(holder))
    by_names = [words[:1] if len(set(words)) == 1 else words for words in map(words_of, (holder, billing, sent))]
    found = dict(zip(FEATURES, _of_names(holder, billing, sent, email, LETTERS), strict=True))
    assert found["cardholder_billing_name_similarity"] == likeness(by_names[0], by_names[1])
    assert found["cardholder_shipping_name_similarity"] == likeness(by_names[0], by_names[2])
    assert found["billing_shipping_name_similarity"] == likeness(by_names[1], by_names[2])
    assert found["email_cardholder_name_similarity"] == likeness_to_email(email, by_names[0])
    assert found["email_billing_name_similarity"] == likeness_to_email(email, by_names[1])
    assert found["cardholder_name_words"] == counted
    assert found["cardholder_name_has_digits"] == any(each.isdecimal() for each in holder)
    assert found["cardholder_name_gibberish"] == gibberish(holder)
    assert found["cardholder_name_case"] == case_of(holder) == case_by_letters(holder)
