"""Decisions, payments and answers compressed; no table changes, and an older Assay must not read what it cannot."""

from alembic import op
from sqlalchemy import text

from engine.stores.sql.compression import RecordPart, compressed

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROWS_AT_ONCE = 1_000
_BEHIND = text(
    "SELECT position, decision, payment, answer FROM decisions WHERE position > :behind ORDER BY position LIMIT :rows"
)
_REPLACE = text(
    "UPDATE decisions SET decision = :decision, payment = :payment, answer = :answer WHERE position = :position"
)


def upgrade() -> None:
    """Go to this revision."""
    connection, behind = op.get_bind(), 0
    while rows := connection.execute(_BEHIND, {"behind": behind, "rows": _ROWS_AT_ONCE}).all():
        connection.execute(
            _REPLACE,
            [
                {
                    "position": row.position,
                    "decision": compressed(RecordPart.DECISION, row.decision),
                    "payment": compressed(RecordPart.PAYMENT, row.payment),
                    "answer": compressed(RecordPart.ANSWER, row.answer),
                }
                for row in rows
            ],
        )
        behind = rows[-1].position


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError
