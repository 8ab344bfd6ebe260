"""A case (*proces terapeutyczny*): State, evolve, decisions.

The state is the frame: who takes part, in which format and school, and who cares for it. It is what
the policy reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, WrongState
from domain.events.case import (
    CaseCandidateNamed,
    CaseClosed,
    CaseEvent,
    CaseGroupFormed,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    CaseReopened,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
    EndedBy,
    Ending,
    Outcome,
)
from domain.events.contract import CaseContractLinked
from domain.events.measure import CaseMeasuresLinked
from domain.values import CaseId, ClientId, Format, ItemId, PractitionerId, School

_SIZES = {
    Format.INDIVIDUAL: (1, 1),
    Format.COUPLE: (2, 2),
    Format.FAMILY: (2, 20),
    # A group begins with nobody: its therapists look for people first.
    Format.GROUP: (0, 30),
}


@dataclass(frozen=True, slots=True)
class Case:
    """The frame of a case."""

    id: CaseId
    clients: tuple[ClientId, ...]
    format: Format
    school: School
    therapist: PractitionerId
    team: frozenset[PractitionerId]
    ever_on_team: frozenset[PractitionerId]
    """Everyone who has ever cared for it: who may have process notes of her own on it."""
    open: bool = True
    outcome: Outcome | None = None
    former: tuple[ClientId, ...] = ()
    """Who took part in it once; what was written then is about them for good."""
    group: ItemId | None = None
    """The stream of a group's criteria and agreement; where it is, members come by acceptance."""
    candidates: tuple[tuple[ClientId, ItemId], ...] = ()
    """Who was ever considered for the group, with the stream of what was said about her."""
    contract: ItemId | None = None
    measures: ItemId | None = None
    """The stream of everything that was answered on questionnaires."""

    @property
    def joint(self) -> bool:
        """Whether several people take part in it."""
        return self.format is not Format.INDIVIDUAL

    @property
    def everyone(self) -> tuple[ClientId, ...]:
        """Everybody whom a look at its content is a look at."""
        return (*self.clients, *self.former)

    @property
    def owner(self) -> Owner:
        """Whose keys seal its content: the one client's, or the case's own."""
        return owner_of(self.id, self.clients, self.format)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a therapy ended; what nobody says stays open."""

    outcome: Outcome
    ending: Ending | None = None
    ended_by: EndedBy | None = None
    ended_on: date | None = None


def owner_of(case: CaseId, clients: tuple[ClientId, ...], room: Format) -> Owner:
    """Whose keys seal a case (security.md 1.8, fine print 2)."""
    if room is Format.INDIVIDUAL:
        return Owner(OwnerKind.CLIENT, clients[0])
    return Owner(OwnerKind.CASE, case)


def evolve(state: Case | None, event: object) -> Case | None:
    """The state after the event; clinical events change nothing in the frame."""
    match event:
        case CaseOpened():
            return Case(
                id=event.case,
                clients=event.clients,
                format=event.format,
                school=event.school,
                therapist=event.therapist,
                team=frozenset({event.therapist}),
                ever_on_team=frozenset({event.therapist}),
            )
        case _ if state is None:
            return None
        case CaseTeamJoined():
            return _joined(state, event.practitioner)
        case CaseTeamLeft():
            return replace(state, team=state.team - {event.practitioner})
        case CaseTransferred():
            left = replace(state, therapist=event.therapist, team=state.team - {event.previous})
            return _joined(left, event.therapist)
        case CaseMemberJoined() | CaseMemberLeft() if state.joint:
            return _with_or_without(state, event)
        case CaseGroupFormed() | CaseCandidateNamed():
            return _in_group(state, event)
        case CaseClosed() | CaseReopened():
            outcome = event.outcome if isinstance(event, CaseClosed) else None
            return replace(state, open=outcome is None, outcome=outcome)
        case CaseContractLinked() | CaseMeasuresLinked():
            return _linked(state, event)
        case _:
            return state


def _with_or_without(state: Case, event: CaseMemberJoined | CaseMemberLeft) -> Case:
    there = event.client in state.clients
    if isinstance(event, CaseMemberJoined) and not there:
        former = tuple(each for each in state.former if each != event.client)
        return replace(state, clients=(*state.clients, event.client), former=former)
    if isinstance(event, CaseMemberLeft) and there:
        clients = tuple(each for each in state.clients if each != event.client)
        return replace(state, clients=clients, former=(*state.former, event.client))
    return state


def _in_group(state: Case, event: CaseGroupFormed | CaseCandidateNamed) -> Case:
    if isinstance(event, CaseGroupFormed):
        return replace(state, group=event.group)
    return replace(state, candidates=(*state.candidates, (event.client, event.candidate)))


def _linked(state: Case, event: CaseContractLinked | CaseMeasuresLinked) -> Case:
    if isinstance(event, CaseContractLinked):
        return replace(state, contract=event.contract)
    return replace(state, measures=event.series)


def fold(events: Iterable[object]) -> Case | None:
    """The case's frame from its events."""
    state: Case | None = None
    for event in events:
        state = evolve(state, event)
    return state


def open_case(state: Case | None, opened: CaseOpened) -> tuple[CaseEvent, ...]:
    """Begin a therapy with as many people as its format holds."""
    if state is not None:
        return ()
    least, most = _SIZES[opened.format]
    if not least <= len(opened.clients) <= most:
        raise Invalid("clients", "are too few or too many for the format")
    if len(set(opened.clients)) != len(opened.clients):
        raise Invalid("clients", "must be named once each")
    return (opened,)


