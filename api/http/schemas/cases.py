"""Shapes of cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.called import CalledTold
from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Line, Told, Words, example
from api.http.schemas.joint import MemberTold
from api.http.schemas.notes import NoteHeading, heading
from api.http.schemas.sessions import SessionTold, session_told
from domain.case import Closing as DomainClosing
from domain.events.case import Coding, Diagnosis as DomainDiagnosis, EndedBy, Ending, Outcome
from domain.values import Format, School
from projections.case_lines import CaseState

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9./&-]{0,30}$")]


class NewCase(Asked):
    """A therapy that begins."""

    model_config = example(
        clients=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"],
        format="individual",
        school="cognitive-behavioural",
    )

    clients: Annotated[list[Id], Field(max_length=30)]
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

    model_config = example(outcome="completed", ending="planned", ended_by="together")

    outcome: Outcome
    ending: Ending | None = None
    ended_by: EndedBy | None = None
    ended_on: date | None = None

    def value(self) -> DomainClosing:
        """The domain's closing."""
        return DomainClosing(self.outcome, self.ending, self.ended_by, self.ended_on)


class ProblemTold(Told):
    """A presenting problem; ``words`` is absent where the reader's scope shows none."""

    id: str
    words: str | None
    stated_by: str
    stated_at: datetime
    diagnosis: tuple[str, str, str] | None


class EndedTold(Told):
    """How a therapy ended, as far as it was said."""

    ending: str | None
    ended_by: str | None
    ended_on: date | None


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
    ended: EndedTold | None
    problems: list[ProblemTold]
    sessions: list[SessionTold]
    notes: list[NoteHeading]
    members: list[MemberTold]
    called: list[CalledTold]


def case_told(
    state: CaseState, naming: Naming, called: list[CalledTold], *, reader: str
) -> CaseTold:
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
        ended=None if state.ended is None else EndedTold.model_validate(state.ended),
        problems=[
            ProblemTold(
                id=each.id,
                words=naming.words_left(each.words),
                stated_by=each.stated_by,
                stated_at=each.stated_at,
                diagnosis=each.diagnosis,
            )
            for each in state.problems
        ],
        sessions=[session_told(each, naming) for each in state.sessions],
        notes=[heading(each) for each in state.notes if each.listed_for(reader)],
        members=[naming.member(each) for each in state.members],
        called=called,
    )
