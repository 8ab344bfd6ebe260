"""Recordings and documents of a case: uploaded in chunks, stored, looked at, read."""

from collections.abc import AsyncIterator, Iterable
from hashlib import sha256

from domain import (
    attachment as attachment_file,
    case as case_file,
    client as client_file,
    consent as consent_file,
)
from domain.access import Look
from domain.attachment import Attachment, Description, Limits, NewAttachment, Status, Withheld
from domain.case import Case
from domain.confidentiality import Class, OwnerKind
from domain.consent import Consent, Consents
from domain.errors import Invalid, NotThere, Stale, WrongState
from domain.events import Event
from domain.events.access import AccessKind
from domain.events.consent import Scope
from domain.local_time import local_day
from domain.policy import Act, Standing
from domain.ports import Attachments, Opening, SealedFile
from domain.use_cases import on_item
from domain.use_cases.cases import must_be_clinicians
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, admit, attempt, record_denial
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import OnCase, content_classes, look_on, on_case
from domain.use_cases.on_item import OF_A_CLASS_OF_ITS_OWN
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

CLASSES = (Class.THIRD_PARTY, Class.LEGAL, Class.RECORDING)
"""What an attachment's title may lie under, beside what any content of its case does."""


async def begin_attachment(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    new: NewAttachment,
    *,
    command: Command,
) -> Receipt:
    """Begin an upload. The receipt names the ``attachment``."""

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        if new.media_type.is_recording:
            case_file.must_be_open(admitted.case)
            _must_be_allowed(desk, who, admitted.case.clients)
            _must_be_clinicians(desk, new.viewers)
        return attachment_file.begin(
            None,
            item,
            case_id,
            new,
            author=PractitionerId(who.actor.id),
            clients=admitted.case.clients,
            limits=_limits(desk),
            now=desk.clock.now(),
        )

    return await on_item.begin(
        desk, who, case_id, "attachment", decide, command=command, texts=(new.title,)
    )


async def put_chunk(
    desk: Desk,
    files: Attachments,
    who: Circumstances,
    case_id: CaseId,
    attachment: ItemId,
    chunk: tuple[int, bytes, bytes],
) -> None:
    """Keep one chunk of the actor's own upload: its number, its bytes, their SHA-256.

    It leaves no event: what was begun is one, and so is what is stored.
    """
    number, data, digest = chunk
    _, state, _ = await _own_upload(desk, who, case_id, attachment)
    attachment_file.must_take(state, desk.clock.now())
    attachment_file.must_be_chunk(state, number, len(data))
    if sha256(data).digest() != digest:
        raise Invalid("Content-Digest", "is missing, or not that of the body")
    await files.put(sealed_file(state), number, data)


async def missing_chunks(
    desk: Desk, files: Attachments, who: Circumstances, case_id: CaseId, attachment: ItemId
) -> tuple[Attachment, tuple[int, ...]]:
    """The actor's own upload, and which of its chunks have still to come."""
    _, state, _ = await _own_upload(desk, who, case_id, attachment)
    if state.status is not Status.BEGUN:
        return state, ()
    return state, await files.missing(sealed_file(state))


async def store_attachment(
    desk: Desk,
    files: Attachments,
    who: Circumstances,
    case_id: CaseId,
    attachment: ItemId,
    told: Description,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Take a finished upload into the case, once every byte is there and has the digest told."""
    if done := desk.record.replay(who, command):
        return done
    admitted, state, version = await _own_upload(desk, who, case_id, attachment)
    if expected != version:
        raise Stale(version)
    must_know_everybody(desk, admitted.case, *_texts(told))
    if state.status is not Status.STORED:
        now = desk.clock.now()
        attachment_file.must_be_describable(state, told, now)
        _must_not_be_withheld(desk, state, who)
        seal = await files.close(sealed_file(state), told.digest, who)
        events = attachment_file.store(state, told, seal, now=now)
    else:
        events = ()
    write = admitted.write(attachment, events, version)
    receipt = await desk.record.append(
        (write,), admitted.who, command=command, reply=(("attachment", attachment),)
    )
    await files.settle(attachment)
    return receipt


async def abandon_attachment(
    desk: Desk,
    files: Attachments,
    who: Circumstances,
    case_id: CaseId,
    attachment: ItemId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Give the actor's own upload up; nothing of it is kept."""
    if done := desk.record.replay(who, command):
        return done
    admitted, state, version = await _own_upload(desk, who, case_id, attachment)
    if expected != version:
        raise Stale(version)
    write = admitted.write(attachment, attachment_file.abandon(state), version)
    receipt = await desk.record.append(
        (write,), admitted.who, command=command, reply=(("attachment", attachment),)
    )
    await files.drop(attachment)
    return receipt


async def look_at_attachments(
    desk: Desk, who: Circumstances, case_id: CaseId
) -> tuple[OnCase, Opening, Receipt]:
    """Record the look at what is attached to a case: at the case, as the log tells it.

    Recordings are for some of those who may look; which of them are told of, ``shown_to`` says.
    """
    tried = Look(AccessKind.READ, "case", (Class.ADMINISTRATIVE,), object=ItemId(case_id))
    admitted = await on_case(desk, who, Act.READ_CHART, case_id, tried)
    classes = (*content_classes(admitted.case), *OF_A_CLASS_OF_ITS_OWN, *CLASSES)
    opening, receipt = await look_on(desk, admitted, "case", case_id, classes=classes)
    return admitted, opening, receipt


async def look_at_attachment(
    desk: Desk, who: Circumstances, case_id: CaseId, attachment: ItemId
) -> tuple[Attachment, Opening, Receipt]:
    """Record the look at one attachment, at its description or its bytes, and open it.

    Raises:
        NotThere, NotPermitted: It is not there for the actor; the denial is recorded.
        WrongState: It is a recording that waits to be destroyed; the denial is recorded.
    """
    state, _ = desk.record.frame(attachment, attachment_file.fold)
    if state is None or state.case != case_id or state.status is not Status.STORED:
        state = None
    tried = Look(AccessKind.READ, "attachment", (Class.ADMINISTRATIVE,), object=attachment)
    if state is not None and state.is_recording:
        admitted = await _on_recording(desk, who, state, tried)
        reason = _withheld(desk, state, who)
        if reason is not None:
            everyone = admitted.case.everyone
            await record_denial(desk, admitted.who, tried, everyone, reason)
            raise WrongState(_WITHHELD)
    else:
        admitted = await on_case(
            desk, who, Act.READ_CHART, case_id, tried, exists=state is not None
        )
    if state is None:
        raise NotThere
    classes = (*content_classes(admitted.case), _class(admitted.case, state.cls))
    opening, receipt = await look_on(
        desk, admitted, "attachment", attachment, classes=tuple(dict.fromkeys(classes))
    )
    return state, opening, receipt


def read_bytes(
    files: Attachments, state: Attachment, opening: Opening, first: int = 1
) -> AsyncIterator[bytes]:
    """The bytes of an attachment that was looked at, from a chunk on."""
    return files.read(sealed_file(state), opening, first)


def shown_to(desk: Desk, who: Circumstances, attachment: ItemId) -> tuple[bool, bool]:
    """Whether an attachment of a case is told of to somebody who looks, and whether it is closed.

    A recording is told of to those for whom it is, and to nobody else. For others the frame alone
    says whether it is closed: nothing that a client's file holds is opened for them.
    """
    state, _ = desk.record.frame(attachment, attachment_file.fold)
    if state is None:
        return False, True
    if state.is_recording and not attachment_file.may_view(state, PractitionerId(who.actor.id)):
        return False, _closed(desk, state, allowed=not _has_been_refused(desk, state)) is not None
    return True, _withheld(desk, state, who) is not None


def is_withheld(desk: Desk, item: ItemId) -> bool:
    """Whether an item is a recording that is closed to everybody and waits to be destroyed."""
    state, _ = desk.record.frame(item, attachment_file.fold)
    return state is not None and _withheld(desk, state) is not None


def sealed_file(state: Attachment) -> SealedFile:
    """Where the bytes of an attachment are, and under which key."""
    return SealedFile(state.id, state.title, state.size, state.seal)


_MEBIBYTE = 1024 * 1024
_WITHHELD = "The recording is closed: a consent is missing, or its time has ended"


async def _own_upload(
    desk: Desk, who: Circumstances, case_id: CaseId, attachment: ItemId
) -> tuple[OnCase, Attachment, int]:
    """The actor's own attachment; another one's is not there."""
    tried = attempt("attachment", attachment)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried)
    state, version = desk.record.frame(attachment, attachment_file.fold)
    if state is None or state.case != case_id or state.author != PractitionerId(who.actor.id):
        await record_denial(desk, admitted.who, tried, admitted.case.everyone, NO_SUCH_RECORD)
        raise NotThere
    return admitted, state, version


async def _on_recording(desk: Desk, who: Circumstances, state: Attachment, tried: Look) -> OnCase:
    """Let the policy decide on a recording: it is for its author and those whom she named."""
    actor = PractitionerId(who.actor.id)
    frame, version = desk.case(state.case)
    if frame is None:
        raise NotThere
    stamped = await admit(
        desk,
        who,
        Act.USE_RECORDING,
        Standing(is_author=actor == state.author, is_viewer=actor in state.viewers),
        attempt=tried,
        clients=frame.everyone,
    )
    return OnCase(frame, version, stamped)


def _class(case: Case, cls: Class) -> Class:
    """In which class a look at an attachment's words and bytes is."""
    joint = case.owner.kind is OwnerKind.CASE and cls is Class.CLINICAL
    return Class.JOINT if joint else cls


def _withheld(desk: Desk, state: Attachment, who: Circumstances | None = None) -> Withheld | None:
    """Why nobody sees or hears a recording now; what is no recording is closed to nobody."""
    if not state.is_recording:
        return None
    allowed = all(_is_allowed(desk, each, who) for each in state.clients)
    return _closed(desk, state, allowed=allowed)


def _closed(desk: Desk, state: Attachment, *, allowed: bool) -> Withheld | None:
    today = local_day(desk.clock.now())
    return attachment_file.withheld(state, allowed=allowed, today=today)


def _must_not_be_withheld(desk: Desk, state: Attachment, who: Circumstances) -> None:
    if _withheld(desk, state, who) is not None:
        raise WrongState(_WITHHELD)


def _must_be_allowed(desk: Desk, who: Circumstances, clients: tuple[ClientId, ...]) -> None:
    """Refuse a recording that somebody who is in it, or who speaks for her, has not allowed."""
    if not all(_is_allowed(desk, each, who) for each in clients):
        raise WrongState("Not everybody who would be recorded has consented to it")


def _is_allowed(desk: Desk, client: ClientId, who: Circumstances | None) -> bool:
    """Whether those whose words count today, as her age and the courts have it, allow it.

    What was said by somebody who speaks for her no longer counts neither way.
    """
    said = _consents(desk, client)
    if all(each.status is not consent_file.Status.GIVEN for each in _words(said)):
        # Without a yes there is nothing to be weighed, and her file stays closed.
        return False
    state, _ = desk.record.fold(client, client_file.fold, who)
    if state is None:
        return False
    today = local_day(desk.clock.now())
    return consent_file.verdict(said, Scope.RECORDING, state.guardianship, today).allowed


def _has_been_refused(desk: Desk, state: Attachment) -> bool:
    """Whether somebody's newest word is no yes, or there is none; the frame alone tells that."""
    said = [tuple(_words(_consents(desk, each))) for each in state.clients]
    given = consent_file.Status.GIVEN
    return any(not words or any(each.status is not given for each in words) for words in said)


def _words(said: Consents) -> Iterable[Consent]:
    """Everybody's newest word on recordings."""
    return said.newest(Scope.RECORDING).values()


def _consents(desk: Desk, client: ClientId) -> Consents:
    frame, _ = desk.client(client)
    if frame is None:
        return Consents()
    return desk.record.frame(frame.consent_stream, consent_file.fold)[0]


def _limits(desk: Desk) -> Limits:
    settings = desk.settings
    return Limits(settings.largest_document * _MEBIBYTE, settings.largest_recording * _MEBIBYTE)


def _must_be_clinicians(desk: Desk, viewers: tuple[PractitionerId, ...]) -> None:
    """Refuse to name somebody who could never see or hear it."""
    try:
        must_be_clinicians(desk, viewers)
    except Invalid:
        raise Invalid("viewers", "names somebody who is no clinician of this clinic") from None


def _texts(told: Description) -> tuple[FreeText, ...]:
    """The words of a description."""
    origin = (told.origin.organisation, told.origin.author) if told.origin else ()
    return tuple(each for each in (told.purpose, *origin) if each is not None)
