"""The ledger, the labels and the API keys in SQL tables."""

from engine.stores.sql.examine import examine
from engine.stores.sql.extent import Extent, extent
from engine.stores.sql.ledger import SqlLedger
from engine.stores.sql.outcomes import SqlOutcomes
from engine.stores.sql.reader import Reading, open_reader
from engine.stores.sql.store import Store, has_store, open_store

__all__ = [
    "Extent",
    "Reading",
    "SqlLedger",
    "SqlOutcomes",
    "Store",
    "examine",
    "extent",
    "has_store",
    "open_reader",
    "open_store",
]
