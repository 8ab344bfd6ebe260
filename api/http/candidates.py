# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""Candidates for a group: screened, accepted or declined, waiting. Only its team sees them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.groups import naming
from api.http.naming import RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.groups import (
    AcquaintanceCheck,
    AgreementAccepted,
    CandidateDecision,
    CandidatesTold,
    NewCandidate,
    Screening,
    Waiting,
    Withdrawing,
    candidate_told,
)
from domain import candidate as candidate_file
from domain.candidate import Candidate
from domain.errors import Sealed
from domain.events.group import (
    CandidateEvent,
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
)
from domain.group import Group
from domain.use_cases import candidates
from domain.use_cases.on_case import OnCase
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId
from projections.chart.groups import candidate_line, waiting_list

router = APIRouter(
    prefix="/v1/cases/{case_id}/candidates", tags=["groups"], route_class=RecordedRoute
)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")

Said = TypeVar("Said", bound=CandidateEvent)


class _OnCandidate:
    """A request that goes on with a candidate."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        case_id: PathId,
        candidate_id: PathId,
        command: Commanded,
        expected: Expected,
        response: Response,
    ) -> None:
        self.desk = desk
        self._who = who
        self._place = (CaseId(case_id), ItemId(candidate_id))
        self._command = command
        self._expected = expected
        self._response = response

    def said(self, event: Callable[..., Said], **what: Any) -> Said:
        """What is said of the candidate, by whoever asks."""
        case, candidate = self._place
        author = PractitionerId(self._who.actor.id)
        return event(candidate=candidate, case=case, author=author, **what)

    async def change(
        self, decide: Callable[[OnCase, Candidate, Group], tuple[CandidateEvent, ...]]
    ) -> Written:
        """Let what was decided happen."""
        receipt = await candidates.change_candidate(
            self.desk,
            self._who,
            *self._place,
            decide,
            expected=self._expected,
            command=self._command,
        )
        return written(self._response, receipt)


OnCandidate = Annotated[_OnCandidate, Depends()]


@router.post("", status_code=201, openapi_extra=_CREATES)
async def name_candidate(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewCandidate,
    command: Commanded,
    response: Response,
) -> Written:
    """Consider a client of the clinic for the case's group."""
    receipt = await candidates.name_candidate(
        desk, who, CaseId(case_id), ClientId(asked.client), _words(asked.words), command=command
    )
    return written(response, receipt)


@router.get("", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_candidates(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> CandidatesTold:
    """Everybody who was considered, and who waits; each finds the look in her log."""
    admitted, opening, receipt = await candidates.look_at_candidates(desk, who, CaseId(case_id))
    views = clinic.views
    lines = []
    for client, candidate in admitted.case.candidates:
        # Of somebody whose key is gone nothing says that she was ever considered.
        with suppress(Sealed):
            item = views.chart.item(candidate, candidate, opening)
            if item is not None:
                lines.append((client, candidate_line(item)))
    names: dict[str, str | None] = {
        client: views.name_cards.name(client, opening) for client, _ in lines
    }
    response.headers["Ledger-Position"] = str(receipt.last)
    words = naming(clinic, case_id, opening, removed)
    members = admitted.case.clients
    return CandidatesTold(
        case=case_id,
        candidates=[
            candidate_told(line, client, names, words, takes_part=client in members)
            for client, line in lines
        ],
        waiting=list(waiting_list(line for _, line in lines)),
    )


@router.post("/{candidate_id}:screen", openapi_extra=_WRITES)
async def screen_candidate(on: OnCandidate, asked: Screening) -> Written:
    """Record what a talk with a candidate found."""
    screened = on.said(
        GroupCandidateScreened,
        occurred_at=asked.occurred_at,
        suitability=asked.suitability,
        words=FreeText(asked.words),
    )
    now = on.desk.clock.now()
    return await on.change(lambda _, state, __: candidate_file.screen(state, screened, now=now))


@router.post("/{candidate_id}:check-acquaintances", openapi_extra=_WRITES)
async def check_acquaintances(on: OnCandidate, asked: AcquaintanceCheck) -> Written:
    """Record whether a candidate knows another one or a member, and what was decided."""
    checked = on.said(
        GroupAcquaintancesChecked,
        decision=asked.decision,
        knows=tuple(ItemId(each) for each in asked.knows),
        words=_words(asked.words),
    )

    def decide(admitted: OnCase, state: Candidate, _: Group) -> tuple[CandidateEvent, ...]:
        others = [candidate for _, candidate in admitted.case.candidates]
        return candidate_file.check_acquaintances(state, checked, others)

    return await on.change(decide)


@router.post("/{candidate_id}:accept", openapi_extra=_WRITES)
async def accept_candidate(on: OnCandidate, asked: CandidateDecision) -> Written:
    """Let a candidate join, who was screened and asked whom she knows, and say why."""
    accepted = on.said(GroupCandidateAccepted, words=FreeText(asked.words))

    def decide(admitted: OnCase, state: Candidate, group: Group) -> tuple[CandidateEvent, ...]:
        return candidate_file.accept(state, accepted, group, len(admitted.case.clients))

    return await on.change(decide)


@router.post("/{candidate_id}:decline", openapi_extra=_WRITES)
async def decline_candidate(on: OnCandidate, asked: CandidateDecision) -> Written:
    """Do not take a candidate, and say why."""
    declined = on.said(GroupCandidateDeclined, words=FreeText(asked.words))

    def decide(admitted: OnCase, state: Candidate, _: Group) -> tuple[CandidateEvent, ...]:
        candidates.not_yet_in(admitted.case, state)
        return candidate_file.decline(state, declined)

    return await on.change(decide)


@router.post("/{candidate_id}:waitlist", openapi_extra=_WRITES)
async def waitlist_candidate(on: OnCandidate, asked: Waiting) -> Written:
    """Let a candidate wait, or wait in another place."""
    waiting = on.said(GroupCandidateWaitlisted, place=asked.place, words=_words(asked.words))

    def decide(admitted: OnCase, state: Candidate, _: Group) -> tuple[CandidateEvent, ...]:
        candidates.not_yet_in(admitted.case, state)
        return candidate_file.waitlist(state, waiting)

    return await on.change(decide)


@router.post("/{candidate_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_candidate(on: OnCandidate, asked: Withdrawing) -> Written:
    """Record that a candidate does not want to be considered any more."""
    withdrew = on.said(GroupCandidateWithdrew, words=_words(asked.words))

    def decide(admitted: OnCase, state: Candidate, _: Group) -> tuple[CandidateEvent, ...]:
        candidates.not_yet_in(admitted.case, state)
        return candidate_file.withdraw(state, withdrew)

    return await on.change(decide)


@router.post("/{candidate_id}:accept-agreement", openapi_extra=_WRITES)
async def accept_group_agreement(on: OnCandidate, asked: AgreementAccepted) -> Written:
    """Record that a candidate or member agreed to the group's confidentiality agreement."""
    agreed = on.said(GroupAgreementAccepted, occurred_at=asked.occurred_at, terms=asked.terms)
    now = on.desk.clock.now()

    def decide(_: OnCase, state: Candidate, group: Group) -> tuple[CandidateEvent, ...]:
        return candidate_file.accept_agreement(state, agreed, group, now=now)

    return await on.change(decide)


def _words(words: str | None) -> FreeText | None:
    return None if words is None else FreeText(words)
