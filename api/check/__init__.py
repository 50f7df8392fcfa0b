"""Checks of what is promised, by command: each names what it did, and fails where something is not as it should be."""
