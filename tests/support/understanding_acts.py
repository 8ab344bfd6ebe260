"""What is done in a clinic's life before a case, and to understand somebody in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain import enquiry as enquiry_file
from domain.events.case import Coding, Diagnosis
from domain.events.client import PersonWord
from domain.events.diagnosis import Certainty, Rank
from domain.events.enquiry import Channel, EnquiryEvent
from domain.formulation import Said
from domain.genogram import Genogram, Line, Relation, Relative
from domain.use_cases import enquiries, problems, registration, understanding
from domain.use_cases.enquiries import NewEnquiry
from domain.use_cases.problems import Saying
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section
from tests.support.clinic import command
from tests.support.understanding_examples import (
    CONSULTED,
    DECLINED,
    OFFER_DECLINED,
    OFFERED,
    QUALIFIED,
    WAITLISTED,
    WITHDRAWN,
)

if TYPE_CHECKING:
    from domain.enquiry import Enquiry
    from tests.support.life import Life

ENQUIRIES, PROBLEMS, DIAGNOSES, INTAKES, FORMULATIONS = (
    "enquiries",
    "problems",
    "diagnoses",
    "intakes",
    "formulations",
)
CODES = ("F32.0", "F41.0", "F43.2")
FAMILY = Genogram(
    (Relative("m", "mother"), Relative("c", "client", index=True)),
    (Relation(Line.PARENT, "m", "c"),),
)
_STEPS: tuple[tuple[Callable[..., tuple[EnquiryEvent, ...]], Any], ...] = (
    (enquiry_file.hold_consultation, CONSULTED),
    (enquiry_file.qualify, QUALIFIED),
    (enquiry_file.wait, WAITLISTED),
    (enquiry_file.offer, OFFERED),
    (enquiry_file.decline_offer, OFFER_DECLINED),
    (enquiry_file.withdraw, WITHDRAWN),
    (enquiry_file.decline, DECLINED),
)


def enquire(life: Life, chance: int) -> None:
    """Somebody asks for help; mostly Anna's, now and then Bartek's."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    new = NewEnquiry(
        client=client,
        intake=life.clinician(chance),
        channel=Channel.TELEPHONE,
        occurred_at=clinic.clock.now(),
        words=FreeText(f"Words {chance}: what she asks for."),
    )
    who = clinic.who(clinic.people.reception)
    receipt = clinic.run(enquiries.receive_enquiry(clinic.desk, who, new, command=command()))
    # An enquiry belongs to no case yet; it stands with the first one.
    life.things[ENQUIRIES].append((life.cases[0], ItemId(receipt.named("enquiry"))))


