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
    """The record can be read and its projections follow.

    While it is read-only because of an incident, it is ready, whatever its projections do: what is
    known of a client's risk must stay reachable, so nothing may take the server away. The status
    says so, and every answer has the header `Record-Integrity`.
    """
    if clinic.read_only:
        return Health(status="read-only: an incident is open")
    behind = clinic.last_position() - clinic.views.position()
    if clinic.trouble is not None or behind > MOST_BEHIND:
        response.status_code = 503
        return Health(status="projections are behind")
    return Health(status="ok" if clinic.banner() is None else "ok, with an open incident")
