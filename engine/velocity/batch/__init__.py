"""The columnar kernel: every velocity of every payment of a stream that is over, in columns.

The same specification as live counting, and the same integers: for back-filling, imported history and training.
"""

from engine.velocity.batch.kernel import Numbers, numbers
from engine.velocity.batch.stream import Amounts, Column, NumberTooLarge, Stream, StreamInvalid, Values

__all__ = ["Amounts", "Column", "NumberTooLarge", "Numbers", "Stream", "StreamInvalid", "Values", "numbers"]
