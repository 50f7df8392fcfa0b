"""Sending the simulator's payments to a running server, as shops do, and telling what came of it."""
