"""Adapters: what implements the ports. Only api/wiring.py names them."""
