"""What is done in a clinic's life about what ought to go: requests, holds, misfiled notes.

Nothing is destroyed here: a shredder of paper says that it was. What a destruction leaves is a
matter of ``tests/walks/test_erasures.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import note as note_file
from domain.client import Hold
from domain.errors import NotThere
from domain.events.client import HoldGround
from domain.events.erasure import ErasureGround, ErasureScope
from domain.ports import Destruction, Shredded
from domain.practitioner import CustodianKey
from domain.use_cases import administrator, custodians, erasures, holds, misfiled
from domain.use_cases.erasing import Archive
from domain.use_cases.erasures import NewErasure
from domain.use_cases.holds import NewHold
from domain.use_cases.misfiled import Misfiled
from domain.values import (
    CaseId,
    ClientId,
    ErasureId,
    ItemId,
    NoteId,
    PurposeOfUse,
    Role,
)
from tests.support.clinic import SmallClinic, command

if TYPE_CHECKING:
    from tests.support.life import Life

CUSTODIANS = (Role.CLINICIAN, Role.CUSTODIAN)


class Paper:
    """The ports ``Shredder`` and ``Signatures`` on paper."""

    def statement(self, what: Destruction) -> str:
        """What would go."""
        return f"{what.request} {what.reason} {len(what.texts)}\n"

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Say that it went."""
        del approvals
        return Shredded(position=1, keys=len(what.owners), items=len(what.texts))

    def carried_out(self, request: str) -> Shredded | None:
        """Paper remembers nothing."""
        del request
        return None

    def verifies(self, key: str, text: str, line: str) -> bool:
        """Paper bears anything."""
        del key, text, line
        return True


def hold(life: Life, chance: int) -> object:
    """A hold is placed, or the newest one lifted."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    who, version = clinic.who(clinic.people.officer), clinic.version(client)
    standing = _holds(clinic, client)
    if standing and chance % 2:
        return holds.lift_hold(
            clinic.desk, who, client, standing[-1].id, expected=version, command=command()
        )
    review = clinic.clock.now().date() + timedelta(days=1 + chance % 400)
    new = NewHold(list(HoldGround)[chance % len(HoldGround)], review)
    return holds.place_hold(clinic.desk, who, client, new, expected=version, command=command())


def appointment(life: Life, chance: int) -> object:
    """Anna and Bartek become custodians, one after the other."""
    clinic = life.clinic
    number = chance % 2
    person = (clinic.people.anna, clinic.people.bartek)[number]
    who = clinic.who(clinic.people.administrator)
    frame, version = clinic.desk.practitioner(person)
    if frame is not None and Role.CUSTODIAN not in frame.roles:
        return administrator.change_roles(
            clinic.desk, who, person, CUSTODIANS, expected=version, command=command()
        )
    held = CustodianKey(number + 1, f"clinic/custodian-{number + 1}+0+key")
    return custodians.appoint_custodian(
        clinic.desk, who, person, held, expected=version, command=command()
    )


def request(life: Life, chance: int) -> None:
    """Somebody asks that a note go, or a client."""
    clinic = life.clinic
    if chance % 3:
        case, note = life.notes[chance % len(life.notes)]
        who = clinic.who(life.author(note, chance))
        new = NewErasure(ErasureScope.ITEM, ErasureGround.ART_51, case=case, item=ItemId(note))
    else:
        who = clinic.who(clinic.people.officer)
        client = life.clients[chance % len(life.clients)]
        new = NewErasure(ErasureScope.CLIENT, ErasureGround.CONSENT_WITHDRAWN, client=client)
    asking = erasures.request_erasure(clinic.desk, _archive(clinic), who, new, command=command())
    life.erasures.append(ErasureId(clinic.run(asking).named("erasure")))


def approval(life: Life, chance: int) -> object:
    """One of the two signs a request."""
    clinic, erasure = life.clinic, life.erasures[-1 - chance % len(life.erasures)]
    person = (clinic.people.anna, clinic.people.bartek)[chance % 2]
    who = clinic.who(person, PurposeOfUse.HCOMPL)
    return erasures.approve_erasure(
        clinic.desk,
        _archive(clinic),
        who,
        erasure,
        "a line",
        expected=clinic.version(erasure),
        command=command(),
    )


def completion(life: Life, chance: int) -> object:
    """A request is carried out, or taken back."""
    clinic, erasure = life.clinic, life.erasures[-1 - chance % len(life.erasures)]
    who, version = clinic.who(clinic.people.officer), clinic.version(erasure)
    if chance % 4 == 0:
        return erasures.withdraw_erasure(
            clinic.desk, who, erasure, expected=version, command=command()
        )
    return erasures.complete_erasure(
        clinic.desk, _archive(clinic), who, erasure, expected=version, command=command()
    )


def move(life: Life, chance: int) -> None:
    """A signed note turns out to be another client's."""
    clinic = life.clinic
    signed = [each for each in life.notes if _is_movable(clinic, *each)]
    case, note = signed[chance % len(signed)]
    frame, _ = clinic.desk.case(case)
    others = [each for each in life.clients if frame is None or each not in frame.clients]
    right = clinic.open_case(others[chance % len(others)], by=life.authors[note])
    life.cases.append(right)
    moving = misfiled.move_note(
        clinic.desk,
        clinic.who(life.authors[note]),
        Misfiled(case, note, right),
        expected=clinic.version(note),
        command=command(),
    )
    receipt = clinic.run(moving)
    received = NoteId(receipt.named("note"))
    life.notes.append((right, received))
    life.authors[received] = life.authors[note]
    life.erasures.append(ErasureId(receipt.named("erasure")))


