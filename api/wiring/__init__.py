"""Wiring: puts the parts together, and alone names the concrete stores."""

from api.wiring.assembly import Assembly, Held, assembled, load_snapshot, pipeline_in_memory
from api.wiring.folders import (
    dataset_in,
    examined,
    frames_of_parquet,
    list_types_in,
    models_in,
    opened,
    opened_for_reading,
    opened_for_replay,
    opened_frames,
    opened_keys,
    policies_in,
    segments_written,
)
from api.wiring.playing import Playing, playing
from api.wiring.valkey import valkey_examined

__all__ = [
    "Assembly",
    "Held",
    "Playing",
    "assembled",
    "dataset_in",
    "examined",
    "frames_of_parquet",
    "list_types_in",
    "load_snapshot",
    "models_in",
    "opened",
    "opened_for_reading",
    "opened_for_replay",
    "opened_frames",
    "opened_keys",
    "pipeline_in_memory",
    "playing",
    "policies_in",
    "segments_written",
    "valkey_examined",
]
