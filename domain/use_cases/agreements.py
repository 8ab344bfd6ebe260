"""What couples, families and groups agree on, who they are to each other, and marks on items."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain import (
    case as case_file,
    client as client_file,
    guardianship,
    overlay as overlay_file,
    release as release_file,
    secrecy as secrecy_file,
)
from domain.case import Case
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, NotThere
from domain.events.joint import (
    Overlay,
    OverlayLifted,
    OverlaySet,
    ParticipantRoleRecorded,
    PartInSystem,
    ReleaseConsented,
    ReleaseConsentWithdrawn,
    ReleaseEvent,
    ReleaseProposed,
    SecrecyAgreed,
    SecrecyEvent,
    SecrecyPolicy,
    SecrecyRevised,
)
from domain.local_time import local_day
from domain.overlay import Mark
from domain.policy import Act
from domain.ports import Write
from domain.release import Release
from domain.secrecy import Secrecy
from domain.use_cases import on_item
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, attempt, record_denial
from domain.use_cases.members import by_alias, must_know_everybody
from domain.use_cases.on_case import OnCase, on_case
from domain.use_cases.own_items import is_anothers
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed on about what one participant tells alone; ``agreed_by`` are aliases."""

    policy: SecrecyPolicy
    agreed_by: tuple[str, ...]
    occurred_at: datetime
    words: FreeText | None = None


async def agree_on_secrecy(
    desk: Desk, who: Circumstances, case_id: CaseId, terms: Terms, *, command: Command
) -> Receipt:
    """Record what the participants agreed on. The receipt names the ``secrecy`` agreement."""

    def decide(admitted: OnCase, item: ItemId) -> tuple[SecrecyEvent, ...]:
        _must_be_agreed_here(desk, admitted.case, terms)
        agreed = SecrecyAgreed(
            secrecy=item,
            case=case_id,
            author=PractitionerId(who.actor.id),
            policy=terms.policy,
            agreed_by=terms.agreed_by,
            occurred_at=terms.occurred_at,
            words=terms.words,
        )
        return secrecy_file.agree(None, agreed, now=desk.clock.now())

    texts = () if terms.words is None else (terms.words,)
    return await on_item.begin(desk, who, case_id, "secrecy", decide, command=command, texts=texts)


async def revise_secrecy(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    secrecy_id: ItemId,
    terms: Terms,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what they agree on from now on, or that somebody more agreed."""

    def decide(admitted: OnCase, state: Secrecy) -> tuple[SecrecyEvent, ...]:
        _must_be_agreed_here(desk, admitted.case, terms)
        revised = SecrecyRevised(
            secrecy=state.id,
            case=case_id,
            author=PractitionerId(who.actor.id),
            policy=terms.policy,
            agreed_by=terms.agreed_by,
            occurred_at=terms.occurred_at,
            words=terms.words,
        )
        return secrecy_file.revise(state, revised, now=desk.clock.now())

    return await on_item.change(
        desk,
        who,
        case_id,
        secrecy_id,
        "secrecy",
        secrecy_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=() if terms.words is None else (terms.words,),
    )


async def record_role(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    alias: str,
    part: PartInSystem,
    words: FreeText | None,
    *,
    command: Command,
) -> Receipt:
    """Record what somebody is to the others, under her own key. The receipt names the ``role``."""
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt("case", case_id))
    case_file.must_be_joint(admitted.case)
    case_file.must_be_open(admitted.case)
    must_know_everybody(desk, admitted.case, *(() if words is None else (words,)))
    client = by_alias(desk, admitted.case, (alias,))[alias]
    item = ItemId(desk.identifiers.new())
    recorded = ParticipantRoleRecorded(
        role=item,
        case=case_id,
        alias=alias,
        author=PractitionerId(who.actor.id),
        part=part,
        words=words,
    )
    own = Write(item, (recorded,), Owner(OwnerKind.CLIENT, client), 0, concerning=(client,))
    return await desk.record.append((own,), admitted.who, command=command, reply=(("role", item),))


async def propose_release(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    wish: tuple[FreeText, FreeText],
    *,
    command: Command,
) -> Receipt:
    """Ask the participants' consent: ``wish`` is to whom, and what. It names the ``release``."""
    recipient, content = wish

    def decide(admitted: OnCase, item: ItemId) -> tuple[ReleaseEvent, ...]:
        case_file.must_be_joint(admitted.case)
        proposed = ReleaseProposed(
            release=item,
            case=case_id,
            author=PractitionerId(who.actor.id),
            recipient=recipient,
            content=content,
        )
        return release_file.propose(None, proposed)

    return await on_item.begin(desk, who, case_id, "release", decide, command=command, texts=wish)


@dataclass(frozen=True, slots=True)
class Word:
    """A yes or no to a release: whose, by whom if not by herself, and when."""

    alias: str
    occurred_at: datetime
    representative: ItemId | None = None


async def consent_to_release(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    release_id: ItemId,
    word: Word,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record the consent of one whose word counts for a participant on that day.

    Raises:
        Invalid: Her word does not count: a child's before she is sixteen, a parent's whom a court
            has forbidden to consent, or anybody's of whom the case knows nothing.
    """

    def decide(admitted: OnCase, state: Release) -> tuple[ReleaseEvent, ...]:
        _must_count(desk, admitted.case, word)
        consented = ReleaseConsented(
            release=state.id,
            case=case_id,
            alias=word.alias,
            occurred_at=word.occurred_at,
            representative=word.representative,
        )
        return release_file.consent(state, consented, now=desk.clock.now())

    return await _change_release(desk, who, (case_id, release_id), decide, expected, command)


async def withdraw_consent_to_release(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    release_id: ItemId,
    word: Word,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that a consent to a release was taken back."""

    def decide(_: OnCase, state: Release) -> tuple[ReleaseEvent, ...]:
        withdrawn = ReleaseConsentWithdrawn(
            release=state.id,
            case=case_id,
            alias=word.alias,
            occurred_at=word.occurred_at,
            representative=word.representative,
        )
        return release_file.withdraw(state, withdrawn, now=desk.clock.now())

    return await _change_release(desk, who, (case_id, release_id), decide, expected, command)


@dataclass(frozen=True, slots=True)
class NewMark:
    """A mark on an item; ``alias`` is whose it is where several take part."""

    item: ItemId
    kind: Overlay
    words: FreeText
    alias: str | None = None


async def mark_item(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewMark, *, command: Command
) -> Receipt:
    """Mark an item of a case. The receipt names the ``mark``.

    Raises:
        NotThere: There is no such item in the case, or it is somebody's own; the denial is
            recorded.
    """
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("record", new.item)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried)
    author = PractitionerId(who.actor.id)
    if not _is_shared_item(desk, who, case_id, new.item):
        await record_denial(desk, admitted.who, tried, admitted.case.everyone, NO_SUCH_RECORD)
        raise NotThere
    if new.alias is not None:
        case_file.must_be_joint(admitted.case)
        by_alias(desk, admitted.case, (new.alias,))
    must_know_everybody(desk, admitted.case, new.words)
    item = ItemId(desk.identifiers.new())
    marked = OverlaySet(
        overlay=item,
        case=case_id,
        item=new.item,
        author=author,
        kind=new.kind,
        words=new.words,
        alias=new.alias,
    )
    write = admitted.write(item, overlay_file.mark(None, marked), 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("mark", item),)
    )


async def lift_mark(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    mark_id: ItemId,
    words: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Take a mark away from an item, after somebody has thought it over."""
    author = PractitionerId(who.actor.id)
    lifted = OverlayLifted(overlay=mark_id, case=case_id, author=author, words=words)

    def decide(_: OnCase, state: Mark) -> tuple[OverlayLifted | OverlaySet, ...]:
        return overlay_file.lift(state, lifted)

    return await on_item.change(
        desk,
        who,
        case_id,
        mark_id,
        "mark",
        overlay_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(words,),
    )


async def _change_release(
    desk: Desk,
    who: Circumstances,
    place: tuple[CaseId, ItemId],
    decide: Callable[[OnCase, Release], tuple[ReleaseEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    case_id, release_id = place
    return await on_item.change(
        desk,
        who,
        case_id,
        release_id,
        "release",
        release_file.fold,
        decide,
        expected=expected,
        command=command,
    )


def _must_be_agreed_here(desk: Desk, case: Case, terms: Terms) -> None:
    case_file.must_be_joint(case)
    case_file.must_be_open(case)
    by_alias(desk, case, terms.agreed_by)


def _must_count(desk: Desk, case: Case, word: Word) -> None:
    """Refuse the word of somebody who cannot speak for this participant on that day."""
    client: ClientId = by_alias(desk, case, (word.alias,))[word.alias]
    state, _ = desk.record.fold(client, client_file.fold)
    if state is None:
        raise NotThere
    asked = guardianship.voices(state.guardianship, local_day(word.occurred_at))
    if word.representative is None and not asked.own:
        raise Invalid("alias", "is a child's who cannot consent herself yet")
    if word.representative is not None and word.representative not in asked.representatives:
        raise Invalid("representative", "cannot consent for her on that day")


def _is_shared_item(desk: Desk, who: Circumstances, case_id: CaseId, item: ItemId) -> bool:
    """Whether an item of the case is one that the actor may know of: no colleague's own."""
    found = desk.record.history(item)
    if not found or getattr(found[0].event, "case", None) != case_id or item == ItemId(case_id):
        return False
    return not is_anothers(desk, who, item, found)
