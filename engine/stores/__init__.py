"""Adapters: what implements the ports. Only api/wiring names them."""
