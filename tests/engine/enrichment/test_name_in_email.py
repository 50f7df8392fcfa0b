"""Which addresses a person's name is in, and whose are another's."""

import pytest

from engine.enrichment.name_in_email import letters_of, likeness_to_local
from engine.enrichment.name_likeness import ALIKE_PERCENT
from engine.enrichment.names import _words


@pytest.mark.parametrize(
    ("local", "name", "is_alike"),
    [
        # Of two family names the first is what Spaniards use.
        ("jgarcia", "JOSE GARCIA LOPEZ", True),
        ("garcia.jose", "JOSE GARCIA LOPEZ", True),
        ("jose.garcia.lopez", "JOSE GARCIA LOPEZ", True),
        ("josegarcialopez", "JOSE GARCIA LOPEZ", True),
        ("jlopez", "JOSE GARCIA LOPEZ", True),
        ("mdelacruz", "Maria de la Cruz", True),
        ("cobrien", "Conan O'Brien", True),
        ("jpmorgan", "JOHN PIERPONT MORGAN", True),
        ("aklovelace", "Ada Lovelace", True),
        # Other spellings, short forms and words behind it
        ("kathrine.smyth", "Katherine Smyth", True),
        ("adalovelcae", "Ada Lovelace", True),
        ("hmueller", "Hans M\xfcller", True),
        ("alexpetrov", "Alexander Petrov", True),
        ("ada.lovelace.shop", "Ada Lovelace", True),
        ("adalovelaceshop", "Ada Lovelace", True),
        ("ada.lovelace3f9", "Ada Lovelace", True),
        ("lovelace.ada.x", "Ada Lovelace", True),
        ("mr.ada.lovelace", "Ada Lovelace", True),
        ("lovelace.x", "Lovelace", True),
        ("mohamed", "Mohammed", True),
        # Another's
        ("jan.brown", "DAN BROWN", False),
        ("ksmith", "John Smith", False),
        ("maria.rossi", "MARIO ROSSI", False),
        ("daniela.rossi", "Daniel Rossi", False),
        ("daniel.rossi", "Daniela Rossi", False),
        ("rossi.maria", "ROSSI MARIO", False),
        ("adam", "Ada Lovelace", False),
        ("danarossi", "Ana Rossi", False),
        ("dana.rossi", "Ana Rossi", False),
        ("rossi.annette", "Ann Rossi", False),
        ("jane.williamson", "Jane Williams", False),
    ],
)
def test_the_name_in_a_local_part(local: str, name: str, is_alike: bool) -> None:
    words = _words(name)
    assert words is not None
    assert (likeness_to_local(letters_of(local), local, words) >= ALIKE_PERCENT) is is_alike
