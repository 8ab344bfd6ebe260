"""A clinic's life, drawn at random: what people do, permitted or not, one act after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st

from domain.case import Closing
from domain.consent import give, refuse, withdraw
from domain.errors import Refusal
from domain.events.case import Coding, Diagnosis, Outcome
from domain.events.client import Authority, ClientContactChanged, ClientRepresentativeAdded
from domain.events.consent import ConsentGiven, ConsentRefused, ConsentWithdrawn, Form, Scope
from domain.events.session import CancelledBy
from domain.identifying import Identifier
from domain.note import NewAmendment
from domain.note_forms import Words
from domain.use_cases import (
    administrator,
    cases,
    compliance,
    consents,
    endings,
    finding,
    notes,
    problems,
    process_notes,
    registration,
    sessions,
    signing,
)
from domain.values import (
    CaseId,
    ClientId,
    ErasureId,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Role,
    SessionId,
)
from tests.support import (
    attachment_acts,
    erasing_acts,
    frame_acts,
    group_acts,
    joint_acts,
    measure_acts,
    note_acts,
    therapist_acts,
    understanding_acts,
    work_acts,
)
from tests.support.clinic import SmallClinic, command


@dataclass
class Life:
    """What has come into being so far; ``pick`` chooses among it."""

    clinic: SmallClinic
    clients: list[ClientId] = field(default_factory=list)
    cases: list[CaseId] = field(default_factory=list)
    notes: list[tuple[CaseId, NoteId]] = field(default_factory=list)
    process_notes: list[tuple[CaseId, NoteId]] = field(default_factory=list)
    sessions: list[tuple[CaseId, SessionId]] = field(default_factory=list)
    consents: list[tuple[ClientId, ItemId]] = field(default_factory=list)
    authors: dict[NoteId, PractitionerId] = field(default_factory=dict)
    erasures: list[ErasureId] = field(default_factory=list)
    things: defaultdict[str, list[tuple[CaseId, ItemId]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Items of cases, by what they are."""

    @classmethod
    def begun(cls, clinic: SmallClinic) -> Life:
        """A life that begins with the client of the first day and a case of hers."""
        return cls(clinic, [clinic.people.client], [clinic.open_case()])

    def clinician(self, chance: int, case: CaseId | None = None) -> PractitionerId:
        """One of the two: mostly somebody who cares for the case, now and then anybody."""
        people = self.clinic.people
        frame = self.clinic.desk.case(case)[0] if case and chance % 5 else None
        if frame is not None:
            team = [each for each in (people.anna, people.bartek) if each in frame.team]
            return team[chance % len(team)]
        return people.bartek if chance % 3 == 0 else people.anna

    def author(self, note: NoteId, chance: int) -> PractitionerId:
        """Mostly who wrote it, now and then somebody else."""
        return self.authors[note] if chance % 5 else self.clinician(chance)


Act = Callable[[Life, int], object]
Thing = TypeVar("Thing")

_FEW = 4


def recent(things: list[Thing], chance: int) -> Thing:
    """One of the last few, so that much happens to it."""
    return things[-1 - chance % min(len(things), _FEW)]


def new_client(life: Life, chance: int) -> None:
    """Somebody comes."""
    if len(life.clients) < _FEW:
        life.clients.append(life.clinic.register_client(f"Client {chance}"))


def new_case(life: Life, chance: int) -> None:
    """A therapy begins."""
    client = life.clients[chance % len(life.clients)]
    if len(life.cases) < _FEW:
        life.cases.append(life.clinic.open_case(client, by=life.clinician(chance)))


def _couple(life: Life, chance: int) -> None:
    one, other = life.clients[chance % len(life.clients)], life.clients[0]
    if len(life.cases) <= _FEW:
        life.cases.append(life.clinic.open_case(one, other, room=Format.COUPLE))


def _contact(life: Life, chance: int) -> object:
    client = life.clients[chance % len(life.clients)]
    return registration.change_contact(
        life.clinic.desk,
        life.clinic.who(life.clinic.people.reception),
        client,
        ClientContactChanged(email=f"{chance}@example.invalid"),
        expected=life.clinic.version(client),
        command=command(),
    )


def new_representative(life: Life, chance: int) -> object:
    """Somebody speaks for a client from now on."""
    client = life.clients[chance % len(life.clients)]
    return registration.add_representative(
        life.clinic.desk,
        life.clinic.who(life.clinic.people.reception),
        client,
        ClientRepresentativeAdded(
            representative=ItemId(f"{chance % 7:032x}"),
            authority=Authority.PARENTAL_AUTHORITY,
            given_name="Maria",
            family_name="Kowal",
        ),
        expected=life.clinic.version(client),
        command=command(),
    )


