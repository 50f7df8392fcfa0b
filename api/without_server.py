"""Routes called without a server: the same code and the same answers, by the folder's lock."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module

from fastapi import FastAPI

from api import errors
from api.app import create_app
from api.client import Caller, client_of
from api.clock import utc_now
from api.local import LocalClient
from api.middleware import BodyLimit
from api.operator import operator_key
from api.settings import Settings
from api.watching import WatchedIds
from api.wiring import assembled, opened
from engine.errors import DataFolderInUse


@contextmanager
def routes_called(settings: Settings, routers: Sequence[str]) -> Iterator[Caller]:
    """What routes of lists and rules are called through: the folder's server, or where none runs the folder itself.

    Raises DataFolderInUse where another command holds it, StoreInvalid where there is none.
    """
    with ExitStack() as resources:
        try:
            parts = resources.enter_context(opened(settings))
        except DataFolderInUse as in_use:
            yield client_of(settings.data, in_use)
            return
        runner = resources.enter_context(asyncio.Runner())
        app = FastAPI(strict_content_type=False, redirect_slashes=False)
        app.state.assembly, app.state.ledger, app.state.keys = parts, parts.ledger, parts.keys
        app.state.now, app.state.watched_ids = utc_now, WatchedIds()
        for name in routers:
            app.include_router(import_module(f"api.routes.{name}").router)
        errors.install(app)
        yield LocalClient(app=BodyLimit(app), key=operator_key(settings.data), runner=runner, jobs=parts.jobs)


@contextmanager
def installation_called(settings: Settings) -> Iterator[Caller]:
    """What all routes are called through: the folder's server, or where none runs the whole installation, opened here.

    Raises DataFolderInUse where another command holds it, and what opening an installation raises.
    """
    with ExitStack() as resources:
        try:
            assembly = resources.enter_context(assembled(settings, is_live=False))
        except DataFolderInUse as in_use:
            yield client_of(settings.data, in_use)
            return
        # Ended before the store is closed: what was begun is committed by then.
        runner = resources.enter_context(asyncio.Runner())
        yield LocalClient(app=create_app(assembly), key=operator_key(settings.data), runner=runner, jobs=assembly.jobs)
