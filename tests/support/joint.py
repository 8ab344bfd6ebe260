"""A joint case to act in: a family of three in Anna's care, its aliases, its notes; an erasure."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.confidentiality import Class, KeyPurpose, Owner, OwnerKind
from domain.events.note import NoteKind
from domain.note import NewNote
from domain.use_cases import joint, members, sessions
from domain.values import CaseId, ClientId, Format, FreeText, NoteId, Receipt, SessionId
from infrastructure.vault.keyrows import DESTROYED
from tests.support.clinic import SmallClinic, command
from tests.support.joint_acts import aliases_of


@dataclass(frozen=True, slots=True)
class Family:
    """Three who came together; ``alias`` says by what alias the case speaks of whom."""

    clinic: SmallClinic
    case: CaseId
    people: tuple[ClientId, ...]

    def alias(self, client: ClientId) -> str:
        """By what alias the case speaks of her."""
        found = {each: alias for alias, each in aliases_of(self.clinic, self.case).items()}
        return found[client]

    def token(self, client: ClientId) -> str:
        """How a text names her."""
        return f"{{{{{self.alias(client)}}}}}"

    def join(self, client: ClientId, *, by: str | None = None) -> Receipt:
        """Let somebody take part."""
        clinic = self.clinic
        return clinic.run(
            members.join_case(
                clinic.desk,
                clinic.who(by or clinic.people.anna),
                self.case,
                client,
                expected=clinic.version(self.case),
                command=command(),
            )
        )

    def leave(self, client: ClientId) -> Receipt:
        """Let somebody take part no longer."""
        clinic = self.clinic
        return clinic.run(
            members.leave_case(
                clinic.desk,
                clinic.who(clinic.people.anna),
                self.case,
                client,
                expected=clinic.version(self.case),
                command=command(),
            )
        )

    def write(self, words: str, parts: Mapping[ClientId, str]) -> NoteId:
        """A joint note with parts."""
        by_alias = {self.alias(client): FreeText(part) for client, part in parts.items()}
        return NoteId(self.record(words, by_alias).named("note"))

    def record(self, words: str, parts: Mapping[str, FreeText]) -> Receipt:
        """A joint note with parts by alias, as they come."""
        clinic = self.clinic
        new = NewNote(NoteKind.SESSION, clinic.clock.now(), FreeText(words))
        return clinic.run(
            joint.record_joint_note(
                clinic.desk,
                clinic.who(clinic.people.anna),
                self.case,
                new,
                parts,
                command=command(),
            )
        )

    def held_session(self) -> SessionId:
        """A session that was held."""
        clinic = self.clinic
        session = clinic.schedule_session(self.case)
        now = clinic.clock.now()
        clinic.run(
            sessions.hold_session(
                clinic.desk,
                clinic.who(clinic.people.anna),
                self.case,
                session,
                (now - timedelta(hours=1), now),
                expected=1,
                command=command(),
            )
        )
        return session

    def attended(self, session: SessionId, present: Mapping[ClientId, bool]) -> Receipt:
        """Who was there."""
        clinic = self.clinic
        return clinic.run(
            joint.record_attendance(
                clinic.desk,
                clinic.who(clinic.people.anna),
                self.case,
                session,
                {self.alias(client): there for client, there in present.items()},
                command=command(),
            )
        )


def a_family(clinic: SmallClinic, *, size: int = 3, room: Format = Format.FAMILY) -> Family:
    """The client of the first day and others, together."""
    others = tuple(clinic.register_client(f"Zofia {number}") for number in range(size - 1))
    people = (clinic.people.client, *others)
    return Family(clinic, clinic.open_case(*people, room=room), people)


def destroy_content(clinic: SmallClinic, client: ClientId, *classes: Class) -> None:
    """Destroy a client's content keys, of some classes or all, as an erasure does, and forget."""
    folder = clinic.clinic.folder
    tag = folder.vault.keyring.tag(Owner(OwnerKind.CLIENT, client))
    db = sqlite3.connect(folder.layout.keys)
    changed = db.executemany(
        "UPDATE subject_key SET wrapped = NULL, state = ?"
        " WHERE subject_tag = ? AND purpose = ? AND class = ?",
        [
            (DESTROYED, tag, int(purpose), int(cls))
            for purpose in (KeyPurpose.CLINICAL, KeyPurpose.INDEX)
            for cls in classes or Class
        ],
    )
    assert changed.rowcount > 0
    db.commit()
    db.close()
    folder.vault.keyring.forget()
