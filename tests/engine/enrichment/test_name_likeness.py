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
        ("John F Kennedy", "JK KENNEDY"),
        ("Adam Lee Smith", "AL SMITH"),
        ("John F Kennedy", "JF KENNY"),
        ("John Smith", "JS SMITH"),
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
        ("John F Kennedy", "JF KENNEDY", 100),
        ("Hans-Peter Meier", "HP MEIER", 100),
        ("John Pierpont Morgan", "JP MORGAN", 100),
        ("John Ronald Reuel Tolkien", "TOLKIEN JRR", 100),
    ],
)
def test_how_alike_they_are(one: str, other: str, percent: int) -> None:
    assert likeness_percent(words(one), words(other)) == percent


TWO_PERSONS = """
    Mario/Maria Paulo/Paula Daniel/Daniela Robert/Roberta Alexander/Alexandra Andrea/Andreas Louis/Louise Ivan/Ivana
    Christian/Christina Christiane/Christine Christiana/Christina John/Joan Mark/Mary Carlo/Carol Elias/Elisa
    Francis/Frances Maira/Maria Martina/Marina Marcia/Maria Marcel/Marcela Johan/Joan Johanna/Joanna Johanne/Johannes
    Narendra/Nagendra Gurpreet/Harpreet Ren\xe9/Ren\xe9e Jan/Jon Gabriel/Gabriela Michael/Michaela Victor/Victoria
    Orlando/Rolando Dana/Ana Erik/Erika Stephan/Stephen Mike/Mika Marc/Marco Emil/Emily Simon/Simone Marian/Marion
    Julian/Juliana Julio/Julia Justin/Justine Ann/Anna Jo/Joe Hans/Hanna Shan/San Xiaoming/Xiaoqing Yongqing/Yangqing
    Diana/Dana Nadja/Nada Stephan/Steven Stephanie/Steven
    \u0418\u0432\u0430\u043d/\u0418\u0432\u0430\u043d\u0430
"""


@pytest.mark.parametrize("givens", TWO_PERSONS.split())
def test_two_given_names_are_two_persons(givens: str) -> None:
    one, other = givens.split("/")
    for left, right in permutations((one, other)):
        assert likeness_percent(words(f"{left} Rossi"), words(f"{right} Rossi")) < ALIKE_PERCENT
        assert likeness_percent(words(f"{left} K Rossi"), words(f"{right} Rossi")) < ALIKE_PERCENT
        assert likeness_percent(words(f"Rossi {left}"), words(f"{right} Rossi")) < ALIKE_PERCENT
        assert likeness_percent(words(f"{left}rossi"), words(f"{right} Rossi")) < ALIKE_PERCENT
        assert likeness_percent(words(left), words(right)) < ALIKE_PERCENT


ONE_PERSON = """
    Jonh/John Jhon/John Jon/John Micheal/Michael Michael/Mikael Brian/Brain Sarah/Sara Anna/Ana Philip/Phillip
    Mohammed/Mohamed Mohammad/Muhammed Ahmad/Ahmed Hussain/Hossein Yusuf/Yousef Kareem/Karim Mahmoud/Mahmud
    Katherine/Kathrine Kathrin/Katrin Theresa/Teresa Thomas/Tomas Stephan/Stefan Christopher/Kristofer
    Christopher/Chistopher Aleksandr/Alexander Elena/Yelena Evgeny/Yevgeny Sergei/Sergey Natalia/Nataliya
    Mohd/Mohammed Mohd/Muhammad Md/Mohammad Stephen/Steven \u0110or\u0111e/Djordje Ma/Maria
    J\xf6rg/Joerg S\xf8ren/Soeren Haakon/H\xe5kon Jos\xe9/Jose J\u043ehn/John
    \u041d\u0430\u0442\u0430\u043b\u0438\u044f/\u041d\u0430\u0442\u0430\u043b\u0438\u0438\u044f
"""


@pytest.mark.parametrize("givens", ONE_PERSON.split())
def test_a_given_name_spelt_in_two_ways_is_one_persons(givens: str) -> None:
    one, other = givens.split("/")
    for left, right in permutations((one, other)):
        assert likeness_percent(words(f"{left} Rossi"), words(f"{right} Rossi")) >= ALIKE_PERCENT


@pytest.mark.parametrize("families", ["Smiht/Smith", "Smyth/Smith", "Garcia/Gracia", "Petersen/Peterson"])
def test_a_family_name_bears_a_slip(families: str) -> None:
    one, other = families.split("/")
    assert ALIKE_PERCENT <= likeness_percent(words(f"John {one}"), words(f"John {other}")) < 100


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
