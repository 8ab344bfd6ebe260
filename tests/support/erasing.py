"""Erasing in a small clinic: two custodians, and the way of a request from word to tombstone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from domain.erasure import Erasure
from domain.events.erasure import ErasureGround, ErasureScope
from domain.ports import Destruction
from domain.practitioner import CustodianKey
from domain.use_cases import administrator, custodians, erasure_looks, erasures
from domain.use_cases.administrator import NewPractitioner
from domain.use_cases.erasing import Archive
from domain.use_cases.erasures import NewErasure
from domain.values import (
    CaseId,
    Circumstances,
    ErasureId,
    ItemId,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    Receipt,
    Registration,
    RegistrationKind,
    Role,
)
from infrastructure.custodians.signing import signers
from infrastructure.ledger.note import Signer
from tests.support.clinic import PASSPHRASE, Founded, SmallClinic, command, found
from tests.support.shredding import Watched

SECOND = "a second passphrase lies in the safe"


@dataclass(frozen=True, slots=True)
class Erasing:
    """A small clinic with two custodians: Bartek, and an outsider who sees requests alone."""

    clinic: SmallClinic
    shredder: Watched
    signers: tuple[Signer, ...]
    outsider: PractitionerId

    @property
    def bartek(self) -> PractitionerId:
        """The custodian who works here."""
        return self.clinic.people.bartek

    @property
    def asked(self) -> list[Destruction]:
        """What was destroyed so far."""
        return self.shredder.asked

    def archive(self) -> Archive:
        """What erasing needs, with projections up to date."""
        self.clinic.catch_up()
        return self.clinic.run(self.clinic.clinic.archive())

    def custodian(self, person: PractitionerId) -> Circumstances:
        """A custodian at her office."""
        return self.clinic.who(person, PurposeOfUse.HCOMPL)

    def request(self, who: PractitionerId, new: NewErasure) -> Receipt:
        """Ask for an erasure."""
        asking = erasures.request_erasure(
            self.clinic.desk, self.archive(), self.clinic.who(who), new, command=command()
        )
        return self.clinic.run(asking)

    def state(self, erasure_id: str) -> Erasure:
        """Where a request stands."""
        state, _ = erasure_looks.load(self.clinic.desk, ErasureId(erasure_id))
        assert state is not None
        return state

    def statement(self, erasure_id: str) -> str:
        """What a custodian would sign now."""
        who = self.custodian(self.outsider)
        text, _, _ = self.clinic.run(
            erasure_looks.look_at_statement(
                self.clinic.desk, self.archive(), who, ErasureId(erasure_id)
            )
        )
        return text

    def line(self, number: int, statement: str) -> str:
        """A custodian's signature over a statement, as she hands it over."""
        signed = self.signers[number - 1].sign(statement.encode())
        return signed.encode().decode().rstrip("\n")

    def approve(
        self, erasure_id: str, person: PractitionerId, number: int, statement: str | None = None
    ) -> Receipt:
        """Let a custodian sign what would be destroyed."""
        text = self.statement(erasure_id) if statement is None else statement
        approving = erasures.approve_erasure(
            self.clinic.desk,
            self.archive(),
            self.custodian(person),
            ErasureId(erasure_id),
            self.line(number, text),
            expected=self.clinic.version(erasure_id),
            command=command(),
        )
        return self.clinic.run(approving)

    def approve_both(self, erasure_id: str) -> None:
        """Let both custodians sign."""
        self.approve(erasure_id, self.bartek, 1)
        self.approve(erasure_id, self.outsider, 2)

    def complete(self, erasure_id: str, *, by: PractitionerId | None = None) -> Receipt:
        """Carry it out, by the officer unless told otherwise."""
        completing = erasures.complete_erasure(
            self.clinic.desk,
            self.archive(),
            self.clinic.who(by or self.clinic.people.officer),
            ErasureId(erasure_id),
            expected=self.clinic.version(erasure_id),
            command=command(),
        )
        return self.clinic.run(completing)

    def erase(self, who: PractitionerId, new: NewErasure) -> ErasureId:
        """All of it."""
        erasure_id = ErasureId(self.request(who, new).named("erasure"))
        self.approve_both(erasure_id)
        self.complete(erasure_id)
        return erasure_id


def admission(case: CaseId, note: NoteId) -> NewErasure:
    """A note with a statement that must never have been recorded (art. 51)."""
    return NewErasure(ErasureScope.ITEM, ErasureGround.ART_51, case=case, item=ItemId(note))


def found_by_two(folder: Path) -> tuple[Founded, tuple[Signer, ...]]:
    """Make a data folder whose log names two custodians; their keys."""
    founded = found(folder, SECOND)
    keys = signers(folder, "tests.powiernik.invalid", [PASSPHRASE, SECOND])
    return founded, tuple(keys)


def erasing_in(clinic: SmallClinic, keys: tuple[Signer, ...]) -> Erasing:
    """Appoint the custodians whose keys these are, and watch the shredder."""
    shredder = Watched(clinic.clinic.shredder)
    clinic.clinic.shredder = shredder
    bartek = clinic.people.bartek
    changing = administrator.change_roles(
        clinic.desk,
        clinic.who(clinic.people.administrator),
        bartek,
        (Role.CLINICIAN, Role.CUSTODIAN),
        expected=clinic.version(bartek),
        command=command(),
    )
    clinic.run(changing)
    newcomer = NewPractitioner(
        "Oskar", "Obcy", "adwokat", Registration(RegistrationKind.NONE), (Role.CUSTODIAN,)
    )
    joining = administrator.register_practitioner(
        clinic.desk, clinic.who(clinic.people.administrator), newcomer, command=command()
    )
    outsider = PractitionerId(clinic.run(joining).named("practitioner"))
    appoint(clinic, bartek, 1, keys[0])
    appoint(clinic, outsider, 2, keys[1])
    return Erasing(clinic, shredder, keys, outsider)


def appoint(clinic: SmallClinic, person: PractitionerId, number: int, key: Signer) -> Receipt:
    """Tie a custodian's key to somebody."""
    appointing = custodians.appoint_custodian(
        clinic.desk,
        clinic.who(clinic.people.administrator),
        person,
        CustodianKey(number, key.verifier.vkey()),
        expected=clinic.version(person),
        command=command(),
    )
    return clinic.run(appointing)
