"""A data folder to learn from: made-up payments, some of which a card scheme reported."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.demo.year import YearPlayer, year_before
from api.settings import Settings
from api.wiring import assembled, opened_for_reading, playing
from engine.ledger import Label, LabelKind
from engine.payment import Stage

DAYS = 80
EVERY = 9


def played(folder: Path) -> Path:
    """Eighty days of a few shops, in which each ninth payment was reported within the hour."""
    settings = Settings(data=folder)
    with playing(settings) as player:
        assert player is not None, "the folder is new"
        timeline, _ = year_before(datetime.now(UTC), DAYS, 8)
        asyncio.run(YearPlayer(player).play(timeline, lambda *_: None))
    with opened_for_reading(folder) as (ledger, _labels):
        records = [each for each in ledger.recent(timedelta(days=DAYS + 1)) if each.key.stage is Stage.PRE_AUTH]
    labels = [
        Label(
            merchant_id=each.key.merchant_id,
            test_mode=False,
            transaction_id=each.key.transaction_id,
            kind=LabelKind.FRAUD_WARNING,
            is_fraud=True,
            occurred_at=each.at,
            received_at=each.at + timedelta(hours=1),
            source="test",
        )
        for each in records[::EVERY]
    ]
    with assembled(settings) as assembly:
        asyncio.run(assembly.labels.append_labels(labels))
    return folder
