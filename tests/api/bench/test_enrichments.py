"""`assay bench enrichment` measures every topic, and its new values are new and still of their kind."""

from collections.abc import Callable
from itertools import islice

import pytest

from api.bench import BENCHMARKS, enrichments
from api.bench.new_values import renewed
from engine.enrichment import ENRICHMENTS
from engine.payment import Payment

OPEN: tuple[Callable[[Payment], object], ...] = (
    lambda payment: payment.email.address,
    lambda payment: payment.billing.address,
    lambda payment: payment.billing.phone_number,
    lambda payment: payment.card.cardholder_name,
    lambda payment: payment.card.token,
    lambda payment: payment.device.ip_address,
    lambda payment: payment.device.user_agent,
)


def test_a_short_run_gives_every_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichments, "WARM_UP_PAYMENTS", 300)
    monkeypatch.setattr(enrichments, "STARTED_WITH", 5)
    (benchmark,) = (each for each in BENCHMARKS if each.id == "enrichment")
    found = benchmark.run(0.1, 1)
    assert set(found) == {measure.name for measure in benchmark.measures}
    assert all(value > 0 for name, value in found.items() if not name.startswith("held"))
    assert 0 <= found["held_percent"] <= 100
    assert {f"us_{each.topic}" for each in ENRICHMENTS} <= set(found)
    assert found["us_p50"] <= found["us_p99"]
    assert 0 < found["cache_hits_percent"] <= 100
    assert f"{len(ENRICHMENTS)} topics" in benchmark.setup()


def test_new_values_repeat_nothing() -> None:
    made = list(islice(renewed(enrichments._payments(3), 3), 300))  # noqa: SLF001 - as the benchmark reads them
    for value in OPEN:
        values = [each for payment in made if (each := value(payment)) is not None]
        assert len(set(values)) == len(values) > 100


def test_new_values_are_the_same_for_one_seed() -> None:
    first, again = (list(islice(renewed(enrichments._payments(3), 3), 5)) for _ in range(2))  # noqa: SLF001
    assert [each.email for each in first] == [each.email for each in again]
    assert [each.device.ip_address for each in first] == [each.device.ip_address for each in again]
