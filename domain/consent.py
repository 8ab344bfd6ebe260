"""A client's consents, each an object of its own: State, evolve, decisions (REC-06).

Whose words make something allowed depends on the day (``verdict``): a child's representatives
speak for her, from sixteen on she speaks beside them, at eighteen alone.

Source:
    Act on Patients' Rights, art. 17 and 26; compliance, REC-06, FAM-01, FAM-02.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.consent import (
    ConsentConsulted,
    ConsentEvent,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    Form,
    Opinion,
    Scope,
)
from domain.guardianship import (
    POLAND,
    Ages,
    Guardianship,
    Stage,
    Voices,
    complete,
    missing,
    stage_on,
    voices,
    years_on,
)
from domain.local_time import local_day
from domain.values import FreeText, ItemId
from domain.wording import worded


class Status(Enum):
    """Where a consent stands."""

    GIVEN = auto()
    REFUSED = auto()
    WITHDRAWN = auto()


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent: what it allows and for what, who said so, how and when; reasons stay closed."""

    id: ItemId
    scope: Scope
    status: Status
    purpose: str = ""
    form: Form | None = None
    representative: ItemId | None = None
    said_at: datetime | None = None
    withdrawn_at: datetime | None = None
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True)
class Consultation:
    """What somebody thought of it who was consulted; without a representative, the client."""

    id: ItemId
    scope: Scope
    opinion: Opinion
    said_at: datetime
    representative: ItemId | None = None
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True)
class Consents:
    """All consents of one client, by id, and who was consulted about them."""

    of: tuple[Consent, ...] = ()
    consultations: tuple[Consultation, ...] = ()

    def find(self, consent: ItemId) -> Consent | None:
        """The consent with this id."""
        return next((each for each in self.of if each.id == consent), None)

    def allows(self, scope: Scope) -> bool:
        """Whether the newest word on this scope is a given consent, whoever's it is."""
        newest = next((each for each in reversed(self.of) if each.scope is scope), None)
        return newest is not None and newest.status is Status.GIVEN

    def newest(self, scope: Scope) -> dict[ItemId | None, Consent]:
        """Everybody's newest word on a scope; the client's own stands under ``None``."""
        return {each.representative: each for each in self.of if each.scope is scope}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is allowed on a day, whose word is missing for it, and who said no.

    ``unrepresented``: a minor for whom nobody is entitled to speak; first that has to be settled.
    ``conflict``: some of those whose word counts allow it and some do not; the guardianship court
    decides that, not the clinic (u.p.p. art. 17(3)).
    """

    allowed: bool
    stage: Stage
    missing: Voices
    against: Voices
    conflict: bool
    unrepresented: bool


def verdict(
    consents: Consents,
    scope: Scope,
    guardianship: Guardianship,
    day: date,
    ages: Ages = POLAND,
) -> Verdict:
    """Whether the consents that there are allow this on this day.

    Of a child's representatives every one is asked; beside one of sixteen or seventeen one is
    enough, unless another says no. What somebody said before she was sixteen is not her consent:
    on her birthday she is asked. A word taken back counts as a no.
    """
    speaking = voices(guardianship, day, ages=ages)
    newest = consents.newest(scope)
    own = newest.get(None) if speaking.own else None
    if own is not None and not _of_age_to_speak(own, guardianship, ages):
        own = None
    said = {each: newest[each] for each in speaking.representatives if each in newest}
    for_it = [each for each, word in said.items() if word.status is Status.GIVEN]
    against = Voices(
        own is not None and own.status is not Status.GIVEN,
        tuple(each for each, word in said.items() if word.status is not Status.GIVEN),
    )
    allows_herself = own is not None and own.status is Status.GIVEN
    stage = stage_on(guardianship, day, ages)
    unrepresented = stage is not Stage.ADULT and not speaking.representatives
    left = missing(
        speaking,
        own=allows_herself,
        representatives=for_it,
        jointly=stage is not Stage.OWN_VOICE,
    )
    return Verdict(
        allowed=complete(speaking, left) and against.nobody and not unrepresented,
        stage=stage,
        missing=left,
        against=against,
        conflict=not against.nobody and (allows_herself or bool(for_it)),
        unrepresented=unrepresented,
    )


def _of_age_to_speak(word: Consent, guardianship: Guardianship, ages: Ages) -> bool:
    """Whether she was old enough when she said it; where nobody knows when, she is taken at it."""
    if guardianship.birth is None or word.said_at is None:
        return True
    return years_on(guardianship.birth, local_day(word.said_at)) >= ages.own_voice


def evolve(state: Consents, event: object) -> Consents:
    """The state after the event."""
    match event:
        case ConsentGiven() | ConsentRefused():
            return replace(state, of=(*state.of, _consent(event)))
        case ConsentWithdrawn():
            return replace(
                state,
                of=tuple(
                    replace(
                        each,
                        status=Status.WITHDRAWN,
                        withdrawn_at=event.said_at,
                        reason=event.reason,
                    )
                    if each.id == event.consent
                    else each
                    for each in state.of
                ),
            )
        case ConsentConsulted():
            consulted = Consultation(
                event.consultation,
                event.scope,
                event.opinion,
                event.said_at,
                event.representative,
                event.reason,
            )
            return replace(state, consultations=(*state.consultations, consulted))
        case _:
            return state


def fold(events: Iterable[object]) -> Consents:
    """A client's consents from their events."""
    state = Consents()
    for event in events:
        state = evolve(state, event)
    return state


