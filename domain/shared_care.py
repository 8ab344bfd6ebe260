"""What others do for the same client: four kinds of items, and what they go through.

A consultation and a conference were held; nothing follows them. A medicine and a co-treater are
there until they are not.
"""

from datetime import datetime

from domain.errors import Invalid
from domain.events.shared_care import (
    ConferenceHeld,
    ConsultationHeld,
    CoTreaterLinked,
    CoTreaterUnlinked,
    PharmacotherapyChanged,
    PharmacotherapyEnded,
    PharmacotherapyNoted,
    SharedCareEvent,
)
from domain.lifecycle import Item, Lifecycle, step
from domain.referral import must_be_somebody

HELD, TAKEN, TREATS, ENDED = "held", "taken", "treats", "ended"
CONSULTATION = Lifecycle("consultation", ConsultationHeld, HELD, {})
CONFERENCE = Lifecycle("conference", ConferenceHeld, HELD, {})
PHARMACOTHERAPY = Lifecycle(
    "pharmacotherapy",
    PharmacotherapyNoted,
    TAKEN,
    {
        PharmacotherapyChanged: step(TAKEN),
        PharmacotherapyEnded: step(TAKEN, to=ENDED),
    },
)
CO_TREATER = Lifecycle(
    "co-treater", CoTreaterLinked, TREATS, {CoTreaterUnlinked: step(TREATS, to=ENDED)}
)
_LIVES = {
    ConsultationHeld: CONSULTATION,
    ConferenceHeld: CONFERENCE,
    PharmacotherapyNoted: PHARMACOTHERAPY,
    PharmacotherapyChanged: PHARMACOTHERAPY,
    PharmacotherapyEnded: PHARMACOTHERAPY,
    CoTreaterLinked: CO_TREATER,
    CoTreaterUnlinked: CO_TREATER,
}


def decide(
    state: Item | None, said: SharedCareEvent, *, now: datetime
) -> tuple[SharedCareEvent, ...]:
    """What is recorded of what is said about others' care.

    Raises:
        Invalid: Somebody has neither a name nor an organisation, nobody conferred, something ends
            or begins after today, or a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: The medicine is taken no longer; the co-treater treats no longer.
    """
    match said:
        case ConsultationHeld():
            must_be_somebody(said.consulted)
        case ConferenceHeld():
            if not said.colleagues and not said.others:
                raise Invalid("others", "or colleagues are needed")
            for each in said.others:
                must_be_somebody(each)
        case PharmacotherapyNoted() | PharmacotherapyChanged():
            if said.prescriber is not None:
                must_be_somebody(said.prescriber)
        case CoTreaterLinked():
            must_be_somebody(said.professional)
        case _:
            pass
    for name in ("since", "until"):
        day = getattr(said, name, None)
        if day is not None and day > now.date():
            raise Invalid(name, "lies in the future")
    return _LIVES[type(said)].decide(state, said, now=now)