def _no_representative(life: Life, chance: int) -> object:
    client = life.clients[chance % len(life.clients)]
    return registration.end_representative(
        life.clinic.desk,
        life.clinic.who(life.clinic.people.reception),
        client,
        ItemId(f"{chance % 7:032x}"),
        expected=life.clinic.version(client),
        command=command(),
    )


def new_draft(life: Life, chance: int) -> None:
    """Somebody begins a note."""
    case = life.cases[chance % len(life.cases)]
    by = life.clinician(chance, case)
    life.notes.append((case, life.clinic.draft_note(case, f"Words {chance}", by=by)))
    life.authors[life.notes[-1][1]] = by


def _process_note(life: Life, chance: int) -> None:
    case = life.cases[chance % len(life.cases)]
    by = life.clinician(chance, case)
    note = life.clinic.write_process_note(case, f"Thoughts {chance}", by=by)
    life.process_notes.append((case, note))
    life.authors[note] = by


def _more_thoughts(life: Life, chance: int) -> object:
    case, note = recent(life.process_notes, chance)
    return process_notes.amend_process_note(
        life.clinic.desk,
        life.clinic.who(life.author(note, chance)),
        case,
        note,
        FreeText(f"More {chance}"),
        expected=life.clinic.version(note),
        command=command(),
    )


