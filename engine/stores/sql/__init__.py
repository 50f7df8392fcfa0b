"""The ledger, the labels and the API keys in SQL tables."""

from engine.stores.sql.store import Store, open_store

__all__ = ["Store", "open_store"]
