"""What is brought to supervision and taken from it: marked cases, and advice about them."""

from domain import supervision as supervision_file
from domain.access import Look
from domain.errors import Invalid, NotThere
from domain.events.access import AccessKind
from domain.events.supervision import (
    SupervisionAdviceRecorded,
    SupervisionCaseMarked,
    SupervisionEvent,
)
from domain.policy import Act, Standing
from domain.ports import Opening
from domain.supervision import Advice
from domain.use_cases.desk import Desk, admit, attempt, look
from domain.use_cases.on_case import OnCase, on_case
from domain.use_cases.on_item import begin
from domain.use_cases.supervision import MATERIAL
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)

_SUPERVISION = "supervision"


async def mark_case(
    desk: Desk, who: Circumstances, case_id: CaseId, question: FreeText, *, command: Command
) -> Receipt:
    """Mark a case to be brought. The receipt names the ``mark``."""
    author = PractitionerId(who.actor.id)
    return await begin(
        desk,
        who,
        case_id,
        "mark",
        lambda _, mark: supervision_file.mark(
            None,
            SupervisionCaseMarked(mark=mark, case=case_id, author=author, question=question),
        ),
        command=command,
        act=Act.BRING_CASE,
        texts=(question,),
    )


async def bring_case(
    desk: Desk, who: Circumstances, case_id: CaseId, mark_id: ItemId, *, command: Command
) -> Receipt:
    """Record that a case which the actor had marked was brought."""
    if done := desk.record.replay(who, command):
        return done
    mark, version = desk.record.fold(mark_id, supervision_file.fold_mark)
    mine = mark is not None and mark.case == case_id and mark.author == PractitionerId(who.actor.id)
    tried = attempt(_SUPERVISION, mark_id)
    admitted = await on_case(
        desk, who, Act.USE_CASE_PACK, case_id, tried, is_author=mine, exists=version > 0
    )
    if mark is None:
        raise NotThere
    write = admitted.write(mark_id, supervision_file.bring(mark), version)
    reply = (("mark", mark_id),)
    return await desk.record.append((write,), admitted.who, command=command, reply=reply)


async def record_advice(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    supervision_id: ItemId,
    words: FreeText,
    *,
    command: Command,
) -> Receipt:
    """Write down what was advised about a case. The receipt names the ``advice``."""
    author = PractitionerId(who.actor.id)

    def advised(_: OnCase, advice: ItemId) -> tuple[SupervisionEvent, ...]:
        supervision, _version = desk.record.frame(supervision_id, supervision_file.fold)
        if supervision is None:
            raise Invalid("supervision", "is not one of yours")
        recorded = SupervisionAdviceRecorded(
            advice=advice, case=case_id, author=author, supervision=supervision_id, words=words
        )
        return supervision_file.advise(None, supervision, recorded)

    return await begin(
        desk,
        who,
        case_id,
        "advice",
        advised,
        command=command,
        act=Act.BRING_CASE,
        texts=(words,),
    )


async def look_at_advice(
    desk: Desk, who: Circumstances, advice_id: ItemId
) -> tuple[Advice, Opening, Receipt]:
    """Record the look at advice by its author or the named supervisor, and open it."""
    advice, version = desk.record.fold(advice_id, supervision_file.fold_advice)
    actor = PractitionerId(who.actor.id)
    mine = advice is not None and advice.author == actor
    frame = desk.case(advice.case)[0] if advice else None
    shown = Look(
        AccessKind.READ,
        _SUPERVISION,
        MATERIAL,
        object=advice_id,
        relationship=advice.case if advice else None,
    )
    stamped = await admit(
        desk,
        who,
        Act.USE_CASE_PACK if mine else Act.READ_CASE_PACK,
        Standing(is_author=mine, is_supervisor=advice is not None and advice.supervisor == actor),
        attempt=shown,
        clients=frame.everyone if frame else (),
        exists=version > 0,
    )
    if advice is None or frame is None:
        raise NotThere
    opening, receipt = await look(desk, stamped, shown, frame.everyone, (frame.owner,))
    return advice, opening, receipt