def change_note(life: Life, chance: int) -> object:
    """Something is done with a note."""
    case, note = recent(life.notes, chance)
    desk, who = life.clinic.desk, life.clinic.who(life.author(note, chance // 97))
    words, version = FreeText(f"Words {chance}"), life.clinic.version(note)
    match chance // 11 % 5:
        case 0:
            return notes.revise_note(
                desk, who, case, note, Words(words), expected=version, command=command()
            )
        case 1:
            added = NewAmendment(words, words)
            return notes.amend_note(
                desk, who, case, note, added, expected=version, command=command()
            )
        case 2:
            second = life.clinic.who(life.clinician(chance // 97, case))
            return signing.countersign_note(
                desk, second, case, note, expected=version, command=command()
            )
        case 3:
            return notes.mark_note_erroneous(
                desk, who, case, note, words, expected=version, command=command()
            )
        case _:
            return signing.sign_note(desk, who, case, note, expected=version, command=command())


def change_case(life: Life, chance: int) -> object:
    """Something is done with a case."""
    case, desk = life.cases[chance % len(life.cases)], life.clinic.desk
    who = life.clinic.who(life.clinician(chance // 97, case))
    bartek, version = life.clinic.people.bartek, life.clinic.version(case)
    match chance // 11 % 6:
        case 0:
            return cases.join_team(desk, who, case, bartek, expected=version, command=command())
        case 1:
            return cases.leave_team(desk, who, case, bartek, expected=version, command=command())
        case 2:
            return cases.transfer_case(desk, who, case, bartek, expected=version, command=command())
        case 3:
            return endings.close_case(
                desk,
                who,
                case,
                Closing(Outcome.COMPLETED),
                life.clinic.views.holdings,
                expected=version,
                command=command(),
            )
        case 4:
            return cases.reopen_case(desk, who, case, expected=version, command=command())
        case _:
            diagnosis = Diagnosis(Coding.ICD_11, "6B00", "anxiety") if chance % 2 else None
            words = FreeText(f"Problem {chance}")
            return problems.state_problem(
                desk, who, case, words, diagnosis, expected=version, command=command()
            )


def new_session(life: Life, chance: int) -> None:
    """An hour is set aside."""
    case = life.cases[chance % len(life.cases)]
    by = life.clinician(chance, case)
    life.sessions.append((case, life.clinic.schedule_session(case, by=by)))


def settle(life: Life, chance: int) -> object:
    """An hour has been held, or has not."""
    case, session = recent(life.sessions, chance)
    desk, who = life.clinic.desk, life.clinic.who(life.clinician(chance // 97, case))
    version, now = life.clinic.version(session), life.clinic.clock.now()
    match chance // 11 % 3:
        case 0:
            span = (now - timedelta(hours=1), now)
            return sessions.hold_session(
                desk, who, case, session, span, expected=version, command=command()
            )
        case 1:
            return sessions.cancel_session(
                desk, who, case, session, CancelledBy.CLIENT, expected=version, command=command()
            )
        case _:
            return sessions.miss_session(
                desk, who, case, session, expected=version, command=command()
            )


def _consent(life: Life, chance: int) -> object:
    client, consent = life.clients[chance % len(life.clients)], ItemId(f"{chance:032x}")
    life.consents.append((client, consent))
    given = ConsentGiven(
        consent=consent,
        client=client,
        scope=Scope.RECORDING,
        purpose="teaching",
        form=Form.WRITTEN,
    )
    who = life.clinic.who(life.clinic.people.anna)
    return consents.record_consent(
        life.clinic.desk, who, client, lambda all_: give(all_, given), consent, command=command()
    )


def _refusal(life: Life, chance: int) -> object:
    client, consent = life.clients[chance % len(life.clients)], ItemId(f"{chance + 999:032x}")
    refused = ConsentRefused(
        consent=consent, client=client, scope=Scope.RESEARCH, purpose="a study", form=Form.ORAL
    )
    who = life.clinic.who(life.clinic.people.anna)
    return consents.record_consent(
        life.clinic.desk,
        who,
        client,
        lambda all_: refuse(all_, refused),
        consent,
        command=command(),
    )


def _withdrawal(life: Life, chance: int) -> object:
    client, consent = recent(life.consents, chance)
    withdrawn = ConsentWithdrawn(consent=consent, client=client, form=Form.ORAL)
    who = life.clinic.who(life.clinic.people.anna)
    return consents.record_consent(
        life.clinic.desk,
        who,
        client,
        lambda all_: withdraw(all_, withdrawn),
        consent,
        command=command(),
    )


def _look(life: Life, chance: int) -> object:
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    who = clinic.who(life.clinician(chance))
    match chance // 11 % 4:
        case 0:
            return cases.look_at_case(clinic.desk, who, life.cases[chance % len(life.cases)])
        case 1:
            return registration.look_at_identity(clinic.desk, who, client)
        case 2:
            officer = clinic.who(clinic.people.officer)
            return compliance.look_at_access_log(clinic.desk, officer, client)
        case _:
            return notes.look_at_note(clinic.desk, who, *recent(life.notes, chance))


def _search(life: Life, chance: int) -> object:
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    match chance // 11 % 3:
        case 0:
            who = clinic.who(life.clinician(chance, case))
            return finding.look_for_words(clinic.desk, who, case, "words")
        case 1:
            who = clinic.who(clinic.people.reception)
            return finding.find_by_identifier(
                clinic.desk, who, Identifier.EMAIL, f"{chance}@example.invalid"
            )
        case _:
            who = clinic.who(life.clinician(chance))
            return finding.find_by_name(clinic.desk, who, "clinet", caseload=life.cases)


def _roles(life: Life, chance: int) -> object:
    roles = (Role.CLINICIAN, Role.RECEPTION) if chance % 2 else (Role.CLINICIAN,)
    people = life.clinic.people
    return administrator.change_roles(
        life.clinic.desk,
        life.clinic.who(people.administrator),
        people.bartek,
        roles,
        expected=life.clinic.version(people.bartek),
        command=command(),
    )


def _time(life: Life, chance: int) -> None:
    life.clinic.clock.move(timedelta(hours=chance % 60))


ACTS: tuple[Act, ...] = (
    new_client,
    new_case,
    _couple,
    _contact,
    new_representative,
    _no_representative,
    new_draft,
    _process_note,
    _more_thoughts,
    change_note,
    change_note,
    change_note,
    change_case,
    change_case,
    change_case,
    new_session,
    settle,
    _consent,
    _refusal,
    _withdrawal,
    _look,
    _search,
    _roles,
    _time,
)

TOGETHER = (
    *ACTS,
    *note_acts.ACTS,
    *joint_acts.ACTS,
    *group_acts.ACTS,
    *frame_acts.ACTS,
    *understanding_acts.ACTS,
    *measure_acts.ACTS,
    *therapist_acts.ACTS,
    *attachment_acts.ACTS,
    *work_acts.ACTS,
)
EVERY_ACT = (*TOGETHER, *erasing_acts.ACTS)

CHANCES = 2310

lives = st.lists(
    st.tuples(st.integers(0, len(EVERY_ACT) - 1), st.integers(0, CHANCES - 1)),
    min_size=5,
    max_size=40,
)


def act(life: Life, number: int, chance: int) -> None:
    """Do one thing; a refused one leaves its trace, one that lacks its object nothing."""
    try:
        work = EVERY_ACT[number](life, chance)
        if work is not None:
            life.clinic.run(work)  # type: ignore[arg-type]  # what an act returns is a use case
    except (Refusal, ZeroDivisionError):
        pass


def live(life: Life, acts: list[tuple[int, int]]) -> None:
    """Do everything in its order."""
    for number, chance in acts:
        act(life, number, chance)
