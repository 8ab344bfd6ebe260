"""The therapist herself: portfolio, limits of competence, conflicts of interest."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.therapist import (
    AttestationTold,
    CertificateTold,
    ConflictsTold,
    ConflictTold,
    LimitTold,
    NewAttestation,
    NewCertificate,
    NewConflict,
    NewLimit,
    NewQualification,
    NewTraining,
    OwnConflictsTold,
    OwnConflictTold,
    PortfolioTold,
    QualificationsTold,
    QualificationTold,
    Renewal,
    TrainingTold,
    YearTold,
)
from domain import portfolio as portfolio_file
from domain.errors import Sealed
from domain.events.portfolio import (
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    OwnTherapyAttested,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.ports import Opening
from domain.use_cases import conflicts, portfolio
from domain.values import FreeText, ItemId, PractitionerId
from projections.portfolio import Kept, persons
from projections.supervision import minutes_by_year

router = APIRouter(prefix="/v1", tags=["therapist"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_STAFF = "clinician, front desk, compliance officer"


@router.post("/me/qualifications", status_code=201, openapi_extra=_CREATES)
async def record_qualification(
    desk: TheDesk, who: Who, asked: NewQualification, command: Commanded, response: Response
) -> Written:
    """Record what one has qualified as."""
    own, today = PractitionerId(who.actor.id), desk.clock.now().date()
    receipt = await portfolio.keep(
        desk,
        who,
        "qualification",
        lambda state, item: portfolio_file.record_qualification(
            state,
            QualificationRecorded(qualification=item, practitioner=own, **dict(asked)),
            today=today,
        ),
        command=command,
    )
    return written(response, receipt)


@router.post("/me/certificates", status_code=201, openapi_extra=_CREATES)
async def record_certificate(
    desk: TheDesk, who: Who, asked: NewCertificate, command: Commanded, response: Response
) -> Written:
    """Record a certificate; before it expires it is on one's worklist."""
    own, today = PractitionerId(who.actor.id), desk.clock.now().date()
    receipt = await portfolio.keep(
        desk,
        who,
        "certificate",
        lambda state, item: portfolio_file.grant_certificate(
            state,
            CertificateGranted(certificate=item, practitioner=own, **dict(asked)),
            today=today,
        ),
        command=command,
    )
    return written(response, receipt)


@router.post("/me/certificates/{certificate_id}:renew", openapi_extra=_WRITES)
async def renew_certificate(
    desk: TheDesk,
    who: Who,
    certificate_id: PathId,
    asked: Renewal,
    command: Commanded,
    response: Response,
) -> Written:
    """Record that a certificate is valid for longer."""
    renewed = CertificateRenewed(
        certificate=ItemId(certificate_id), practitioner=PractitionerId(who.actor.id), **dict(asked)
    )
    today = desk.clock.now().date()
    receipt = await portfolio.keep(
        desk,
        who,
        "certificate",
        lambda state, _: portfolio_file.renew_certificate(state, renewed, today=today),
        command=command,
        item=renewed.certificate,
    )
    return written(response, receipt)


@router.post("/me/trainings", status_code=201, openapi_extra=_CREATES)
async def record_training(
    desk: TheDesk, who: Who, asked: NewTraining, command: Commanded, response: Response
) -> Written:
    """Record continuing education."""
    own, today = PractitionerId(who.actor.id), desk.clock.now().date()
    receipt = await portfolio.keep(
        desk,
        who,
        "training",
        lambda state, item: portfolio_file.complete_training(
            state, TrainingCompleted(training=item, practitioner=own, **dict(asked)), today=today
        ),
        command=command,
    )
    return written(response, receipt)


@router.post("/me/own-therapy", status_code=201, openapi_extra=_CREATES)
async def attest_own_therapy(
    desk: TheDesk, who: Who, asked: NewAttestation, command: Commanded, response: Response
) -> Written:
    """Attest the fact and the hours of one's own therapy; nobody else ever sees it."""
    own, today = PractitionerId(who.actor.id), desk.clock.now().date()
    receipt = await portfolio.keep(
        desk,
        who,
        "attestation",
        lambda state, item: portfolio_file.attest_own_therapy(
            state,
            OwnTherapyAttested(attestation=item, practitioner=own, **dict(asked)),
            today=today,
        ),
        command=command,
    )
    return written(response, receipt)


@router.post("/me/limits", status_code=201, openapi_extra=_CREATES)
async def declare_limit(
    desk: TheDesk, who: Who, asked: NewLimit, command: Commanded, response: Response
) -> Written:
    """Declare what one does not work with; a case beyond it brings a notice, never a refusal."""
    own = PractitionerId(who.actor.id)
    receipt = await portfolio.keep(
        desk,
        who,
        "limit",
        lambda state, item: portfolio_file.declare_limit(
            state, LimitDeclared(limit=item, practitioner=own, **dict(asked))
        ),
        command=command,
    )
    return written(response, receipt)


@router.post("/me/limits/{limit_id}:lift", openapi_extra=_WRITES)
async def lift_limit(
    desk: TheDesk, who: Who, limit_id: PathId, command: Commanded, response: Response
) -> Written:
    """Lift a limit that one has declared."""
    lifted = LimitLifted(limit=ItemId(limit_id), practitioner=PractitionerId(who.actor.id))
    receipt = await portfolio.keep(
        desk,
        who,
        "limit",
        lambda state, _: portfolio_file.lift_limit(state, lifted),
        command=command,
        item=lifted.limit,
    )
    return written(response, receipt)


