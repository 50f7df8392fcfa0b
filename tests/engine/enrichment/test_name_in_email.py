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
        # Umlauts in both names, beginnings of names, middle initials, titles, a second given name
        ("juergen.mueller", "J\xfcrgen M\xfcller", True),
        ("bjoern.schaefer", "Bj\xf6rn Sch\xe4fer", True),
        ("joerg.koehler", "J\xf6rg K\xf6hler", True),
        ("guentherjaeger", "G\xfcnther J\xe4ger", True),
        ("mueller.juergen84", "J\xfcrgen M\xfcller", True),
        ("juergenm", "J\xfcrgen M\xfcller", True),
        ("jmueller", "J\xfcrgen M\xfcller", True),
        ("jurgen.muller", "Juergen Mueller", True),
        ("haakon.aaberg", "H\xe5kon \xc5berg", True),
        ("chris.lee", "Christopher Lee", True),
        ("chris.brown", "Christopher Brown", True),
        ("jon.li", "Jonathan Li", True),
        ("alex.ng", "Alexandra Ng", True),
        ("sam.lee", "Samantha Lee", True),
        ("lee.chris", "Christopher Lee", True),
        ("john.m.smith", "John Smith", True),
        ("john_m_smith84", "John Smith", True),
        ("johnmsmith", "John Smith", True),
        ("john.m.smith", "John Michael Smith", True),
        ("mrjohnsmith", "John Smith", True),
        ("dr.smith", "John Smith", True),
        ("ada.lovelace.photography", "Ada Lovelace", True),
        ("jvdberg", "Jan van der Berg", True),
        ("carmen.garcia", "Maria del Carmen Garcia Lopez", True),
        ("djordje.petrovic", "\u0110or\u0111e Petrovi\u0107", True),
        ("stephen.king", "Steven King", True),
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
        ("john.brown", "John Smith", False),
        ("christina.park", "Chris Lee", False),
        ("christina.lee", "Christopher Lee", False),
        ("alexander.ng", "Alexandra Ng", False),
        ("jane.brown", "Jan Brown", False),
        ("janebrown", "Jan Brown", False),
        ("mariamrossi", "Maria Rossi", False),
        ("danielarossi", "Daniel Rossi", False),
        ("john.m.smith", "John Paul Smith", False),
        ("joejones", "Jo Jones", False),
        ("joejones", "Jessica Jones", False),
        ("hans.lang", "Hans Ng", False),
        ("lee.bergmann", "Lee Berg", False),
        ("li.tim", "Tim Lopez", False),
        ("jeannette.ng", "Jean Ng", False),
        ("mlee", "Max Li", False),
        ("drake", "John Ake", False),
        ("imranroberts", "Ran Roberts", False),
    ],
)
def test_the_name_in_a_local_part(local: str, name: str, is_alike: bool) -> None:
    words = _words(name)
    assert words is not None
    assert (likeness_to_local(letters_of(local), local, words) >= ALIKE_PERCENT) is is_alike
