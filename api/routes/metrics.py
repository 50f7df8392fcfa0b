"""What Prometheus reads."""

from fastapi import APIRouter, Request, Response

from api.metrics import Metrics

router = APIRouter(tags=["Health"])


@router.get(
    "/metrics",
    summary="Counts and gauges for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus's text format, or OpenMetrics."}},
)
async def metrics(request: Request) -> Response:
    """Without a key, as the health routes are: no merchant's, payment's or key's data is among the samples."""
    counted: Metrics = request.app.state.metrics
    content, media_type = counted.exposition(request.headers.get("accept", ""))
    return Response(content, headers={"Content-Type": media_type})
