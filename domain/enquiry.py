"""An enquiry: what happens before a case. State, evolve, decisions.

The state that the policy reads is folded from the frame alone: whose the enquiry is, whom its
qualification names, whether it has ended and in which case. What a command decides on knows
beside it how many consultations were held and whether somebody waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from domain.errors import WrongState
from domain.events.enquiry import (
    EnquiryAssigned,
    EnquiryConsultationHeld,
    EnquiryDeclined,
    EnquiryEvent,
    EnquiryOfferDeclined,
    EnquiryPlaceOffered,
    EnquiryQualified,
    EnquiryReceived,
    EnquiryTakenUp,
    EnquiryWaitlisted,
    EnquiryWithdrawn,
)
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId
from domain.wording import worded

MOST_CONSULTATIONS = 3
"""One to three consultations come before a therapy; what takes more of them is one."""


class End(Enum):
    """How an enquiry ended."""

    DECLINED = auto()
    WITHDRAWN = auto()
    TAKEN_UP = auto()


@dataclass(frozen=True, slots=True)
class Enquiry:
    """An enquiry as later decisions need to know it."""

    id: ItemId
    client: ClientId
    intake: PractitionerId
    therapist: PractitionerId | None = None
    group: CaseId | None = None
    """The case of the group for which it is qualified."""
    qualified: bool = False
    consultations: int = 0
    waiting: bool = False
    offered: bool = False
    end: End | None = None
    case: CaseId | None = None
    entries: frozenset[ItemId] = frozenset()
    """The acts that stand in it; the same one again changes nothing."""

    @property
    def open(self) -> bool:
        """Whether it is still somebody's to decide."""
        return self.end is None

    def is_read_by(self, practitioner: PractitionerId) -> bool:
        """Whether it is hers: its intake person's, and whom its qualification names.

        What was declined or withdrawn is documentation, and stays theirs; with what has become a
        case goes its care team.
        """
        return self.end is not End.TAKEN_UP and practitioner in (self.intake, self.therapist)

    def may_be_taken_up_by(self, practitioner: PractitionerId) -> bool:
        """Whether she may open the case: its intake person, or whom the qualification names."""
        return self.open and self.is_read_by(practitioner)


def evolve(state: Enquiry | None, event: object) -> Enquiry | None:
    """The state after the event; events of other aggregates change nothing."""
    if state is None:
        if isinstance(event, EnquiryAssigned):
            return Enquiry(event.enquiry, event.client, event.practitioner)
        return None
    match event:
        case EnquiryAssigned():
            return replace(state, intake=event.practitioner)
        case EnquiryTakenUp():
            return replace(state, end=End.TAKEN_UP, case=event.case)
        case EnquiryConsultationHeld() | EnquiryQualified():
            return _met(_with(state, event.entry), event)
        case EnquiryWaitlisted() | EnquiryPlaceOffered() | EnquiryOfferDeclined():
            return _listed(_with(state, event.entry), event)
        case EnquiryDeclined():
            return replace(_with(state, event.entry), end=End.DECLINED)
        case EnquiryWithdrawn():
            return replace(_with(state, event.entry), end=End.WITHDRAWN)
        case _:
            return state


def _with(state: Enquiry, entry: ItemId) -> Enquiry:
    return replace(state, entries=state.entries | {entry})


def _met(state: Enquiry, event: EnquiryConsultationHeld | EnquiryQualified) -> Enquiry:
    if isinstance(event, EnquiryQualified):
        return replace(state, qualified=True, therapist=event.therapist, group=event.group)
    return replace(state, consultations=state.consultations + 1)


def _listed(
    state: Enquiry, event: EnquiryWaitlisted | EnquiryPlaceOffered | EnquiryOfferDeclined
) -> Enquiry:
    if isinstance(event, EnquiryWaitlisted):
        return replace(state, waiting=True)
    return replace(state, offered=isinstance(event, EnquiryPlaceOffered))


def fold(events: Iterable[object]) -> Enquiry | None:
    """The enquiry's state from its events, or as far as the policy may read them."""
    state: Enquiry | None = None
    for event in events:
        state = evolve(state, event)
    return state


