"""`assay serve`."""

from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from rich.console import Console

from api.commands.options import Data, Host, Port, settings_with
from api.serving import listening_socket, serve, url_of
from api.wiring import assembled
from engine.decision import RuleMode
from engine.rules import Ruleset

_HASH_CHARACTERS: Final = 12


def serve_(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Serve the decision API on this data folder until SIGTERM or Ctrl-C."""
    settings = settings_with(data=data, host=host, port=port)
    console = Console(stderr=True, highlight=False)
    listener = listening_socket(settings.host, settings.port)
    with listener, assembled(settings) as assembly:
        url = url_of(listener)
        console.print(f"assay: {assembly.payments_restored:,} payments restored from {settings.data}", soft_wrap=True)
        in_force = ruleset_in_force(assembly.snapshot.ruleset, settings.ruleset)
        console.print(f"assay: {in_force}", markup=False, soft_wrap=True)
        if not _is_loopback(settings.host):
            console.print("assay: listening beyond this machine without TLS; put a TLS proxy in front of it")

        async def say_ready(ready_url: str) -> None:
            console.print(f"assay: ready at {ready_url} (openapi: {url}/openapi.json)", soft_wrap=True)

        serve(assembly, settings, listener, say_ready)


def ruleset_in_force(ruleset: Ruleset, file: Path | None) -> str:
    """Which rules decide, in one line: nobody shall believe in rules that were not read."""
    modes = Counter(rule.mode for rule in ruleset.rules)
    counts = f"{modes[RuleMode.LIVE]} live and {modes[RuleMode.SHADOW]} shadow rules"
    return f"ruleset {ruleset.hash[:_HASH_CHARACTERS]}: {counts}, {'as shipped' if file is None else f'from {file}'}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
