"""One person's names are one and strangers' are two, however much of a name they share."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.name_likeness import ALIKE_PERCENT, likeness_percent
from engine.reference.letters import plain_letters


def words(name: str) -> tuple[str, ...]:
    return tuple("".join([each if each.isalpha() else " " for each in plain_letters(name)]).split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Katherine Smyth", "KATHRINE SMYTH"),
        ("Maria Garcia Lopez", "MARIA GARCIA"),
        ("Ada Lovelace", "LOVELACE ADA"),
        ("Jean-Luc Picard", "JEANLUC PICARD"),
        ("Maria de la Cruz", "MARIA DELACRUZ"),
        ("Ludwig van der Berg", "LUDWIG BERG"),
        ("Ludwig van der Berg", "L VAN DER BERG"),
        ("John Ronald Reuel Tolkien", "J R R TOLKIEN"),
        ("Conan O'Brien", "CONAN OBRIEN"),
        ("Ronald McDonald", "RONALD MC DONALD"),
        ("Maria Aparecida da Silva Santos Oliveira", "MARIA OLIVEIRA"),
        ("Maria Jose Garcia Lopez", "MARIA GARCIA"),
        ("Juan Carlos Perez de la Fuente", "JUAN PEREZ"),
        ("Aleksandr Petrov", "ALEXANDER PETROV"),
        ("Yuri Petrov", "YURY PETROV"),
        ("Erik Meyer", "ERIC MEIER"),
        ("Jon Smith", "JOHN SMITH"),
        ("Jhon Smith", "JOHN SMITH"),
        ("Christina Jensen", "KRISTINA JENSEN"),
        ("Anna B\xe4r", "ANNA BAER"),
        ("Wei Zhang", "ZHANG WEI"),
        ("Nguyen Van Anh", "VAN ANH NGUYEN"),
        ("Mohammed Ali Khan", "MOHAMMED KHAN"),
        ("Mohamed Ali", "MOHAMMED ALI"),
        ("Diego Diaz", "DIEGO DIAS"),
        ("Anna Ivanova", "ANNA IVANOV"),
        ("Jane Doe", "DOE J"),
        ("John Michael Smith", "JOHN M SMITH"),
        ("Mary-Ann O'Connor", "MARY ANN O CONNOR"),
        ("John & Jane Smith", "JOHN SMITH"),
        ("Tanaka Tar\u014d", "TARO TANAKA"),
        ("Elena Petrova", "YELENA PETROVA"),
        ("Jos\xe9 Luis Rodr\xedguez", "JOSE L RODRIGUEZ"),
        ("Kristj\xe1n \xde\xf3rsson", "KRISTJAN THORSSON"),
        ("Anne Dupont-Moreau", "ANNE MOREAU"),
        ("Jos\xe9 \xc1lvarez", "ALVAREZ JOSE"),
        ("Dr. Anna M\xfcller", "ANNA MUELLER"),
        ("Ada Lovelace", "ADA LOVELCAE"),
        ("Adalovelace", "ADA LOVELACE"),
    ],
)
def test_one_persons_names(one: str, other: str) -> None:
    assert likeness_percent(words(one), words(other)) >= ALIKE_PERCENT
    assert likeness_percent(words(other), words(one)) >= ALIKE_PERCENT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mohammed Ali Khan", "MOHAMMED ALI SHAH"),
        ("Nguyen Van Anh", "NGUYEN VAN BINH"),
        ("Maria Jose Garcia Lopez", "MARIA JOSE GARCIA PEREZ"),
        ("Christopher Lee", "CHRISTOPHER KIM"),
        ("Alexander Li", "ALEXANDER WU"),
        ("John Smith", "JANE SMITH"),
        ("Ada Lovelace", "ADA LOVELACE BORIS PETROV OLEG SIDOROV"),
        ("Wei Chen", "WEI CHAN"),
        ("Li Wang", "LI YANG"),
        ("Maria Fernandez", "MARIA HERNANDEZ"),
        ("John A Smith", "JOHN B SMITH"),
        ("Ada K Lovelace", "ADA BYRON LOVELACE"),
        ("John S", "JOHN SMITH"),
        ("Lovelace", "ADA LOVELACE"),
        ("Mohammed", "MOHAMMED ALI"),
        ("J D", "JANE DOE"),
        ("Anna Schmidt M\xfcller", "ANNA SCHMIDT MEIER"),
        ("Daria Ivanova", "MARIA IVANOVA"),
        ("Jennifer Johnson", "JENNIFER JACKSON"),
        ("Jane Williams", "JANE WILLIAMSON"),
        ("Siti Nurhaliza", "SITI NURAINI"),
        ("Muhammad bin Abdullah", "MUHAMMAD BIN ABDULLATIF"),
        ("Elizabeth Taylor", "ELIZABETH TUDOR"),
        ("Priya Sharma", "PRIYA VERMA"),
        ("Kim Min Jun", "KIM MIN SEO"),
        ("Boris Petrov", "BORIS SIDOROV"),
        ("Ana Maria Silva", "ANA MARIA COSTA"),
        ("Jean Martin", "JEANNE MARTINEZ"),
        ("Li Na", "LI WEI"),
        ("Jose Maria Lopez", "MARIA JOSE RUIZ"),
        ("\u5c71\u7530 \u592a\u90ce", "\u5c71\u7530 \u82b1\u5b50"),
        ("\u674e \u660e", "\u674e \u660e\u534e"),
    ],
)
def test_two_persons_names(one: str, other: str) -> None:
    assert likeness_percent(words(one), words(other)) < ALIKE_PERCENT
    assert likeness_percent(words(other), words(one)) < ALIKE_PERCENT


@pytest.mark.parametrize(
    ("one", "other", "percent"),
    [
        ("Ada Lovelace", "LOVELACE ADA", 100),
        ("Maria Garcia Lopez", "MARIA GARCIA", 100),
        ("John Ronald Reuel Tolkien", "J R R TOLKIEN", 100),
        ("Katherine Smyth", "KATHRINE SMYTH", 97),
        ("Erik Meyer", "ERIC MEIER", 80),
        ("John Smith", "JANE SMITH", 79),
        ("Ada Lovelace", "BORIS PETROV", 25),
    ],
)
def test_how_alike_they_are(one: str, other: str, percent: int) -> None:
    assert likeness_percent(words(one), words(other)) == percent


NAME = st.lists(st.text("abenst", min_size=1, max_size=6), min_size=1, max_size=4).map(tuple)


@given(NAME, NAME)
def test_which_name_comes_first_and_in_which_order_its_words_are_is_no_matter(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    percent = likeness_percent(one, other)
    assert 0 <= percent <= 100
    assert likeness_percent(one, one) == 100
    assert all(likeness_percent(one, each) == 100 for each in permutations(one) if len(one) > 1)


@given(st.lists(st.text("ab ", min_size=1), min_size=1, max_size=200).map(tuple), NAME)
def test_a_name_of_any_number_of_words_is_compared(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert 0 <= likeness_percent(one, other) <= 100
