"""The application: routers, problems, limits; one clinic for its whole life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.compose import Clinic
from api.http import (
    administrators,
    agreements,
    alliance,
    attachments,
    candidates,
    clients,
    clinicians,
    complaints,
    compliance,
    consents,
    contracts,
    crisis_sheets,
    endings,
    enquiries,
    erasures,
    errors,
    files,
    finding,
    front_desk,
    groups,
    guardianship,
    health,
    holds,
    integrations,
    joint,
    log,
    measures,
    misfiled,
    notes,
    practising,
    risk,
    series,
    sessions,
    shared_care,
    sign_in,
    signing,
    supervision,
    therapist,
    timeline,
    understanding,
    work,
    worklist,
)
from api.http.limits import Limits
from api.http.recorded import WitnessedRecord

ROUTERS = (
    health.router,
    sign_in.router,
    files.router,
    enquiries.router,
    enquiries.item,
    clinicians.router,
    understanding.router,
    sessions.router,
    series.router,
    contracts.router,
    alliance.router,
    consents.router,
    notes.router,
    attachments.router,
    signing.router,
    measures.router,
    crisis_sheets.router,
    risk.board,
    risk.router,
    worklist.router,
    therapist.router,
    supervision.router,
    timeline.router,
    joint.router,
    agreements.router,
    groups.router,
    candidates.router,
    guardianship.router,
    front_desk.router,
    finding.router,
    compliance.router,
    erasures.router,
    misfiled.router,
    holds.router,
    clients.router,
    integrations.router,
    administrators.router,
    log.router,
    work.router,
    practising.router,
    shared_care.router,
    endings.router,
    complaints.router,
)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": errors.Problem, "description": description}
    for status, description in (
        (400, "A header is missing or malformed."),
        (401, "There is no live token."),
        (403, "Not open to this role or purpose of use."),
        (404, "There is no such record, or it is not the caller's to know of."),
        (409, "The record is in a state in which this makes no sense."),
        (412, "The record has changed since it was read."),
        (422, "The request is not of the form that is taken here."),
        (428, "If-Match is needed."),
        (503, "The record or a projection is not available; nothing was shown or changed."),
    )
}


def describe() -> dict[str, Any]:
    """What the OpenAPI description says of the whole."""
    return {
        "title": "Powiernik",
        "version": "1",
        "summary": "The case record of a psychotherapy clinic: sealed, and every look recorded.",
        "responses": _PROBLEMS,
        "generate_unique_id_function": operation_id,
    }


def operation_id(route: APIRoute) -> str:
    """The name of an operation: verb and noun in camel case."""
    verb, *noun = route.name.split("_")
    return verb + "".join(each.capitalize() for each in noun)


def create_app(clinic: Clinic, *, follow: bool = True) -> FastAPI:
    """The application that serves a clinic; with ``follow`` it keeps projections up to date."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        if follow:
            clinic.start_following()
        yield

    app = FastAPI(
        **describe(),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        # An unknown path is unknown; no answer repeats the Host header.
        redirect_slashes=False,
    )
    app.state.clinic = clinic
    # Two passwords at a time: each costs 64 MiB for a third of a second, on purpose.
    app.state.passwords = CapacityLimiter(2)
    app.state.desk = replace(clinic.desk, record=WitnessedRecord(clinic.desk.record))
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    app.add_middleware(Limits, banner=clinic.banner)
    return app
