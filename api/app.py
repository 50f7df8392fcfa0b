"""The HTTP application: routers, errors, limits, and the OpenAPI document."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from api import errors
from api.admission import Admission, KeyRates, Load, UnderWay
from api.auth import SCOPE_FIELD
from api.clock import utc_now
from api.front import Front
from api.metric_sources import installation
from api.metrics import Metrics
from api.middleware import BodyLimit
from api.routes import ROUTERS
from api.routes.decisions import Desk
from api.schemas import OPENAPI_SCHEMAS
from api.watching import ClockWatch, WatchedIds
from api.wiring import Assembly
from engine.pipeline import Outline

VERSION = "0.1.0"

_DESCRIPTION = """Assay screens card payments. The gateway calls `POST /v1/decisions` for each payment before it
forwards it to the acquirer, and does what `action` says: allow: forward. challenge: run 3-D Secure, call again with
`event.stage = post_3ds` and the result, then forward or not by that answer. review: forward, delay capture or shipment.
block: do not forward. Every error is an RFC 9457 problem with a stable `code`."""


def create_app(
    assembly: Assembly,
    now: Callable[[], datetime] = utc_now,
    metrics: Metrics | None = None,
    load: Load | None = None,
    key_rate: float | None = None,
) -> ASGIApp:
    """The application over an assembled installation: admission, last resort, body limit and the front.

    `now` gives the receipt times (UTC); `metrics` and `load` take the counts, their own where none is given; `key_rate`
    is how many decisions a second one key may ask for.
    """
    app = _framework(assembly)
    app.state.now = now
    app.state.load = carried = load or Load(metrics=metrics or Metrics())
    app.state.metrics = counted = carried.metrics
    counted.add_source(installation(assembly, carried, VERSION, now))
    app.state.key_rates = KeyRates(key_rate)
    app.state.watched_ids = WatchedIds()
    app.state.desk = Desk(
        pipeline=assembly.pipeline,
        load=carried,
        metrics=counted,
        watched_ids=app.state.watched_ids,
        clock_watch=ClockWatch(),
        now=now,
        note=_noted(assembly, counted),
    )
    app.state.routes = routes = [route for router in ROUTERS for route in router.routes]
    inner = BodyLimit(UnderWay(Front(app, routes), carried))
    return Admission(errors.LastResort(inner, counted), carried)


def _noted(assembly: Assembly, metrics: Metrics) -> Callable[[Outline], None]:
    """What is told of each decision when its answer is made."""
    shadow = assembly.shadow

    def note(outline: Outline) -> None:
        metrics.note_decision(outline)
        shadow.offer(outline)

    return note


def _framework(assembly: Assembly) -> FastAPI:
    app = FastAPI(
        title="Assay",
        version=VERSION,
        description=_DESCRIPTION,
        # The pages that draw the document load scripts from elsewhere; the document itself is served.
        # As for decisions, the body is JSON whatever its Content-Type says: plain `curl -d` names another.
        strict_content_type=False,
        # A path is right or it is not there; a redirect would carry the key to wherever the Host header says.
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.assembly = assembly
    app.state.pipeline = assembly.pipeline
    app.state.ledger = assembly.ledger
    app.state.keys = assembly.keys
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(OPENAPI_SCHEMAS)
        components["securitySchemes"] = {
            "ApiKey": {"type": "http", "scheme": "bearer", "description": "assay_live_... or assay_test_..."}
        }
        for operations in document["paths"].values():
            for operation in operations.values():
                if SCOPE_FIELD in operation:
                    operation["security"] = [{"ApiKey": []}]
        app.openapi_schema = document
    return app.openapi_schema
