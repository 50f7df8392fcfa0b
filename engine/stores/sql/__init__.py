"""The ledger, the labels and the API keys in SQL tables."""

from engine.stores.sql.reader import Reading, open_reader
from engine.stores.sql.store import Store, open_store

__all__ = ["Reading", "Store", "open_reader", "open_store"]
