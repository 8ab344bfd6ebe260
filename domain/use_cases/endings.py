"""How a therapy ends: closed, summarised, handed on to a colleague who was asked."""

from collections.abc import Iterable

from domain import (
    case as case_file,
    note as note_file,
    open_risk,
    plan as plan_file,
    transfer as transfer_file,
)
from domain.case import Case, Closing
from domain.errors import Invalid, NotThere, OpenDrafts, OpenRisks, Stale
from domain.events import Event
from domain.events.ending import (
    DischargeSummarised,
    TransferAccepted,
    TransferProposed,
    TransferReason,
)
from domain.events.note import NoteKind
from domain.events.plan import PlanEnd, PlanEnded
from domain.lifecycle import Item
from domain.local_time import local_day
from domain.note import Note, Status
from domain.policy import Act
from domain.ports import Holdings, Write
from domain.transfer import Answer, Transfer
from domain.use_cases.cases import clinician
from domain.use_cases.desk import Desk, attempt
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import OnCase, on_case
from domain.use_cases.on_item import begin, change
from domain.use_cases.work import At, Make
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
)
from domain.wording import texts_of


async def close_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    closing: Closing,
    holdings: Holdings,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """End the therapy, and with it every plan of it that was still followed.

    What else is under way, homework or a goal, stays as it stands: the record says that the therapy
    ended in the middle of it.

    Raises:
        OpenDrafts: A note of the case is a draft, whoever of its care team writes it.
        OpenRisks: A risk waits to be looked into; a crisis or a concern goes on.
        Stale, WrongState: Somebody has changed the case, or closed it otherwise.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt("case", case_id))
    if expected != admitted.version:
        raise Stale(admitted.version)
    events = case_file.close(admitted.case, closing)
    writes = [admitted.write(case_id, events, admitted.version)]
    if events:
        writes.extend(_ended(desk, admitted, holdings.items(case_id)))
    return await desk.record.append(
        writes, admitted.who, command=command, reply=(("case", case_id),)
    )


async def summarise_discharge(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId, *, command: Command
) -> Receipt:
    """Let a signed summary be the discharge summary; the newest stands.

    Raises:
        Invalid: The note is no signed summary of the case that the actor may know of.
    """

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        note, _ = desk.record.fold(note_id, note_file.fold)
        if (
            note is None
            or note.case != case_id
            or note.kind is not NoteKind.SUMMARY
            or note.status is not Status.SIGNED
        ):
            raise Invalid("note", "is no signed summary of the case")
        author = PractitionerId(admitted.who.actor.id)
        return (DischargeSummarised(discharge=item, case=case_id, author=author, note=note_id),)

    return await begin(desk, who, case_id, "discharge", decide, command=command)


async def propose_transfer(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    to: PractitionerId,
    because: tuple[TransferReason, FreeText],
    *,
    command: Command,
) -> Receipt:
    """Ask a colleague to go on; she reads the case until she has answered."""
    reason, words = because

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        said = TransferProposed(
            transfer=item,
            case=case_id,
            author=PractitionerId(admitted.who.actor.id),
            to=clinician(desk, to),
            reason=reason,
            words=words,
            joins=to not in admitted.case.team,
        )
        return transfer_file.propose(None, admitted.case, said)

    def join(admitted: OnCase, _: ItemId) -> Iterable[Write]:
        joined = case_file.join_team(admitted.case, to)
        return (admitted.write(case_id, joined, admitted.version),) if joined else ()

    return await begin(
        desk, who, case_id, "transfer", decide, command=command, texts=(words,), beside=join
    )


async def answer_transfer(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    transfer_id: ItemId,
    make: Make,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Accept or decline a transfer, or take it back; the case's own stream says whose it is."""
    decided: list[tuple[Transfer, Event]] = []

    def decide(admitted: OnCase, state: Transfer) -> tuple[Event, ...]:
        actor = PractitionerId(admitted.who.actor.id)
        said = make(At(case_id, transfer_id, actor))
        if not isinstance(said, Answer):
            raise NotThere
        must_know_everybody(desk, admitted.case, *texts_of(said))
        events = transfer_file.answer(state, said, actor, now=desk.clock.now())
        decided.extend((state, each) for each in events)
        return events

    def move(admitted: OnCase, _: ItemId) -> Iterable[Write]:
        for state, said in decided:
            moved = _moved(admitted, state, said)
            if moved:
                yield admitted.write(case_id, moved, admitted.version)

    return await change(
        desk,
        who,
        case_id,
        transfer_id,
        "transfer",
        transfer_file.fold,
        decide,
        expected=expected,
        command=command,
        beside=move,
    )


def _moved(admitted: OnCase, state: Transfer, said: Event) -> tuple[Event, ...]:
    if isinstance(said, TransferAccepted):
        return case_file.transfer(admitted.case, state.to)
    # Whoever was there before the proposal stays.
    return case_file.leave_team(admitted.case, state.to) if state.joins else ()


def _ended(desk: Desk, admitted: OnCase, items: Iterable[ItemId]) -> Iterable[Write]:
    """What ends with a case; refused where something has to be settled first."""
    drafts, risks, today = 0, 0, local_day(desk.clock.now())
    for each in items:
        (note, plan, found), version = desk.record.fold(each, _standing)
        risks += open_risk.waits(found, today)
        drafts += note is not None and _to_be_settled(desk, note, admitted.case)
        if plan is not None and plan.status != plan_file.ENDED:
            ended = PlanEnded(plan=plan.id, case=plan.case, reason=PlanEnd.CASE_CLOSED)
            yield admitted.write(each, (ended,), version)
    if drafts:
        raise OpenDrafts("A note of the case is still a draft")
    if risks:
        raise OpenRisks("A risk in the case waits to be looked into")


def _to_be_settled(desk: Desk, note: Note, frame: Case) -> bool:
    """A draft holds a case open for those who work in it; not that of somebody who has left."""
    if note.status is not Status.DRAFT or note.author not in frame.team:
        return False
    author, _ = desk.practitioner(note.author)
    return author is not None and not author.departed


def _standing(
    events: Iterable[object],
) -> tuple[Note | None, Item | None, tuple[object, ...]]:
    found = tuple(events)
    return note_file.fold(found), plan_file.fold(found), found
