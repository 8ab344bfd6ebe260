"""Six weeks in a small clinic, told act by act, in the order in which they happened."""

from __future__ import annotations

from api.demo import (
    attachments,
    frame,
    joint,
    measures,
    notes as documentation,
    therapist,
    understanding,
    work,
)
from api.demo.cast import GROUP, STAFF
from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.texts import words
from domain.events.case import Coding, Diagnosis, Outcome
from domain.events.client import ClientContactChanged
from domain.events.consent import Form, Scope
from domain.events.note import NoteKind
from domain.events.session import CancelledBy
from domain.use_cases import cases, compliance, notes, process_notes
from domain.values import Address, Format, Role, School

PANIC = Diagnosis(Coding.ICD_10, "F41.0", "Zaburzenie lękowe z napadami lęku (lęk paniczny)")
_LIMITS = "psychoterapia w ramach omówionych granic poufności"


async def tell(play: Play, weeks: Weeks) -> None:
    """The whole story."""
    await found(play)
    await _beginnings(play, weeks)
    await _second_week(play, weeks)
    left = await documentation.begin(play)
    await _third_week(play, weeks)
    await _fourth_week(play, weeks)
    await _fifth_week(play, weeks)
    await _sixth_week(play, weeks)
    await documentation.tell(play, left)
    await frame.tell(play, weeks)
    await measures.tell(play, weeks)
    await joint.tell(play, weeks)
    await therapist.tell(play, weeks)
    await understanding.tell(play, weeks)
    await attachments.tell(play, weeks)
    await work.tell(play, weeks)


async def found(play: Play) -> None:
    """The clinic and everybody who works in it."""
    await play.found("halina")
    for each in STAFF:
        if each not in ("halina", "renata"):
            await play.hire("halina", each)
    await play.connect("halina", "board", "Tablica w poczekalni", "calendar:read")


async def _beginnings(play: Play, weeks: Weeks) -> None:
    """Week one: three people come for the first time."""
    play.move(weeks.at(0, 0, 9, 10))
    for each in ("karolina", "miriam", "szymon"):
        await play.register("zuzanna", each)
    await _karolina_comes(play, weeks)
    await _miriam_comes(play, weeks)
    await _szymon_comes(play, weeks)


async def _karolina_comes(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(0, 1, 9, 30))
    await play.open_case(
        "agnieszka", "panic", ("karolina",), (Format.INDIVIDUAL, School.COGNITIVE_BEHAVIOURAL)
    )
    await play.look_at_identity("agnieszka", "karolina")
    await play.book("agnieszka", "panic", "panic-1", (weeks.at(0, 1, 10), 80, "2"))
    await play.hold("agnieszka", "panic-1")
    await play.consent("agnieszka", "karolina", Scope.THERAPY, _LIMITS)
    await play.refuse_consent(
        "agnieszka", "karolina", Scope.RECORDING, "nagrywanie sesji do szkolenia"
    )
    await play.consent(
        "agnieszka", "karolina", Scope.SUPERVISION, "superwizja bez danych osobowych"
    )
    await play.consent(
        "agnieszka", "karolina", Scope.NOTIFICATION, "SMS z terminem spotkania", form=Form.ORAL
    )
    await play.state_problem("agnieszka", "panic", words("panic", "problem"), PANIC)
    await play.write(
        "agnieszka",
        "panic",
        "panic intake",
        words("panic", "intake"),
        kind=NoteKind.INTAKE,
        session="panic-1",
    )
    await play.book("agnieszka", "panic", "panic-2", (weeks.at(1, 1, 10), 50, "2"))


async def _miriam_comes(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(0, 2, 15, 40))
    await play.open_case(
        "eleanor", "grief", ("miriam",), (Format.INDIVIDUAL, School.HUMANISTIC_EXISTENTIAL)
    )
    await play.book("eleanor", "grief", "grief-1", (weeks.at(0, 2, 16), 50, "4"))
    await play.hold("eleanor", "grief-1")
    await play.consent(
        "eleanor", "miriam", Scope.THERAPY, "psychotherapy within the limits we discussed"
    )
    await play.refuse_consent("eleanor", "miriam", Scope.RESEARCH, "anonymous outcome study")
    await play.state_problem("eleanor", "grief", words("grief", "problem"))
    await play.write(
        "eleanor",
        "grief",
        "grief intake",
        words("grief", "intake"),
        kind=NoteKind.INTAKE,
        session="grief-1",
    )
    await play.book("eleanor", "grief", "grief-2", (weeks.at(1, 2, 16), 50, "4"))


