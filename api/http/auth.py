"""From a bearer token to the circumstances of a request; the record says what the holder may do."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Header, Request

from api.compose import Clinic, SignedIn
from api.http.errors import HeaderMissing, PasswordChangeRequired, Unauthenticated
from api.http.recorded import asks
from domain.use_cases.desk import Desk
from domain.values import Circumstances, PurposeOfUse, RequestId

LONGEST_TOKEN = 100


# Even what never waits is ``async`` here: FastAPI would hand a plain function to another thread.


async def clinic(request: Request) -> Clinic:
    """The clinic that this application serves."""
    found: Clinic = request.app.state.clinic
    return found


async def desk(request: Request) -> Desk:
    """The desk at which use cases stand; its record notes what each request appends."""
    found: Desk = request.app.state.desk
    return found


TheClinic = Annotated[Clinic, Depends(clinic)]
TheDesk = Annotated[Desk, Depends(desk)]


async def bearer(request: Request) -> str:
    """The token in the Authorization header.

    Raises:
        Unauthenticated: There is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise Unauthenticated
    return token


Token = Annotated[str, Depends(bearer)]


async def signed_in(clinic: TheClinic, token: Token) -> SignedIn:
    """The token's holder, if it is live."""
    holder = clinic.accounts.holder(token, clinic.clock.now())
    if holder is None:
        raise Unauthenticated
    return holder


async def circumstances(
    request: Request,
    desk: TheDesk,
    holder: Annotated[SignedIn, Depends(signed_in)],
    purpose_of_use: Annotated[
        str | None,
        Header(description="HL7 v3 ActReason code, or ACCESS-REVIEW.", examples=["TREAT"]),
    ] = None,
) -> Circumstances:
    """Who asks, in which roles at this very moment, and why.

    Raises:
        HeaderMissing: There is no purpose of use, or it is not a known one.
        PasswordChangeRequired: The one-time password has not been replaced.
    """
    if holder.must_change:
        raise PasswordChangeRequired
    try:
        purpose = PurposeOfUse(purpose_of_use or "")
    except ValueError:
        detail = "Purpose-Of-Use is missing or not a known code."
        raise HeaderMissing(400, "purpose-of-use", detail) from None
    return asks(of(request, desk, holder, purpose))


def of(
    request: Request, desk: Desk, holder: SignedIn, purpose: PurposeOfUse | None
) -> Circumstances:
    """The circumstances of a request by this holder."""
    return Circumstances(
        actor=desk.actor(holder.kind, holder.actor),
        purpose=purpose,
        request=request_id(request),
        session_reference=holder.reference,
        network_address=request.client.host if request.client else "",
        application="http/1",
    )


def request_id(request: Request) -> RequestId:
    """The caller's request id, if it is a UUID; else a fresh one."""
    try:
        return RequestId(UUID(request.headers.get("X-Request-Id", "")).hex)
    except ValueError:
        return RequestId(uuid4().hex)


Who = Annotated[Circumstances, Depends(circumstances)]
