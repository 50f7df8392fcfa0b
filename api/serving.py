"""Running the server: one process, one event loop, a graceful stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

import structlog
import uvicorn

from api.admission import Load
from api.app import create_app
from api.beside import Beside, begun_again
from api.clock import utc_now
from api.hourly import segments_written_hourly
from api.jobs import Runner
from api.metrics import Metrics
from api.operator import server_announced
from api.protocol import BoundedProtocol
from api.settings import Settings
from api.warming import warmed
from api.wiring import Assembly
from engine.errors import AssayError, DeadlineExceeded, LedgerUnavailable
from engine.garbage import young_garbage_alone
from engine.velocity.watch import CountersWatch

GRACE_SECONDS = 10
SWITCH_SECONDS = 0.001


log = structlog.get_logger()


class PortInUse(AssayError):
    """Something else listens on the address."""

    code = "port_in_use"


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound before anything else starts, so that a busy port is said at once. Raises PortInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with --port, or 0 for a free one."
        raise PortInUse(message) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    assembly: Assembly,
    settings: Settings,
    listener: socket.socket,
    when_ready: Callable[[str], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what is under way, at most 10 s. SIGHUP reads the files again."""
    load = Load(metrics=Metrics())
    config = uvicorn.Config(
        create_app(assembly, load=load, key_rate=settings.key_rate),
        loop="uvloop",
        # Uvicorn calls it as it calls a class.
        http=partial(BoundedProtocol, load=load),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        # Nothing here trusts what a proxy says of the caller.
        proxy_headers=False,
        # api/logs.py has set up the log: uvicorn's goes the same way.
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    url = url_of(listener)
    with (
        young_garbage_alone(),
        _threads_served_soon(),
        _signals_noted() as noted,
        server_announced(settings.data, url),
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        beside: dict[str, Beside] = {
            "jobs": Runner(assembly.jobs, settings.data, load.metrics.jobs).run,
            "shadow": assembly.shadow.run,
        }
        if settings.segments:
            beside["segments"] = partial(segments_written_hourly, settings.data)
        kept_up = [begun_again(work, begin, load.metrics.beside_ended) for work, begin in beside.items()]
        runner.run(
            _watched(assembly, _serve(_Server(config, noted, load), assembly, listener, url, when_ready, kept_up))
        )


@contextmanager
def _threads_served_soon() -> Iterator[None]:
    """Have the event loop give way to a thread that waited for so long: the one that commits (group_commit.py)."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """The signals to stop that came while uvicorn did not listen for them.

    Before it does, they must not be lost. After it stopped gracefully it raises them again, and that must not end us
    before the store is closed.
    """
    noted: list[int] = []
    before = {
        number: signal.signal(number, lambda came, _: noted.append(came)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """A server that says when it listens, and stops at once where a signal came before it could."""

    def __init__(self, config: uvicorn.Config, noted: Sequence[int], load: Load) -> None:
        super().__init__(config)
        self._noted = noted
        self._load = load
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn captures signals by now: from here on it misses none.
        self.should_exit = self.should_exit or bool(self._noted)
        await super().startup(sockets)
        self.is_listening.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # From this very moment, not from when uvicorn looks: callers are to move while they still can.
        self._load.is_stopping = True
        super().handle_exit(sig, frame)


async def _watched(assembly: Assembly, served: Coroutine[None, None, None]) -> None:
    """Serve while the counters are looked after, and what waited for a payment that is known is matched."""
    async with assembly.watch as watch:
        catching_up = asyncio.create_task(_catch_up(assembly, watch))
        try:
            await served
        finally:
            catching_up.cancel()
            await asyncio.wait([catching_up])


async def _catch_up(assembly: Assembly, watch: CountersWatch) -> None:
    """Match what an import brought, or a crash left undone, once there is something that counts it."""
    await watch.until_ready()
    try:
        await assembly.scheme_feedback.catch_up(utc_now())
    except (LedgerUnavailable, DeadlineExceeded) as error:
        log.error("catching_up_failed", code=error.code, detail=str(error))  # noqa: TRY400 - the words say it all


async def _serve(
    server: _Server,
    assembly: Assembly,
    listener: socket.socket,
    url: str,
    when_ready: Callable[[str], Awaitable[None]] | None,
    beside: Sequence[Coroutine[None, None, None]],
) -> None:
    tasks = [asyncio.create_task(each) for each in beside]
    await warmed(assembly.pipeline, utc_now())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # One that could not even listen is not waited for.
    serving.add_done_callback(lambda _: server.is_listening.set())
    is_started = False
    reloads: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, _begin_reload, assembly, reloads)
    try:
        await server.is_listening.wait()
        if when_ready is not None and not server.should_exit and not serving.done():
            await when_ready(url)
        is_started = True
    except OSError:
        # A server that stops takes no more calls, its own starter's neither.
        if not server.should_exit:
            raise
    finally:
        # Always by its own stop: uvloop does not close under a server that was merely cancelled.
        server.should_exit = server.should_exit or not is_started
        await serving
        loop.remove_signal_handler(signal.SIGHUP)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _begin_reload(assembly: Assembly, reloads: set[asyncio.Task[None]]) -> None:
    reload = asyncio.ensure_future(_reload(assembly))
    reloads.add(reload)
    reload.add_done_callback(reloads.discard)


async def _reload(assembly: Assembly) -> None:
    """Read rules, model and tables again while decisions go on; what fails leaves its last good one in force."""
    try:
        report = await assembly.reload()
    except LedgerUnavailable as error:
        log.error("reload_failed", code=error.code, detail=str(error))  # noqa: TRY400 - the words say it all
        return
    log.info("reloaded", changed=sorted(report.changed), is_clean=report.is_clean)
