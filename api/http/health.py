"""Whether the server lives, and whether it can serve: no personal data, no token needed."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.http.auth import TheClinic
from api.http.recorded import NOTHING, RecordedRoute, leaves

router = APIRouter(tags=["health"], route_class=RecordedRoute)
MOST_BEHIND = 10_000


class Health(BaseModel):
    """How the server fares."""

    status: str


@router.get("/healthz", openapi_extra=leaves(NOTHING, audience="operator"))
async def live() -> Health:
    """The server answers."""
    return Health(status="ok")


@router.get("/readyz", openapi_extra=leaves(NOTHING, audience="operator"))
async def ready(clinic: TheClinic, response: Response) -> Health:
    """The record can be read and its projections follow."""
    behind = clinic.last_position() - clinic.views.position()
    if clinic.trouble is not None or behind > MOST_BEHIND:
        response.status_code = 503
        return Health(status="projections are behind")
    return Health(status="ok")
