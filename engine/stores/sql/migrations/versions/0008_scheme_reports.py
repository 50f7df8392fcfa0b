"""What card schemes report: chargebacks and fraud warnings."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "scheme_reports",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("transaction_id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("is_settled", sa.Boolean, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("reason_code", sa.Text),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("occurred_at_us", sa.BigInteger, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_scheme_reports"),
        sa.UniqueConstraint("id", name="uq_scheme_reports_id"),
        sa.UniqueConstraint(
            "merchant_id", "test_mode", "kind", "case_id", "stage", "is_settled", name="uq_scheme_reports_step"
        ),
    )
    op.create_index("ix_scheme_reports_payment", "scheme_reports", ["merchant_id", "test_mode", "transaction_id"])
    op.create_index("ix_scheme_reports_of_merchant", "scheme_reports", ["merchant_id", "test_mode", "kind", "position"])
    op.create_index("ix_scheme_reports_of_mode", "scheme_reports", ["test_mode", "kind", "position"])


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError
