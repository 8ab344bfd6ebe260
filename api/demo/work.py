"""The work on a case, with others, how a therapy ends, and a complaint, at the demonstration."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, cast

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain import session as session_file
from domain.events import (
    Event,
    adverse_event as adverse,
    complaint as complaint_said,
    ending,
    goal,
    homework,
    method,
    plan,
    referral,
    shared_care,
    skill,
    work_area,
)
from domain.events.note import NoteKind
from domain.events.session import SessionHeld
from domain.note import NewNote
from domain.use_cases import complaints, endings, notes, signing, work
from domain.use_cases.complaints import NewComplaint
from domain.use_cases.work import At, Make
from domain.values import FreeText, ItemId, NoteId, PractitionerId, SessionId

BY, CASE, COLLEAGUE = "eleanor", "grief", "jakub"
OFFICER, DESK = "bogdan", "zuzanna"
PSYCHIATRIST = referral.Professional("psychiatria", organisation="Poradnia zdrowia psychicznego")


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("work", what))


def _make(kind: type[Any], /, **said: object) -> Make:
    """An event of this kind, once its place is known."""
    first, *others = (part.name for part in fields(kind))

    def make(at: At) -> Event:
        known: dict[str, object] = {first: at.item, "case": at.case, **said}
        if "author" in others:
            known["author"] = at.author
        return cast("Event", kind(**known))

    return make


class _Scene:
    """One clinician's work on one case."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.case = play.cases[CASE]
        self.now = play.clinic.clock.now()
        self.today = self.now.date()

    def later(self, days: int) -> Any:
        """A day from today on."""
        return self.today + timedelta(days=days)

    async def begin(self, kind: str, event: type[Any], /, **said: object) -> ItemId:
        """Begin an item."""
        play, make = self.play, _make(event, **said)
        name = command_of("work", "work", kind, str(len(play.done)), str(sum(play.done.values())))
        act = work.enter(play.desk, play.who(BY), self.case, kind, make, command=name)
        return ItemId((await play.did(kind, act)).named(kind))

    async def step(self, kind: str, item: ItemId, event: type[Any], /, **said: object) -> None:
        """Go on with it."""
        play, version = self.play, self.version(item)
        act = work.go_on(
            play.desk,
            play.who(BY),
            self.case,
            item,
            kind,
            _make(event, **said),
            expected=version,
            command=command_of("work", "work", item, str(version)),
        )
        await play.did(kind, act)

    def version(self, item: str) -> int:
        """How many events an item has."""
        return len(self.play.desk.record.history(item))


async def tell(play: Play, weeks: Weeks) -> None:
    """A plan is followed, others are asked, the case is handed on and its end planned."""
    play.move(weeks.at(5, 5, 9, 0))
    scene = _Scene(play)
    await _plan(scene)
    await _work(scene)
    await _with_others(scene)
    await _endings(scene)
    await _transfers(scene)
    await _complaint(scene)


async def _plan(scene: _Scene) -> None:
    now = scene.now
    item = await scene.begin("plan", plan.PlanDrafted, text=text("plan"), review_on=scene.later(20))
    agreed = {"agreed_with": plan.AgreedWith.CLIENT, "occurred_at": now}
    await scene.step("plan", item, plan.PlanAgreed, **agreed)
    await scene.step("plan", item, plan.PlanRevised, text=text("plan_later"), reason=text("reason"))
    await scene.step(
        "plan", item, plan.PlanReviewHeld, text=text("review"), occurred_at=now, review_on=None
    )
    await scene.step("plan", item, plan.PlanEnded, reason=plan.PlanEnd.REPLACED)
    await scene.begin("plan", plan.PlanDrafted, text=text("plan_later"), review_on=scene.later(30))


