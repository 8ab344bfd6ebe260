"""Items of a case that are somebody's own: no other who cares for the case is told of them.

A draft and a process note are their author's, a recording is for those whom its author named, what
is brought to supervision is whoever's who brings it. To a colleague on the team such an item is
not there: whether she lists it, marks it or asks for its erasure.
"""

from collections.abc import Iterable

from domain import attachment as attachment_file, note as note_file
from domain.attachment import Status
from domain.confidentiality import Class
from domain.ports import Recorded
from domain.use_cases.attachments import shown_to
from domain.use_cases.desk import Desk
from domain.values import Circumstances, ItemId, PractitionerId


def is_anothers(desk: Desk, who: Circumstances, item: ItemId, found: Iterable[Recorded]) -> bool:
    """Whether an item, whose events these are, is another one's own; a process note always is."""
    actor, found = PractitionerId(who.actor.id), tuple(found)
    if any(each.label.cls is Class.PROCESS_NOTE for each in found):
        return True
    note = note_file.fold(each.event for each in found)
    if note is not None:
        return not (note.open_to_team or note.is_for(actor))
    if any(each.label.cls is Class.SUPERVISION for each in found):
        return all(getattr(each.event, "author", None) != actor for each in found)
    return is_kept_from(desk, who, item) or _is_kept_by_conflict(desk, who, found)


def is_kept_from(desk: Desk, who: Circumstances, item: ItemId) -> bool:
    """Whether an item is another's upload that is not stored, or a recording that is for others.

    One that waits to be destroyed, and whose author cares for the case no longer, is told of to
    those who do: somebody has to see to it. Nobody hears it by that.
    """
    state, _ = desk.record.frame(item, attachment_file.fold)
    if state is None:
        return False
    if state.status is not Status.STORED:
        return state.author != PractitionerId(who.actor.id)
    told, closed = shown_to(desk, who, item)
    if told:
        return False
    frame, _ = desk.case(state.case)
    return not closed or frame is None or state.author in frame.team


def _is_kept_by_conflict(desk: Desk, who: Circumstances, found: Iterable[Recorded]) -> bool:
    """Whether it concerns somebody with whom she has declared a conflict: a group's candidate."""
    concerned = dict.fromkeys(client for each in found for client in each.concerning)
    return desk.conflicted(who.actor, concerned)
