"""Cases, sessions and notes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from api.http.schemas.joint import MemberTold, PartTold, PresentTold
from domain.errors import Sealed
from domain.events.case import Coding, Diagnosis as DomainDiagnosis, Outcome
from domain.events.note import NoteKind
from domain.events.session import CancelledBy
from domain.ports import Opening
from domain.values import Format, FreeText, School
from projections.case_lines import CaseState, NoteLine, SessionLine, Signature
from projections.process_notes import ProcessNoteLine

BEFORE_SIGNING = {
    "pl": (
        "W dokumentacji nie utrwala się oświadczeń obejmujących przyznanie się do popełnienia czynu"
        " zabronionego pod groźbą kary (art. 51 ustawy o ochronie zdrowia psychicznego)."
    ),
    "en": (
        "A statement by which somebody admits a punishable act must not be recorded"
        " (Mental Health Protection Act, art. 51)."
    ),
}
"""Nobody looks for such statements by machine: the author is asked to think of it (REC-04)."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9./&-]{0,30}$")]


class NewCase(Asked):
    """A therapy that begins."""

    model_config = example(
        clients=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"],
        format="individual",
        school="cognitive-behavioural",
    )

    clients: Annotated[list[Id], Field(min_length=1, max_length=30)]
    format: Format
    school: School


class Diagnosis(Asked):
    """A code and its title as entered."""

    coding: Coding
    code: Code
    title: Line

    def value(self) -> DomainDiagnosis:
        """The domain's diagnosis."""
        return DomainDiagnosis(self.coding, self.code, self.title)


class NewProblem(Asked):
    """What the client comes with; a diagnosis is never required."""

    model_config = example(
        words="Panic attacks in trams since spring.",
        diagnosis={"coding": "icd-10", "code": "F41.0", "title": "Panic disorder"},
    )

    words: Words
    diagnosis: Diagnosis | None = None