async def _work(scene: _Scene) -> None:
    now = scene.now
    one = await scene.begin("goal", goal.GoalSet, kind=goal.GoalKind.GROWTH, words=text("goal"))
    await scene.step("goal", one, goal.GoalRevised, words=text("goal_later"))
    rating = {"attainment": 1, "rated_by": goal.RatedBy.TOGETHER, "occurred_at": now}
    await scene.step("goal", one, goal.GoalProgressRated, **rating)
    await scene.step("goal", one, goal.GoalAchieved, occurred_at=now)
    other = await scene.begin("goal", goal.GoalSet, kind=goal.GoalKind.OTHER, words=text("move"))
    await scene.step("goal", other, goal.GoalDropped, occurred_at=now, reason=text("reason"))
    way = await scene.begin(
        "method", method.MethodChosen, name="List", rationale=text("method"), goals=(one,)
    )
    for session in _held(scene)[:1]:
        await scene.step("method", way, method.MethodUsed, session=session)
    fit = {"fit": method.Fit.HELPFUL, "occurred_at": now}
    await scene.step("method", way, method.MethodReviewed, **fit)
    await scene.step("method", way, method.MethodSetAside)
    area = await scene.begin("work_area", work_area.WorkAreaOpened, words=text("area"))
    change = {"change": work_area.Change.BETTER, "occurred_at": now}
    await scene.step("work_area", area, work_area.WorkAreaAdvanced, **change)
    closing = {"resolution": work_area.Resolution.WORKED_THROUGH, "occurred_at": now}
    await scene.step("work_area", area, work_area.WorkAreaClosed, **closing)
    task = await scene.begin("homework", homework.HomeworkSet, words=text("homework"))
    done = {"done": homework.Done.PARTLY, "occurred_at": now}
    await scene.step("homework", task, homework.HomeworkReported, **done)
    task = await scene.begin("homework", homework.HomeworkSet, words=text("homework"))
    await scene.step("homework", task, homework.HomeworkDropped)
    ability = await scene.begin(
        "skill",
        skill.SkillAssessed,
        area=skill.SkillArea.EMOTIONAL,
        words=text("skill"),
        level=1,
        occurred_at=now,
    )
    await scene.step("skill", ability, skill.SkillPractised, occurred_at=now)
    await scene.step("skill", ability, skill.SkillReassessed, level=3, occurred_at=now)


def _held(scene: _Scene) -> list[SessionId]:
    found = []
    for booked in scene.play.sessions.values():
        state, _ = scene.play.desk.record.fold(booked.id, session_file.fold)
        if booked.case == scene.case and state and isinstance(state.settled, SessionHeld):
            found.append(booked.id)
    return found


async def _with_others(scene: _Scene) -> None:
    now, told_by = scene.now, shared_care.ToldBy.CLIENT
    made = {
        "to": PSYCHIATRIST,
        "reason": text("referral"),
        "asked": text("asked"),
        "urgency": referral.Urgency.SOON,
        "occurred_at": now,
    }
    first = await scene.begin("referral", referral.ReferralMade, **made)
    await scene.step("referral", first, referral.ReferralAccepted, occurred_at=now)
    answer = {"occurred_at": now, "words": text("answer")}
    await scene.step("referral", first, referral.ReferralAnswered, **answer)
    second = await scene.begin("referral", referral.ReferralMade, **made)
    await scene.step("referral", second, referral.ReferralDeclined, occurred_at=now)
    third = await scene.begin("referral", referral.ReferralMade, **made)
    await scene.step("referral", third, referral.ReferralWithdrawn)
    await scene.begin(
        "consultation",
        shared_care.ConsultationHeld,
        consulted=PSYCHIATRIST,
        identified=False,
        occurred_at=now,
        question=text("asked"),
        outcome=text("answer"),
    )
    await scene.begin(
        "conference",
        shared_care.ConferenceHeld,
        colleagues=(),
        others=(PSYCHIATRIST,),
        identified=True,
        occurred_at=now,
        conclusions=text("answer"),
    )
    medicine = await scene.begin(
        "pharmacotherapy",
        shared_care.PharmacotherapyNoted,
        substance="sertralina",
        dose="50 mg",
        told_by=told_by,
    )
    kind = "pharmacotherapy"
    changed = shared_care.PharmacotherapyChanged
    await scene.step(kind, medicine, changed, dose="25 mg", told_by=told_by)
    await scene.step(kind, medicine, shared_care.PharmacotherapyEnded, told_by=told_by)
    treats = await scene.begin("co_treater", shared_care.CoTreaterLinked, professional=PSYCHIATRIST)
    await scene.step("co_treater", treats, shared_care.CoTreaterUnlinked)


