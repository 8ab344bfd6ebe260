"""How every use case on a case begins: load its frame, let the policy decide, record a look."""

from dataclasses import dataclass

from domain.access import Look
from domain.case import Case
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import (
    Desk,
    admit,
    look,
)
from domain.values import (
    CaseId,
    Circumstances,
    ItemId,
    PractitionerId,
    Receipt,
)

CASE_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)
JOINT_CLASSES = (Class.ADMINISTRATIVE, Class.JOINT)


@dataclass(frozen=True, slots=True)
class OnCase:
    """A case that the policy has admitted the actor to, and the stamped circumstances."""

    case: Case
    version: int
    who: Circumstances

    def write(self, stream: str, events: tuple[object, ...], after: int | None) -> Write:
        """A write to one of the case's streams, sealed for the case's owner."""
        return Write(
            stream=stream,
            events=events,  # type: ignore[arg-type]  # a tuple of one union member is not the union
            owner=self.case.owner,
            after=after,
            concerning=self.case.clients,
        )


async def on_case(
    desk: Desk,
    who: Circumstances,
    act: Act,
    case_id: CaseId,
    tried: Look,
    *,
    is_author: bool = False,
    is_named: bool = False,
    exists: bool = True,
) -> OnCase:
    """Load the frame of a case and let the policy decide on it."""
    frame, version = desk.case(case_id)
    standing = Standing(
        on_care_team=frame is not None and PractitionerId(who.actor.id) in frame.team,
        is_author=is_author,
        is_named=is_named,
    )
    stamped = await admit(
        desk,
        who,
        act,
        standing,
        attempt=tried,
        clients=frame.everyone if frame else (),
        exists=exists and frame is not None,
    )
    if frame is None:
        raise NotThere
    return OnCase(frame, version, stamped)


def content_classes(frame: Case) -> tuple[Class, ...]:
    """The kinds of data that a look at this case's content shows."""
    return JOINT_CLASSES if frame.owner.kind is OwnerKind.CASE else CASE_CLASSES


def words_of(frame: Case) -> tuple[Class, ...]:
    """The kinds of data that a look at one item's words shows; joint ones come with names."""
    if frame.joint:
        return JOINT_CLASSES
    return tuple(each for each in content_classes(frame) if each is not Class.ADMINISTRATIVE)


def owners_of(frame: Case) -> tuple[Owner, ...]:
    """Whose content a look at a case shows: its own, and of a joint one its members' as well.

    The names and the parts of each are opened by the entry in her own log, and by no other.
    """
    members = tuple(Owner(OwnerKind.CLIENT, each) for each in frame.everyone if frame.joint)
    return (frame.owner, *members)


async def look_on(
    desk: Desk,
    admitted: OnCase,
    object_type: str,
    object_id: str,
    *,
    extra: tuple[Owner, ...] = (),
    classes: tuple[Class, ...] | None = None,
) -> tuple[Opening, Receipt]:
    """Record the look at something of an admitted case, then open what it names."""
    shown = Look(
        kind=AccessKind.READ,
        object_type=object_type,
        classes=classes or content_classes(admitted.case),
        object=ItemId(object_id),
        relationship=admitted.case.id,
    )
    owners = (*owners_of(admitted.case), *extra)
    return await look(desk, admitted.who, shown, admitted.case.everyone, owners)
