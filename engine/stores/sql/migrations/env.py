"""What Alembic runs to migrate: over the connection and in the transaction that `schema.upgrade` hands in."""

from alembic import context

from engine.stores.sql.tables import METADATA

# transactional_ddl: SQLite can, and a killed upgrade then leaves the old schema. render_as_batch: SQLite changes a
# column by copying its table.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