class Transfer(Asked):
    """Who goes on with the case."""

    model_config = example(therapist="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    therapist: Id


class Closing(Asked):
    """How the therapy ended."""

    model_config = example(outcome="completed")

    outcome: Outcome


class NewSession(Asked):
    """A time and a room to set aside."""

    model_config = example(
        starts_at="2026-11-30T09:00:00Z", ends_at="2026-11-30T09:50:00Z", room="2"
    )

    starts_at: Instant
    ends_at: Instant
    room: Line


class Held(Asked):
    """When the session really was."""

    model_config = example(started_at="2026-11-23T09:00:00Z", ended_at="2026-11-23T09:50:00Z")

    started_at: Instant
    ended_at: Instant


class Cancellation(Asked):
    """Who called it off."""

    model_config = example(by="client")

    by: CancelledBy


class NewNote(Asked):
    """A note that is begun."""

    model_config = example(
        kind="session",
        occurred_at="2026-11-23T09:00:00Z",
        text="The client described a week with two panic attacks.",
    )

    kind: NoteKind
    occurred_at: Instant
    text: Words
    session: Id | None = None


class Text(Asked):
    """New words."""

    model_config = example(text="The client described a week with one panic attack.")

    text: Words


class Amendment(Asked):
    """What is added to a signed note, and why."""

    model_config = example(reason="A word was missing.", text="The attacks came at night.")

    reason: Words
    text: Words


class Reason(Asked):
    """Why."""

    model_config = example(reason="Written in the wrong case.")

    reason: Words


class NewProcessNote(Asked):
    """What is the author's alone."""

    model_config = example(occurred_at="2026-11-23T09:00:00Z", text="I noticed my own impatience.")

    occurred_at: Instant
    text: Words


class ProblemTold(Told):
    """A presenting problem; ``words`` is absent where the reader's scope shows none."""

    words: str | None
    stated_by: str
    stated_at: datetime
    diagnosis: tuple[str, str, str] | None


class SessionTold(Told):
    """A session of the case."""

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    room: str
    status: str
    present: list[PresentTold]


class SignatureTold(Told):
    """Who put her name to a note."""

    practitioner: str
    title: str
    registration: tuple[str, str | None, str | None]
    at: datetime


class NoteHeading(Told):
    """A note in a list: everything but its words."""

    id: str
    version: int
    kind: str
    author: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    session: str | None
    signature: SignatureTold | None
    countersignatures: list[SignatureTold]
    amendments: int


class AmendmentTold(Told):
    """What was added to a note; ``None`` where it has been made unreadable."""

    author: str
    at: datetime
    reason: str | None
    text: str | None


class NoteTold(NoteHeading):
    """A note with its words; earlier drafts' words are kept and not shown.

    Words that were made unreadable are absent: of an erased note, and of one that was moved to the
    client to whom it belongs, there is no more than its heading. ``before_signing`` is what the
    author is reminded of as long as it is a draft, by language.
    """

    text: str | None
    before_signing: dict[str, str] | None
    added: list[AmendmentTold]
    erroneous_because: str | None
    parts: list[PartTold]


class CaseTold(Told):
    """A case as its care team sees it."""

    case: str
    version: int
    open: bool
    clients: list[str]
    format: str
    school: str
    therapist: str
    team: list[str]
    opened_at: datetime
    outcome: str | None
    problems: list[ProblemTold]
    sessions: list[SessionTold]
    notes: list[NoteHeading]
    members: list[MemberTold]


class ProcessNoteTold(Told):
    """An author's process note; ``texts`` are what she wrote first and what she added.

    In the place of one that was made unreadable stands nothing.
    """

    id: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    texts: list[str | None]


class ProcessNotesTold(Told):
    """An author's process notes on a case."""

    case: str
    notes: list[ProcessNoteTold]


def case_told(state: CaseState, naming: Naming, *, reader: str) -> CaseTold:
    """The answer for a case; drafts are shown to their author alone, words by an opening."""
    return CaseTold(
        case=state.id,
        version=state.version,
        open=state.open,
        clients=list(state.clients),
        format=state.format,
        school=state.school,
        therapist=state.therapist,
        team=list(state.team),
        opened_at=state.opened_at,
        outcome=state.outcome,
        problems=[
            ProblemTold(
                words=naming.words_left(each.words),
                stated_by=each.stated_by,
                stated_at=each.stated_at,
                diagnosis=each.diagnosis,
            )
            for each in state.problems
        ],
        sessions=[session_told(each, naming) for each in state.sessions],
        notes=[
            heading(each) for each in state.notes if each.status != "draft" or each.author == reader
        ],
        members=[naming.member(each) for each in state.members],
    )


def session_told(line: SessionLine, naming: Naming) -> SessionTold:
    """The answer for a session."""
    return SessionTold(
        id=line.id,
        version=line.version,
        therapist=line.therapist,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        room=line.room,
        status=line.status,
        present=[naming.present(alias, there=there) for alias, there in line.present],
    )


def signature_told(signature: Signature) -> SignatureTold:
    """The answer for a signature."""
    return SignatureTold.model_validate(signature)


def heading(line: NoteLine) -> NoteHeading:
    """A note in a list."""
    return NoteHeading(**_heading(line))


def note_told(line: NoteLine, naming: Naming) -> NoteTold:
    """A note with its words, as it is valid now."""
    return NoteTold(
        **_heading(line),
        text=naming.words_left(line.texts[-1]) if line.texts else None,
        before_signing=BEFORE_SIGNING if line.status == "draft" else None,
        added=[
            AmendmentTold(
                author=each.author,
                at=each.at,
                reason=naming.words_left(each.reason),
                text=naming.words_left(each.text),
            )
            for each in line.amendments
        ],
        erroneous_because=naming.words_left(line.erroneous_because),
        parts=[naming.part(each) for each in line.parts],
    )


def _heading(line: NoteLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "version": line.version,
        "kind": line.kind,
        "author": line.author,
        "status": line.status,
        "occurred_at": line.occurred_at,
        "recorded_at": line.recorded_at,
        "late": line.late,
        "session": line.session,
        "signature": line.signature and signature_told(line.signature),
        "countersignatures": [signature_told(each) for each in line.countersignatures],
        "amendments": len(line.amendments),
    }


def _left(text: FreeText, opening: Opening) -> str | None:
    """The words of a text; ``None`` where it has been made unreadable."""
    with suppress(Sealed):
        return opening.words(text)
    return None


def process_note_told(line: ProcessNoteLine, opening: Opening) -> ProcessNoteTold:
    """An author's process note with its words."""
    return ProcessNoteTold(
        id=line.id,
        version=line.version,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        texts=[_left(each, opening) for each in line.texts],
    )
