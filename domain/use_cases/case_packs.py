"""Case packs: put together by a therapist, confirmed, issued; read on line or handed over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain import case_pack as case_pack_file, supervision as supervision_file
from domain.access import Look
from domain.case import Case
from domain.case_pack import CasePack
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale, WrongState
from domain.events.access import AccessKind
from domain.events.case_pack import (
    CasePackDrafted,
    CasePackEvent,
    CasePackHandedOver,
    CasePackLinked,
    PackAlias,
)
from domain.policy import Act, Standing
from domain.ports import STREAM, Opening, Write
from domain.pseudonyms import Known
from domain.use_cases.desk import Desk, admit, attempt, look, own_entry
from domain.use_cases.on_case import OnCase, on_case
from domain.use_cases.supervision import MATERIAL, allowances, may_read
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    Section,
)

_PACK = "case_pack"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes into a pack: the items that were chosen, and their words as they will be shown."""

    supervision: ItemId
    items: tuple[ItemId, ...]
    sections: tuple[Section, ...] = field(repr=False)
    known: Known = field(repr=False)
    aliases: tuple[PackAlias, ...] = ()
    identified: bool = False


async def draft_case_pack(
    desk: Desk, who: Circumstances, case_id: CaseId, prepared: Prepared, *, command: Command
) -> Receipt:
    """Put a pack together. The receipt names the ``case_pack``.

    How it leads back to the record is written apart, under the author's own key.

    Raises:
        Invalid: Somebody could still be told by it, or the supervision is not the author's.
        WrongState: Names are to be shown without everybody's consent, or the supervision ended.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.BRING_CASE, case_id, attempt(_PACK))
    author = PractitionerId(who.actor.id)
    supervision, _ = desk.record.frame(prepared.supervision, supervision_file.fold)
    if supervision is None or author not in supervision.supervisees:
        raise Invalid("supervision", "is not one of yours")
    supervision_file.must_go_on(supervision)
    if prepared.identified:
        must_be_allowed(desk, admitted.case)
    pack = ItemId(desk.identifiers.new())
    drafted = CasePackDrafted(
        pack=pack,
        case=case_id,
        author=author,
        supervision=supervision.id,
        items=prepared.items,
        sections=prepared.sections,
        identified=prepared.identified,
        supervisor=supervision.supervisor,
    )
    linked = CasePackLinked(
        pack=pack,
        author=author,
        offset_days=prepared.known.offset.days,
        aliases=prepared.aliases,
    )
    link = desk.index.fingerprint(STREAM, f"case-pack/{pack}")
    writes = (
        admitted.write(pack, case_pack_file.draft(None, drafted, prepared.known), 0),
        Write(link, (linked,), Owner(OwnerKind.PRACTITIONER, author), after=0),
    )
    return await desk.record.append(writes, admitted.who, command=command, reply=((_PACK, pack),))


async def confirm_case_pack(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    pack_id: ItemId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """The author has read what will be shown, at the version that she saw, and stands for it."""
    return await _change(
        desk,
        who,
        (case_id, pack_id),
        lambda _, pack: case_pack_file.confirm(pack),
        expected,
        command,
    )


async def issue_case_pack(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    pack_id: ItemId,
    expires_at: datetime,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let the supervisor have it until then."""

    def issued(admitted: OnCase, pack: CasePack) -> tuple[CasePackEvent, ...]:
        _must_still_be_right(desk, admitted.case, pack)
        return case_pack_file.issue(pack, expires_at, now=desk.clock.now())

    return await _change(desk, who, (case_id, pack_id), issued, expected, command)


async def hand_over_case_pack(
    desk: Desk,
    who: Circumstances,
    handed: CasePackHandedOver,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record to whom a printed page was given. The receipt names the ``entry`` that it bears."""

    def decide(admitted: OnCase, pack: CasePack) -> tuple[CasePackEvent, ...]:
        _must_still_be_right(desk, admitted.case, pack)
        return case_pack_file.hand_over(pack, handed, now=desk.clock.now())

    which = (handed.case, handed.pack)
    more = (("entry", handed.entry),)
    return await _change(desk, who, which, decide, expected, command, more)


async def revoke_case_pack(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    pack_id: ItemId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Take a pack back: the supervisor's very next request is refused."""
    return await _change(
        desk,
        who,
        (case_id, pack_id),
        lambda _, pack: case_pack_file.revoke(pack),
        expected,
        command,
    )


async def look_at_case_pack(
    desk: Desk, who: Circumstances, pack_id: ItemId
) -> tuple[CasePack, Opening, Receipt]:
    """Record the look at a pack, and open it: to its author, or to the supervisor while she may.

    Raises:
        NotThere: It is nobody's, another's, expired, revoked, or its supervision has ended.
    """
    pack, version = desk.record.fold(pack_id, case_pack_file.fold)
    actor = PractitionerId(who.actor.id)
    frame = desk.case(pack.case)[0] if pack else None
    mine = pack is not None and pack.author == actor
    shown = Look(
        AccessKind.READ,
        _PACK,
        MATERIAL,
        object=pack_id,
        relationship=pack.case if pack else None,
    )
    stamped = await admit(
        desk,
        who,
        Act.USE_CASE_PACK if mine else Act.READ_CASE_PACK,
        Standing(
            is_author=mine,
            is_supervisor=frame is not None and may_read(desk, frame, pack_id, actor),
        ),
        attempt=shown,
        clients=frame.everyone if frame else (),
        exists=version > 0,
    )
    if pack is None or frame is None:
        raise NotThere
    # How it leads back to the record is the author's own, and no client's.
    own = Look(AccessKind.READ, _PACK, (Class.ADMINISTRATIVE,), object=pack_id)
    link = (own_entry(desk, stamped, own, (desk.account_of(who.actor)[1],)),) if mine else ()
    opening, receipt = await look(desk, stamped, shown, frame.everyone, (frame.owner,), beside=link)
    return pack, opening, receipt


def must_be_allowed(desk: Desk, case: Case) -> None:
    """Refuse to show names in supervision without the given consent of everybody who takes part.

    Raises:
        WrongState: Somebody has not consented, or does not any more (SUP-01).
    """
    if not all(allowances(desk, case)):
        raise WrongState("Supervision with names needs the consent of everybody who takes part")


def _must_still_be_right(desk: Desk, case: Case, pack: CasePack) -> None:
    """Refuse to give a pack away whose supervision has ended, or whose names nobody allows."""
    supervision, _ = desk.record.frame(pack.supervision, supervision_file.fold)
    if supervision is None:
        raise NotThere
    supervision_file.must_go_on(supervision)
    if pack.identified:
        must_be_allowed(desk, case)


async def _change(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, ItemId],
    decide: Callable[[OnCase, CasePack], tuple[CasePackEvent, ...]],
    expected: int,
    command: Command,
    more: tuple[tuple[str, str], ...] = (),
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    case_id, pack_id = which
    pack, version = desk.record.fold(pack_id, case_pack_file.fold)
    mine = pack is not None and pack.case == case_id and pack.author == PractitionerId(who.actor.id)
    tried = attempt(_PACK, pack_id)
    admitted = await on_case(
        desk, who, Act.USE_CASE_PACK, case_id, tried, is_author=mine, exists=version > 0
    )
    if pack is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = admitted.write(pack_id, decide(admitted, pack), version)
    reply = ((_PACK, pack_id), *more)
    return await desk.record.append((write,), admitted.who, command=command, reply=reply)
