"""An installation that has seen the demonstration's payments, and clients that call it as the documents do."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.routes.keys import GATEWAY_SCOPES
from api.settings import Settings
from api.wiring import assembled
from engine.access import Scope
from tests.docs.demo_traffic import NOW, play_demo


class Demo(NamedTuple):
    """The installation over HTTP, the keys by the variables of the documents, the answers to the three examples."""

    client: TestClient
    keys: dict[str, str]
    answers: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with assembled(Settings(data=tmp_path_factory.mktemp("docs") / "data")) as assembly:
        answers = play_demo(assembly)
        keys = {}
        for variable, scopes in (("ASSAY_KEY", GATEWAY_SCOPES), ("ASSAY_OPERATOR_KEY", frozenset(Scope))):
            key, keys[variable] = new_key(name=variable, test_mode=False, scopes=scopes, merchants=None)
            assembly.keys.add_key(key)
        keys["DECISION_ID"] = answers["an ordinary payment"]["id"]
        yield Demo(client=TestClient(create_app(assembly, now=lambda: NOW)), keys=keys, answers=answers)


@pytest.fixture(scope="module")
def shows() -> Callable[[Any, Any], None]:
    """Assert that what a document shows is in the answer: objects and lists may be cut, what a run makes may differ."""
    return _assert_shown


_OF_A_RUN = {"id", "created_at", "expires_at", "request_id", "key"}


def _assert_shown(shown: Any, answer: Any) -> None:
    if isinstance(shown, dict):
        # A rule's id is the same in every run.
        of_a_run = set() if "result" in shown else _OF_A_RUN
        for name, value in shown.items():
            assert name in answer, name
            if name in of_a_run:
                assert type(value) is type(answer[name]), name
            else:
                _assert_shown(value, answer[name])
    elif isinstance(shown, list) and shown and isinstance(shown[0], dict):
        rest = iter(answer)
        for value in shown:
            assert any(_is_shown(value, each) for each in rest), f"{value} is not in {answer}"
    else:
        assert shown == answer


def _is_shown(value: Any, each: Any) -> bool:
    try:
        _assert_shown(value, each)
    except AssertionError:
        return False
    return True
