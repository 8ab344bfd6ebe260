"""What a refusal is in HTTP: an RFC 9457 problem that holds no content, no name and no key."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.compose import Broken, LedgerError, PasswordRefused, SignInRefused
from domain.errors import (
    CommandMismatch,
    DuplicateSuspected,
    FileIncomplete,
    IntegrityIncident,
    Invalid,
    LookupsSpent,
    NotPermitted,
    NotThere,
    ProjectionBehind,
    RecordUnavailable,
    Refusal,
    Sealed,
    Stale,
    WrongState,
)

logger = logging.getLogger("powiernik")

STATUS: dict[type[Refusal], int] = {
    NotThere: 404,
    NotPermitted: 403,
    Invalid: 422,
    WrongState: 409,
    Stale: 412,
    CommandMismatch: 422,
    RecordUnavailable: 503,
    IntegrityIncident: 503,
    ProjectionBehind: 503,
    Sealed: 410,
    DuplicateSuspected: 409,
    FileIncomplete: 409,
    LookupsSpent: 429,
}
_PASSES = (RecordUnavailable, ProjectionBehind)
_RETRY_SECONDS = "2"


class Problem(BaseModel):
    """An RFC 9457 problem; ``type`` is stable, ``trace_id`` finds the request in the log."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str
    field: str | None = None
    current_version: int | None = None
    missing: dict[str, list[str]] | None = None


class HeaderMissing(Exception):
    """A header that the operation needs is missing or malformed."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class Unauthenticated(Exception):
    """There is no live token."""


class PasswordChangeRequired(Exception):
    """The one-time password has to be replaced before anything else."""


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """The answer for a problem."""
    body = Problem(
        type=f"urn:powiernik:problem:{code}",
        title=code.replace("-", " "),
        status=status,
        detail=detail,
        trace_id=trace_id(request),
        **more,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status,
        headers=headers,
        media_type="application/problem+json",
    )


def trace_id(request: Request) -> str:
    """The id under which a request is found in the server's log."""
    found = getattr(request.state, "trace_id", None)
    return found if isinstance(found, str) else uuid4().hex


def install(app: FastAPI) -> None:
    """Let every exception end as a problem."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refusal):
        raise error
    status = STATUS.get(type(error), 422 if isinstance(error, Invalid) else 409)
    # An incident lasts until somebody has settled it: whoever tries again is told the same.
    headers = {"Retry-After": _RETRY_SECONDS} if isinstance(error, _PASSES) else None
    more: dict[str, Any] = {}
    if isinstance(error, LookupsSpent):
        # Who it was stands in the record; here only that somebody should look.
        logger.warning("lookups spent trace %s", trace_id(request))
        headers = {"Retry-After": str(error.seconds)}
    if isinstance(error, FileIncomplete):
        more["missing"] = error.missing
    if isinstance(error, Stale):
        more["current_version"] = error.current
    if isinstance(error, Invalid):
        more["field"] = error.field
    return problem(request, status, error.code, str(error), headers=headers, **more)


async def _header_missing(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HeaderMissing):
        raise error
    return problem(request, error.status, error.code, str(error))


async def _unauthenticated(request: Request, _: Exception) -> JSONResponse:
    detail = "A live token is needed."
    return problem(request, 401, "unauthenticated", detail, headers=_BEARER)


async def _sign_in_refused(request: Request, error: Exception) -> JSONResponse:
    seconds = error.retry_after if isinstance(error, SignInRefused) else 0
    if seconds:
        headers = {**_BEARER, "Retry-After": str(seconds)}
        detail = "Too many tries; wait a little."
        return problem(request, 429, "rate-limited", detail, headers=headers)
    detail = "The sign-in was refused."
    return problem(request, 401, "unauthenticated", detail, headers=_BEARER)


async def _password_refused(request: Request, _: Exception) -> JSONResponse:
    return problem(request, 422, "validation", "This cannot be used.", field="password")


async def _change_first(request: Request, _: Exception) -> JSONResponse:
    detail = "Replace the one-time password first."
    return problem(request, 403, "password-change-required", detail)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    # Where it is wrong, never what stood there.
    place = ""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        # The name of a field that is not known was chosen by whoever sent it.
        known = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
        place = ".".join(str(each) for each in known)
    detail = "The request is not of the form that this operation takes."
    return problem(request, 422, "validation", detail, field=place[:100] or None)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == STATUS[NotThere]:
        # An unknown path answers like an unknown record.
        return problem(request, status, NotThere.code, str(NotThere()))
    return problem(request, status, f"http-{status}", "The request cannot be served.")


async def _integrity(request: Request, error: Exception) -> JSONResponse:
    # What exactly failed is for the log, not for whoever might be probing.
    logger.error("integrity failure %s trace %s", getattr(error, "code", ""), trace_id(request))
    detail = "An integrity check failed; nothing was shown."
    return problem(request, 500, "integrity-failure", detail)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    # A full disk, a lock that never came free: the message of the cause stays out of the log.
    logger.error("unavailable %s trace %s", type(error).__name__, trace_id(request))
    return await _refused(request, RecordUnavailable())


_BEARER = {"WWW-Authenticate": "Bearer"}
_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
    Refusal: _refused,
    HeaderMissing: _header_missing,
    Unauthenticated: _unauthenticated,
    SignInRefused: _sign_in_refused,
    PasswordRefused: _password_refused,
    PasswordChangeRequired: _change_first,
    RequestValidationError: _invalid,
    HTTPException: _http,
    Broken: _integrity,
    LedgerError: _integrity,
    sqlite3.Error: _unavailable,
}
