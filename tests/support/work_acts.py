"""What is done in a clinic's life of work: plans, goals, what others do, endings, complaints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import session as session_file
from domain.errors import NotThere
from domain.events import Event, complaint as said_of_complaints
from domain.events.complaint import Complainant
from domain.events.ending import (
    TransferAccepted,
    TransferDeclined,
    TransferReason,
    TransferWithdrawn,
)
from domain.events.method import MethodUsed
from domain.events.referral import ReferralMade
from domain.events.session import SessionHeld
from domain.events.shared_care import ConferenceHeld
from domain.use_cases import complaints, endings, work
from domain.use_cases.complaints import NewComplaint
from domain.use_cases.work import At
from domain.values import CaseId, FreeText, ItemId, SessionId
from projections.chart.work import LIVES
from tests.support.clinic import command
from tests.support.work_examples import PSYCHIATRIST, filled

if TYPE_CHECKING:
    from tests.support.life import Life

KINDS = tuple(work.KINDS)
_UNLINKED = {"plan": None, "referral": None, "alias": None, "colleagues": ()}


def _made(
    life: Life, kind: type[Any], chance: int, session: SessionId | None = None
) -> Callable[[At], Event]:
    """An event of today that names nothing that may not be there."""
    now = life.clinic.clock.now()
    names = [part.name for part in fields(kind)]
    others: dict[str, object] = {"to": PSYCHIATRIST} if kind is ReferralMade else {}
    if kind is ConferenceHeld:
        others = {"others": (PSYCHIATRIST,)}
    event = filled(kind, **others)
    today: dict[str, Any] = {"occurred_at": now, "session": session}
    for name in ("review_on", "answer_by", "due_on", "ends_on", "target_on"):
        today[name] = now.date() + timedelta(days=chance % 9)
    for name in ("since", "until"):
        today[name] = now.date()
    texts = {
        name: FreeText(f"Work {chance}")
        for name in names
        if isinstance(getattr(event, name), FreeText)
    }

    def make(at: At) -> Event:
        known = {names[0]: at.item, "case": at.case, "author": at.author}
        found = {**_UNLINKED, **today, **texts, **known}
        made: Event = replace(event, **{name: found[name] for name in names if name in found})
        return made

    return make


def begin(life: Life, chance: int) -> None:
    """Something of the work begins."""
    begin_one(life, KINDS[chance // 7 % len(KINDS)], chance)


def begin_one(life: Life, kind: str, chance: int) -> None:
    """Something of this kind begins."""
    case = life.cases[chance % len(life.cases)]
    who = life.clinic.who(life.clinician(chance, case))
    make = _made(life, LIVES[kind].begins, chance)
    receipt = life.clinic.run(
        work.enter(life.clinic.desk, who, case, kind, make, command=command())
    )
    life.things[kind].append((case, ItemId(receipt.named(kind))))


def go_on(life: Life, chance: int) -> object:
    """It goes on, or would."""
    begun = [kind for kind in KINDS if life.things[kind] and LIVES[kind].steps]
    kind = begun[chance % len(begun)]
    case, item = life.things[kind][chance // 5 % len(life.things[kind])]
    steps = tuple(LIVES[kind].steps)
    return take(life, kind, (case, item), steps[chance // 11 % len(steps)], chance)


def take(
    life: Life, kind: str, thing: tuple[CaseId, ItemId], step: type[Event], chance: int
) -> object:
    """This step with this item."""
    case, item = thing
    session = _held(life, case, chance) if step is MethodUsed else None
    make = _made(life, step, chance, session)
    who, version = life.clinic.who(life.clinician(chance, case)), life.clinic.version(item)
    return work.go_on(
        life.clinic.desk, who, case, item, kind, make, expected=version, command=command()
    )


def _held(life: Life, case: CaseId, chance: int) -> SessionId:
    """One of the case's held sessions; without any, nothing is done (``ZeroDivisionError``)."""
    own = [session for of, session in life.sessions if of == case]
    states = {each: life.clinic.desk.record.fold(each, session_file.fold)[0] for each in own}
    held = [
        each for each, state in states.items() if state and isinstance(state.settled, SessionHeld)
    ]
    return held[chance % len(held)]


def propose(life: Life, chance: int) -> None:
    """A colleague is asked to go on with a case."""
    case, clinic = life.cases[chance % len(life.cases)], life.clinic
    because = (TransferReason.LIMIT_OF_COMPETENCE, FreeText(f"Work {chance}"))
    receipt = clinic.run(
        endings.propose_transfer(
            clinic.desk,
            clinic.who(life.clinician(chance, case)),
            case,
            (clinic.people.anna, clinic.people.bartek)[chance % 2],
            because,
            command=command(),
        )
    )
    life.things["transfer"].append((case, ItemId(receipt.named("transfer"))))


def answer(life: Life, chance: int) -> object:
    """She answers, or somebody takes the proposal back."""
    case, item = life.things["transfer"][chance % len(life.things["transfer"])]
    kinds = (TransferAccepted, TransferDeclined, TransferWithdrawn)
    make = _made(life, kinds[chance // 3 % len(kinds)], chance)
    clinic = life.clinic
    who = clinic.who((clinic.people.anna, clinic.people.bartek)[chance // 5 % 2])
    return endings.answer_transfer(
        clinic.desk, who, case, item, make, expected=clinic.version(item), command=command()
    )


def summarise(life: Life, chance: int) -> object:
    """A note is to be the discharge summary."""
    case, note = life.notes[chance % len(life.notes)]
    who = life.clinic.who(life.clinician(chance, case))
    return endings.summarise_discharge(life.clinic.desk, who, case, note, command=command())


def complain(life: Life, chance: int) -> None:
    """Somebody complains."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    now = clinic.clock.now()
    new = NewComplaint(
        Complainant.CLIENT,
        clinic.people.anna,
        None,
        now,
        now.date() + timedelta(days=30),
        FreeText(f"Complaint {chance}"),
    )
    who = clinic.who(clinic.people.reception)
    receipt = clinic.run(
        complaints.file_complaint(clinic.desk, who, client, new, command=command())
    )
    life.things["complaint"].append((life.cases[0], ItemId(receipt.named("complaint"))))


def handle(life: Life, chance: int) -> object:
    """The officer goes on with it."""
    _, item = life.things["complaint"][chance % len(life.things["complaint"])]
    clinic = life.clinic
    now = clinic.clock.now()
    kind = said_of_complaints.EVENTS[1 + chance // 3 % 3]

    def make(of: Any) -> Any:
        said = filled(kind, complaint=of.id, client=of.client)
        days = timedelta(days=40 + chance % 9)
        given = {"occurred_at": now, "answer_by": now.date() + days}
        names = {part.name for part in fields(kind)}
        return replace(said, **{name: value for name, value in given.items() if name in names})

    who = clinic.who(clinic.people.officer)
    if not clinic.version(item):
        raise NotThere
    return complaints.handle_complaint(
        clinic.desk, who, item, make, expected=clinic.version(item), command=command()
    )


ACTS = (begin, begin, begin, go_on, go_on, go_on, propose, answer, summarise, complain, handle)
