"""What ends in a clinic's life that chance would hardly end: every area told to its last word.

A story is a client of Anna's, alone with her, and what is done one thing after another. Each step
names an event that it leaves in the record; a step that is refused, or leaves another, fails.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain

from domain.confidentiality import KeyPurpose
from domain.events import complaint as said_of_complaints
from domain.values import CaseId, NoteId, PractitionerId
from projections.chart.work import LIVES
from tests.support import (
    attachment_acts as attachments,
    erasing_acts,
    frame_acts as frame,
    group_acts as groups,
    joint_acts as joint,
    life as any_life,
    measure_acts as measures,
    note_acts as notes,
    therapist_acts as therapist,
    understanding_acts as understanding,
    work_acts as work,
)
from tests.support.clinic import SmallClinic
from tests.support.life import ACTS, CHANCES, EVERY_ACT, TOGETHER, Act, Life, act

Step = tuple[str, Act, int]
Story = tuple[Step, ...]

_MANY, _MANY_TOGETHER, _MANY_TO_GO = 120, 30, 40


@dataclass
class Alone(Life):
    """A life in which nobody acts but Anna."""

    def clinician(self, chance: int, case: CaseId | None = None) -> PractitionerId:
        """Anna."""
        del chance, case
        return self.clinic.people.anna

    def author(self, note: NoteId, chance: int) -> PractitionerId:
        """Anna."""
        del note
        return self.clinician(chance)


def draw(branch: int = 0, of: int = 1, **rest: int) -> int:
    """The first chance by which an act takes this of its branches.

    ``rest`` are further wishes of the same act: ``by3=2`` is a remainder of two by three.
    """
    return next(
        each
        for each in range(CHANCES)
        if each // 11 % of == branch
        and all(each % int(by.removeprefix("by")) == left for by, left in rest.items())
    )


def full(life: Life) -> None:
    """Live until there is something of everything; the same life each time."""
    chance = random.Random(10)
    told = [tell(life.clinic, story) for story in STORIES]
    for _ in range(_MANY):
        act(life, chance.randrange(len(ACTS)), chance.randrange(CHANCES))
    for _ in range(_MANY_TOGETHER):
        act(life, chance.randrange(len(ACTS), len(TOGETHER)), chance.randrange(CHANCES))
    for _ in range(_MANY_TO_GO):
        act(life, chance.randrange(len(TOGETHER), len(EVERY_ACT)), chance.randrange(CHANCES))
    erasing_acts.to_its_end(life)
    for each in told:
        join(life, each)


def tell(clinic: SmallClinic, story: Story) -> Alone:
    """Tell a story with a client of its own; what came into being is in the life of the two."""
    client = clinic.register_client("Helena")
    alone = Alone(clinic, [client], [clinic.open_case(client)])
    for name, do, chance in story:
        before = clinic.last_position()
        doing = do(alone, chance)
        if doing is not None:
            clinic.run(doing)  # type: ignore[arg-type]  # what an act returns is a use case
        events, _ = clinic.clinic.folder.record.follow(before, 100, frozenset(KeyPurpose))
        happened = {each.event.NAME for each in events if each.event}
        assert name in happened, f"{name} did not happen: {happened}"
    return alone


def join(life: Life, other: Life) -> None:
    """Let what came into being in one life be part of another."""
    life.clients += other.clients
    life.cases += other.cases
    life.notes += other.notes
    life.process_notes += other.process_notes
    life.sessions += other.sessions
    life.consents += other.consents
    life.erasures += other.erasures
    life.authors |= other.authors
    for kind, things in other.things.items():
        life.things[kind] += things


def _a_day_later(life: Life, chance: int) -> object:
    """An hour is settled once it is over."""
    life.clinic.clock.move(timedelta(days=2))
    return any_life.settle(life, chance)


NOTES: Story = (
    ("note.drafted", notes.written, draw(1, 5)),
    ("note.revised", notes.revised, draw(1, 5, by4=0)),
    ("note.discarded", notes.fate, draw(0, 4, by4=0)),
    ("note.drafted", notes.written, draw(2, 5)),
    ("note.co_signature_asked", notes.fate, draw(2, 4)),
    ("note.drafted", notes.written, draw(0, 5)),
    ("note.signed", any_life.change_note, draw(4, 5, by3=0)),
    ("discharge.summarised", work.summarise, draw(by3=2)),
    ("note.amended", any_life.change_note, draw(1, 5, by3=0)),
    ("overlay.set", groups.mark, draw(by3=2)),
    ("overlay.lifted", groups.mark, draw(by3=0)),
    ("note.marked_erroneous", any_life.change_note, draw(3, 5, by3=0)),
    ("note.drafted", notes.written, draw(3, 5)),
    ("note.taken_up", notes.weeks_later, draw(1, 4, by4=0)),
)
FRAME: Story = (
    ("contract.agreed", frame.contract, 7),
    ("session.scheduled", any_life.new_session, 0),
    ("session.moved", frame.move, draw(0, 2, by3=1)),
    ("session.whereabouts_told", frame.move, draw(1, 2)),
    ("contract.budget_drawn", any_life.settle, draw(0, 3)),
    ("contract.budget_extended", frame.contract, draw(0, 2)),
    ("contract.renegotiated", frame.contract, draw(1, 2)),
    ("session.scheduled", any_life.new_session, 0),
    ("session.cancelled", any_life.settle, draw(1, 3, by4=0)),
    ("session.scheduled", any_life.new_session, 0),
    ("session.no_show", _a_day_later, draw(2, 3, by4=0)),
    ("alliance.rated", frame.rating, 0),
    ("alliance.corrected", frame.rating, 1),
    ("series.planned", frame.a_series, draw(0, 2)),
    ("series.ended", frame.a_series, draw(1, 2)),
    ("consent.consulted", frame.declaration, draw(0, 4)),
    ("authorisation.given", frame.declaration, draw(3, 12)),
    ("authorisation.withdrawn", frame.declaration, draw(5, 12, by50=draw(3, 12))),
    ("authorisation.nobody_named", frame.declaration, draw(1, 12)),
)
UNDERSTANDING: Story = (
    ("enquiry.received", understanding.enquire, 0),
    ("enquiry.consultation_held", understanding.answer, draw(0, 7, by7=1)),
    ("enquiry.qualified", understanding.answer, draw(1, 7, by7=1)),
    ("enquiry.waitlisted", understanding.answer, draw(2, 7, by7=1)),
    ("enquiry.place_offered", understanding.answer, draw(3, 7, by7=1)),
    ("enquiry.offer_declined", understanding.answer, draw(4, 7, by7=1)),
    ("enquiry.withdrawn", understanding.answer, draw(5, 7, by7=1)),
    ("enquiry.received", understanding.enquire, 0),
    ("enquiry.declined", understanding.answer, draw(6, 7, by7=1, by10=5)),
    ("enquiry.received", understanding.enquire, 0),
    ("enquiry.taken_up", any_life.new_case, 0),
    ("case.problem_stated", understanding.problem, draw(by3=0)),
    ("case.problem_reframed", understanding.problem, draw(by3=1)),
    ("case.problem_resolved", understanding.problem, draw(by3=2)),
    ("diagnosis.none_found", understanding.diagnosis, draw(3, 4)),
    ("diagnosis.recorded", understanding.diagnosis, draw(0, 4)),
    ("diagnosis.revised", understanding.diagnosis, draw(1, 4)),
    ("diagnosis.refuted", understanding.diagnosis, draw(2, 4)),
    ("intake.completed", understanding.intake, draw(by2=1)),
    ("intake.revised", understanding.intake, draw(by2=0)),
    ("formulation.written", understanding.formulation, draw(by2=1)),
    ("formulation.revised", understanding.formulation, draw(by2=0)),
    ("client.person_word_set", understanding.called, 0),
)
MEASURES: Story = (
    ("instrument.defined", measures.instrument, draw(by3=1)),
    ("instrument.retired", measures.instrument, draw(by3=0)),
    ("measure.administered", measures.measure, draw(0, 4)),
    ("risk.deterioration_detected", measures.measure, draw(3, 4)),
    ("measure.corrected", measures.correction, draw(1, 4)),
    ("risk.deterioration_reviewed", measures.settle, 0),
    ("risk.task_opened", measures.measure, 47),
    ("risk.task_settled", measures.settle, 1),
    ("answer_sheet.kept", measures.answer_sheet, 0),
    ("crisis.flagged", measures.danger, draw(0, 4)),
    ("crisis.resolved", measures.danger_goes_on, draw(0, 5)),
    ("risk.assessed", measures.danger, draw(1, 4)),
    ("risk.assessed", measures.danger_goes_on, draw(1, 5)),
    ("safety_plan.agreed", measures.danger, draw(2, 4)),
    ("safety_plan.revised", measures.danger_goes_on, draw(2, 5)),
    ("safeguarding.raised", measures.danger, draw(3, 4)),
    ("safeguarding.reported", measures.danger_goes_on, draw(3, 5, by2=1)),
    ("safeguarding.closed", measures.danger_goes_on, draw(3, 5, by2=0)),
    ("crisis_sheet.issued", measures.crisis_sheet, 0),
    ("crisis_sheet.used", measures.sheet_used, 0),
)
THERAPIST: Story = (
    ("qualification.recorded", therapist.keep, draw(0, 5)),
    ("certificate.granted", therapist.keep, draw(1, 5)),
    ("training.completed", therapist.keep, draw(2, 5)),
    ("own_therapy.attested", therapist.keep, draw(3, 5)),
    ("limit.declared", therapist.keep, draw(4, 5, by2=0)),
    ("limit.reached", any_life.new_case, 0),
    ("limit.lifted", therapist.renew, draw(by12=0)),
    ("certificate.renewed", therapist.renew, 899),
    ("conflict.declared", therapist.declare, 0),
    ("conflict.withdrawn", therapist.withdraw, 0),
    ("supervision.arranged", therapist.arrange, draw(by2=0)),
    ("case_pack.issued", therapist.pack, draw(by3=1)),
    ("case_pack.handed_over", therapist.change_pack, draw(4, 6)),
    ("supervision.held", therapist.meet, draw(1, 5, by3=0)),
    ("case_pack.revoked", therapist.change_pack, draw(5, 6, by3=1)),
    ("supervision.case_marked", therapist.bring, draw(0, 3)),
    ("supervision.case_brought", therapist.bring, draw(1, 3)),
    ("supervision.advice_recorded", therapist.bring, draw(2, 3)),
    ("supervision.ended", therapist.meet, draw(0, 5)),
)
GROUPS: Story = (
    *(("client.registered", any_life.new_client, each) for each in range(3)),
    ("group.opened", groups.group, draw(by2=0)),
    ("group.revised", groups.change_group, draw(0, 6)),
    ("group.agreement_made", groups.change_group, draw(4, 6)),
    ("group.candidate_named", groups.candidate, draw(by4=0)),
    ("group.candidate_screened", groups.change_candidate, draw(0, 7)),
    ("group.acquaintances_checked", groups.change_candidate, draw(1, 7)),
    ("group.candidate_accepted", groups.change_candidate, draw(2, 7)),
    ("group.agreement_accepted", groups.change_candidate, draw(6, 7)),
    ("case.member_joined", groups.join_group, 0),
    ("case.member_joined", groups.welcome, 13),
    ("group.preparatory_meeting_held", groups.change_group, draw(2, 6)),
    ("group.begun", groups.change_group, draw(1, 6)),
    ("case.candidate_named", groups.candidate, 26),
    ("group.candidate_waitlisted", groups.change_candidate, draw(5, 7, by3=2)),
    ("group.candidate_declined", groups.change_candidate, draw(3, 7, by3=2, by5=0)),
    ("group.candidate_named", groups.candidate, 39),
    ("group.candidate_withdrew", groups.change_candidate, draw(4, 7, by4=3, by5=0)),
    ("secrecy.agreed", groups.agreement, draw(0, 3)),
    ("secrecy.revised", groups.change_agreement, draw(by3=0)),
    ("release.proposed", groups.agreement, draw(1, 3)),
    ("release.consented", groups.change_agreement, draw(0, 2, by3=1)),
    ("release.consent_withdrawn", groups.change_agreement, draw(0, 2, by3=2)),
    ("participant.role_recorded", groups.agreement, draw(2, 3)),
    ("note.parts_added", joint.note, 0),
    ("session.attendance_recorded", joint.attendance, 0),
    ("case.member_left", joint.member, draw(by2=0)),
    ("client.representative_added", any_life.new_representative, 0),
    ("client.representative_limited", groups.limit, draw(by12=4)),
    ("client.representative_limit_ended", groups.limit, draw(by12=0)),
    ("group.closed", groups.change_group, draw(3, 6, by7=0)),
)
ERASING: Story = (
    ("client.hold_placed", erasing_acts.hold, 0),
    ("client.hold_lifted", erasing_acts.hold, 1),
    ("note.drafted", any_life.new_draft, 0),
    ("erasure.requested", erasing_acts.request, 1),
    ("erasure.refused", erasing_acts.completion, 0),
)
ATTACHMENTS: Story = (
    ("attachment.sealed", attachments.document, 0),
    ("attachment.sealed", attachments.recording, 0),
    ("attachment.abandoned", attachments.given_up, 0),
)
_COMPLAINTS = tuple(
    (kind.NAME, work.handle, 3 * number)
    for number, kind in enumerate(said_of_complaints.EVENTS[1:])
)
ENDINGS: Story = (
    ("complaint.filed", work.complain, 0),
    *_COMPLAINTS,
    ("case.closed", any_life.change_case, draw(3, 6)),
    ("case.reopened", any_life.change_case, draw(4, 6)),
    ("transfer.proposed", work.propose, 1),
    ("transfer.declined", work.answer, 5),
    ("transfer.proposed", work.propose, 1),
    ("transfer.withdrawn", work.answer, 33),
    ("transfer.proposed", work.propose, 1),
    ("transfer.accepted", work.answer, 29),
)


def _of_work() -> Iterator[Step]:
    """Every kind of item of the work begins, and takes each of its steps: anew for each step."""
    yield ("session.scheduled", any_life.new_session, 0)
    yield ("session.held", any_life.settle, draw(0, 3))
    for kind in work.KINDS:
        begun: Step = (LIVES[kind].begins.NAME, partial(_begin, kind), 0)
        yield begun
        for number, step in enumerate(LIVES[kind].steps):
            if number:
                yield begun
            yield (step.NAME, partial(_take, kind, step), number)


def _begin(kind: str, life: Life, chance: int) -> None:
    work.begin_one(life, kind, chance)


def _take(kind: str, step: type, life: Life, chance: int) -> object:
    return work.take(life, kind, life.things[kind][-1], step, chance)


STORIES: tuple[Story, ...] = (
    NOTES,
    FRAME,
    UNDERSTANDING,
    MEASURES,
    THERAPIST,
    GROUPS,
    ERASING,
    ATTACHMENTS,
    tuple(chain(_of_work(), ENDINGS)),
)
