"""A shredder for tests of use cases, and custodians with keys of their own.

It destroys keys of the key store for good, as the real one does, and writes nothing into the log:
what stands there of a destruction is the business of ``infrastructure.erasing`` and its tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.confidentiality import Class
from domain.errors import RecordUnavailable
from domain.ports import Destruction, Shredded
from infrastructure.ledger.note import ED25519, Note, Signer, Verifier
from infrastructure.vault import shredding
from infrastructure.vault.envelope import field_place
from infrastructure.vault.keyrows import DESTROYED
from tests.support.clinic import SmallClinic


def signer(number: int) -> Signer:
    """The key of a custodian, always the same for a number."""
    return Signer(f"tests.powiernik.invalid/custodian-{number}", ED25519, bytes([number]) * 32)


def vkey(number: int) -> str:
    """The verifier key of a custodian."""
    return signer(number).verifier.vkey()


def line(number: int, statement: str) -> str:
    """A custodian's signature over a statement, as she hands it over."""
    return signer(number).sign(statement.encode()).encode().decode().rstrip("\n")


@dataclass(frozen=True, slots=True)
class Condemned:
    """What one request destroys."""

    request: bytes
    keys: tuple[bytes, ...]
    items: tuple[bytes, ...]


@dataclass
class KeyShredder:
    """The port ``Shredder`` on the key store of a small clinic; with ``fails`` it never does."""

    clinic: SmallClinic
    fails: bool = False
    asked: list[Destruction] = field(default_factory=list)
    approvals: list[bytes] = field(default_factory=list)
    done: dict[str, Shredded] = field(default_factory=dict)

    def statement(self, what: Destruction) -> str:
        """Ids and counts."""
        found = self._condemned(what)
        return f"erase\n{what.request} {what.reason}\n{len(found.keys)} {len(found.items)}\n"

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy the keys, if both signatures bear it."""
        if self.fails:
            raise RecordUnavailable
        note = Note.parse(approvals)
        assert note.text == self.statement(what)
        assert len(note.verify([Verifier.parse(vkey(each)) for each in (1, 2)])) == 2
        found = self._condemned(what)
        folder = self.clinic.clinic.folder
        shredding.apply(folder.keys, (found,))
        folder.bell.ring()
        self.asked.append(what)
        self.approvals.append(approvals)
        position = self.clinic.last_position()
        self.done[what.request] = Shredded(position, len(found.keys), len(found.items))
        return self.done[what.request]

    def carried_out(self, request: str) -> Shredded | None:
        """What was done."""
        return self.done.get(request)

    def _condemned(self, what: Destruction) -> Condemned:
        folder = self.clinic.clinic.folder
        keys = [
            each.place.key_id
            for owner in what.owners
            for purpose in what.purposes
            for each in folder.keys.of_subject(folder.vault.keyring.tag(owner), purpose)
            if each.state != DESTROYED and self._is_meant(what, each.place.label.cls)
        ]
        items = [field_place(each.sealed)[0] for each in what.texts if each.sealed is not None]
        return Condemned(bytes.fromhex(what.request), tuple(sorted(keys)), tuple(sorted(items)))

    @staticmethod
    def _is_meant(what: Destruction, cls: Class) -> bool:
        return not what.classes or cls in what.classes
