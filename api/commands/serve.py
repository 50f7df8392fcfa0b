"""`assay serve`."""

from pathlib import Path
from socket import socket
from typing import Final

import structlog

from api.app import VERSION
from api.commands.options import Data, Host, Port, settings_with
from api.logs import logs_kept
from api.serving import listening_socket, serve
from api.settings import Settings, is_loopback, shown_valkey
from api.wiring import assembled
from engine.decision import RuleMode
from engine.rules import Ruleset

_HASH_CHARACTERS: Final = 12

log = structlog.get_logger()


def serve_(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Serve the decision API on this data folder until SIGTERM or Ctrl-C."""
    settings = settings_with(data=data, host=host, port=port)
    listener = listening_socket(settings.host, settings.port)
    with logs_kept(settings.log), listener:
        _serve(settings, listener)
        log.info("stopped")


def _serve(settings: Settings, listener: socket) -> None:
    with assembled(settings) as assembly:
        if settings.valkey is None:
            log.info("restored", payments=assembly.payments_restored, folder=settings.data)
        else:
            log.info("counters_in_valkey", where=shown_valkey(settings), folder=settings.data)
        published = assembly.rules.rulesets.in_force(None)
        number = None if published is None else published.number
        log.info("in_force", rules=ruleset_in_force(assembly.snapshot.ruleset, settings.ruleset, number))
        if not is_loopback(settings.host):
            log.warning("no_tls", cause="Listening beyond this machine in plain HTTP: put a TLS proxy in front.")

        async def say_ready(ready_url: str) -> None:
            log.info("ready", url=ready_url, version=VERSION)

        serve(assembly, settings, listener, say_ready)


def ruleset_in_force(ruleset: Ruleset, file: Path | None, number: int | None = None) -> str:
    """Which of the operator's rules decide, in one line: nobody shall believe in rules that were not read.

    `number` is that of the published version in force, None where the file's are.
    """
    live = sum(rule.mode is not RuleMode.SHADOW for rule in ruleset.rules)
    counts = f"{live} live and {len(ruleset.rules) - live} shadow rules"
    where = "as shipped" if file is None else f"from {file}"
    if number is not None:
        where = f"published as number {number}" + ("" if file is None else f"; {file} is not in force")
    return f"ruleset {ruleset.hash[:_HASH_CHARACTERS]}: {counts}, {where}"