async def _szymon_comes(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(0, 4, 8, 50))
    await play.open_case("marek", "change", ("szymon",), (Format.INDIVIDUAL, School.INTEGRATIVE))
    await play.book("marek", "change", "change-1", (weeks.at(0, 4, 9), 50, "1"))
    await play.hold("marek", "change-1")
    await play.consent("marek", "szymon", Scope.THERAPY, _LIMITS)
    await play.state_problem("marek", "change", words("change", "problem"))
    await play.write(
        "marek",
        "change",
        "change intake",
        words("change", "intake"),
        kind=NoteKind.INTAKE,
        session="change-1",
    )


async def _second_week(play: Play, weeks: Weeks) -> None:
    """Week two: a couple comes; a therapist in training gets a second name beside his."""
    play.move(weeks.at(1, 0, 8, 20))
    await play.look_at_calendar("zuzanna", weeks.at(1, 0, 0), days=7)
    await play.look_at_calendar("board", weeks.at(1, 0, 0), days=1)
    for each in ("iwona", "pawel"):
        await play.register("zuzanna", each)
    await _panic_second(play, weeks)
    await _grief_second(play, weeks)
    await _couple_comes(play, weeks)
    play.move(weeks.at(1, 4, 8, 55))
    await play.book("marek", "change", "change-2", (weeks.at(1, 4, 9), 50, "1"))
    await play.hold("marek", "change-2")


async def _panic_second(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(1, 1, 9, 45))
    await play.look_at_case("agnieszka", "panic")
    await play.look_at_note("agnieszka", "panic intake")
    await play.hold("agnieszka", "panic-2")
    await play.write(
        "agnieszka", "panic", "panic second", words("panic", "second"), session="panic-2"
    )
    await play.amend(
        "agnieszka",
        "panic intake",
        words("panic", "dose_reason"),
        words("panic", "dose_amendment"),
    )
    await play.keep("agnieszka", "panic", "panic process", words("panic", "process"))
    await play.book("agnieszka", "panic", "panic-3", (weeks.at(2, 1, 10), 50, "2"))


async def _grief_second(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(1, 2, 15, 50))
    await play.look_at_note("eleanor", "grief intake")
    await play.hold("eleanor", "grief-2")
    await play.write(
        "eleanor", "grief", "grief second", words("grief", "second"), session="grief-2"
    )
    await play.book("eleanor", "grief", "grief-3", (weeks.at(2, 2, 16), 50, "4"))


async def _couple_comes(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(1, 3, 16, 40))
    await play.open_case("jakub", "couple", ("iwona", "pawel"), (Format.COUPLE, School.SYSTEMIC))
    await play.join("jakub", "couple", "agnieszka")
    await play.book("jakub", "couple", "couple-1", (weeks.at(1, 3, 17), 90, "3"))
    await play.hold("jakub", "couple-1")
    for each in ("iwona", "pawel"):
        await play.consent("jakub", each, Scope.THERAPY, "terapia pary, zasada braku tajemnic")
    await play.state_problem("jakub", "couple", words("couple", "problem"))
    await play.write(
        "jakub",
        "couple",
        "couple intake",
        words("couple", "intake"),
        kind=NoteKind.INTAKE,
        session="couple-1",
    )
    await play.look_at_note("agnieszka", "couple intake")
    await play.countersign("agnieszka", "couple intake")


async def _third_week(play: Play, weeks: Weeks) -> None:
    """Week three: a group begins, an entry goes astray, a therapist hands over."""
    await _group_begins(play, weeks)
    await _panic_cancelled(play, weeks)
    play.move(weeks.at(2, 2, 15, 55))
    await play.hold("eleanor", "grief-3")
    await play.write("eleanor", "grief", "grief third", words("grief", "third"), session="grief-3")
    await play.keep("eleanor", "grief", "grief process", words("grief", "process"))
    await play.book("eleanor", "grief", "grief-4", (weeks.at(3, 2, 16), 50, "4"))
    await _handover(play, weeks)


async def _group_begins(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(2, 0, 9, 5))
    for each in GROUP:
        await play.register("zuzanna", each)
    play.move(weeks.at(2, 0, 17, 30))
    await play.open_case("agnieszka", "group", GROUP, (Format.GROUP, School.INTEGRATIVE))
    await play.join("agnieszka", "group", "eleanor")
    await play.state_problem("agnieszka", "group", words("group", "problem"))
    await play.book("agnieszka", "group", "group-1", (weeks.at(2, 0, 18), 90, "5"))
    for each in GROUP:
        await play.consent("agnieszka", each, Scope.THERAPY, "udział w grupie, zasady grupy")
    await play.hold("agnieszka", "group-1")
    await play.write(
        "agnieszka", "group", "group first", words("group", "first"), session="group-1"
    )
    await play.countersign("eleanor", "group first")


async def _panic_cancelled(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(2, 0, 19, 50))
    await play.cancel("agnieszka", "panic-3", CancelledBy.CLIENT)
    await play.write(
        "agnieszka", "panic", "panic phone", words("panic", "phone"), kind=NoteKind.CONTACT
    )
    play.move(weeks.at(2, 1, 9, 20))
    await play.book("agnieszka", "panic", "panic-4", (weeks.at(3, 1, 10), 50, "2"))
    await play.write(
        "agnieszka", "panic", "panic astray", words("panic", "misfiled"), kind=NoteKind.CONTACT
    )
    play.move(weeks.at(2, 1, 11, 5))
    await play.mark_erroneous("agnieszka", "panic astray", words("panic", "misfiled_reason"))


async def _handover(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(2, 4, 8, 55))
    await play.book("marek", "change", "change-3", (weeks.at(2, 4, 9), 50, "1"))
    await play.hold("marek", "change-3")
    await play.consent("marek", "szymon", Scope.SHARING, "przekazanie dokumentacji terapeutce")
    await play.write(
        "marek", "change", "change handover", words("change", "handover"), kind=NoteKind.SUMMARY
    )
    await play.transfer("marek", "change", "eleanor")


async def _fourth_week(play: Play, weeks: Weeks) -> None:
    """Week four: somebody who has left still tries the door; somebody does not come."""
    play.move(weeks.at(3, 0, 8, 15))
    await play.depart("halina", "marek")
    await play.change_roles("halina", "jakub", Role.CLINICIAN, Role.RECEPTION)
    play.move(weeks.at(3, 0, 21, 40))
    await play.refused(cases.look_at_case(play.desk, play.who("marek"), play.cases["change"]))
    await _panic_fourth(play, weeks)
    await _grief_missed(play, weeks)
    play.move(weeks.at(3, 3, 16, 50))
    await play.book("jakub", "couple", "couple-2", (weeks.at(3, 3, 17), 90, "3"))
    await play.hold("jakub", "couple-2")
    await play.attend("jakub", "couple-2", {"iwona": True, "pawel": True})
    await play.write_jointly(
        "jakub",
        "couple",
        "couple second",
        words("couple", "second"),
        {each: words("couple", f"second_{each}") for each in ("iwona", "pawel")},
        session="couple-2",
    )
    play.move(weeks.at(3, 4, 9, 55))
    await play.look_at_note("agnieszka", "couple second")
    await play.countersign("agnieszka", "couple second")
    await _szymon_ends(play, weeks)


async def _panic_fourth(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(3, 1, 9, 50))
    await play.look_at_note("agnieszka", "panic second")
    await play.look_at_process_note("agnieszka", "panic process")
    await play.hold("agnieszka", "panic-4")
    await play.write(
        "agnieszka", "panic", "panic fourth", words("panic", "fourth"), session="panic-4"
    )
    await play.book("agnieszka", "panic", "panic-5", (weeks.at(4, 1, 10), 50, "2"))
    play.move(weeks.at(3, 1, 12, 30))
    await play.change_contact(
        "zuzanna",
        "karolina",
        ClientContactChanged(phone="+48 500 000 115", email="k.zych@poczta.example"),
    )


async def _grief_missed(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(3, 2, 16, 35))
    await play.miss("eleanor", "grief-4")
    await play.write(
        "eleanor",
        "grief",
        "grief missed",
        words("grief", "missed"),
        kind=NoteKind.CONTACT,
        session="grief-4",
    )
    await play.book("eleanor", "grief", "grief-5", (weeks.at(4, 2, 16), 50, "4"))


async def _szymon_ends(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(3, 4, 10, 50))
    await play.look_at_case("eleanor", "change")
    await play.look_at_note("eleanor", "change handover")
    await play.book("eleanor", "change", "change-4", (weeks.at(3, 4, 11), 50, "4"))
    await play.hold("eleanor", "change-4")
    await play.write(
        "eleanor", "change", "change ending", words("change", "ending"), session="change-4"
    )
    await play.close("eleanor", "change", Outcome.ENDED_BY_CLIENT)


async def _fifth_week(play: Play, weeks: Weeks) -> None:
    """Week five: a draft is sent twice over a bad line and stands once."""
    play.move(weeks.at(4, 0, 17, 50))
    await play.book("agnieszka", "group", "group-2", (weeks.at(4, 0, 18), 90, "5"))
    await play.hold("agnieszka", "group-2")
    await play.attend("agnieszka", "group-2", {each: each != "kinga" for each in GROUP})
    await play.write(
        "eleanor", "group", "group second", words("group", "second"), session="group-2"
    )
    leaving = play.named("group", words("group", "leaving"))
    await play.write("agnieszka", "group", "group leaving", leaving, kind=NoteKind.CONTACT)
    await play.let_go("agnieszka", "group", "oskar")
    await play.join("agnieszka", "panic", "eleanor")
    await _panic_fifth(play, weeks)
    play.move(weeks.at(4, 2, 16, 0))
    await play.hold("eleanor", "grief-5")
    play.move(weeks.at(4, 3, 9, 0))
    await play.withdraw_consent("agnieszka", "karolina", Scope.NOTIFICATION)
    await play.look_at_caseload("agnieszka")


async def _panic_fifth(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(4, 1, 9, 50))
    await play.look_at_case("agnieszka", "panic")
    await play.hold("agnieszka", "panic-5")
    first = words("panic", "fifth_draft")
    await play.draft("agnieszka", "panic", "panic fifth", first, session="panic-5")
    await play.draft_again("agnieszka", "panic", "panic fifth", first, session="panic-5")
    play.move(weeks.at(4, 1, 12, 10))
    await play.revise("agnieszka", "panic fifth", words("panic", "fifth"))
    await play.sign("agnieszka", "panic fifth")
    await play.state_problem("agnieszka", "panic", words("panic", "reframed"), PANIC)
    await play.keep_more("agnieszka", "panic process", words("panic", "process_later"))
    await play.book("agnieszka", "panic", "panic-6", (weeks.at(5, 1, 10), 50, "2"))


async def _sixth_week(play: Play, weeks: Weeks) -> None:
    """Week six: a late entry, an amendment, and four looks that nobody should have tried."""
    await _late_entry(play, weeks)
    await _group_third(play, weeks)
    await _panic_sixth(play, weeks)
    await _grief_sixth(play, weeks)
    await _couple_third(play, weeks)
    await _refusals(play, weeks)
    await _szymon_returns(play, weeks)


async def _late_entry(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 0, 10, 15))
    late = f"{words('grief', 'fifth_late')}\n\n{words('grief', 'fifth')}"
    await play.write("eleanor", "grief", "grief fifth", late, session="grief-5")
    await play.book("eleanor", "grief", "grief-6", (weeks.at(5, 2, 16), 50, "4"))
    await play.change_contact(
        "zuzanna",
        "miriam",
        ClientContactChanged(
            phone="+48 500 000 203", address=Address("ul. Nadrzeczna 11", "00-000", "Zawory")
        ),
    )
    # A court had appointed her a guardian, and has by now let her act for herself again.
    guardian = await play.represent("zuzanna", "kinga", "Ewa", "Sroka")
    await play.represent_no_more("zuzanna", "kinga", guardian)


