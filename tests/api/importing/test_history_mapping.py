"""What a mapping says for `--history`: every mistake at once, with the key, the cause and the mend."""

import tomllib
from pathlib import Path

import pytest

from api.importing.checker import MappingInvalid
from api.importing.mapping_file import bind_history, bind_mapping
from api.importing.mapping_history import HistoryMapping
from engine.velocity import Count, Distinct, Status
from engine.velocity.spec import Average, VelocityScope

COLUMNS = ("id", "shop", "time", "amount", "currency", "terminal", "outcome", "answered")
FIELDS = """
[fields]
event.transaction_id = "id"
event.merchant_id = "shop"
event.time = "time"
order.amount = "amount"
order.currency = "currency"
"""


CARD = 'key = ["card"]\nwindow = "1d"\n'


def bound(more: str) -> HistoryMapping:
    return bind_history(Path("map.toml"), tomllib.loads(FIELDS + more), COLUMNS, None)[1]


def mistakes(more: str) -> list[str]:
    with pytest.raises(MappingInvalid) as error:
        bound(more)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_velocities_are_read_in_the_words_of_the_specification() -> None:
    made = bound("""
custom.terminal = { column = "terminal", velocity_key = true }
[[velocities]]
key = ["custom_terminal"]
window = "7d"
delay = "7d"
[[velocities]]
name = "cards_of_terminal"
key = ["email", "custom_terminal"]
aggregate = "distinct"
of = "card"
window = "all"
scope = "network"
since = "authorized"
[[velocities]]
key = ["custom_terminal"]
aggregate = "average"
of = "amount_in_usd"
window = "90m"
status = "refunded"
doc = "What was refunded."
""")
    first, second, third = made.velocities
    assert (first.name, first.aggregate) == ("count_by_custom_terminal_within_7d_delay_7d", Count())
    assert second.key == ("custom_terminal", "email_normalized")
    assert isinstance(second.aggregate, Distinct)
    assert (second.window, second.scope, second.since) == ("all", VelocityScope.NETWORK, Status.AUTHORIZED)
    assert third.name == "average_amount_in_usd_by_custom_terminal_within_90m_status_refunded"
    assert isinstance(third.aggregate, Average)
    assert (third.status, third.doc) == (Status.REFUNDED, "What was refunded.")
    assert [(each.feature_name, each.is_velocity_key) for each in made.declared] == [("custom_terminal", True)]


@pytest.mark.parametrize(
    ("velocity", "mistake"),
    [
        (
            'key = ["terminal"]\nwindow = "1d"',
            "velocities[1].key: no text feature that counters see is",
        ),
        ('key = []\nwindow = "1d"', "velocities[1].key: required"),
        ('key = ["card", "card"]\nwindow = "1d"', "velocities[1].key: names a feature twice"),
        ('key = ["card"]', "velocities[1].window: required"),
        ('key = ["card"]\nwindow = "366d"', "velocities[1].window: required"),
        ('key = ["card"]\nwindow = "365d"\ndelay = "1d"', "velocities[1].window: with its delay longer than 365d"),
        (CARD + 'delay = "1w"', "velocities[1].delay: such as"),
        (CARD + 'status = "blocked"', "velocities[1].status: no such word"),
        (
            CARD + 'aggregate = "summe"',
            "velocities[1].aggregate: no such word; did you mean 'sum'?",
        ),
        (CARD + 'aggregate = "sum"', "velocities[1].of: required"),
        (CARD + 'aggregate = "sum"\nof = "ip_country"', "velocities[1].of: required"),
        (CARD + 'of = "amount_in_usd"', "velocities[1].of: a count is of payments themselves"),
        (CARD + 'aggregate = "distinct"\nof = "card"', "velocities[1].of: is part of the key"),
        (
            CARD + 'where = { is_gift = 1 }\nname = "a"',
            "velocities[1].where.is_gift: is a boolean",
        ),
        (
            CARD + 'where = { gift = true }\nname = "a"',
            "velocities[1].where.gift: no feature that",
        ),
        (CARD + "where = { is_gift = true }", "velocities[1].name: required"),
        (
            CARD + 'since = "declined"\nstatus = "declined"\nname = "a"',
            "velocities[1].since: goes",
        ),
        (CARD + 'name = "Upper"', "velocities[1].name: lower-case letters"),
        (
            CARD + 'name = "ip_country"',
            "velocities[1].name: there is a feature ip_country",
        ),
        (CARD + 'length = "1d"', "velocities[1].length: no such key"),
    ],
)
def test_a_mistaken_velocity_is_told_with_its_mend(velocity: str, mistake: str) -> None:
    said = mistakes(f"[[velocities]]\n{velocity}")
    assert any(line.startswith(mistake) for line in said), said


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        ("[velocities]", "velocities: write each velocity under a line [[velocities]] of its own"),
        ('[outcomes]\nat = "answered"', "outcomes.column: required"),
        ('[outcomes]\ncolumn = "outcome"', "outcomes.values: required"),
        (
            '[outcomes]\ncolumn = "outcome"\n[outcomes.values]\nok = "authorised"',
            'outcomes.values."ok": no such outcome',
        ),
        ("[refunds]", "refunds.at: required"),
        ('[refunds]\nat = "answred"', "refunds.at: the file has no column 'answred'; did you mean 'answered'?"),
        ('custom.a = "shop"\ncustom.A = "shop"', 'fields."custom.A": there is a feature custom_a already'),
        (
            'custom.a = { column = "shop", type = "number", velocity_key = true }',
            'fields."custom.a".velocity_key: only texts are keys',
        ),
        ('[labels]\ncolumn = "outcome"\n[labels.values]\na = "none"', "labels.known_at: required"),
        (
            '[labels]\ncolumn = "outcome"\nknown_after = "7 days"\n[labels.values]\na = "none"',
            "labels.known_after: how long after",
        ),
    ],
)
def test_a_mistaken_table_is_told_with_its_mend(more: str, mistake: str) -> None:
    said = mistakes(more)
    assert any(line.startswith(mistake) for line in said), said


def test_without_history_what_only_it_reads_is_refused() -> None:
    more = 'custom.t = { column = "terminal", velocity_key = true }\n[refunds]\nat = "answered"'
    with pytest.raises(MappingInvalid, match="only an import with --history reads this") as error:
        bind_mapping(Path("map.toml"), tomllib.loads(FIELDS + more), COLUMNS, None)
    assert str(error.value).count("add --history") == 2