def give(
    state: Consents, given: ConsentGiven, *, now: datetime | None = None
) -> tuple[ConsentEvent, ...]:
    """Record that it was allowed.

    Raises:
        InTheFuture: It would have been said later than now.
    """
    if state.find(given.consent):
        return ()
    _must_be_past(given.said_at, now)
    return (given,)


def refuse(
    state: Consents, refused: ConsentRefused, *, now: datetime | None = None
) -> tuple[ConsentEvent, ...]:
    """Record that it was refused.

    Raises:
        InTheFuture: It would have been said later than now.
        Invalid: The reason says nothing.
    """
    if state.find(refused.consent):
        return ()
    _must_be_past(refused.said_at, now)
    if refused.reason is not None:
        worded(refused.reason)
    return (refused,)


def withdraw(
    state: Consents, withdrawn: ConsentWithdrawn, *, now: datetime | None = None
) -> tuple[ConsentEvent, ...]:
    """Take a given consent back.

    Raises:
        WrongState: There is no such given consent.
        InTheFuture: It would have been said later than now.
        Invalid: The reason says nothing.
    """
    consent = state.find(withdrawn.consent)
    if consent is None or consent.status is Status.REFUSED:
        raise WrongState("There is no such given consent")
    if consent.status is Status.WITHDRAWN:
        return ()
    _must_be_past(withdrawn.said_at, now)
    if withdrawn.reason is not None:
        worded(withdrawn.reason)
    return (withdrawn,)


def consult(
    state: Consents, consulted: ConsentConsulted, *, now: datetime
) -> tuple[ConsentEvent, ...]:
    """Record what somebody thinks of it, or why nobody knows.

    Raises:
        Invalid: An opinion is absent without a reason.
        InTheFuture: It would have been said later than now.
    """
    if any(each.id == consulted.consultation for each in state.consultations):
        return ()
    _must_be_past(consulted.said_at, now)
    if consulted.reason is not None:
        worded(consulted.reason)
    elif consulted.opinion in (Opinion.NOT_ASKED, Opinion.NOT_GIVEN):
        raise Invalid("reason", "is missing: an opinion that was not heard has one")
    return (consulted,)


def _consent(event: ConsentGiven | ConsentRefused) -> Consent:
    return Consent(
        id=event.consent,
        scope=event.scope,
        status=Status.GIVEN if isinstance(event, ConsentGiven) else Status.REFUSED,
        purpose=event.purpose,
        form=event.form,
        representative=event.representative,
        said_at=event.said_at,
        reason=event.reason if isinstance(event, ConsentRefused) else None,
    )


def _must_be_past(said_at: datetime | None, now: datetime | None) -> None:
    if said_at is not None and now is not None and said_at > now:
        raise InTheFuture("said_at")
