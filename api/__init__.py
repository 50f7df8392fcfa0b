"""The edge: HTTP, console, command line, settings and wiring."""
