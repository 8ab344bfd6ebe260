"""Recordings and documents in tests: uploaded and read as a use case does it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random

from domain import attachment as attachment_file, consent as consent_file
from domain.attachment import CHUNK, Attachment, Description, NewAttachment
from domain.events.attachment import MediaType
from domain.events.consent import ConsentGiven, ConsentWithdrawn, Form, Scope
from domain.ports import Opening
from domain.use_cases import attachments, consents
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId, Receipt
from tests.support.clinic import SmallClinic, command

LETTER = NewAttachment(MediaType.PDF, 1, FreeText("A letter from before"))
TOLD = "Supervision of the hour"


def noise(size: int, seed: int = 7) -> bytes:
    """Bytes that nothing can compress or guess, always the same for a seed."""
    return Random(seed).randbytes(size)


def begin(
    clinic: SmallClinic, case: CaseId, size: int, new: NewAttachment = LETTER, *, by: str = ""
) -> ItemId:
    """Begin an upload of so many bytes."""
    who = clinic.who(by or clinic.people.anna)
    asked = replace(new, size=size)
    receipt = clinic.run(
        attachments.begin_attachment(clinic.desk, who, case, asked, command=command())
    )
    return ItemId(receipt.named("attachment"))


def send(
    clinic: SmallClinic, case: CaseId, attachment: ItemId, data: bytes, *numbers: int, by: str = ""
) -> None:
    """Send these chunks, or all of them."""
    state = state_of(clinic, attachment)
    chunk = attachment_file.CHUNK
    for number in numbers or range(1, state.chunks + 1):
        put(clinic, case, attachment, number, data[(number - 1) * chunk : number * chunk], by=by)


def put(
    clinic: SmallClinic,
    case: CaseId,
    attachment: ItemId,
    number: int,
    piece: bytes,
    *,
    by: str = "",
) -> None:
    """Send one chunk."""
    clinic.run(
        attachments.put_chunk(
            clinic.desk,
            clinic.clinic.attachments,
            clinic.who(by or clinic.people.anna),
            case,
            attachment,
            (number, piece, sha256(piece).digest()),
        )
    )


def digest_of(*pieces: bytes) -> str:
    """The SHA-256 of all of it."""
    found = sha256()
    for each in pieces:
        found.update(each)
    return found.hexdigest()


def store(
    clinic: SmallClinic, case: CaseId, attachment: ItemId, data: bytes | str, *, by: str = ""
) -> Receipt:
    """Take what was sent into the case; ``data`` is all of it, or its digest."""
    state = state_of(clinic, attachment)
    digest = data if isinstance(data, str) else digest_of(data)
    purpose = FreeText(TOLD) if state.is_recording else None
    told = Description(digest, clinic.clock.now(), purpose)
    return clinic.run(
        attachments.store_attachment(
            clinic.desk,
            clinic.clinic.attachments,
            clinic.who(by or clinic.people.anna),
            case,
            attachment,
            told,
            expected=clinic.version(attachment),
            command=command(),
        )
    )


def stored(
    clinic: SmallClinic, case: CaseId, data: bytes, new: NewAttachment = LETTER, *, by: str = ""
) -> ItemId:
    """An attachment with these bytes."""
    attachment = begin(clinic, case, len(data), new, by=by)
    send(clinic, case, attachment, data, by=by)
    store(clinic, case, attachment, data, by=by)
    return attachment


def tape(*viewers: PractitionerId) -> NewAttachment:
    """A recording that is for these."""
    return NewAttachment(MediaType.AUDIO_OGG, 1, FreeText("Hour twelve"), viewers=viewers)


def look(
    clinic: SmallClinic, case: CaseId, attachment: ItemId, *, by: str = ""
) -> tuple[Attachment, Opening]:
    """Somebody's recorded look."""
    who = clinic.who(by or clinic.people.anna)
    state, opening, _ = clinic.run(
        attachments.look_at_attachment(clinic.desk, who, case, attachment)
    )
    return state, opening


def read(
    clinic: SmallClinic, case: CaseId, attachment: ItemId, *, first: int = 1, by: str = ""
) -> bytes:
    """The bytes from a chunk on, as somebody reads them."""
    state, opening = look(clinic, case, attachment, by=by)

    async def every() -> bytes:
        files = clinic.clinic.attachments
        return b"".join(
            [each async for each in attachments.read_bytes(files, state, opening, first)]
        )

    return clinic.run(every())


def state_of(clinic: SmallClinic, attachment: ItemId) -> Attachment:
    """What the policy knows of an attachment."""
    state, _ = clinic.desk.record.frame(attachment, attachment_file.fold)
    assert state is not None
    return state


def allow(clinic: SmallClinic, client: ClientId, *, by: str = "") -> ItemId:
    """Let a client consent to being recorded."""
    consent = ItemId(clinic.desk.identifiers.new())
    given = ConsentGiven(
        consent=consent,
        client=client,
        scope=Scope.RECORDING,
        purpose="supervision",
        form=Form.WRITTEN,
    )
    clinic.run(
        consents.record_consent(
            clinic.desk,
            clinic.who(by or clinic.people.anna),
            client,
            lambda known: consent_file.give(known, given),
            consent,
            command=command(),
        )
    )
    return consent


def disallow(clinic: SmallClinic, client: ClientId, consent: ItemId) -> None:
    """Let her take it back."""
    withdrawn = ConsentWithdrawn(consent=consent, client=client, form=Form.ORAL)
    clinic.run(
        consents.record_consent(
            clinic.desk,
            clinic.who(clinic.people.anna),
            client,
            lambda known: consent_file.withdraw(known, withdrawn),
            consent,
            command=command(),
        )
    )


__all__ = [
    "CHUNK",
    "LETTER",
    "allow",
    "begin",
    "digest_of",
    "disallow",
    "look",
    "noise",
    "put",
    "read",
    "send",
    "state_of",
    "store",
    "stored",
    "tape",
]
