"""Writes of a small clinic, as the use cases would make them: a client, her case, notes, looks."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from domain.confidentiality import Class, Owner, OwnerKind
from domain.events.access import AccessKind, AccessRecorded, Action
from domain.events.case import CaseOpened
from domain.events.client import ClientIdentified, ClientRegistered, Sex
from domain.events.note import NoteDrafted, NoteKind, NoteRevised
from domain.events.process_note import ProcessNoteWritten
from domain.ports import Write
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    Format,
    FreeText,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    RequestId,
    Role,
    School,
    StreamId,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CANARY = "kanarek w kopalni"
"""Words that must stand nowhere in clear."""


def an_id(name: str) -> str:
    """An id that is always the same for a name."""
    return sha256(name.encode()).hexdigest()[:32]


ANNA, BASIA = ClientId(an_id("Anna")), ClientId(an_id("Basia"))
THERAPIST = PractitionerId(an_id("therapist"))
WHO = Circumstances(
    actor=Actor(ActorId(THERAPIST), ActorKind.STAFF, (Role.CLINICIAN,)),
    purpose=PurposeOfUse.TREAT,
    request=RequestId("request"),
    role=Role.CLINICIAN,
    mode=ActingMode.CARE,
    rule="care-team",
    policy_version=1,
)


def owner(client: ClientId) -> Owner:
    """A client as the owner of what is about her."""
    return Owner(OwnerKind.CLIENT, client)


def registered(client: ClientId) -> Write:
    """The client's file is opened, and her name written down."""
    events = (
        ClientRegistered(
            client=client,
            access_stream=StreamId(an_id(f"access {client}")),
            consent_stream=StreamId(an_id(f"consent {client}")),
        ),
        ClientIdentified(
            given_name=CANARY,
            family_name=CANARY,
            birth_date=NOW.date(),
            sex=Sex.FEMALE,
        ),
    )
    return Write(client, events, owner(client), after=0, concerning=(client,))


def opened(client: ClientId, name: str = "case") -> Write:
    """A therapy begins."""
    case = CaseId(an_id(f"{name} {client}"))
    event = CaseOpened(
        case=case,
        clients=(client,),
        format=Format.INDIVIDUAL,
        school=School.INTEGRATIVE,
        therapist=THERAPIST,
    )
    return Write(case, (event,), owner(client), after=0, concerning=(client,))


def drafted(client: ClientId, name: str = "note", words: str = CANARY) -> Write:
    """A note is begun."""
    note = NoteId(an_id(f"{name} {client}"))
    event = NoteDrafted(
        note=note,
        case=CaseId(an_id(f"case {client}")),
        author=THERAPIST,
        kind=NoteKind.SESSION,
        occurred_at=NOW,
        text=FreeText(words),
        late=False,
    )
    return Write(note, (event,), owner(client), after=0, concerning=(client,))


def revised(client: ClientId, after: int, name: str = "note", words: str = CANARY) -> Write:
    """The words of a draft are replaced."""
    note = NoteId(an_id(f"{name} {client}"))
    event = NoteRevised(note=note, case=CaseId(an_id(f"case {client}")), text=FreeText(words))
    return Write(note, (event,), owner(client), after=after, concerning=(client,))


def thought(client: ClientId, name: str = "thought", words: str = CANARY) -> Write:
    """A process note is written."""
    note = NoteId(an_id(f"{name} {client}"))
    event = ProcessNoteWritten(
        note=note,
        case=CaseId(an_id(f"case {client}")),
        author=THERAPIST,
        occurred_at=NOW,
        text=FreeText(words),
    )
    return Write(note, (event,), owner(client), after=0, concerning=(client,))


def looked(
    client: ClientId,
    *classes: Class,
    kind: AccessKind = AccessKind.READ,
    opens: tuple[Owner, ...] | None = None,
) -> Write:
    """Somebody is about to see something of a client."""
    event = AccessRecorded(
        kind=kind,
        action=Action.READ,
        object_type="note",
        classes=classes or (Class.CLINICAL,),
        origins=("the clinic",),
        retain_until=NOW.date(),
        retention_rule="test",
        visible_to_client=True,
        client=client,
        relationship=CaseId(an_id(f"case {client}")),
    )
    return Write(
        an_id(f"access {client}"),
        (event,),
        owner(client),
        after=None,
        concerning=(client,),
        opens=(owner(client),) if opens is None else opens,
    )
