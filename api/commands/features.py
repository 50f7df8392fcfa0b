"""`assay features`: what rules and models can read, by name."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from api.console import console_of, entry
from api.features_page import markdown, matching
from engine.catalog import CATALOG
from engine.errors import AssayError
from engine.features import Feature


class NoSuchFeature(AssayError):
    """Nothing in the catalogue holds the words asked for."""

    code = "feature_not_found"


def features(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only features in whose description all of these stand.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As docs/features.md has it.")] = False,
) -> None:
    """List the features that a payment is known by: type, unit, other names, where from, and what each means."""
    found = tuple(matching(CATALOG, " ".join(words or ())))
    if not found:
        raise NoSuchFeature(f"No feature has {' '.join(words or ())!r} in its description; 'assay features' lists all.")
    if as_json:
        typer.echo(json.dumps([asdict(feature) for feature in found], ensure_ascii=False))
    elif as_markdown:
        typer.echo(markdown(found).strip())
    else:
        _print(found)


def _print(found: tuple[Feature, ...]) -> None:
    console = console_of()
    for feature in found:
        unit = f" ({feature.unit})" if feature.unit else ""
        values = f" One of {', '.join(feature.values)}." if feature.values else ""
        facts = f"{feature.type}{unit}, {feature.source}"
        console.print(entry(feature.name, facts, feature.doc + values, ", ".join(feature.aliases)))
    console.print(f"{len(found)} features")