def answer(life: Life, chance: int) -> object:
    """Something happens in an enquiry, possible or not."""
    clinic, enquiry = life.clinic, _one(life, ENQUIRIES, chance)[1]
    how, what = _STEPS[chance // 11 % len(_STEPS)]
    frame, version = clinic.desk.record.frame(enquiry, enquiry_file.fold)
    assert frame is not None
    if chance % 7 == 0:
        return enquiries.assign_enquiry(
            clinic.desk,
            clinic.who(clinic.people.reception),
            enquiry,
            life.clinician(chance // 97),
            expected=version,
            command=command(),
        )

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        said = replace(what, enquiry=state.id, author=author, entry=entry)
        return how(state, said)

    who = clinic.who(frame.intake if chance % 5 else life.clinician(chance // 97))
    return enquiries.change_enquiry(
        clinic.desk, who, enquiry, decide, expected=version, command=command()
    )


def look(life: Life, chance: int) -> object:
    """Somebody looks at an enquiry."""
    clinic, enquiry = life.clinic, _one(life, ENQUIRIES, chance)[1]
    who = clinic.who(life.clinician(chance // 97))
    return enquiries.look_at_enquiry(clinic.desk, who, enquiry)


def problem(life: Life, chance: int) -> object:
    """A problem is stated, or seen otherwise, or solved."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    who, version = clinic.who(life.clinician(chance, case)), clinic.version(case)
    words = FreeText(f"Words {chance}: what is hard.")
    if chance % 3 == 0:
        stating = problems.state_problem(
            clinic.desk, who, case, words, None, expected=version, command=command()
        )
        made = clinic.run(stating).named("problem")
        life.things[PROBLEMS].append((case, ItemId(made)))
        return None
    case, found = _one(life, PROBLEMS, chance)
    who, version = clinic.who(life.clinician(chance, case)), clinic.version(case)
    if chance % 3 == 1:
        return problems.reframe_problem(
            clinic.desk, who, case, found, (words, None), expected=version, command=command()
        )
    return problems.resolve_problem(
        clinic.desk, who, case, found, words, expected=version, command=command()
    )


def diagnosis(life: Life, chance: int) -> object:
    """A diagnosis is made, revised or refuted, or none is found."""
    clinic = life.clinic
    single = [each for each in life.cases if not _is_joint(life, each)]
    case = single[chance % len(single)]
    who, version = clinic.who(life.clinician(chance, case)), clinic.version(case)
    coded = Diagnosis(Coding.ICD_10, CODES[chance // 7 % len(CODES)], "a title")
    rank = Rank.MAIN if chance % 2 else Rank.SECONDARY
    saying = Saying(coded, Certainty.SUSPECTED, rank, words=FreeText(f"Words {chance}."))
    match chance // 11 % 4:
        case 0:
            making = problems.diagnose(
                clinic.desk, who, case, saying, expected=version, command=command()
            )
            made = clinic.run(making).named("diagnosis")
            life.things[DIAGNOSES].append((case, ItemId(made)))
            return None
        case 1:
            case, found = _one(life, DIAGNOSES, chance)
            return problems.revise_diagnosis(
                clinic.desk,
                clinic.who(life.clinician(chance, case)),
                case,
                found,
                saying,
                expected=clinic.version(case),
                command=command(),
            )
        case 2:
            case, found = _one(life, DIAGNOSES, chance)
            return problems.refute_diagnosis(
                clinic.desk,
                clinic.who(life.clinician(chance, case)),
                case,
                found,
                FreeText(f"Words {chance}: it is not."),
                expected=clinic.version(case),
                command=command(),
            )
        case _:
            return problems.find_no_disorder(
                clinic.desk, who, case, None, None, expected=version, command=command()
            )


def intake(life: Life, chance: int) -> object:
    """An intake interview is written down, or anew."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    sections = (Section("history", FreeText(f"Words {chance}: where she comes from.")),)
    if chance % 2 or not life.things[INTAKES]:
        who = clinic.who(life.clinician(chance, case))
        completing = understanding.complete_intake(
            clinic.desk, who, case, clinic.clock.now(), sections, command=command()
        )
        made = clinic.run(completing).named("intake")
        life.things[INTAKES].append((case, ItemId(made)))
        return None
    case, found = _one(life, INTAKES, chance)
    return understanding.revise_intake(
        clinic.desk,
        clinic.who(life.clinician(chance, case)),
        case,
        found,
        (sections, None),
        expected=clinic.version(found),
        command=command(),
    )


def formulation(life: Life, chance: int) -> object:
    """A formulation is written, or anew."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    said = Said(
        (Section("summary", FreeText(f"Words {chance}: how it hangs together.")),),
        genogram=FAMILY if chance % 3 else None,
    )
    if chance % 2 or not life.things[FORMULATIONS]:
        who = clinic.who(life.clinician(chance, case))
        writing = understanding.write_formulation(clinic.desk, who, case, said, command=command())
        made = clinic.run(writing).named("formulation")
        life.things[FORMULATIONS].append((case, ItemId(made)))
        return None
    case, found = _one(life, FORMULATIONS, chance)
    return understanding.revise_formulation(
        clinic.desk,
        clinic.who(life.clinician(chance, case)),
        case,
        found,
        said,
        expected=clinic.version(found),
        command=command(),
    )


def called(life: Life, chance: int) -> object:
    """Somebody wishes to be called so, or no longer."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    word = (PersonWord.CLIENT, PersonWord.PATIENT, None)[chance % 3]
    return registration.set_person_word(
        clinic.desk,
        clinic.who(clinic.people.reception),
        client,
        word,
        expected=clinic.version(client),
        command=command(),
    )


def _one(life: Life, kind: str, chance: int) -> tuple[CaseId, ItemId]:
    """One of these; where there is none, nothing can be done (``ZeroDivisionError``)."""
    things = life.things[kind]
    return things[chance // 5 % len(things)]


def _is_joint(life: Life, case: CaseId) -> bool:
    frame, _ = life.clinic.desk.case(case)
    return frame is not None and frame.joint


ACTS = (
    enquire,
    answer,
    answer,
    answer,
    look,
    problem,
    diagnosis,
    intake,
    formulation,
    called,
)
