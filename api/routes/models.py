"""Models: those that there are, which is in force, another in its place, and back again."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute
from api.calls import MaybeText, require_query
from api.problems import Problem, ProblemRaised
from api.promoting import Promoting, Wanted
from api.rule_owners import named_version
from api.schemas import PROBLEM_RESPONSES
from api.schemas.model import (
    BecauseBody,
    ChangeDone,
    ChangeList,
    ChangeShown,
    ModelList,
    ModelListed,
    ModelShown,
    PromoteBody,
    etag_of,
    shown_change,
    shown_listed,
    shown_model,
)
from api.shadow import Shadow
from api.whole import operator_key_of, whole_key_of
from engine.access import Scope
from engine.model_changes import ModelChange, champion_tag

LIMIT_MAX: Final = 100

router = APIRouter(tags=["Models"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.MODELS_READ.value}
_WRITE = {SCOPE_FIELD: Scope.MODELS_WRITE.value}
_ETAG: dict[str, Any] = {
    "description": "The change.",
    "headers": {"ETag": {"description": "The champion, in quotes.", "schema": {"type": "string"}}},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in {
        409: "It cannot be put there: the gate does not pass, its file cannot be used, or it is there already.",
        412: "Somebody else changed the models meanwhile, or the champion is another than the one that was named.",
    }.items()
}
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "One page without outside parts.", "content": {"text/html": {"schema": {"type": "string"}}}}
}
_CARD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The model card.", "content": {"text/markdown": {"schema": {"type": "string"}}}}
}
_PAGE_HEADERS: Final = {
    # It has its own scripts, which draw its plots; it may reach nothing, and is nobody's frame.
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; sandbox allow-scripts allow-downloads; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

ModelId = Annotated[
    str, Path(pattern=r"^model-[0-9a-f]{12}$", description="As the list has it.", examples=["model-5f0c1d2e3a4b"])
]
IfMatch = Annotated[
    str | None,
    Header(description="The ETag of the champion that was seen (`scorecard` for none); left out: whichever it is."),
]


@router.get("/v1/models", summary="List models", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_models(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 20,
    cursor: Annotated[MaybeText, Query(pattern=r"^model-[0-9a-f]{12}$", description="Of the page before.")] = None,
) -> ModelList:
    """The models of the installation, newest first, and which of them is in force for every merchant."""
    require_query(request, "limit", "cursor")
    whole_key_of(request)
    models = models_of(request)
    standing = models.standing()
    response.headers["ETag"] = etag_of(standing.champion)
    names = await asyncio.to_thread(models.files.ids)
    if cursor is not None:
        names = names[names.index(cursor) + 1 :] if cursor in names else ()
    shown = [await asyncio.to_thread(shown_listed, models, name) for name in names[:limit]]
    scores, fault = models.scoring()
    has_more = len(names) > limit
    return ModelList(
        champion=standing.champion,
        scores=scores,
        fault=fault,
        challengers=list(standing.challengers),
        data=[ModelListed.model_validate(each) for each in shown],
        has_more=has_more,
        next_cursor=names[limit - 1] if has_more else None,
    )


@router.get("/v1/models/changes", summary="List changes of models", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_changes(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 20,
    cursor: Annotated[MaybeText, Query(pattern=r"^[1-9][0-9]{0,8}$", description="Of the page before.")] = None,
) -> ChangeList:
    """Who put which model where, when and why, newest first."""
    require_query(request, "limit", "cursor")
    whole_key_of(request)
    before = None if cursor is None else int(cursor)
    found = [each for each in models_of(request).changes.all() if before is None or each.number < before][::-1]
    # One more than is shown tells whether there are more.
    shown = [ChangeShown.model_validate(shown_change(each)) for each in found[: limit + 1]]
    return ChangeList.of(shown, [each.number for each in shown], limit)


@router.get("/v1/models/{model_id}", summary="Read a model", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def read_model(request: Request, model_id: ModelId) -> ModelShown:
    """A model: what it came from, how it was judged, and what the gate would say of promoting it now."""
    require_query(request)
    whole_key_of(request)
    return await _shown(request, model_id)


@router.get(
    "/v1/models/{model_id}/report",
    summary="Read the report on a model",
    openapi_extra=_READ,
    response_class=Response,
    responses={**PROBLEM_RESPONSES, **_PAGE},
)
async def read_report(request: Request, model_id: ModelId) -> Response:
    """The report with its plots, as a page for a person."""
    require_query(request)
    whole_key_of(request)
    file = found_models(request, model_id).files.report_of(model_id)
    return await _file(file.read_bytes, "text/html; charset=utf-8", _PAGE_HEADERS)


@router.get(
    "/v1/models/{model_id}/card",
    summary="Read a model's card",
    openapi_extra=_READ,
    response_class=Response,
    responses={**PROBLEM_RESPONSES, **_CARD},
)
async def read_card(request: Request, model_id: ModelId) -> Response:
    """What it is for, what it learnt from, how good it is and where it is not (Markdown)."""
    require_query(request)
    whole_key_of(request)
    file = found_models(request, model_id).files.card_of(model_id)
    return await _file(file.read_bytes, "text/markdown; charset=utf-8", {})


@router.post(
    "/v1/models/{model_id}/promote",
    summary="Promote a model",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **_REFUSED},
)
async def promote_model(
    request: Request, response: Response, model_id: ModelId, wanted: PromoteBody, if_match: IfMatch = None
) -> ChangeDone:
    """Puts a model in force for every merchant's decisions from now on; none is dropped, none is half one's.

    Where the gate does not pass, `force` promotes all the same, and the history says so.
    """
    require_query(request)
    models = found_models(request, model_id)
    asked = _wanted(request, wanted, if_match)
    return _done(models, response, await models.promote(model_id, asked, force=wanted.force))


@router.post(
    "/v1/models/rollback",
    summary="Put the champion before this one in force again",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **_REFUSED},
)
async def roll_back_model(
    request: Request, response: Response, wanted: BecauseBody, if_match: IfMatch = None
) -> ChangeDone:
    """Undoes the last promotion that is in force, at once: the champion before it decides again."""
    require_query(request)
    models = models_of(request)
    return _done(models, response, await models.roll_back(_wanted(request, wanted, if_match)))


@router.post(
    "/v1/models/{model_id}/challenge",
    summary="Have a model score in shadow",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **_REFUSED},
)
async def challenge_with_model(
    request: Request, response: Response, model_id: ModelId, wanted: BecauseBody, if_match: IfMatch = None
) -> ChangeDone:
    """Has a model score every payment beside the champion, after the answer; it decides nothing."""
    require_query(request)
    models = found_models(request, model_id)
    return _done(models, response, await models.challenge(model_id, _wanted(request, wanted, if_match)))


@router.post(
    "/v1/models/{model_id}/retire",
    summary="Have a model score no more",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **_REFUSED},
)
async def retire_model(
    request: Request, response: Response, model_id: ModelId, wanted: BecauseBody, if_match: IfMatch = None
) -> ChangeDone:
    """Ends what `challenge` began; the model's file stays."""
    require_query(request)
    models = found_models(request, model_id)
    return _done(models, response, await models.retire(model_id, _wanted(request, wanted, if_match)))


