"""The API fuzzed from its own OpenAPI document: no server error and no breach of the schema, in 2,000 cases."""

from collections import Counter
from typing import Any, cast

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.wiring import Assembly

CASES_A_MODE = 1_000
DECISIONS = "POST /v1/decisions"
# What a schema cannot say (a currency that there is, a policy whose thresholds rise) is refused with 422 all the same.
UNSAID = [positive_data_acceptance]
# These end what the other cases stand on.
LEFT_OUT = {"POST /v1/installation/reload"}


@pytest.mark.timeout(800)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_call_breaks_the_service_or_its_schema(
    mode: GenerationMode, assembly: Assembly, operator: TestClient
) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(assembly))
    operations: list[Any] = [cast("Any", result).ok() for result in schema.get_all_operations()]
    operations = [each for each in operations if each.label not in LEFT_OUT]
    share = -(-CASES_A_MODE // len(operations))
    headers = {"Authorization": str(operator.headers["authorization"])}
    counted: Counter[str] = Counter()
    faults: list[str] = []

    def fuzz(operation: Any, cases: int) -> None:
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            counted[operation.label] += 1
            case.call_and_validate(headers=headers, excluded_checks=UNSAID)

        try:
            check()
        except Unsatisfiable:
            # Nothing of a call without any input can be wrong.
            assert mode is GenerationMode.NEGATIVE
        except AssertionError as error:
            faults.append(f"{operation.label}: {error}")
        except FailureGroup as error:
            faults.append(f"{operation.label}: {error}")

    for operation in operations:
        fuzz(operation, share)
    # Calls without input have one case each: the decision call takes what is left.
    decisions = next(each for each in operations if each.label == DECISIONS)
    fuzz(decisions, max(CASES_A_MODE - counted.total(), 0) + share)
    assert not faults, "\n\n".join(faults)
    assert counted.total() >= CASES_A_MODE, counted