@router.get(
    "/me/portfolio",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="clinician"),
)
async def read_portfolio(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> PortfolioTold:
    """One's own portfolio, with points and hours by year; supervised hours are those held."""
    opening, receipt = await portfolio.look_at_portfolio(desk, who)
    response.headers["Ledger-Position"] = str(receipt.last)
    own = who.actor.id
    kept = clinic.views.portfolios.of(own, opening)
    trainings = [
        TrainingTold.model_validate({"id": e.id, **_said(e)}) for e in kept if e.kind == "training"
    ]
    meetings = clinic.views.supervisions.meetings(own, opening)
    return PortfolioTold(
        practitioner=own,
        qualifications=_qualifications(kept),
        certificates=_certificates(kept),
        trainings=trainings,
        own_therapy=[
            AttestationTold.model_validate({"id": each.id, **_said(each)})
            for each in kept
            if each.kind == "own-therapy"
        ],
        limits=[
            LimitTold.model_validate({"id": each.id, **_said(each)})
            for each in kept
            if each.kind == "limit"
        ],
        years=_years(trainings, minutes_by_year(meetings)),
    )


@router.get(
    "/practitioners/{practitioner_id}/qualifications",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="administrator"),
)
async def read_qualifications(
    desk: TheDesk, clinic: TheClinic, who: Who, practitioner_id: PathId
) -> QualificationsTold:
    """What somebody has qualified as, and until when her certificates are valid."""
    opening, _ = await portfolio.look_at_qualifications(desk, who, PractitionerId(practitioner_id))
    kept = clinic.views.portfolios.qualifications(practitioner_id, opening)
    return QualificationsTold(
        practitioner=practitioner_id,
        qualifications=_qualifications(kept),
        certificates=_certificates(kept),
    )


@router.post("/me/conflicts", status_code=201, openapi_extra=leaves("CREATE", audience=_STAFF))
async def declare_conflict(
    desk: TheDesk, who: Who, asked: NewConflict, command: Commanded, response: Response
) -> Written:
    """Declare a conflict of interest with a person, client of the clinic or not.

    The answer is the same for both. Whatever the clinic holds of that person, now or later, is from
    now on not there for whoever has declared it.
    """
    receipt = await conflicts.declare_conflict(
        desk, who, asked.kind, asked.somebody(), FreeText(asked.person), command=command
    )
    return written(response, receipt)


@router.post("/me/conflicts/{conflict_id}:withdraw", openapi_extra=leaves("AMEND", audience=_STAFF))
async def withdraw_conflict(
    desk: TheDesk, who: Who, conflict_id: PathId, command: Commanded, response: Response
) -> Written:
    """Withdraw a conflict of interest."""
    receipt = await conflicts.withdraw_conflict(desk, who, ItemId(conflict_id), command=command)
    return written(response, receipt)


@router.get(
    "/me/conflicts",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience=_STAFF),
)
async def read_own_conflicts(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> OwnConflictsTold:
    """One's own conflicts of interest, and whom they are with, in one's own words."""
    opening, receipt = await conflicts.look_at_own_conflicts(desk, who)
    response.headers["Ledger-Position"] = str(receipt.last)
    kept = clinic.views.portfolios.of(who.actor.id, opening)
    words = persons(kept)
    return OwnConflictsTold(
        conflicts=[
            OwnConflictTold(
                id=each.id,
                kind=each.content["of"],
                person=_words(opening, words.get(each.id)),
                declared_at=each.recorded_at,
                withdrawn=each.content["withdrawn"] is not None,
            )
            for each in kept
            if each.kind == "conflict"
        ]
    )


@router.get(
    "/conflicts",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="compliance officer"),
)
async def read_conflicts(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> ConflictsTold:
    """Who has declared conflicts of interest, and of what kind; with whom is not told."""
    opening, receipt = await conflicts.look_at_conflicts(desk, who)
    response.headers["Ledger-Position"] = str(receipt.last)
    return ConflictsTold(
        conflicts=[
            ConflictTold(
                id=each.id,
                practitioner=each.practitioner,
                kind=each.content["of"],
                declared_at=each.recorded_at,
                withdrawn=each.content["withdrawn"] is not None,
            )
            for each in clinic.views.portfolios.conflicts(opening)
        ]
    )


def _said(kept: Kept) -> dict[str, object]:
    return {name: value for name, value in kept.content.items() if name not in ("item", "recorded")}


def _qualifications(kept: Iterable[Kept]) -> list[QualificationTold]:
    return [
        QualificationTold.model_validate({"id": each.id, **_said(each)})
        for each in kept
        if each.kind == "qualification"
    ]


def _certificates(kept: Iterable[Kept]) -> list[CertificateTold]:
    return [
        CertificateTold.model_validate({"id": each.id, **_said(each)})
        for each in kept
        if each.kind == "certificate"
    ]


def _years(trainings: list[TrainingTold], supervised: dict[int, int]) -> list[YearTold]:
    years = sorted({*supervised, *(each.completed_on.year for each in trainings)})
    return [
        YearTold(
            year=year,
            points=sum(e.points for e in trainings if e.completed_on.year == year),
            training_minutes=sum(e.minutes for e in trainings if e.completed_on.year == year),
            supervision_minutes=supervised.get(year, 0),
        )
        for year in years
    ]


def _words(opening: Opening, text: FreeText | None) -> str | None:
    with suppress(Sealed):
        return None if text is None else opening.words(text)
    return None
