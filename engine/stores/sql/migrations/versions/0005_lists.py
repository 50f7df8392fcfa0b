"""Lists: every entry that ever was, and the sequence of what changed them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "list_changes",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("by_key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_list_changes"),
    )
    op.create_index("ix_list_changes_of_merchant", "list_changes", ["merchant_id", "sequence"])
    op.create_table(
        "named_lists",
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("added_sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("removed_sequence", sa.BigInteger),
        sa.Column("type", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "name", "added_sequence", name="pk_named_lists"),
    )
    op.create_table(
        "list_entries",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("added_sequence", sa.BigInteger, nullable=False),
        sa.Column("removed_sequence", sa.BigInteger),
        sa.PrimaryKeyConstraint("position", name="pk_list_entries"),
    )
    present, past = sa.text("removed_sequence IS NULL"), sa.text("removed_sequence IS NOT NULL")
    op.create_index(
        "uq_list_entries_id", "list_entries", ["id"], unique=True, sqlite_where=present, postgresql_where=present
    )
    op.create_index("ix_list_entries_of_list", "list_entries", ["merchant_id", "name", "position"])
    op.create_index("ix_list_entries_added", "list_entries", ["merchant_id", "added_sequence"])
    op.create_index(
        "ix_list_entries_removed",
        "list_entries",
        ["merchant_id", "removed_sequence"],
        sqlite_where=past,
        postgresql_where=past,
    )


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError
