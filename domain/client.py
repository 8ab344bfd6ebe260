"""A client's file: State, evolve, decisions.

The policy reads only the frame (``Client.consent_stream``, ``access_stream``, ``cases``, holds).
Identity, contact, representatives and aliases are administrative content: they stand in the state
that a command decides on, and stay empty in the one that the policy reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import Invalid, WrongState
from domain.events.client import (
    Authority,
    ClientAliasGiven,
    ClientCaseLinked,
    ClientContactChanged,
    ClientEnquiryLinked,
    ClientEvent,
    ClientHoldLifted,
    ClientHoldPlaced,
    ClientIdentified,
    ClientPersonWordSet,
    ClientRegistered,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
    HoldGround,
    PersonWord,
)
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    ClientRepresentativeLimitEnded,
    GuardianshipEvent,
    LimitGround,
    Matter,
)
from domain.guardianship import Guardianship, Limit
from domain.identifying import valid_pesel
from domain.values import CaseId, ClientId, ItemId, PractitionerId, StreamId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands: nothing of the record may be destroyed."""

    id: ItemId
    ground: HoldGround
    setter: PractitionerId
    review_on: date


@dataclass(frozen=True, slots=True)
class Client:
    """What later decisions about a client depend on."""

    id: ClientId
    access_stream: StreamId
    consent_stream: StreamId
    cases: tuple[CaseId, ...] = ()
    representatives: tuple[tuple[ItemId, Authority], ...] = ()
    former_representatives: frozenset[ItemId] = frozenset()
    limits: tuple[Limit, ...] = ()
    holds: tuple[Hold, ...] = ()
    former_holds: frozenset[ItemId] = frozenset()
    identity: ClientIdentified | None = None
    contact: ClientContactChanged | None = None
    aliases: tuple[tuple[CaseId, str], ...] = ()
    enquiries: tuple[ItemId, ...] = ()
    """What she ever asked for, before a case."""
    word: PersonWord | None = None

    def alias_in(self, case: CaseId) -> str | None:
        """By what alias a joint case speaks of her; ``None`` where nobody can say."""
        return dict(self.aliases).get(case)

    @property
    def guardianship(self) -> Guardianship:
        """Who speaks for her, as far as her age needs it."""
        birth = self.identity.birth_date if self.identity else None
        return Guardianship(birth, self.representatives, self.limits)


def evolve(state: Client | None, event: object) -> Client | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case ClientRegistered():
            return Client(event.client, event.access_stream, event.consent_stream)
        case _ if state is None:
            return None
        case ClientCaseLinked() | ClientAliasGiven() | ClientEnquiryLinked():
            return _in_case(state, event)
        case ClientHoldPlaced() | ClientHoldLifted():
            return _held(state, event)
        case ClientIdentified() | ClientContactChanged() | ClientPersonWordSet():
            return _told(state, event)
        case ClientRepresentativeAdded():
            added = (event.representative, event.authority)
            return replace(state, representatives=(*state.representatives, added))
        case ClientRepresentativeEnded():
            return replace(
                state,
                representatives=tuple(
                    each for each in state.representatives if each[0] != event.representative
                ),
                former_representatives=state.former_representatives | {event.representative},
            )
        case ClientRepresentativeLimited() | ClientRepresentativeLimitEnded():
            return _limited(state, event)
        case _:
            return state


def _in_case(
    state: Client, event: ClientCaseLinked | ClientAliasGiven | ClientEnquiryLinked
) -> Client:
    if isinstance(event, ClientAliasGiven):
        return replace(state, aliases=(*state.aliases, (event.case, event.alias)))
    if isinstance(event, ClientEnquiryLinked):
        return replace(state, enquiries=(*state.enquiries, event.enquiry))
    return replace(state, cases=(*state.cases, event.case))


def _held(state: Client, event: ClientHoldPlaced | ClientHoldLifted) -> Client:
    if isinstance(event, ClientHoldPlaced):
        hold = Hold(event.hold, event.ground, event.setter, event.review_on)
        return replace(state, holds=(*state.holds, hold))
    return replace(
        state,
        holds=tuple(each for each in state.holds if each.id != event.hold),
        former_holds=state.former_holds | {event.hold},
    )


def _told(
    state: Client, event: ClientIdentified | ClientContactChanged | ClientPersonWordSet
) -> Client:
    if isinstance(event, ClientIdentified):
        return replace(state, identity=event)
    if isinstance(event, ClientPersonWordSet):
        return replace(state, word=event.word)
    return replace(state, contact=event)


def _limited(state: Client, event: GuardianshipEvent) -> Client:
    if isinstance(event, ClientRepresentativeLimited):
        limit = Limit(event.limit, event.representative, event.forbids, event.since, event.until)
        return replace(state, limits=(*state.limits, limit))
    ended = event
    return replace(
        state,
        limits=tuple(
            replace(each, until=ended.on) if each.id == ended.limit else each
            for each in state.limits
        ),
    )


def fold(events: Iterable[object]) -> Client | None:
    """The client's state from her events."""
    state: Client | None = None
    for event in events:
        state = evolve(state, event)
    return state


def register(
    state: Client | None, registered: ClientRegistered, identity: ClientIdentified
) -> tuple[ClientEvent, ...]:
    """Open a file; registering the same client again changes nothing."""
    if state is not None:
        return ()
    return (registered, _checked(identity))


def identify(state: Client, identity: ClientIdentified) -> tuple[ClientEvent, ...]:
    """Record or correct the identity; the same identity again changes nothing."""
    return () if state.identity == identity else (_checked(identity),)


def change_contact(state: Client, contact: ClientContactChanged) -> tuple[ClientEvent, ...]:
    """Record how to reach the client; the same contact again changes nothing."""
    return () if state.contact == contact else (contact,)


def add_representative(state: Client, added: ClientRepresentativeAdded) -> tuple[ClientEvent, ...]:
    """Record who speaks for the client."""
    known = {each for each, _ in state.representatives} | state.former_representatives
    return () if added.representative in known else (added,)


def end_representative(state: Client, representative: ItemId) -> tuple[ClientEvent, ...]:
    """Record that somebody no longer speaks for the client."""
    if representative in state.former_representatives:
        return ()
    _must_represent(state, representative)
    return (ClientRepresentativeEnded(representative=representative),)


def limit_representative(
    state: Client, limited: ClientRepresentativeLimited
) -> tuple[GuardianshipEvent, ...]:
    """Record what one representative may not do; it changes nothing for any other (FAM-02).

    Parental authority is a court's to limit: parents who agree, or a clinic that fears for the
    minor, can settle contact alone.

    Raises:
        Invalid: It forbids nothing, ends before it begins, or is not in this ground's power.
        WrongState: There is no such representative.
    """
    if any(each.id == limited.limit for each in state.limits):
        return ()
    _must_represent(state, limited.representative)
    if not limited.forbids or len(set(limited.forbids)) != len(limited.forbids):
        raise Invalid("forbids", "must name each matter once")
    if limited.ground is not LimitGround.COURT_ORDER and set(limited.forbids) != {Matter.CONTACT}:
        raise Invalid("forbids", "is a court's to decide, but for contact")
    if limited.until is not None and limited.until < limited.since:
        raise Invalid("until", "is before the beginning")
    if limited.words is not None:
        worded(limited.words)
    return (limited,)


def end_limit(state: Client, limit: ItemId, on: date) -> tuple[GuardianshipEvent, ...]:
    """Record the last day on which a limit holds; the same day again changes nothing.

    Raises:
        Invalid: That day is before its first.
        WrongState: There is no such limit.
    """
    found = next((each for each in state.limits if each.id == limit), None)
    if found is None:
        raise WrongState("There is no such limit")
    if found.until == on:
        return ()
    if on < found.since:
        raise Invalid("on", "is before the beginning")
    return (ClientRepresentativeLimitEnded(limit=limit, on=on),)


def _must_represent(state: Client, representative: ItemId) -> None:
    if representative not in dict(state.representatives):
        raise WrongState("There is no such representative")


def link_case(state: Client, case: CaseId) -> tuple[ClientEvent, ...]:
    """Record that the client takes part in a case."""
    return () if case in state.cases else (ClientCaseLinked(case=case),)


def link_enquiry(state: Client, enquiry: ItemId) -> tuple[ClientEvent, ...]:
    """Record that the client asked for help."""
    return () if enquiry in state.enquiries else (ClientEnquiryLinked(enquiry=enquiry),)


def set_word(state: Client, word: PersonWord | None) -> tuple[ClientEvent, ...]:
    """Record what she wishes to be called; the same wish again changes nothing."""
    return () if state.word is word else (ClientPersonWordSet(word=word),)


def give_alias(state: Client, case: CaseId, alias: str) -> tuple[ClientEvent, ...]:
    """Record by what alias a joint case speaks of her; she keeps the first for good."""
    if state.alias_in(case) is not None:
        return ()
    return (ClientAliasGiven(case=case, alias=alias),)


def _checked(identity: ClientIdentified) -> ClientIdentified:
    if not identity.given_name or not identity.family_name:
        raise Invalid("name", "is missing")
    if identity.pesel is not None and not valid_pesel(identity.pesel):
        raise Invalid("pesel", "is not a valid number")
    return identity