async def _endings(scene: _Scene) -> None:
    now, play = scene.now, scene.play
    planned = {"reason": ending.TerminationReason.AGREED_TIME, "remains": text("remains")}
    end = await scene.begin(
        "termination", ending.TerminationPlanned, ends_on=scene.later(40), **planned
    )
    again = {"ends_on": scene.later(50), "remains": text("remains")}
    await scene.step("termination", end, ending.TerminationReplanned, **again)
    await scene.step("termination", end, ending.TerminationWithdrawn)
    asked = {"due_on": scene.later(10), "contact": ending.FollowUpContact.CALL}
    later = await scene.begin("follow_up", ending.FollowUpPlanned, **asked)
    await scene.step("follow_up", later, ending.FollowUpHeld, occurred_at=now, reached=True)
    later = await scene.begin("follow_up", ending.FollowUpPlanned, **asked)
    await scene.step("follow_up", later, ending.FollowUpDropped, reason=text("reason"))
    event = await scene.begin(
        "adverse_event",
        adverse.AdverseEventReported,
        kind=adverse.AdverseKind.WORSENING,
        severity=adverse.Severity.MILD,
        relation=adverse.RelationToTherapy.NOT_YET_KNOWN,
        occurred_at=now,
        words=text("adverse"),
    )
    measure = {"occurred_at": now, "words": text("measure")}
    await scene.step("adverse_event", event, adverse.AdverseEventMeasureTaken, **measure)
    learnt = {"relation": adverse.RelationToTherapy.POSSIBLY, "words": text("measure")}
    await scene.step("adverse_event", event, adverse.AdverseEventClosed, **learnt)
    new = NewNote(NoteKind.SUMMARY, now, text("summary"))
    drafting = notes.draft_note(
        play.desk, play.who(BY), scene.case, new, command=command_of("work", "work summary")
    )
    note = NoteId((await play.did("note", drafting)).named("note"))
    signed = signing.sign_note(
        play.desk,
        play.who(BY),
        scene.case,
        note,
        expected=1,
        command=command_of("work", "work summary signed"),
    )
    await play.did("note", signed)
    summarising = endings.summarise_discharge(
        play.desk, play.who(BY), scene.case, note, command=command_of("work", "work discharge")
    )
    await play.did("discharge", summarising)


async def _transfers(scene: _Scene) -> None:
    """The colleague declines, is not needed, and at the third time goes on with the case."""
    await _transfer(scene, ending.TransferDeclined, COLLEAGUE)
    await _transfer(scene, ending.TransferWithdrawn, BY)
    await _transfer(scene, ending.TransferAccepted, COLLEAGUE)


async def _transfer(scene: _Scene, answer: type[Any], by: str) -> None:
    play = scene.play
    proposing = endings.propose_transfer(
        play.desk,
        play.who(BY),
        scene.case,
        PractitionerId(play.practitioner(COLLEAGUE)),
        (ending.TransferReason.LIMIT_OF_COMPETENCE, text("limit")),
        command=command_of("work", "work transfer", answer.__name__),
    )
    transfer = ItemId((await play.did("transfer", proposing)).named("transfer"))
    answering = endings.answer_transfer(
        play.desk,
        play.who(by),
        scene.case,
        transfer,
        _make(answer),
        expected=1,
        command=command_of("work", "work answer", answer.__name__),
    )
    await play.did("transfer", answering)


async def _complaint(scene: _Scene) -> None:
    play, now = scene.play, scene.now
    frame, _ = play.desk.case(scene.case)
    (client,) = frame.clients if frame else ()
    new = NewComplaint(
        complaint_said.Complainant.RELATIVE,
        play.practitioner(BY),
        scene.case,
        now,
        scene.later(30),
        text("complaint"),
    )
    filing = complaints.file_complaint(
        play.desk, play.who(DESK), client, new, command=command_of("work", "work complaint")
    )
    complaint = ItemId((await play.did("complaint", filing)).named("complaint"))
    told: tuple[tuple[type[Any], dict[str, object]], ...] = (
        (complaint_said.ComplaintExamined, {"occurred_at": now, "text": text("examined")}),
        (
            complaint_said.ComplaintDeadlineExtended,
            {"answer_by": scene.later(60), "reason": text("reason")},
        ),
        (
            complaint_said.ComplaintResolved,
            {
                "outcome": complaint_said.ComplaintOutcome.PARTLY_UPHELD,
                "occurred_at": now,
                "text": text("resolved"),
            },
        ),
    )
    for number, (kind, said) in enumerate(told, start=1):
        event = kind(complaint=complaint, client=client, **said)
        handling = complaints.handle_complaint(
            play.desk,
            play.who(OFFICER),
            complaint,
            lambda _, event=event: event,  # type: ignore[misc]  # bound here, for this round
            expected=number,
            command=command_of("work", "work handling", str(number)),
        )
        await play.did("complaint", handling)
