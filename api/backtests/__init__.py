"""Backtests as jobs: what is asked is planned where the rules in force are known, and done by a process of its own."""
