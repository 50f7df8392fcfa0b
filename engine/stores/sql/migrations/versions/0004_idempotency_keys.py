"""More idempotency keys of a decision than its own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. Keys that came with a retry before it are not known: each names what it comes with next."""
    op.create_table(
        "idempotency_keys",
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "test_mode", "idempotency_key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_decision_id", "idempotency_keys", ["decision_id"])


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError
