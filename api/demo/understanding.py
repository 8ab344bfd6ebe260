"""From an enquiry to a formulation: how somebody comes and is understood, in the demonstration."""

from __future__ import annotations

from collections.abc import Callable

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain import enquiry as enquiry_file
from domain.enquiry import Enquiry
from domain.events.case import Coding, Diagnosis
from domain.events.client import PersonWord, Sex
from domain.events.diagnosis import Certainty, Rank
from domain.events.enquiry import (
    Channel,
    DeclinedBecause,
    EnquiryConsultationHeld,
    EnquiryDeclined,
    EnquiryEvent,
    EnquiryOfferDeclined,
    EnquiryPlaceOffered,
    EnquiryQualified,
    EnquiryWaitlisted,
    EnquiryWithdrawn,
    Priority,
)
from domain.formulation import Said
from domain.genogram import Genogram, Line, Relation, Relative
from domain.use_cases import enquiries, problems, registration, understanding
from domain.use_cases.enquiries import NewEnquiry
from domain.use_cases.problems import Saying
from domain.values import Format, FreeText, ItemId, PractitionerId, School, Section

BY, CLIENT, CASE = "eleanor", "kinga", "roots"
EPISODE = Diagnosis(Coding.ICD_10, "F32.0", "Epizod depresji łagodny")

Decide = Callable[[Enquiry, PractitionerId, ItemId], tuple[EnquiryEvent, ...]]


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("roots", what))


async def tell(play: Play, weeks: Weeks) -> None:
    """Three people ask for help; one of them begins a therapy, and is understood."""
    play.move(weeks.at(5, 4, 16, 0))
    enquiry = await _ask(play, CLIENT, "agnieszka")
    await _hand_on(play, enquiry)
    await _consult(play, enquiry)
    await _wait(play, enquiry)
    await play.open_case(BY, CASE, (CLIENT,), (Format.INDIVIDUAL, School.SYSTEMIC))
    await _elsewhere(play)
    await _intake(play)
    await _problems(play)
    await _formulation(play)
    await _called(play)


async def _ask(play: Play, client: str, intake: str) -> ItemId:
    new = NewEnquiry(
        client=play.client(client),
        intake=play.practitioner(intake),
        channel=Channel.TELEPHONE,
        occurred_at=play.clinic.clock.now(),
        words=text("asked"),
        format=Format.INDIVIDUAL,
        source=text("source"),
    )
    asking = enquiries.receive_enquiry(
        play.desk, play.who("zuzanna"), new, command=command_of("understanding", "enquiry", client)
    )
    return ItemId((await play.did("enquiry", asking)).named("enquiry"))


async def _hand_on(play: Play, enquiry: ItemId) -> None:
    assigning = enquiries.assign_enquiry(
        play.desk,
        play.who("zuzanna"),
        enquiry,
        play.practitioner(BY),
        expected=2,
        command=command_of("understanding", "assign", enquiry),
    )
    await play.did("enquiry", assigning)


async def _go_on(play: Play, enquiry: ItemId, expected: int, decide: Decide) -> None:
    act = enquiries.change_enquiry(
        play.desk,
        play.who(BY),
        enquiry,
        decide,
        expected=expected,
        command=command_of("understanding", "enquiry goes on", enquiry, str(expected)),
    )
    await play.did("enquiry", act)


async def _consult(play: Play, enquiry: ItemId) -> None:
    now = play.clinic.clock.now()

    def held(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        event = EnquiryConsultationHeld(
            enquiry=state.id,
            entry=entry,
            author=author,
            occurred_at=now,
            words=text("consultation"),
        )
        return enquiry_file.hold_consultation(state, event)

    def qualified(
        state: Enquiry, author: PractitionerId, entry: ItemId
    ) -> tuple[EnquiryEvent, ...]:
        event = EnquiryQualified(
            enquiry=state.id,
            entry=entry,
            author=author,
            format=Format.INDIVIDUAL,
            school=School.SYSTEMIC,
            reason=text("qualified"),
        )
        return enquiry_file.qualify(state, event)

    await _go_on(play, enquiry, 3, held)
    await _go_on(play, enquiry, 4, qualified)


async def _wait(play: Play, enquiry: ItemId) -> None:
    def listed(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        event = EnquiryWaitlisted(
            enquiry=state.id,
            entry=entry,
            author=author,
            priority=Priority.ORDINARY,
            words=text("place"),
        )
        return enquiry_file.wait(state, event)

    def offered(what: str) -> Decide:
        return lambda state, author, entry: enquiry_file.offer(
            state,
            EnquiryPlaceOffered(enquiry=state.id, entry=entry, author=author, words=text(what)),
        )

    def no(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        event = EnquiryOfferDeclined(
            enquiry=state.id, entry=entry, author=author, words=text("no_offer")
        )
        return enquiry_file.decline_offer(state, event)

    for expected, decide in enumerate((listed, offered("offer"), no, offered("second_offer")), 5):
        await _go_on(play, enquiry, expected, decide)


async def _elsewhere(play: Play) -> None:
    """Two others are helped better, or helped already, elsewhere."""

    def declined(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        event = EnquiryDeclined(
            enquiry=state.id,
            entry=entry,
            author=author,
            because=DeclinedBecause.REFERRED_ELSEWHERE,
            reason=text("declined"),
        )
        return enquiry_file.decline(state, event)

    def withdrawn(
        state: Enquiry, author: PractitionerId, entry: ItemId
    ) -> tuple[EnquiryEvent, ...]:
        event = EnquiryWithdrawn(
            enquiry=state.id, entry=entry, author=author, reason=text("withdrawn")
        )
        return enquiry_file.withdraw(state, event)

    await _go_on(play, await _ask(play, "beata", BY), 2, declined)
    await _go_on(play, await _ask(play, "norbert", BY), 2, withdrawn)


async def _intake(play: Play) -> None:
    desk, case = play.desk, play.cases[CASE]
    sections = tuple(Section(each, text(each)) for each in ("interview", "family", "medication"))
    completing = understanding.complete_intake(
        desk,
        play.who(BY),
        case,
        play.clinic.clock.now(),
        sections,
        command=command_of("understanding", "intake"),
    )
    intake = ItemId((await play.did("intake", completing)).named("intake"))
    anew = (*sections[:2], Section("medication", text("medication_later")))
    revising = understanding.revise_intake(
        desk,
        play.who(BY),
        case,
        intake,
        (anew, text("medication_reason")),
        expected=1,
        command=command_of("understanding", "intake again"),
    )
    await play.did("intake", revising)


async def _problems(play: Play) -> None:
    desk, case = play.desk, play.cases[CASE]

    def version() -> int:
        return desk.case(case)[1]

    stating = problems.state_problem(
        desk,
        play.who(BY),
        case,
        text("problem"),
        None,
        expected=version(),
        command=command_of("understanding", "problem", CASE),
    )
    problem = ItemId((await play.did("problem", stating)).named("problem"))
    saying = Saying(EPISODE, Certainty.SUSPECTED, Rank.MAIN, (problem,), text("suspected"))
    recording = problems.diagnose(
        desk,
        play.who(BY),
        case,
        saying,
        expected=version(),
        command=command_of("understanding", "diagnosis"),
    )
    diagnosis = ItemId((await play.did("diagnosis", recording)).named("diagnosis"))
    surer = Saying(EPISODE, Certainty.PROVISIONAL, Rank.MAIN, (problem,))
    revising = problems.revise_diagnosis(
        desk,
        play.who(BY),
        case,
        diagnosis,
        surer,
        expected=version(),
        command=command_of("understanding", "diagnosis again"),
    )
    await play.did("diagnosis", revising)
    refuting = problems.refute_diagnosis(
        desk,
        play.who(BY),
        case,
        diagnosis,
        text("confirmed_not"),
        expected=version(),
        command=command_of("understanding", "diagnosis refuted"),
    )
    await play.did("diagnosis", refuting)
    finding = problems.find_no_disorder(
        desk,
        play.who(BY),
        case,
        text("none_found"),
        None,
        expected=version(),
        command=command_of("understanding", "no disorder"),
    )
    await play.did("diagnosis", finding)
    reframing = problems.reframe_problem(
        desk,
        play.who(BY),
        case,
        problem,
        (text("reframed"), None),
        expected=version(),
        command=command_of("understanding", "problem reframed"),
    )
    await play.did("problem", reframing)
    resolving = problems.resolve_problem(
        desk,
        play.who(BY),
        case,
        problem,
        text("resolved"),
        expected=version(),
        command=command_of("understanding", "problem resolved"),
    )
    await play.did("problem", resolving)


async def _formulation(play: Play) -> None:
    desk, case = play.desk, play.cases[CASE]
    genogram = Genogram(
        (
            Relative("grandmother", "babcia", Sex.FEMALE, born=1938, died=2022),
            Relative("mother", "matka", Sex.FEMALE, born=1963),
            Relative("father", "ojciec", Sex.MALE, born=1960),
            Relative("sister", "siostra", Sex.FEMALE, born=1990),
            Relative("herself", "klientka", Sex.FEMALE, born=1994, index=True),
        ),
        (
            Relation(Line.PARENT, "grandmother", "mother"),
            Relation(Line.PARENT, "mother", "sister"),
            Relation(Line.PARENT, "mother", "herself"),
            Relation(Line.PARENT, "father", "herself"),
            Relation(Line.SEPARATED, "mother", "father"),
            Relation(Line.CLOSE, "grandmother", "herself"),
            Relation(Line.CUT_OFF, "father", "herself"),
        ),
    )
    writing = understanding.write_formulation(
        desk,
        play.who(BY),
        case,
        Said((Section("patterns", text("patterns")),), genogram=genogram),
        command=command_of("understanding", "formulation"),
    )
    formulation = ItemId((await play.did("formulation", writing)).named("formulation"))
    revising = understanding.revise_formulation(
        desk,
        play.who(BY),
        case,
        formulation,
        Said((Section("patterns", text("patterns_later")),), genogram=genogram),
        text("patterns_reason"),
        expected=1,
        command=command_of("understanding", "formulation again"),
    )
    await play.did("formulation", revising)


async def _called(play: Play) -> None:
    client = play.client(CLIENT)
    wishing = registration.set_person_word(
        play.desk,
        play.who(BY),
        client,
        PersonWord.PATIENT,
        expected=play.desk.client(client)[1],
        command=command_of("understanding", "called"),
    )
    await play.did("person word", wishing)
