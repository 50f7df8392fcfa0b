"""Changes of the models in force: promotions, rollbacks, challengers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "model_changes",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("model_id", sa.Text),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("by_key", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("is_forced", sa.Boolean, nullable=False),
        sa.Column("gate", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_model_changes"),
    )


def downgrade() -> None:
    """There is no way back but a backup: an older Assay does not read what a newer one wrote."""
    raise NotImplementedError
