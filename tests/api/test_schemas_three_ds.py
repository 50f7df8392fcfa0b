"""What the call after 3-D Secure is expected to say."""

import pytest

from tests.api.decision_requests import decide, notes, with_value


@pytest.mark.parametrize(
    ("stage", "group", "field", "value", "is_missing"),
    [
        ("post_3ds", "authentication", "trans_status", "U", False),
        ("post_3ds", "authentication", "liability_shift", False, False),
        ("post_3ds", "credit_card", "was_3d_secure_successful", False, False),
        ("post_3ds", "authentication", "eci", "05", True),
        ("post_3ds", "authentication", "trans_status", "", True),
        ("pre_auth", "authentication", "eci", "05", False),
        ("post_auth", "authentication", "eci", "05", False),
    ],
)
def test_after_3d_secure_its_result_is_asked_for(
    stage: str, group: str, field: str, value: object, is_missing: bool
) -> None:
    fields = with_value("/event/stage", stage) | {group: {field: value}}
    _, warnings = decide(fields)
    assert notes(warnings) == ({("/authentication", "authentication_missing")} if is_missing else set())
