"""Staff, integrations, sign-ins and projections: what an administrator manages."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Response

from api.compose import PasswordRefused
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import (
    NewCustodian,
    NewIntegration,
    NewPractitioner,
    OneTimePassword,
    ProjectionTold,
    Roles,
    SignInName,
    StaffTold,
)
from api.http.schemas.common import PathId
from domain.errors import Invalid, NotThere
from domain.practitioner import CustodianKey
from domain.use_cases import administrator, custodians
from domain.values import ActorId, ActorKind, ClientId, PractitionerId

router = APIRouter(prefix="/v1", tags=["administration"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="administrator")
_WRITES = leaves("AMEND", audience="administrator")
_LISTS = leaves("LIST", audience="administrator")


@router.post("/practitioners", status_code=201, openapi_extra=_CREATES)
async def register_practitioner(
    desk: TheDesk, who: Who, asked: NewPractitioner, command: Commanded, response: Response
) -> Written:
    """Let somebody join the clinic."""
    new = administrator.NewPractitioner(
        given_name=asked.given_name,
        family_name=asked.family_name,
        title=asked.title,
        registration=asked.registration.value(),
        roles=tuple(asked.roles),
        school=asked.school,
    )
    receipt = await administrator.register_practitioner(desk, who, new, command=command)
    return written(response, receipt)


@router.get("/practitioners", dependencies=[CaughtUp], openapi_extra=_LISTS)
async def read_staff(desk: TheDesk, clinic: TheClinic, who: Who) -> list[StaffTold]:
    """Who works here, with title, standing and roles."""
    opening, _ = await administrator.look_at_staff(desk, who)
    return [StaffTold.model_validate(each) for each in clinic.views.staff.all(opening)]


@router.put("/practitioners/{practitioner_id}/roles", openapi_extra=_WRITES)
async def change_roles(
    desk: TheDesk,
    who: Who,
    practitioner_id: PathId,
    asked: Roles,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Give somebody other roles; her very next request is decided by them."""
    receipt = await administrator.change_roles(
        desk,
        who,
        PractitionerId(practitioner_id),
        tuple(asked.roles),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.put("/practitioners/{practitioner_id}/custodian", openapi_extra=_WRITES)
async def appoint_custodian(
    desk: TheDesk,
    who: Who,
    practitioner_id: PathId,
    asked: NewCustodian,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Tie a custodian's key to somebody with that role; never to the compliance officer."""
    receipt = await custodians.appoint_custodian(
        desk,
        who,
        PractitionerId(practitioner_id),
        CustodianKey(asked.number, asked.key),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/practitioners/{practitioner_id}:depart", openapi_extra=_WRITES)
async def depart(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    practitioner_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that somebody left; her sessions end at once."""
    receipt = await administrator.depart(
        desk, who, PractitionerId(practitioner_id), expected=expected, command=command
    )
    clinic.accounts.close_of(ActorId(practitioner_id))
    return written(response, receipt)


@router.post("/practitioners/{practitioner_id}/sign-ins", status_code=201, openapi_extra=_CREATES)
async def give_staff_sign_in(
    desk: TheDesk, clinic: TheClinic, who: Who, practitioner_id: PathId, asked: SignInName
) -> OneTimePassword:
    """Let somebody who works here sign in; the one-time password is shown once."""
    await administrator.admit_to_sign_ins(desk, who, practitioner_id)
    person, _ = desk.practitioner(PractitionerId(practitioner_id))
    if person is None:
        raise NotThere
    return await _account(clinic, asked.name, ActorKind.STAFF, practitioner_id)


@router.post("/clients/{client_id}/sign-ins", status_code=201, openapi_extra=_CREATES)
async def give_client_sign_in(
    desk: TheDesk, clinic: TheClinic, who: Who, client_id: PathId, asked: SignInName
) -> OneTimePassword:
    """Let a client sign in to read her own access log."""
    await administrator.admit_to_sign_ins(desk, who, client_id)
    somebody, _ = desk.client(ClientId(client_id))
    if somebody is None:
        raise NotThere
    return await _account(clinic, asked.name, ActorKind.CLIENT, client_id)


@router.post("/integrations", status_code=201, openapi_extra=_CREATES)
async def register_integration(
    desk: TheDesk, who: Who, asked: NewIntegration, command: Commanded, response: Response
) -> Written:
    """Let a program read the projections that its scopes name."""
    receipt = await administrator.register_integration(
        desk, who, asked.title, tuple(asked.scopes), command=command
    )
    return written(response, receipt)


@router.post("/integrations/{integration_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_integration(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    integration_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Take everything back that a program might read."""
    receipt = await administrator.withdraw_integration(
        desk, who, ActorId(integration_id), expected=expected, command=command
    )
    clinic.accounts.close_of(ActorId(integration_id))
    return written(response, receipt)


@router.post("/integrations/{integration_id}/sign-ins", status_code=201, openapi_extra=_CREATES)
async def give_integration_sign_in(
    desk: TheDesk, clinic: TheClinic, who: Who, integration_id: PathId, asked: SignInName
) -> OneTimePassword:
    """Let a program sign in."""
    await administrator.admit_to_sign_ins(desk, who, integration_id)
    if not desk.actor(ActorKind.INTEGRATION, ActorId(integration_id)).roles:
        raise NotThere
    return await _account(clinic, asked.name, ActorKind.INTEGRATION, integration_id)


@router.post("/sign-ins:reset", openapi_extra=_WRITES)
async def reset_password(
    desk: TheDesk, clinic: TheClinic, who: Who, asked: SignInName
) -> OneTimePassword:
    """Replace somebody's password by a one-time one; one's own takes a second administrator."""
    owner = clinic.accounts.owner(asked.name)
    holder = owner[1] if owner else ActorId("0" * 32)
    await administrator.admit_to_sign_ins(desk, who, holder, own=holder == who.actor.id)
    if owner is None:
        raise NotThere
    secret = await to_thread.run_sync(clinic.accounts.reset, asked.name)
    return OneTimePassword(name=asked.name, one_time_password=secret)


@router.get("/projections", openapi_extra=_LISTS)
async def read_projections(desk: TheDesk, clinic: TheClinic, who: Who) -> list[ProjectionTold]:
    """How far each projection is."""
    receipt = await administrator.look_at_projections(desk, who)
    return [
        ProjectionTold(name=name, position=position, behind=max(receipt.last - position, 0))
        for name, position in clinic.views.positions().items()
    ]


async def _account(clinic: TheClinic, name: str, kind: ActorKind, actor: str) -> OneTimePassword:
    try:
        secret = await to_thread.run_sync(clinic.accounts.add, name, kind, ActorId(actor))
    except PasswordRefused:
        raise Invalid("name", "is taken") from None
    return OneTimePassword(name=name, one_time_password=secret)
