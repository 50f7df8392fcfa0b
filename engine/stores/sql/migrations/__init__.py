"""Alembic migrations: run when a store is opened, never by hand."""