def join_team(state: Case, practitioner: PractitionerId) -> tuple[CaseEvent, ...]:
    """Let somebody care for the case."""
    must_be_open(state)
    if practitioner in state.team:
        return ()
    return (CaseTeamJoined(case=state.id, practitioner=practitioner),)


def leave_team(state: Case, practitioner: PractitionerId) -> tuple[CaseEvent, ...]:
    """Let somebody no longer care for the case; the therapist leaves only by a transfer."""
    if practitioner not in state.team:
        return ()
    if practitioner == state.therapist:
        raise WrongState("The therapist leaves a case by a transfer")
    return (CaseTeamLeft(case=state.id, practitioner=practitioner),)


def transfer(state: Case, therapist: PractitionerId) -> tuple[CaseEvent, ...]:
    """Let another therapist go on."""
    must_be_open(state)
    if therapist == state.therapist:
        return ()
    return (CaseTransferred(case=state.id, previous=state.therapist, therapist=therapist),)


def join(state: Case, client: ClientId) -> tuple[CaseEvent, ...]:
    """Let somebody take part in a joint therapy, as long as its format has room.

    Raises:
        WrongState: The case is closed, one person's alone, or full.
    """
    must_be_joint(state)
    must_be_open(state)
    if client in state.clients:
        return ()
    if len(state.clients) >= _SIZES[state.format][1]:
        raise WrongState("The format has no room for another participant")
    return (CaseMemberJoined(case=state.id, client=client),)


def form_group(state: Case, group: ItemId) -> tuple[CaseEvent, ...]:
    """Let a group's case have criteria and candidates, before anybody takes part in it.

    Raises:
        WrongState: It is no group's, is closed, has had members already, or is another group's.
    """
    must_be_open(state)
    if state.format is not Format.GROUP:
        raise WrongState("The case is not a group's")
    if state.group is not None and state.group != group:
        raise WrongState("The case has a group already")
    if state.group == group:
        return ()
    if state.everyone:
        raise WrongState("The group has members already")
    return (CaseGroupFormed(case=state.id, group=group),)


def name_candidate(state: Case, client: ClientId, candidate: ItemId) -> tuple[CaseEvent, ...]:
    """Let somebody be considered for the case's group.

    Raises:
        WrongState: There is no group, the case is closed, or she takes part already.
    """
    must_be_open(state)
    if state.group is None:
        raise WrongState("The case has no group")
    if (client, candidate) in state.candidates:
        return ()
    if client in state.clients:
        raise WrongState("She takes part already")
    return (CaseCandidateNamed(case=state.id, client=client, candidate=candidate),)


def leave(state: Case, client: ClientId) -> tuple[CaseEvent, ...]:
    """Let somebody take part no longer; a couple may wait for another partner, nobody for none.

    Raises:
        WrongState: The case is closed, or one person's alone; she never took part, or is the last.
    """
    must_be_joint(state)
    must_be_open(state)
    if client in state.former:
        return ()
    if client not in state.clients:
        raise WrongState("There is no such participant")
    if len(state.clients) == 1:
        raise WrongState("The last participant leaves a case by its closing")
    return (CaseMemberLeft(case=state.id, client=client),)


def close(state: Case, closing: Closing) -> tuple[CaseEvent, ...]:
    """End the therapy; ending it again with the same outcome changes nothing."""
    if state.outcome is closing.outcome:
        return ()
    must_be_open(state)
    return (
        CaseClosed(
            case=state.id,
            outcome=closing.outcome,
            ending=closing.ending,
            ended_by=closing.ended_by,
            ended_on=closing.ended_on,
        ),
    )


def reopen(state: Case) -> tuple[CaseEvent, ...]:
    """Take a closed therapy up again."""
    return () if state.open else (CaseReopened(case=state.id),)


def link_measures(state: Case, series: ItemId) -> tuple[CaseMeasuresLinked, ...]:
    """Note where the case's questionnaires stand.

    Raises:
        WrongState: They stand elsewhere already.
    """
    if state.measures == series:
        return ()
    if state.measures is not None:
        raise WrongState("The case has questionnaires elsewhere")
    return (CaseMeasuresLinked(case=state.id, series=series),)


def link_contract(state: Case, contract: ItemId) -> tuple[CaseContractLinked, ...]:
    """Note that there is a contract; a case has one, which is renegotiated.

    Raises:
        WrongState: It has one already, or is closed.
    """
    if state.contract == contract:
        return ()
    must_be_open(state)
    if state.contract is not None:
        raise WrongState("The case has a contract: it is renegotiated")
    return (CaseContractLinked(case=state.id, contract=contract),)


def _joined(state: Case, practitioner: PractitionerId) -> Case:
    return replace(
        state,
        team=state.team | {practitioner},
        ever_on_team=state.ever_on_team | {practitioner},
    )


def must_be_open(state: Case) -> None:
    """Refuse an act that only an open case allows.

    Raises:
        WrongState: The case is closed.
    """
    if not state.open:
        raise WrongState("The case is closed")


def must_be_joint(state: Case) -> None:
    """Refuse an act that only a couple's, a family's or a group's case allows.

    Raises:
        WrongState: The case is one person's alone.
    """
    if not state.joint:
        raise WrongState("Only one person takes part in the case")