def receive(
    state: Enquiry | None, received: EnquiryReceived, intake: PractitionerId
) -> tuple[EnquiryEvent, ...]:
    """Write an enquiry down and say whose it is from now on."""
    if state is not None:
        return ()
    worded(received.words)
    _said(received.source)
    assigned = EnquiryAssigned(
        enquiry=received.enquiry, client=received.client, practitioner=intake
    )
    return (assigned, received)


def assign(state: Enquiry, practitioner: PractitionerId) -> tuple[EnquiryEvent, ...]:
    """Hand an enquiry on; whoever had it reads it no longer."""
    if state.intake == practitioner:
        return ()
    _must_be_open(state)
    return (EnquiryAssigned(enquiry=state.id, client=state.client, practitioner=practitioner),)


def hold_consultation(state: Enquiry, held: EnquiryConsultationHeld) -> tuple[EnquiryEvent, ...]:
    """Write a consultation down.

    Raises:
        WrongState: The enquiry has ended, or as many were held as come before a therapy.
    """
    if held.entry in state.entries:
        return ()
    _must_be_open(state)
    if state.consultations >= MOST_CONSULTATIONS:
        raise WrongState("Three consultations have been held; decide, or begin a therapy")
    worded(held.words)
    return (held,)


def qualify(state: Enquiry, qualified: EnquiryQualified) -> tuple[EnquiryEvent, ...]:
    """Decide that a therapy may begin; decided again, the later word holds.

    Raises:
        WrongState: The enquiry has ended, or nobody has met the person yet.
    """
    if qualified.entry in state.entries:
        return ()
    _must_be_open(state)
    if not state.consultations:
        raise WrongState("Nobody is qualified before a consultation")
    worded(qualified.reason)
    return (qualified,)


def decline(state: Enquiry, declined: EnquiryDeclined) -> tuple[EnquiryEvent, ...]:
    """Decide that no therapy begins here; the enquiry has ended."""
    if declined.entry in state.entries:
        return ()
    _must_be_open(state)
    worded(declined.reason)
    return (declined,)


def wait(state: Enquiry, listed: EnquiryWaitlisted) -> tuple[EnquiryEvent, ...]:
    """Put somebody on the waiting list; said again it changes for what, and how urgently."""
    if listed.entry in state.entries:
        return ()
    _must_be_open(state)
    worded(listed.words)
    return (listed,)


def offer(state: Enquiry, offered: EnquiryPlaceOffered) -> tuple[EnquiryEvent, ...]:
    """Offer a place to somebody who waits.

    Raises:
        WrongState: The enquiry has ended, she does not wait, or an offer is open already.
    """
    if offered.entry in state.entries:
        return ()
    _must_be_open(state)
    if not state.waiting:
        raise WrongState("She is not on the waiting list")
    if state.offered:
        raise WrongState("An offer has not been answered yet")
    worded(offered.words)
    return (offered,)


def decline_offer(state: Enquiry, declined: EnquiryOfferDeclined) -> tuple[EnquiryEvent, ...]:
    """Write down that the place was not taken; she waits on.

    Raises:
        WrongState: The enquiry has ended, or no offer is open.
    """
    if declined.entry in state.entries:
        return ()
    _must_be_open(state)
    if not state.offered:
        raise WrongState("There is no open offer")
    _said(declined.words)
    return (declined,)


def withdraw(state: Enquiry, withdrawn: EnquiryWithdrawn) -> tuple[EnquiryEvent, ...]:
    """Write down that the person asks for help here no longer; the enquiry has ended."""
    if withdrawn.entry in state.entries:
        return ()
    _must_be_open(state)
    _said(withdrawn.reason)
    return (withdrawn,)


def take_up(state: Enquiry, case: CaseId) -> tuple[EnquiryEvent, ...]:
    """Let the enquiry end in a therapy.

    Raises:
        WrongState: It has ended otherwise.
    """
    if state.case == case:
        return ()
    _must_be_open(state)
    return (EnquiryTakenUp(enquiry=state.id, case=case),)


def _must_be_open(state: Enquiry) -> None:
    if not state.open:
        raise WrongState("The enquiry has ended")


def _said(text: FreeText | None) -> None:
    if text is not None:
        worded(text)
