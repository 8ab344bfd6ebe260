"""The clinic itself as the one who acts: what it does in its own name, and is recorded for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain import access
from domain.access import Look
from domain.confidentiality import Class, KeyPurpose
from domain.events.access import AccessKind
from domain.ports import Opening, Recorded, Write
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    Circumstances,
    PurposeOfUse,
    RequestId,
    Role,
)
from infrastructure.folder import OpenFolder
from infrastructure.record import Record


def system(folder: OpenFolder, request: str) -> Circumstances:
    """The clinic itself as the one who acts."""
    return Circumstances(
        actor=Actor(ActorId(folder.genesis.clinic), ActorKind.SYSTEM, (Role.SYSTEM,)),
        purpose=PurposeOfUse.HSYSADMIN,
        request=RequestId(request),
        application="powiernik",
        role=Role.SYSTEM,
        mode=ActingMode.SYSTEM,
        rule="system",
    )


def standing(folder: OpenFolder, why: str) -> Opening:
    """A standing grant, released against one batch entry (fine print 6)."""
    clinic, origin = folder.vault.clinic, folder.vault.lineage.origin
    batch = Look(AccessKind.SYSTEM_BATCH, why, (Class.AUDIT_LOG,))
    entry = access.record_look(batch, None, origin=origin, now=folder.clock.now())
    write = Write(clinic.id, (entry,), clinic, after=None, opens=(clinic,))
    receipt = folder.record.append_now((write,), system(folder, why))
    opening: Opening = folder.vault.broker.standing(receipt)
    return opening


@dataclass(frozen=True, slots=True)
class Source:
    """The record as a follower with a standing grant reads it."""

    record: Record
    opening: Any

    def follow(
        self, after: int, limit: int, purposes: frozenset[KeyPurpose]
    ) -> tuple[list[Recorded], int]:
        """The events after a position under keys of these purposes, and how far that is."""
        return self.record.follow(after, limit, purposes, self.opening)

    def last_position(self) -> int:
        """The position of the newest event."""
        return self.record.last_position()
