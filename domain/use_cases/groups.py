"""A group beside its case: planned, prepared, begun, closed. Its therapists are the case's team."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain import case as case_file, group as group_file
from domain.events.group import (
    GroupAgreementMade,
    GroupClosed,
    GroupEvent,
    GroupKind,
    GroupOpened,
    GroupPreparatoryMeetingHeld,
    GroupRevised,
    Size,
)
from domain.group import Group
from domain.ports import Write
from domain.use_cases import on_item
from domain.use_cases.desk import Desk
from domain.use_cases.on_case import OnCase
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """For whom a group is, for whom it is not, how many it holds, and whether more may come."""

    kind: GroupKind
    size: Size
    inclusion: FreeText
    exclusion: FreeText | None = None
    setting: FreeText | None = None

    @property
    def texts(self) -> tuple[FreeText, ...]:
        """Every text of it."""
        return tuple(each for each in (self.inclusion, self.exclusion, self.setting) if each)


async def open_group(
    desk: Desk, who: Circumstances, case_id: CaseId, plan: Plan, *, command: Command
) -> Receipt:
    """Plan a group for a case that nobody takes part in yet. The receipt names the ``group``."""

    def decide(admitted: OnCase, item: ItemId) -> tuple[GroupEvent, ...]:
        opened = GroupOpened(
            group=item,
            case=admitted.case.id,
            author=PractitionerId(who.actor.id),
            kind=plan.kind,
            size=plan.size,
            inclusion=plan.inclusion,
            exclusion=plan.exclusion,
            setting=plan.setting,
        )
        return group_file.open_group(None, opened)

    def beside(admitted: OnCase, item: ItemId) -> tuple[Write, ...]:
        formed = case_file.form_group(admitted.case, item)
        return (admitted.write(case_id, formed, admitted.version),)

    return await on_item.begin(
        desk, who, case_id, "group", decide, command=command, texts=plan.texts, beside=beside
    )


async def revise_group(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    group_id: ItemId,
    plan: Plan,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Change for whom a group is, or how many it holds."""
    revised = GroupRevised(
        group=group_id,
        case=case_id,
        author=PractitionerId(who.actor.id),
        kind=plan.kind,
        size=plan.size,
        inclusion=plan.inclusion,
        exclusion=plan.exclusion,
        setting=plan.setting,
    )
    return await _change(
        desk,
        who,
        (case_id, group_id),
        lambda _, state: group_file.revise(state, revised),
        expected,
        command,
        texts=plan.texts,
    )


async def hold_meeting(
    desk: Desk,
    who: Circumstances,
    held: GroupPreparatoryMeetingHeld,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that candidates met before the group began."""

    def decide(admitted: OnCase, state: Group) -> tuple[GroupEvent, ...]:
        candidates = (candidate for _, candidate in admitted.case.candidates)
        return group_file.hold_meeting(state, held, candidates, now=desk.clock.now())

    texts = () if held.words is None else (held.words,)
    place = (held.case, held.group)
    return await _change(desk, who, place, decide, expected, command, texts=texts)


async def make_agreement(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    group_id: ItemId,
    words: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put the group's confidentiality agreement into words."""
    made = GroupAgreementMade(
        group=group_id, case=case_id, author=PractitionerId(who.actor.id), words=words
    )
    return await _change(
        desk,
        who,
        (case_id, group_id),
        lambda _, state: group_file.make_agreement(state, made),
        expected,
        command,
        texts=(words,),
    )


async def begin_group(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    group_id: ItemId,
    occurred_at: datetime,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that the group began to work."""
    return await _change(
        desk,
        who,
        (case_id, group_id),
        lambda admitted, state: group_file.begin(
            state, occurred_at, len(admitted.case.clients), now=desk.clock.now()
        ),
        expected,
        command,
    )


async def close_group(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    group_id: ItemId,
    words: FreeText | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let the group take nobody in any more; its case is closed by itself."""
    closed = GroupClosed(
        group=group_id, case=case_id, author=PractitionerId(who.actor.id), words=words
    )
    return await _change(
        desk,
        who,
        (case_id, group_id),
        lambda _, state: group_file.close(state, closed),
        expected,
        command,
        texts=() if words is None else (words,),
    )


async def _change(
    desk: Desk,
    who: Circumstances,
    place: tuple[CaseId, ItemId],
    decide: Callable[[OnCase, Group], tuple[GroupEvent, ...]],
    expected: int,
    command: Command,
    *,
    texts: tuple[FreeText, ...] = (),
) -> Receipt:
    def of_open_case(admitted: OnCase, state: Group) -> tuple[GroupEvent, ...]:
        case_file.must_be_open(admitted.case)
        return decide(admitted, state)

    case_id, group_id = place
    return await on_item.change(
        desk,
        who,
        case_id,
        group_id,
        "group",
        group_file.fold,
        of_open_case,
        expected=expected,
        command=command,
        texts=texts,
    )
