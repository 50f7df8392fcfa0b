"""The tables in the documents say what the code says."""

import json
import re
import tomllib
import types
import typing
from datetime import datetime

import pytest
from pydantic import BaseModel

from api.features_page import causes, contents, markdown, table
from api.routes.keys import KeyCreated, NewKey
from api.schemas import DecisionAnswer, DecisionRequest
from api.schemas.chargeback import ChargebackRequest, FraudWarningRequest
from api.schemas.label import LabelRequest
from api.schemas.outcome import OutcomeRequest
from api.schemas.policy import PolicyBody
from api.schemas.ruleset import RuleBody
from api.settings import Settings
from engine.access import Scope
from engine.catalog import CATALOG
from engine.policy import Policy
from engine.rules import check_rule, default_source, parse_ruleset
from engine.rules.counted import FUNCTIONS as COUNTING
from engine.rules.counted import STATUSES
from engine.rules.functions import FUNCTIONS
from engine.rules.radar import import_rules
from engine.velocity import Status
from tests.docs.codes import codes
from tests.docs.documents import blocks, check_generated, codes_listed, part, read

_WORDS: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    datetime: "time",
    dict: "object",
    BaseModel: "object",
    types.NoneType: "null",
}
_GROUP_HEADS = ("field", "type", "what", "example")


