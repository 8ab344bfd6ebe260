"""Signing in and out, and replacing a password."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.compose import TOKEN_LIFETIME, SignedIn, SignInRefused
from api.http.auth import TheClinic, TheDesk, Token, of
from api.http.errors import Unauthenticated
from api.http.recorded import NOTHING, RecordedRoute, leaves
from api.http.schemas.access import Credentials, NewPassword, TokenTold
from domain.use_cases import sign_in as use_case
from domain.values import ActorId, ActorKind

router = APIRouter(prefix="/v1", tags=["sign-in"], route_class=RecordedRoute)
_SECONDS = int(TOKEN_LIFETIME.total_seconds())


@router.post("/sign-in", openapi_extra=leaves("AUTHN", audience="everyone"))
async def sign_in(
    request: Request, clinic: TheClinic, desk: TheDesk, asked: Credentials
) -> TokenTold:
    """Exchange a name and a password for a short-lived token; every attempt is recorded."""
    try:
        token, holder = await to_thread.run_sync(
            clinic.accounts.sign_in,
            asked.name,
            asked.password,
            clinic.clock.now(),
            limiter=request.app.state.passwords,
        )
    except SignInRefused as error:
        kind, actor = error.actor or (ActorKind.SYSTEM, ActorId(desk.clinic))
        who = of(request, desk, SignedIn(kind, actor, ""), None)
        await use_case.record_refused_sign_in(desk, who)
        raise
    await use_case.record_sign_in(desk, of(request, desk, holder, None))
    return TokenTold(token=token, expires_in=_SECONDS, must_change_password=holder.must_change)


@router.post("/sign-in:renew", openapi_extra=leaves(NOTHING, audience="everyone"))
async def renew(clinic: TheClinic, token: Token) -> TokenTold:
    """Exchange a live token for a fresh one of the same session; the old one ends."""
    fresh = clinic.accounts.renew(token, clinic.clock.now())
    if fresh is None:
        raise Unauthenticated
    return TokenTold(token=fresh, expires_in=_SECONDS)


@router.post("/sign-out", status_code=204, openapi_extra=leaves(NOTHING, audience="everyone"))
async def sign_out(clinic: TheClinic, token: Token) -> Response:
    """End the token."""
    clinic.accounts.sign_out(token)
    return Response(status_code=204)


@router.post("/password", status_code=204, openapi_extra=leaves("AUTHN", audience="everyone"))
async def change_password(
    request: Request, clinic: TheClinic, desk: TheDesk, asked: NewPassword
) -> Response:
    """Replace a password; every session of the account ends."""
    try:
        await to_thread.run_sync(
            clinic.accounts.change_password,
            asked.name,
            asked.old,
            asked.new,
            clinic.clock.now(),
            limiter=request.app.state.passwords,
        )
    except SignInRefused as error:
        kind, actor = error.actor or (ActorKind.SYSTEM, ActorId(desk.clinic))
        await use_case.record_refused_sign_in(
            desk, of(request, desk, SignedIn(kind, actor, ""), None)
        )
        raise
    owner = clinic.accounts.owner(asked.name)
    if owner is not None:
        holder = SignedIn(*owner, "")
        await use_case.record_sign_in(desk, of(request, desk, holder, None))
    return Response(status_code=204)