def _wanted(request: Request, body: BecauseBody, if_match: str | None) -> Wanted:
    key, stands = operator_key_of(request), champion_tag(models_of(request).standing().champion)
    return Wanted(
        at=request.app.state.now(), by=key.id, because=body.reason(), replaces=named_version(if_match, stands)
    )


def _done(models: Promoting, response: Response, change: ModelChange) -> ChangeDone:
    champion = models.standing().champion
    response.headers["ETag"] = etag_of(champion)
    return ChangeDone.model_validate({**shown_change(change), "champion": champion})


async def _shown(request: Request, model_id: str) -> ModelShown:
    models, shadow = found_models(request, model_id), _shadow(request)
    tally = None if shadow is None else shadow.tallies.get(model_id)
    dropped = 0 if shadow is None else shadow.dropped
    return ModelShown.model_validate(await asyncio.to_thread(shown_model, models, model_id, tally, dropped))


async def _file(read: Any, media_type: str, headers: dict[str, str]) -> Response:  # noqa: ANN401 - a method's own type
    try:
        content = await asyncio.to_thread(read)
    except OSError:
        detail = "It was never judged: ask for POST /v1/models/{id}/evaluate ('assay evaluate')."
        raise ProblemRaised(Problem(status=404, code="report_not_found", detail=detail)) from None
    return Response(content, media_type=media_type, headers=headers)


def found_models(request: Request, model_id: str) -> Promoting:
    """The models, of which this one is there. Raises a 404 problem, and a 403 one before it."""
    whole_key_of(request)
    models = models_of(request)
    if not models.files.has(model_id):
        detail = "There is no model of this id; GET /v1/models ('assay models') lists them."
        raise ProblemRaised(Problem(status=404, code="model_not_found", detail=detail))
    return models


def models_of(request: Request) -> Promoting:
    """The models of the installation that the request came to."""
    models: Promoting = request.app.state.assembly.models
    return models


def _shadow(request: Request) -> Shadow | None:
    """The server's; a folder opened by a command has none."""
    shadow: Shadow | None = getattr(request.app.state.assembly, "shadow", None)
    return shadow
