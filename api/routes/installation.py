"""The installation: rules, model and tables in force, and reading their files again."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.auth import SCOPE_FIELD, ScopedRoute
from api.parts import Part, PartState
from api.schemas import PROBLEM_RESPONSES
from api.tables import TableShown, tables_shown
from api.whole import whole_key_of
from api.wiring import Assembly
from engine.access import Scope

router = APIRouter(tags=["Installation"], route_class=ScopedRoute)
_SCOPED = {SCOPE_FIELD: Scope.INSTALLATION_WRITE.value}


class PartShown(BaseModel):
    """A part of what decides."""

    part: Part
    version: str = Field(description="What decisions name.")
    is_shipped: bool = Field(description="Whether neither a setting nor `assay data update` gave a file for it.")
    fault: str | None = Field(description="Why its file was not taken: the last good one, or the fallback, decides.")


class InstallationShown(BaseModel):
    """What decides, and whether every file was taken."""

    is_sound: bool
    parts: list[PartShown]
    tables: list[TableShown] = Field(description="The reference tables: versions, ages, sources and licences.")


class Reloaded(InstallationShown):
    """What a reload did."""

    changed: list[Part] = Field(description="The parts that are others than before.")


@router.get("/v1/installation", summary="What is in force?", openapi_extra=_SCOPED, responses=PROBLEM_RESPONSES)
async def read_installation(request: Request) -> InstallationShown:
    """Rules, model and tables as they decide now."""
    whole_key_of(request)
    return InstallationShown.model_validate(_shown(request, _assembly(request).state()))


@router.post(
    "/v1/installation/reload", summary="Read the files again", openapi_extra=_SCOPED, responses=PROBLEM_RESPONSES
)
async def reload_installation(request: Request) -> Reloaded:
    """Reads the settings' files and the data folder's tables and puts them in force between two decisions.

    No decision is dropped.

    A file that cannot be used changes nothing: the last good one stays, and its `fault` says why.
    """
    whole_key_of(request)
    report = await _assembly(request).reload()
    return Reloaded.model_validate({**_shown(request, report.states), "changed": sorted(report.changed)})


def _shown(request: Request, states: tuple[PartState, ...]) -> dict[str, object]:
    parts = [
        PartShown(part=state.part, version=state.version, is_shipped=state.file is None, fault=state.fault)
        for state in states
    ]
    tables = tables_shown(_assembly(request).snapshot.reference, request.app.state.now().date())
    return {"is_sound": all(state.fault is None for state in states), "parts": parts, "tables": tables}


def _assembly(request: Request) -> Assembly:
    assembly: Assembly = request.app.state.assembly
    return assembly
