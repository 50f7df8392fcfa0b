"""The catalogue in words: what docs/features.md and `assay features` say, made in one place."""

from collections.abc import Iterable, Iterator
from typing import Final

from engine.features import Catalog, Feature

SECTIONS: Final = (
    ("Of the request", "request"),
    ("Looked up and derived", "enrichment"),
    ("Velocities", "velocity"),
    ("Relations to the past", "relation"),
    ("The score", "score"),
)
HEAD: Final = ("name", "type", "meaning", "also", "from")


def matching(catalog: Catalog, words: str) -> Iterator[Feature]:
    """The features in whose name, aliases, meaning or source all the words stand, whatever their case."""
    wanted = words.lower().split()
    for feature in catalog:
        said = " ".join((feature.name, *feature.aliases, feature.doc, feature.source, feature.type)).lower()
        if all(word in said for word in wanted):
            yield feature


def row(feature: Feature) -> tuple[str, str, str, str, str]:
    """A feature's cells, under HEAD, in Markdown."""
    unit = f", {feature.unit}" if feature.unit else ""
    values = f" One of {', '.join(f'`{value}`' for value in feature.values)}." if feature.values else ""
    exact = " *As it stands.*" if feature.case_sensitive else ""
    also = ", ".join(f"`{alias}`" for alias in feature.aliases)
    source = feature.source.removeprefix("request ").removeprefix("enrichment ")
    return (f"`{feature.name}`", f"{feature.type}{unit}", feature.doc + values + exact, also, source)


def markdown(features: Iterable[Feature]) -> str:
    """The features as sections with a table each; a section without features is left out."""
    shown = tuple(features)
    parts = []
    for title, begins in SECTIONS:
        rows = [row(feature) for feature in shown if feature.source.startswith(begins)]
        if not rows:
            continue
        # Where all are from one source, as the velocities are, the title says it.
        width = 5 if len({cells[4] for cells in rows}) > 1 else 4
        parts.append(f"## {title}\n\n{table(HEAD[:width], *(cells[:width] for cells in rows))}")
    return "\n" + "\n".join(parts) + "\n"


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |" for cells in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body]) + "\n"
