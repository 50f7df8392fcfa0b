"""Texts as relative risks: by what was known at the time, shrunk, and equal to a plain computation."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.learners import encoding
from models.learners.encoding import History, encoded
from models.maturity import Curve

DAY_US = 86_400 * 1_000_000
AT_ONCE = Curve(name="at once", days=(1e-9,), shares=(1.0,))
SLOWLY = Curve(name="slowly", days=(10, 20), shares=(0.5, 1.0))
NEVER = 2**62


def history(
    at: list[int], fraud: list[bool], known: list[int], counts: list[bool], end: int, curve: Curve = AT_ONCE
) -> History:
    return History(
        at_us=np.array(at, dtype=np.int64) * DAY_US,
        is_fraud=np.array(fraud, dtype=np.bool_),
        known_us=np.array([each if each == NEVER else each * DAY_US for each in known], dtype=np.int64),
        counts=np.array(counts, dtype=np.bool_),
        end_us=end * DAY_US,
        curve=curve,
    )


def plain(places: list[int], texts: int, told: History, until_us: float, before: int) -> list[float]:
    """The oracle: each text's risk at a time, from the first `before` rows, one payment after the other."""
    rows, expected, frauds = [0] * texts, [0.0] * texts, [0] * texts
    middles = block_means(told)
    for at in range(before):
        if not told.counts[at] or places[at] < 0:
            continue
        rows[places[at]] += 1
        age = np.array([int(until_us - middles[at])])
        expected[places[at]] += float(told.curve.share(age)[0])
        frauds[places[at]] += bool(told.is_fraud[at] and told.known_us[at] <= until_us)
    if not sum(frauds) or not sum(expected):
        return [0.0] * texts
    expected = [max(share, fraud) for share, fraud in zip(expected, frauds, strict=True)]
    rate = sum(frauds) / sum(expected)
    expected = [share * rate for share in expected]
    best = max(
        encoding._STRENGTHS,  # noqa: SLF001 - the oracle tries the same
        key=lambda strength: sum(
            math.lgamma(strength + k) - math.lgamma(strength) + strength * math.log(strength)
            - (strength + k) * math.log(strength + e)
            for k, e, n in zip(frauds, expected, rows, strict=True) if n
        ),
    )  # fmt: skip
    return [
        math.log((k + best) / (e + best)) if n >= encoding.ROWS_MIN or k else 0.0
        for k, e, n in zip(frauds, expected, rows, strict=True)
    ]


def block_of(told: History) -> list[int]:
    ordered = sorted(told.at_us.tolist())
    places = np.linspace(0, len(ordered), encoding.BLOCKS_MAX, endpoint=False).astype(int)
    starts = sorted({ordered[place] for place in places})
    return [max(at for at, start in enumerate(starts) if start <= each) for each in told.at_us.tolist()]


def block_means(told: History) -> list[float]:
    blocks = block_of(told)
    return [
        float(np.mean([each for each, own in zip(told.at_us.tolist(), blocks, strict=True) if own == block]))
        for block in blocks
    ]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], History]:
    rows = draw(st.integers(1, 60))
    at = sorted(draw(st.lists(st.integers(0, 60), min_size=rows, max_size=rows)))
    random = draw(st.randoms(use_true_random=False))
    fraud = [random.random() < 0.4 for _ in at]
    known = [each + random.randrange(0, 30) if is_fraud else NEVER for each, is_fraud in zip(at, fraud, strict=True)]
    counts = [random.random() < 0.9 for _ in at]
    places = [random.choice((-1, 0, 0, 1, 2, 3)) for _ in at]
    return places, history(at, fraud, known, counts, 61, draw(st.sampled_from((AT_ONCE, SLOWLY))))


@settings(max_examples=30)
@given(histories())
def test_it_equals_the_plain_computation(given_: tuple[list[int], History]) -> None:
    places, told = given_
    texts = ["a", "b", "c", "d"]
    found = encoded(np.array(places), texts, told)
    blocks = block_of(told)
    for row, place in enumerate(places):
        if place < 0:
            assert np.isnan(found.column[row])
            continue
        first = blocks.index(blocks[row])
        expected = plain(places, 4, told, float(told.at_us[first]), first)[place]
        assert math.isclose(found.column[row], expected, abs_tol=1e-9)
    final = plain(places, 4, told, float(told.end_us), len(places))
    for text, risk in zip(texts, final, strict=True):
        assert math.isclose(found.codes.get(text, 0.0), risk, abs_tol=1e-9)


@settings(max_examples=30)
@given(histories(), st.integers(0, 60))
def test_what_becomes_known_later_changes_no_earlier_number(given_: tuple[list[int], History], day: int) -> None:
    places, told = given_
    later = told.known_us > day * DAY_US
    changed = History(
        at_us=told.at_us,
        is_fraud=told.is_fraud & ~later,
        known_us=told.known_us,
        counts=told.counts,
        end_us=told.end_us,
        curve=told.curve,
    )
    texts = ["a", "b", "c", "d"]
    until = told.at_us <= day * DAY_US
    one, other = encoded(np.array(places), texts, told), encoded(np.array(places), texts, changed)
    assert np.array_equal(one.column[until], other.column[until], equal_nan=True)


def test_a_risky_text_is_told_from_a_rare_one() -> None:
    rows = 4_000
    random = np.random.default_rng(3)
    places = random.integers(0, 20, rows)
    places[::500] = 20
    fraud = random.random(rows) < np.where(places == 0, 0.2, 0.01)
    at = (np.arange(rows) // 100).tolist()
    known = [day + 1 if each else NEVER for day, each in zip(at, fraud, strict=True)]
    told = history(at, fraud.tolist(), known, [True] * rows, 41)
    found = encoded(places, [str(each) for each in range(21)], told)
    assert found.codes["0"] > 1.5
    assert all(found.codes[str(each)] < 0.6 for each in range(1, 20))
    assert abs(found.codes.get("20", 0.0)) < 0.5


def test_without_a_known_fraud_nothing_is_said() -> None:
    told = history([0] * 30, [False] * 30, [NEVER] * 30, [True] * 30, 40)
    found = encoded(np.zeros(30, dtype=np.int64), ["a"], told)
    assert not found.codes
    assert not found.column.any()