def type_words(annotation: typing.Any) -> str:
    """An annotation as people say it; null is said where it can be."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(type_words(each) for each in arguments))
    if origin is typing.Annotated:
        return type_words(arguments[0])
    if origin in (list, frozenset):
        return f"list of {type_words(arguments[0])}"
    plain = origin or annotation
    assert isinstance(plain, type)
    return next(words for base, words in _WORDS.items() if issubclass(plain, base))


def models_in(annotation: typing.Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in typing.get_args(annotation) for model in models_in(each)]


def sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def request_tables() -> str:
    parts = []
    groups: dict[type[BaseModel], str] = {}
    for name, group in DecisionRequest.model_fields.items():
        if not (models := models_in(group.annotation)):
            kind = type_words(group.annotation).removesuffix(" or null")
            parts.append(f"### {name}\n\n{sentence(group.description)} ({kind})\n")
            continue
        is_list = "list" in type_words(group.annotation)
        said = f"{sentence(models[0].__doc__)} {sentence(group.description)}".strip()
        known = next((shown for shown in groups if issubclass(models[0], shown)), None)
        said += f" All fields of {groups[known]}, and:" if known else ""
        groups[models[0]] = name
        parts.append(f"### {name}{'[]' if is_list else ''}\n\n{said}\n\n{_fields(models[0], known)}")
    return "\n" + "\n".join(parts) + "\n"


def _fields(model: type[BaseModel], known: type[BaseModel] | None) -> str:
    rows = [_GROUP_HEADS]
    for name, field in model.model_fields.items():
        if known is not None and name in known.model_fields:
            continue
        kind = type_words(field.annotation).removesuffix(" or null")
        required = "**Required.** " if field.is_required() else ""
        example = f"`{str(field.examples[0]).lower()}`" if field.examples and kind == "boolean" else ""
        example = example or (f"`{field.examples[0]}`" if field.examples else "")
        rows.append((f"`{name}`", kind, required + sentence(field.description), example))
    return table(*rows)


def answer_table() -> str:
    rows = [("field", "type", "what")]
    for name, field in DecisionAnswer.model_fields.items():
        rows.append((f"`{name}`", type_words(field.annotation), sentence(field.description)))
        for model in models_in(field.annotation):
            mark = "[]" if "list" in type_words(field.annotation) else ""
            rows += [
                (f"`{name}{mark}.{each}`", type_words(inner.annotation), sentence(inner.description))
                for each, inner in model.model_fields.items()
            ]
    return "\n" + table(*rows) + "\n"


def keys_table() -> str:
    asked = [("to create", "type", "what")]
    for name, field in NewKey.model_fields.items():
        default = "**Required.** " if field.is_required() else ""
        asked.append((f"`{name}`", type_words(field.annotation), default + sentence(field.description)))
    told = [f"`{name}`" for name in KeyCreated.model_fields]
    return f"\n{table(*asked)}\nThe answer has {', '.join(told[:-1])} and, this once, {told[-1]}.\n\n"


def fields_of(model: type[BaseModel]) -> typing.Callable[[], str]:
    """The table of a request's fields, those of a group behind the group's name."""

    def made() -> str:
        rows = [("field", "type", "what")]
        for name, field in model.model_fields.items():
            required = "**Required.** " if field.is_required() else ""
            kind = type_words(field.annotation).removesuffix(" or null")
            rows.append((f"`{name}`", kind, required + sentence(field.description)))
            for group in models_in(field.annotation):
                rows += [
                    (
                        f"`{name}.{each}`",
                        type_words(inner.annotation).removesuffix(" or null"),
                        sentence(inner.description),
                    )
                    for each, inner in group.model_fields.items()
                ]
        return f"\n{table(*rows)}\n"

    return made


def policy_table() -> str:
    rows = [("field", "type", "default", "what")]
    default = json.loads(Policy().content())
    for name, field in PolicyBody.model_fields.items():
        shown = "" if default[name] is None or isinstance(default[name], list) else f"`{default[name]}`"
        rows.append((f"`{name}`", type_words(field.annotation), shown, sentence(field.description)))
        for model in models_in(field.annotation):
            rows += [
                (f"`{name}[].{each}`", type_words(inner.annotation), "", sentence(inner.description))
                for each, inner in model.model_fields.items()
            ]
    return f"\n{table(*rows)}\n"


def settings_table() -> str:
    rows = [("variable", "default", "what")]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append((f"`ASSAY_{name.upper()}`", default, sentence(field.description)))
    return table(*rows)


def features_tables() -> str:
    return markdown(CATALOG)


def features_contents() -> str:
    return contents(CATALOG)


def ruleset_table() -> str:
    rules = tomllib.loads(default_source())["rule"]
    rows = [(f"`{rule['id']}`", f"`{' '.join(rule['text'].split())}`", rule["reason"]) for rule in rules]
    return table(("id", "rule", "what a person reads"), *rows)


def functions_table() -> str:
    rows = [(f"`{each.written}`", each.doc) for each in FUNCTIONS.values() if each.name not in COUNTING]
    return table(("function", "gives"), *rows)


def counting_table() -> str:
    rows = [(f"`{each.written}`", each.doc) for each in FUNCTIONS.values() if each.name in COUNTING]
    return table(("function", "gives"), *rows)


RADAR = (
    "Block if :card_country: != :ip_country: and :amount_in_usd: > 500",
    "Request 3D Secure if :risk_score: >= 65 and not :is_recurring:",
    "Block if :seconds_since_card_first_seen: < 3600 and :card_bin: = '424242'",
    "Review if :card_count_for_shipping_address_hourly: > 2 and :card_funding: != 'prepaid'",
    "Block if ::customer:tier:: = 'new' and :declined_charges_per_card_number_hourly: > 3",
    "Block if :risk_score: > 20",
    "Block if :dispute_count_on_card_number_all_time: > 0",
)


def radar_table() -> str:
    rows = []
    for rule in import_rules("\n".join(RADAR), CATALOG):
        said = f"`{' '.join(rule.text.split())}`" if rule.text is not None else " ".join(rule.problems)
        rows.append((f"`{rule.source}`", said))
    return table(("in Radar", "imported"), *rows)


def diagnostics() -> str:
    shown = []
    for block in blocks(part(read("docs/rules.md"), "diagnostics")):
        rule = block.text.splitlines()[0]
        found = check_rule(rule, CATALOG, ())
        assert found, f"no mistake: {rule}"
        shown.append("\n".join(["```", rule, "", *(each.render(rule) for each in found), "```"]))
    return "\n\n".join(shown) + "\n"


@pytest.mark.parametrize(
    ("name", "marker", "content"),
    [
        ("docs/api.md", "request", request_tables),
        ("docs/api.md", "answer", answer_table),
        ("docs/api.md", "outcome", fields_of(OutcomeRequest)),
        ("docs/api.md", "label", fields_of(LabelRequest)),
        ("docs/api.md", "chargeback", fields_of(ChargebackRequest)),
        ("docs/api.md", "fraud warning", fields_of(FraudWarningRequest)),
        ("docs/api.md", "policy", policy_table),
        ("docs/api.md", "rule", fields_of(RuleBody)),
        ("docs/api.md", "keys", keys_table),
        ("docs/operating.md", "settings", settings_table),
        ("docs/features.md", "topics", features_contents),
        ("docs/features.md", "features", features_tables),
        ("docs/features.md", "causes", causes),
        ("docs/rules.md", "default ruleset", ruleset_table),
        ("docs/rules.md", "diagnostics", diagnostics),
        ("docs/rules.md", "functions", functions_table),
        ("docs/rules.md", "radar", radar_table),
        ("docs/rules.md", "counting functions", counting_table),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_generated_part_is_fresh(name: str, marker: str, content: typing.Callable[[], str]) -> None:
    check_generated(name, marker, content())


@pytest.mark.parametrize(("marker", "kind", "column"), [("problems", "problem", 2), ("faults", "fault", 1)])
def test_every_code_of_an_error_is_listed_once(marker: str, kind: str, column: int) -> None:
    listed = codes_listed("docs/api.md", marker, column)
    # A request with card data is the one problem that is named after its fault.
    expected = codes(kind) | ({"card_data_refused"} if kind == "problem" else set())
    assert set(listed) == expected
    assert len(listed) == len(expected)


def test_every_code_of_a_warning_is_listed_once() -> None:
    listed = codes_listed("docs/api.md", "warnings", 1)
    assert set(listed) == codes("warning")
    assert len(listed) == len(codes("warning"))


def test_every_scope_is_listed() -> None:
    assert set(re.findall(r"^\| `([a-z]+:[a-z]+)` \|", read("docs/api.md"), re.MULTILINE)) == set(Scope)


def test_the_example_ruleset_checks() -> None:
    (example,) = [block for block in blocks(read("docs/rules.md")) if block.language == "toml"]
    assert [rule.id for rule in parse_ruleset(example.text, CATALOG, ()).rules] == [
        "big-first-order",
        "freemail-abroad",
    ]


def test_the_example_rules_check() -> None:
    text = read("docs/rules.md").replace(part(read("docs/rules.md"), "diagnostics"), "")
    rules = [line for block in blocks(text) if not block.language for line in block.text.splitlines()]
    assert len(rules) == 17
    for rule in rules:
        assert not check_rule(rule, CATALOG, ()), rule


def test_the_statuses_are_what_counters_learn() -> None:
    assert set(STATUSES) == {status.value for status in Status}
    assert all(f"`{status}`" in read("docs/rules.md") for status in STATUSES)


def test_the_thresholds_are_the_policys() -> None:
    policy, rules, api = Policy(), sentence(read("docs/rules.md")), sentence(read("docs/api.md"))
    assert f"a score at the block threshold ({policy.block_at_percent:g} %)" in rules
    assert f"a score at the review threshold ({policy.review_at_percent:g} %)" in rules
    assert f"a score at the challenge threshold ({policy.challenge_at_percent:g} %)" in rules
    assert f"lets up to {(policy.fail_bands[0].up_to_usd_cents or 0) // 100} USD through" in rules
    assert f"`elevated` from {policy.elevated_at_percent:g} % and `highest` from {policy.highest_at_percent:g} %" in api
