"""Wiring: puts the parts together, and alone names the concrete stores."""

from api.wiring.assembly import Assembly, Held, assembled, load_snapshot, pipeline_in_memory
from api.wiring.folders import (
    examined,
    list_types_in,
    opened_for_reading,
    opened_for_replay,
    opened_keys,
    opened_lists,
    segments_written,
)
from api.wiring.valkey import valkey_examined

__all__ = [
    "Assembly",
    "Held",
    "assembled",
    "examined",
    "list_types_in",
    "load_snapshot",
    "opened_for_reading",
    "opened_for_replay",
    "opened_keys",
    "opened_lists",
    "pipeline_in_memory",
    "segments_written",
    "valkey_examined",
]