async def _group_third(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 0, 17, 30))
    await play.register("zuzanna", "marta")
    await play.take_in("agnieszka", "group", "marta")
    await play.consent("agnieszka", "marta", Scope.THERAPY, "udział w grupie, zasady grupy")
    await play.book("agnieszka", "group", "group-3", (weeks.at(5, 0, 18), 90, "5"))
    await play.hold("agnieszka", "group-3")
    there = [*(each for each in GROUP if each != "oskar"), "marta"]
    await play.attend("agnieszka", "group-3", dict.fromkeys(there, True))
    await play.write_jointly(
        "agnieszka",
        "group",
        "group third",
        words("group", "third"),
        {each: words("group", f"third_{each}") for each in ("norbert", "marta")},
        session="group-3",
    )
    await play.look_at_note("eleanor", "group third")


async def _panic_sixth(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 1, 9, 50))
    await play.look_at_note("agnieszka", "panic fifth")
    await play.hold("agnieszka", "panic-6")
    await play.write(
        "agnieszka", "panic", "panic sixth", words("panic", "sixth"), session="panic-6"
    )
    await play.book("agnieszka", "panic", "panic-7", (weeks.at(7, 1, 10), 50, "2"))
    play.move(weeks.at(5, 1, 11, 20))
    await play.look_at_note("eleanor", "panic sixth")
    await play.look_at_consents("agnieszka", "karolina")


async def _grief_sixth(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 2, 15, 55))
    await play.look_at_note("eleanor", "grief fifth")
    await play.hold("eleanor", "grief-6")
    await play.write("eleanor", "grief", "grief sixth", words("grief", "sixth"), session="grief-6")
    play.move(weeks.at(5, 2, 17, 40))
    await play.amend(
        "eleanor",
        "grief sixth",
        words("grief", "clarify_reason"),
        words("grief", "clarify_amendment"),
    )
    await play.book("eleanor", "grief", "grief-7", (weeks.at(7, 2, 16), 50, "4"))
    await play.look_at_process_note("eleanor", "grief process")


async def _couple_third(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 3, 16, 55))
    await play.book("jakub", "couple", "couple-3", (weeks.at(5, 3, 17), 90, "3"))
    await play.hold("jakub", "couple-3")
    await play.write(
        "jakub", "couple", "couple third", words("couple", "third"), session="couple-3"
    )


async def _refusals(play: Play, weeks: Weeks) -> None:
    panic, sixth = play.cases["panic"], play.notes["panic sixth"].id
    play.move(weeks.at(5, 3, 22, 14))
    # He treats somebody else; this case is, for him, not there.
    await play.refused(cases.look_at_case(play.desk, play.who("jakub"), panic))
    play.move(weeks.at(5, 4, 8, 50))
    # The front desk has cards and a calendar, and no notes.
    await play.refused(notes.look_at_note(play.desk, play.who("zuzanna"), panic, sixth))
    play.move(weeks.at(5, 4, 11, 2))
    # She stands in on the case; a process note is its author's all the same.
    kept = play.notes["panic process"].id
    await play.refused(
        process_notes.look_at_process_note(play.desk, play.who("eleanor"), panic, kept)
    )
    await play.leave("agnieszka", "panic", "eleanor")
    play.move(weeks.at(5, 4, 13, 30))
    # An officer reads who looked, never what was seen.
    await play.refused(notes.look_at_note(play.desk, play.who("bogdan"), panic, sixth))
    await play.refused(compliance.admit_to_audit_trail(play.desk, play.who("agnieszka")))


async def _szymon_returns(play: Play, weeks: Weeks) -> None:
    play.move(weeks.at(5, 4, 14, 0))
    await play.reopen("eleanor", "change")
    await play.book("eleanor", "change", "change-5", (weeks.at(5, 4, 14, 10), 50, "4"))
    await play.hold("eleanor", "change-5")
    await play.write(
        "eleanor", "change", "change return", words("change", "return"), session="change-5"
    )
    await play.write("eleanor", "change", "change admission", words("change", "admission"))
    # She had the wrong file open.
    await play.write("eleanor", "grief", "change misfiled", words("change", "misfiled"))
    await play.change_roles("halina", "jakub", Role.CLINICIAN)
    await play.disconnect("halina", "board")
    await play.look_at_calendar("eleanor", weeks.at(7, 0, 0), days=7)