def to_its_end(life: Life) -> None:
    """A note of Anna's is erased from the first word to the tombstone, and another moved."""
    clinic, anna = life.clinic, life.clinic.people.anna
    for person in (0, 1):
        for _ in ("the role", "the key"):
            clinic.run(appointment(life, person))  # type: ignore[arg-type]  # an act is a use case
    life.clients.append(clinic.register_client("Hanna"))
    case = clinic.open_case(life.clients[-1])
    life.cases.append(case)
    for _ in ("erased", "moved"):
        life.notes.append((case, clinic.draft_note(case)))
        life.authors[life.notes[-1][1]] = anna
        clinic.sign_note(*life.notes[-1])
    asked = NewErasure(
        ErasureScope.ITEM, ErasureGround.ART_51, case=case, item=ItemId(life.notes[-2][1])
    )
    who, archive = clinic.who(anna, PurposeOfUse.TREAT), _archive(clinic)
    asking = erasures.request_erasure(clinic.desk, archive, who, asked, command=command())
    life.erasures = [ErasureId(clinic.run(asking).named("erasure"))]
    for act, chance in ((approval, 0), (approval, 1), (completion, 1)):
        clinic.run(act(life, chance))  # type: ignore[arg-type]  # an act is a use case
    move(life, len([each for each in life.notes if _is_movable(clinic, *each)]) - 1)


def _is_movable(clinic: SmallClinic, case: CaseId, note: NoteId) -> bool:
    frame, _ = clinic.desk.case(case)
    state, _ = clinic.desk.record.fold(note, note_file.fold)
    signed = state is not None and state.status is note_file.Status.SIGNED
    return signed and frame is not None and not frame.joint


def _archive(clinic: SmallClinic) -> Archive:
    """As the clinic's, with paper in the shredder's place; projections lag as they please."""
    paper = Paper()
    return Archive(paper, paper, clinic.views.holdings, clinic.clinic.rules)


def _holds(clinic: SmallClinic, client: ClientId) -> tuple[Hold, ...]:
    frame, _ = clinic.desk.client(client)
    if frame is None:
        raise NotThere
    return frame.holds


ACTS = (
    hold,
    appointment,
    appointment,
    request,
    request,
    approval,
    approval,
    completion,
    move,
    move,
)
