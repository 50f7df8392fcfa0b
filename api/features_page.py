"""The catalogue in words: what docs/features.md and `assay features` say, made in one place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from api.feature_topics import CAUSES, EVERYWHERE, KEYS, TOPICS, Topic, topic_of
from engine.features import Catalog, Feature
from engine.velocity import VELOCITIES
from models.naming import not_learnt_from

HEAD: Final = ("name", "type", "meaning", "also", "from")
_OTHER: Final = Topic(title="Others", sources=(), says="Of the merchant's own, and what its rules count.")
_COUNTED_BY: Final[Mapping[str, tuple[str, ...]]] = {velocity.name: velocity.key for velocity in VELOCITIES}


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
    apart = f" *Not learnt from: {why}.*" if (why := not_learnt_from(feature)) else ""
    return (f"`{feature.name}`", f"{feature.type}{unit}", feature.doc + values + exact + apart, also, source)


def markdown(features: Iterable[Feature]) -> str:
    """The features by topic, a table each; a topic without features is left out. The causes of unknowns come last."""
    shown = tuple(features)
    parts = [_section(topic, found) for topic in (*TOPICS, _OTHER) if (found := _of(topic, shown))]
    return "\n" + "\n".join(parts) + "\n"


def causes() -> str:
    """Why a value may be unknown, as a table."""
    return "\n" + table(
        ("cause", "a value is unknown because"), *((f"`{cause}`", says) for cause, says in CAUSES.items())
    )


def contents(features: Iterable[Feature]) -> str:
    """The topics with their numbers of features, as links to the sections."""
    shown = tuple(features)
    counted = ((topic.title, len(_of(topic, shown))) for topic in (*TOPICS, _OTHER))
    return "\n" + table(
        ("topic", "features"),
        *((f"[{title}](#{anchor(title)})", str(count)) for title, count in counted if count),
        ("**all**", str(len(shown))),
    )


def anchor(title: str) -> str:
    """The name of a heading that links go to, as GitHub makes it."""
    return "".join(each for each in title.lower().replace(" ", "-") if each.isalnum() or each == "-")


def _of(topic: Topic, features: tuple[Feature, ...]) -> list[Feature]:
    return [feature for feature in features if (topic_of(feature.source) or _OTHER) is topic]


def _section(topic: Topic, features: list[Feature]) -> str:
    names = ", ".join(f"`{cause}`" for cause in (*EVERYWHERE, *topic.causes))
    unknown = f" Unknown by {names}." if topic.causes else ""
    example = f"\n\n```\n{topic.rule}\n```" if topic.rule else ""
    tables = [_table(f"### By {_key(by)}\n\n" if by else "", found) for by, found in _by_key(features).items()]
    return f"## {topic.title}\n\n{topic.says}{unknown}{example}\n\n" + "\n".join(tables)


def _table(heading: str, features: list[Feature]) -> str:
    rows = [row(feature) for feature in features]
    # No other names, or all from one source, as the section's title says it: then there is no column for that.
    left_out = {
        HEAD.index("also") if not any(feature.aliases for feature in features) else None,
        HEAD.index("from") if len({feature.source for feature in features}) == 1 else None,
    }
    columns = [at for at in range(len(HEAD)) if at not in left_out]
    return heading + table(*(tuple(cells[at] for at in columns) for cells in (HEAD, *rows)))


def _by_key(features: list[Feature]) -> dict[tuple[str, ...], list[Feature]]:
    """Velocities by what they count by, others together."""
    found = defaultdict[tuple[str, ...], list[Feature]](list)
    for feature in features:
        found[_COUNTED_BY.get(feature.name, ())].append(feature)
    return found


def _key(by: tuple[str, ...]) -> str:
    return " and ".join(KEYS.get(name, f"`{name}`") for name in by)


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |" for cells in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body]) + "\n"
