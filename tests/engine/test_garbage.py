"""The collector is held still, and is afterwards as it was before."""

import gc

import pytest

from engine.garbage import no_garbage_collection


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(*, was_enabled: bool) -> None:
    try:
        if not was_enabled:
            gc.disable()
        with no_garbage_collection(), no_garbage_collection():
            assert not gc.isenabled()
        assert gc.isenabled() is was_enabled
    finally:
        gc.enable()
