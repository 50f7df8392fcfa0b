"""Outcomes; which payment a decision's payment replaces; labels by merchant."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Written out, not taken from tables.py: that file goes on changing, and this revision never does.
_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Go to this revision. No payment decided before it replaced another: each was counted, and stays so."""
    # Outside a batch: a batch would copy the table, and this is as long as the ledger.
    op.add_column("decisions", sa.Column("supersedes", sa.Text))
    op.create_index(
        "ix_decisions_supersedes",
        "decisions",
        ["merchant_id", "test_mode", "supersedes", "transaction_id"],
        sqlite_where=sa.text("supersedes IS NOT NULL"),
        postgresql_where=sa.text("supersedes IS NOT NULL"),
    )
    _create_outcomes()
    op.create_index("ix_labels_of_merchant", "labels", ["merchant_id", "test_mode", "received_at_us"])
    op.create_index("ix_labels_of_mode", "labels", ["test_mode", "received_at_us"])


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("position", _ROW_NUMBER, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("transaction_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occurred_at_us", sa.BigInteger),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outcomes"),
        sa.UniqueConstraint(
            "merchant_id", "test_mode", "transaction_id", "decision_id", "fingerprint", name="uq_outcomes_report"
        ),
    )
    op.create_index(
        "uq_outcomes_idempotency_key",
        "outcomes",
        ["merchant_id", "test_mode", "idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index("ix_outcomes_received", "outcomes", ["received_at_us", "merchant_id", "test_mode"])
