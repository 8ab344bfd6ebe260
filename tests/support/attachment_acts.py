"""What is done in a clinic's life about recordings and documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.confidentiality import Class
from domain.use_cases import attachments
from domain.values import CaseId, ItemId
from tests.support.attachments import LETTER, allow, begin, noise, send, stored, tape
from tests.support.clinic import command

if TYPE_CHECKING:
    from tests.support.life import Life

_CLASSES = (Class.CLINICAL, Class.THIRD_PARTY, Class.LEGAL)


def document(life: Life, chance: int) -> None:
    """Somebody stores a document."""
    case = life.cases[chance % len(life.cases)]
    by = life.clinician(chance // 97, case)
    new = replace(LETTER, cls=_CLASSES[chance % 3])
    stored(life.clinic, case, noise(1 + chance % 900, seed=chance), new, by=by)


def recording(life: Life, chance: int) -> None:
    """Everybody in a case allows it, and an hour is recorded."""
    case = life.cases[chance % len(life.cases)]
    by = life.clinician(chance // 97, case)
    frame, _ = life.clinic.desk.case(case)
    for client in frame.clients if frame else ():
        allow(life.clinic, client, by=by)
    people = life.clinic.people
    stored(life.clinic, case, noise(1 + chance % 900), tape(people.anna, people.bartek), by=by)


def given_up(life: Life, chance: int) -> object:
    """An upload is begun, and given up."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    by = life.clinician(chance // 97, case)
    attachment = begin(clinic, case, 5, by=by)
    send(clinic, case, attachment, b"words", by=by)
    return attachments.abandon_attachment(
        clinic.desk,
        clinic.clinic.attachments,
        clinic.who(by),
        case,
        attachment,
        expected=clinic.version(attachment),
        command=command(),
    )


def listed(life: Life, chance: int) -> object:
    """Somebody looks at what is attached to a case."""
    case: CaseId = life.cases[chance % len(life.cases)]
    clinic, who = life.clinic, life.clinic.who(life.clinician(chance // 97, case))
    if chance % 2:
        return attachments.look_at_attachments(clinic.desk, who, case)
    return attachments.look_at_attachment(clinic.desk, who, case, ItemId(f"{chance:032x}"))


ACTS = (document, recording, given_up, listed)
