"""What is done in a clinic's life where several people sit in the room."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import client as client_file
from domain.events.note import NoteKind
from domain.note import NewNote
from domain.use_cases import joint, members, sessions
from domain.values import CaseId, ClientId, Format, FreeText, NoteId
from tests.support.clinic import SmallClinic, command

if TYPE_CHECKING:
    from tests.support.life import Life

_MOST_CASES = 5


def family(life: Life, chance: int) -> None:
    """Two or three people begin together."""
    clients = life.clients[: 2 + chance % 2]
    if len(life.cases) <= _MOST_CASES:
        life.cases.append(life.clinic.open_case(*clients, room=Format.FAMILY))


def member(life: Life, chance: int) -> object:
    """Somebody joins a joint case, or leaves it."""
    case = joint_case(life, chance)
    clinic, client = life.clinic, life.clients[chance // 13 % len(life.clients)]
    who, version = clinic.who(life.clinician(chance // 97, case)), clinic.version(case)
    change = members.join_case if chance % 2 else members.leave_case
    return change(clinic.desk, who, case, client, expected=version, command=command())


def note(life: Life, chance: int) -> None:
    """Somebody writes about all, and about one or two of them apart."""
    case = joint_case(life, chance)
    by = life.clinician(chance, case)
    aliases = aliases_of(life.clinic, case)
    names = sorted(aliases)[: 1 + chance % 2]
    words = FreeText(f"Words {chance} about {{{{{names[0]}}}}}")
    receipt = life.clinic.run(
        joint.record_joint_note(
            life.clinic.desk,
            life.clinic.who(by),
            case,
            NewNote(NoteKind.SESSION, life.clinic.clock.now(), words),
            {alias: FreeText(f"Words {chance} of one of them") for alias in names},
            command=command(),
        )
    )
    life.notes.append((case, NoteId(receipt.named("note"))))
    life.authors[life.notes[-1][1]] = by


def attendance(life: Life, chance: int) -> object:
    """A joint session is held, and not everybody is there."""
    case = joint_case(life, chance)
    clinic, by = life.clinic, life.clinician(chance, case)
    session = clinic.schedule_session(case, by=by)
    life.sessions.append((case, session))
    now, who = clinic.clock.now(), clinic.who(by)
    held = sessions.hold_session(
        clinic.desk,
        who,
        case,
        session,
        (now - timedelta(hours=1), now),
        expected=1,
        command=command(),
    )
    clinic.run(held)
    present = {
        alias: bool((chance >> number) % 2)
        for number, alias in enumerate(sorted(aliases_of(clinic, case)))
    }
    return joint.record_attendance(clinic.desk, who, case, session, present, command=command())


def aliases_of(clinic: SmallClinic, case: CaseId) -> dict[str, ClientId]:
    """Whose aliases are whose in a case: of everybody who ever took part."""
    frame, _ = clinic.desk.case(case)
    found = {}
    for client in frame.everyone if frame else ():
        state, _ = clinic.desk.record.fold(client, client_file.fold)
        if state is not None and (alias := state.alias_in(case)) is not None:
            found[alias] = client
    return found


def joint_case(life: Life, chance: int) -> CaseId:
    """One of the joint cases; where there is none, nothing can be done (``ZeroDivisionError``)."""
    frames = {case: life.clinic.desk.case(case)[0] for case in life.cases}
    found = [case for case, frame in frames.items() if frame and frame.joint and frame.clients]
    return found[chance % len(found)]


ACTS = (family, member, member, note, attendance)
