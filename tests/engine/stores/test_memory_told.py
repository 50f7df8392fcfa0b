"""Different values in any part of a row, parts left out, against sets."""

from hypothesis import given
from hypothesis import strategies as st

from engine.stores.memory_told import Told

VALUES = st.sampled_from(("a", "a", "b", "c", None))
CHANGES = st.lists(st.one_of(VALUES, st.sampled_from(("pop", "drop"))), max_size=40)


@given(CHANGES, st.sets(st.integers(min_value=0, max_value=12)), st.integers(min_value=0, max_value=20))
def test_what_is_told_apart_is_what_sets_tell(changes: list[str | None], excluded: set[int], stop: int) -> None:
    plain, told = list[str | None](), Told(3)
    for change in changes:
        if change == "pop":
            if plain:
                told.pop(plain.pop())
        elif change == "drop":
            told.drop(len(plain) // 2, plain[: len(plain) // 2])
            del plain[: len(plain) // 2]
        else:
            is_new = told.append(change)
            assert is_new == (change is not None and change not in plain)
            plain.append(change)
    assert len(told) == len(plain)
    stop = min(stop, len(plain))
    excluded = {each for each in excluded if each < len(plain)}
    starts = list(range(stop, -1, -1))
    seen = [
        {each for at, each in enumerate(plain[:stop]) if at >= start and at not in excluded} - {None}
        for start in starts
    ]
    assert told.counts(starts, stop, excluded) == [len(values) for values in seen]
    for value in ("a", "b", "c"):
        assert told.is_held_by_another(value, stop, excluded) == (value in seen[-1])
