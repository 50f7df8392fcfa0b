"""The first tables: decisions, what their versions consist of, labels and API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out, not taken from tables.py: that file goes on changing, and this revision never does.
_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Go to this revision."""
    _create_decisions()
    op.create_table(
        "versions",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name="pk_versions"),
    )
    _create_labels()
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("merchants", sa.JSON),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger),
        sa.Column("revoked_at_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("position", _ROW_NUMBER, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("transaction_id", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("counted_at_us", sa.BigInteger, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("payment", sa.LargeBinary, nullable=False),
        sa.Column("decision", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_decisions"),
        sa.UniqueConstraint("id", name="uq_decisions_id"),
        sa.UniqueConstraint(
            "merchant_id",
            "test_mode",
            "transaction_id",
            "stage",
            name="uq_decisions_merchant_id_test_mode_transaction_id_stage",
        ),
    )
    op.create_index(
        "uq_decisions_idempotency_key",
        "decisions",
        ["merchant_id", "test_mode", "idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index("ix_decisions_observed", "decisions", ["sequence", "at_us", "merchant_id", "test_mode"])


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("position", _ROW_NUMBER, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("transaction_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("is_fraud", sa.Boolean, nullable=False),
        sa.Column("occurred_at_us", sa.BigInteger, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_labels"),
        sa.UniqueConstraint(
            "merchant_id",
            "test_mode",
            "transaction_id",
            "kind",
            "is_fraud",
            "occurred_at_us",
            "source",
            name="uq_labels_fact",
        ),
    )
    op.create_index("ix_labels_received_at_us", "labels", ["received_at_us"])
