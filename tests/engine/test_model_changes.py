"""Where the models stand follows from the changes alone."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from engine.model_changes import ChangeKind, ModelChange, ModelState, Standing, standing

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PROMOTED, BACK, CHALLENGING, RETIRED = ChangeKind


def change(number: int, kind: ChangeKind, model_id: str | None) -> ModelChange:
    return ModelChange(number=number, kind=kind, model_id=model_id, at=NOON, by="key")


def after(*done: tuple[ChangeKind, str | None]) -> Standing:
    return standing(change(number, kind, model_id) for number, (kind, model_id) in enumerate(done, 1))


def test_without_a_change_the_scorecard_is_in_force() -> None:
    assert (after().champion, after().challengers, after().state_of("a")) == (None, (), ModelState.CANDIDATE)


def test_a_promotion_makes_the_champion_and_retires_the_one_before() -> None:
    found = after((CHALLENGING, "a"), (PROMOTED, "a"), (PROMOTED, "b"))
    assert (found.champion, found.challengers, found.number) == ("b", (), 3)
    assert (found.state_of("a"), found.state_of("b")) == (ModelState.RETIRED, ModelState.CHAMPION)


def test_a_rollback_undoes_and_another_one_undoes_what_was_before_that() -> None:
    done = [(PROMOTED, "a"), (PROMOTED, "b"), (PROMOTED, "c"), (BACK, "b"), (BACK, "a"), (BACK, None)]
    assert [after(*done[:length]).champion for length in range(7)] == [None, "a", "b", "c", "b", "a", None]
    assert after(*done).champions == (None,)
    assert after(*done, (PROMOTED, "c"), (BACK, None)).champions == (None,)


def test_a_challenger_that_is_retired_may_challenge_again() -> None:
    found = after((CHALLENGING, "a"), (RETIRED, "a"))
    assert (found.challengers, found.state_of("a")) == ((), ModelState.RETIRED)
    assert after((CHALLENGING, "a"), (RETIRED, "a"), (CHALLENGING, "a")).state_of("a") is ModelState.CHALLENGER


@given(st.lists(st.tuples(st.sampled_from(list(ChangeKind)), st.sampled_from(["a", "b", "c"])), max_size=30))
def test_a_model_is_in_one_state_whatever_was_done(done: list[tuple[ChangeKind, str]]) -> None:
    found = after(*done)
    states = {name: found.state_of(name) for name in "abc"}
    assert [name for name, state in states.items() if state is ModelState.CHAMPION] == [
        each for each in [found.champion] if each is not None
    ]
    challengers = {name for name, state in states.items() if state is ModelState.CHALLENGER}
    assert challengers == set(found.challengers) - {found.champion}
    assert len(set(found.challengers)) == len(found.challengers)
    assert not found.retired & {found.champion, *found.challengers}
    assert found.number == len(done)
