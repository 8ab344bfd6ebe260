"""Looks and commands at the desk: recorded before revealed, refused without a hint."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access import Look
from domain.case import Closing
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import (
    CommandMismatch,
    InTheFuture,
    Invalid,
    NotPermitted,
    NotThere,
    RecordUnavailable,
    Refusal,
    Stale,
    WrongState,
)
from domain.events.access import AccessKind
from domain.events.case import Outcome
from domain.events.client import ClientIdentified, Sex
from domain.events.note import NoteKind
from domain.events.session import CancelledBy
from domain.note import NewNote
from domain.note_forms import Words
from domain.ports import Opening
from domain.rows import Place
from domain.use_cases import (
    administrator,
    caseload,
    cases,
    compliance,
    consents,
    endings,
    notes,
    process_notes,
    reception,
    registration,
    sessions,
    signing,
)
from domain.use_cases.desk import NO_SUCH_RECORD, look
from domain.values import (
    CaseId,
    ClientId,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    Receipt,
    Role,
    SessionId,
)
from projections.audit_trail import AuditTrail, Filter
from projections.case_lines import NoteLine
from projections.entries import Entry
from projections.process_notes import OWN, ProcessNotesProjection
from tests.support.clinic import SmallClinic, command

Looking = Coroutine[Any, Any, tuple[Opening, Receipt]]


def missing() -> str:
    """An identifier of nothing."""
    return uuid4().hex


def card(clinic: SmallClinic, client: ClientId, opening: Opening) -> str:
    """The family name on somebody's card."""
    found = clinic.views.name_cards.of(client, opening)
    assert found is not None
    return found.family_name


def look_at_note(
    clinic: SmallClinic, case: CaseId, note: NoteId, *, by: PractitionerId | None = None
) -> tuple[Opening, NoteLine]:
    """Somebody's look at a note, with what the projection holds of it."""
    who = clinic.who(by or clinic.people.anna)
    opening, _ = clinic.run(notes.look_at_note(clinic.desk, who, case, note))
    clinic.catch_up()
    line = clinic.views.case_states.note(case, note, opening)
    assert line is not None
    return opening, line


def refusal(clinic: SmallClinic, work: Coroutine[Any, Any, object]) -> tuple[type[Refusal], str]:
    """How somebody is refused: everything that she learns."""
    with pytest.raises(Refusal) as refused:
        clinic.run(work)
    return type(refused.value), str(refused.value)


NOT_THERE = (NotThere, "There is no such record.")


def reasons(entries: list[Entry]) -> list[str | None]:
    """Why looks were refused, the newest first."""
    return [each.reason for each in entries if each.kind == "DENY"]


def staff_lines(clinic: SmallClinic, actor: PractitionerId) -> list[Entry]:
    """What the audit trail says of somebody that concerns no client."""
    clinic.catch_up()
    trail = clinic.views.audit_trail
    lines = [row for row in trail.lines(Filter(actor=actor)) if not row.key[1]]
    _, owners = AuditTrail.concerning(lines)
    who = clinic.run(
        compliance.admit_to_audit_trail(clinic.desk, clinic.who(clinic.people.officer))
    )
    opening, _ = clinic.run(compliance.look_at_audit_trail(clinic.desk, who, {}, owners))
    return trail.open(lines, opening)


def depart(clinic: SmallClinic, practitioner: PractitionerId) -> None:
    """Somebody leaves the clinic."""
    clinic.run(
        administrator.depart(
            clinic.desk,
            clinic.who(clinic.people.administrator),
            practitioner,
            expected=clinic.version(practitioner),
            command=command(),
        )
    )


def read_process_note(
    clinic: SmallClinic, case: CaseId, note: NoteId, *, by: PractitionerId | None = None
) -> str:
    """The words of a process note, as its author reads them."""
    author = by or clinic.people.anna
    looking = process_notes.look_at_process_note(clinic.desk, clinic.who(author), case, note)
    opening, _ = clinic.run(looking)
    clinic.catch_up()
    line = clinic.views.process_notes.one(author, case, note, opening)
    assert line is not None
    return opening.words(line.texts[0])


def sealed_process_note(
    clinic: SmallClinic, case: CaseId, note: NoteId
) -> tuple[FreeText, bytes, Place]:
    """Anna's process note as it lies in the database: its words, its cell, where that stands."""
    author = clinic.people.anna
    looking = process_notes.look_at_process_note(clinic.desk, clinic.who(author), case, note)
    opening, _ = clinic.run(looking)
    clinic.catch_up()
    line = clinic.views.process_notes.one(author, case, note, opening)
    name = ProcessNotesProjection.name
    row = clinic.views.stores[name].load(OWN, (author, case, note))
    assert line is not None
    assert row is not None
    return line.texts[0], row.cell, Place(name, OWN.name, row.key, row.position)


def without_names(entry: Entry) -> Entry:
    """What an entry says beside which item it was, whose request, and where it stands."""
    return replace(entry, position=0, request="", object=None)


class TestRecordBeforeReveal:
    def test_a_look_is_durable_before_anything_opens(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        before = clinic.last_position()
        who = clinic.who(clinic.people.anna)
        _, receipt = clinic.run(cases.look_at_case(clinic.desk, who, case))
        assert before < receipt.first == receipt.last == clinic.last_position()
        newest = clinic.access_log(clinic.people.client)[1]
        assert (newest.position, newest.kind, newest.actor, newest.object) == (
            receipt.last,
            "READ",
            clinic.people.anna,
            case,
        )

    def test_without_a_receipt_nothing_opens(self, clinic: SmallClinic) -> None:
        nothing = Receipt(0, 0, clinic.clock.now(), (), ())
        with pytest.raises(RecordUnavailable):
            clinic.desk.keys.open(nothing)

    def test_a_forged_ticket_opens_nothing(self, clinic: SmallClinic) -> None:
        forged = Receipt(0, 0, clinic.clock.now(), (), (), tickets=(bytes(16),))
        with pytest.raises(RecordUnavailable):
            clinic.desk.keys.open(forged)

    def test_a_receipt_works_once(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.anna)
        _, receipt = clinic.run(cases.look_at_case(clinic.desk, who, case))
        with pytest.raises(RecordUnavailable):
            clinic.desk.keys.open(receipt)

    def test_a_receipt_of_a_write_opens_nothing(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        receipt = clinic.sign_note(case, clinic.draft_note(case))
        with pytest.raises(RecordUnavailable):
            clinic.desk.keys.open(receipt)

    def test_a_look_at_one_client_does_not_open_another(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        who = clinic.who(clinic.people.reception)
        opening, _ = clinic.run(
            registration.look_at_identity(clinic.desk, who, clinic.people.client)
        )
        clinic.catch_up()
        assert card(clinic, clinic.people.client, opening) == "Kowal"
        with pytest.raises(NotThere):
            card(clinic, zofia, opening)

    def test_a_look_at_an_identity_does_not_open_a_note(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        _, line = look_at_note(clinic, case, clinic.draft_note(case))
        who = clinic.who(clinic.people.anna)
        opening, _ = clinic.run(
            registration.look_at_identity(clinic.desk, who, clinic.people.client)
        )
        with pytest.raises(NotThere):
            opening.words(line.texts[0])

    def test_a_look_at_a_note_does_not_open_the_identity(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        opening, _ = look_at_note(clinic, case, clinic.draft_note(case))
        with pytest.raises(NotThere):
            card(clinic, clinic.people.client, opening)

    def test_when_the_record_cannot_be_written_nothing_is_shown(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.clinic.folder.committer.close()
        who = clinic.who(clinic.people.anna)
        assert refusal(clinic, cases.look_at_case(clinic.desk, who, case))[0] is (RecordUnavailable)

    def test_a_look_that_the_policy_was_not_asked_about_is_refused(
        self, clinic: SmallClinic
    ) -> None:
        before = clinic.last_position()
        unasked = clinic.who(clinic.people.anna)
        client = clinic.people.client
        shown = Look(AccessKind.READ, "identity", (Class.ADMINISTRATIVE,))
        owner = Owner(OwnerKind.CLIENT, client)
        for work in (
            look(clinic.desk, unasked, shown, (client,), (owner,)),
            reception.look_at_calendar(clinic.desk, unasked, {client: ()}),
            compliance.look_at_audit_trail(clinic.desk, unasked, {client: ()}, ()),
        ):
            assert refusal(clinic, work)[0] is NotPermitted
        assert clinic.last_position() == before


class TestDeniedIsMissing:
    @pytest.mark.parametrize(
        "looking",
        [
            lambda clinic, who, case: cases.look_at_case(clinic.desk, who, case),
            lambda clinic, who, case: notes.look_at_note(clinic.desk, who, case, NoteId(missing())),
            lambda clinic, who, case: process_notes.look_at_process_note(
                clinic.desk, who, case, NoteId(missing())
            ),
            lambda clinic, who, case: process_notes.look_at_own_process_notes(
                clinic.desk, who, case
            ),
            lambda clinic, who, case: cases.reopen_case(
                clinic.desk, who, case, expected=1, command=command()
            ),
            lambda clinic, who, case: cases.join_team(
                clinic.desk, who, case, PractitionerId(missing()), expected=1, command=command()
            ),
        ],
        ids=["a case", "a note", "a process note", "process notes", "a change", "a colleague"],
    )
    def test_another_ones_case_is_like_no_case(
        self, clinic: SmallClinic, looking: Callable[[Any, Any, Any], Looking]
    ) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.bartek)
        assert refusal(clinic, looking(clinic, who, case)) == NOT_THERE
        assert refusal(clinic, looking(clinic, who, missing())) == NOT_THERE

    def test_the_true_reason_stands_in_the_clients_log(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.bartek)
        refusal(clinic, cases.look_at_case(clinic.desk, who, case))
        denied = clinic.access_log(clinic.people.client)[1]
        assert (denied.kind, denied.outcome, denied.reason, denied.actor, denied.object) == (
            "DENY",
            "8",
            "deny.relationship.none",
            clinic.people.bartek,
            case,
        )

    def test_a_look_at_nothing_stands_in_the_actors_own_stream(self, clinic: SmallClinic) -> None:
        nothing = missing()
        who = clinic.who(clinic.people.bartek)
        refusal(clinic, cases.look_at_case(clinic.desk, who, CaseId(nothing)))
        denied = staff_lines(clinic, clinic.people.bartek)[0]
        assert (denied.kind, denied.reason, denied.object) == ("DENY", NO_SUCH_RECORD, nothing)

    def test_another_ones_draft_is_like_no_note(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        draft = clinic.draft_note(case)
        who = clinic.who(clinic.people.bartek)
        for note in (draft, NoteId(missing())):
            looked = notes.look_at_note(clinic.desk, who, case, note)
            assert refusal(clinic, looked) == NOT_THERE
            revised = notes.revise_note(
                clinic.desk, who, case, note, Words(FreeText("x")), expected=1, command=command()
            )
            assert refusal(clinic, revised) == NOT_THERE
        assert len(reasons(clinic.access_log(clinic.people.client))) == 4

    def test_a_session_of_another_case_is_like_no_session(self, clinic: SmallClinic) -> None:
        case, others = clinic.open_case(), clinic.open_case(clinic.register_client())
        elsewhere = clinic.schedule_session(others)
        who = clinic.who(clinic.people.anna)
        for session in (elsewhere, SessionId(missing())):
            cancelled = sessions.cancel_session(
                clinic.desk,
                who,
                case,
                session,
                CancelledBy.CLINIC,
                expected=1,
                command=command(),
            )
            assert refusal(clinic, cancelled) == NOT_THERE
        assert reasons(clinic.access_log(clinic.people.client)) == [NO_SUCH_RECORD] * 2

    def test_another_ones_client_is_like_no_client(self, clinic: SmallClinic) -> None:
        who = clinic.who(clinic.people.anna)
        for client in (clinic.people.client, ClientId(missing())):
            looks = (
                registration.look_at_identity(clinic.desk, who, client),
                consents.look_at_consents(clinic.desk, who, client),
            )
            for each in looks:
                assert refusal(clinic, each) == NOT_THERE

    def test_a_role_that_may_never_hears_so_whatever_the_record(self, clinic: SmallClinic) -> None:
        who = clinic.who(clinic.people.reception)
        for case in (clinic.open_case(), CaseId(missing())):
            looked = cases.look_at_case(clinic.desk, who, case)
            assert refusal(clinic, looked)[0] is NotPermitted
        assert reasons(clinic.access_log(clinic.people.client)) == ["deny.role"]

    def test_whether_somebody_is_a_clinician_is_told_to_the_team_alone(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        for colleague in (clinic.people.bartek, clinic.people.reception):
            joined = cases.join_team(
                clinic.desk,
                clinic.who(clinic.people.bartek),
                case,
                colleague,
                expected=1,
                command=command(),
            )
            assert refusal(clinic, joined) == NOT_THERE
        with pytest.raises(Invalid):
            clinic.join_team(case, clinic.people.reception)

    def test_without_a_purpose_nothing_is_shown(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        who = replace(clinic.who(clinic.people.anna), purpose=None)
        assert refusal(clinic, cases.look_at_case(clinic.desk, who, case))[0] is Invalid


class TestWhoIsNamed:
    def test_a_look_at_a_couple_stands_in_both_logs(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        couple = (clinic.people.client, zofia)
        case = clinic.open_case(*couple, room=Format.COUPLE)
        who = clinic.who(clinic.people.anna)
        _, receipt = clinic.run(cases.look_at_case(clinic.desk, who, case))
        assert receipt.last - receipt.first == 1
        for client in couple:
            seen = [each for each in clinic.access_log(client) if each.object_type == "case"]
            assert (seen[0].kind, seen[0].client, seen[0].object) == ("READ", client, case)

    def test_a_look_at_a_couple_opens_neither_ones_own_record(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        alone = clinic.open_case(zofia, by=clinic.people.bartek)
        note = clinic.draft_note(alone, by=clinic.people.bartek)
        _, line = look_at_note(clinic, alone, note, by=clinic.people.bartek)
        case = clinic.open_case(clinic.people.client, zofia, room=Format.COUPLE)
        who = clinic.who(clinic.people.anna)
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, case))
        with pytest.raises(NotThere):
            opening.words(line.texts[0])

    def test_a_refused_look_at_a_couple_stands_in_both_logs(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        case = clinic.open_case(clinic.people.client, zofia, room=Format.COUPLE)
        who = clinic.who(clinic.people.bartek)
        refusal(clinic, cases.look_at_case(clinic.desk, who, case))
        for client in (clinic.people.client, zofia):
            assert reasons(clinic.access_log(client)) == ["deny.relationship.none"]

    def test_a_list_leaves_one_entry_for_the_query_and_one_for_each_client(
        self, clinic: SmallClinic
    ) -> None:
        zofia = clinic.register_client()
        cases = {clinic.people.client: clinic.open_case(), zofia: clinic.open_case(zofia)}
        hits = {client: (ItemId(case),) for client, case in cases.items()}
        who = clinic.run(caseload.admit_to_caseload(clinic.desk, clinic.who(clinic.people.anna)))
        opening, receipt = clinic.run(caseload.look_at_caseload(clinic.desk, who, hits))
        assert receipt.last - receipt.first == 2
        clinic.catch_up()
        assert {card(clinic, each, opening) for each in hits} == {"Kowal", "Zielińska"}
        query = staff_lines(clinic, clinic.people.anna)[0]
        assert (query.kind, query.count, query.client) == ("LIST", 2, None)
        for client, case in cases.items():
            hit = next(each for each in clinic.access_log(client) if each.kind == "LIST_HIT")
            assert (hit.items, hit.count) == ((case,), None)

    def test_a_list_of_nobody_is_recorded_and_opens_nothing(self, clinic: SmallClinic) -> None:
        who = clinic.run(caseload.admit_to_caseload(clinic.desk, clinic.who(clinic.people.bartek)))
        opening, receipt = clinic.run(caseload.look_at_caseload(clinic.desk, who, {}))
        assert receipt.first == receipt.last
        assert staff_lines(clinic, clinic.people.bartek)[0].count == 0
        with pytest.raises(NotThere):
            card(clinic, clinic.people.client, opening)
        with pytest.raises(NotThere):
            opening.words(FreeText(sealed=b"anything"))

    def test_a_caseload_shows_nobody_whom_the_actor_does_not_care_for(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        who = clinic.run(caseload.admit_to_caseload(clinic.desk, clinic.who(clinic.people.bartek)))
        hits = {clinic.people.client: (ItemId(case),)}
        looked = caseload.look_at_caseload(clinic.desk, who, hits)
        assert refusal(clinic, looked) == NOT_THERE
        assert caseload.own_cases(clinic.desk, who, [case]) == {}
        anna = clinic.who(clinic.people.anna)
        assert set(caseload.own_cases(clinic.desk, anna, [case])) == {case}

    def test_the_calendar_shows_names_and_leaves_an_entry_for_each(
        self, clinic: SmallClinic
    ) -> None:
        session = clinic.schedule_session(clinic.open_case())
        who = clinic.run(
            reception.admit_to_calendar(clinic.desk, clinic.who(clinic.people.reception))
        )
        hits = {clinic.people.client: (ItemId(session),)}
        opening, _ = clinic.run(reception.look_at_calendar(clinic.desk, who, hits))
        clinic.catch_up()
        assert card(clinic, clinic.people.client, opening) == "Kowal"
        hit = next(
            each for each in clinic.access_log(clinic.people.client) if each.kind == "LIST_HIT"
        )
        assert (hit.items, hit.classes) == ((session,), ("administrative",))

    def test_the_calendar_of_the_front_desk_opens_nothing_clinical(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        _, line = look_at_note(clinic, case, clinic.draft_note(case))
        who = clinic.run(
            reception.admit_to_calendar(clinic.desk, clinic.who(clinic.people.reception))
        )
        opening, _ = clinic.run(
            reception.look_at_calendar(clinic.desk, who, {clinic.people.client: ()})
        )
        with pytest.raises(NotThere):
            opening.words(line.texts[0])
        with pytest.raises(NotThere):
            clinic.views.case_states.of(case, opening)


class TestCommands:
    def test_a_used_command_id_returns_the_same_receipt_and_writes_nothing(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        new = NewNote(NoteKind.SESSION, clinic.clock.now(), FreeText("Once."))
        once = command("once")

        def draft() -> Receipt:
            who = clinic.who(clinic.people.anna)
            return clinic.run(notes.draft_note(clinic.desk, who, case, new, command=once))

        first, before = draft(), clinic.last_position()
        again = draft()
        assert clinic.last_position() == before
        assert again == replace(first, repeated=True)
        assert (first.repeated, again.repeated) == (False, True)

    def test_a_retry_after_the_record_has_moved_on_is_still_a_retry(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        once = command("join")

        def join() -> Receipt:
            who = clinic.who(clinic.people.anna)
            return clinic.run(
                cases.join_team(
                    clinic.desk, who, case, clinic.people.bartek, expected=1, command=once
                )
            )

        first = join()
        depart(clinic, clinic.people.bartek)
        assert join() == replace(first, repeated=True)

    def test_a_command_id_with_other_words_is_refused(self, clinic: SmallClinic) -> None:
        case, new = clinic.open_case(), NewNote(NoteKind.CONTACT, clinic.clock.now(), FreeText("A"))
        who = clinic.who(clinic.people.anna)
        first, other = command("A", "one"), command("B", "one")
        clinic.run(notes.draft_note(clinic.desk, who, case, new, command=first))
        before = clinic.last_position()
        with pytest.raises(CommandMismatch):
            clinic.run(notes.draft_note(clinic.desk, who, case, new, command=other))
        assert clinic.last_position() == before

    def test_a_command_id_is_its_callers_own(self, clinic: SmallClinic) -> None:
        same = command("words", "one")
        identity = registration.Registration(
            ClientIdentified(
                given_name="Ewa",
                family_name="Lis",
                birth_date=clinic.clock.now().date(),
                sex=Sex.UNSPECIFIED,
            )
        )
        clients = {
            clinic.run(
                registration.register_client(clinic.desk, clinic.who(each), identity, command=same)
            ).named("client")
            for each in (clinic.people.reception, clinic.people.anna)
        }
        assert len(clients) == 2

    def test_a_change_of_what_has_changed_is_stale(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        with pytest.raises(Stale) as refused:
            clinic.run(
                endings.close_case(
                    clinic.desk,
                    clinic.who(clinic.people.anna),
                    case,
                    Closing(Outcome.COMPLETED),
                    clinic.views.holdings,
                    expected=1,
                    command=command(),
                )
            )
        assert refused.value.current == 2

    def test_words_revised_meanwhile_are_not_signed(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        note = clinic.draft_note(case)
        who = clinic.who(clinic.people.anna)
        clinic.run(
            notes.revise_note(
                clinic.desk, who, case, note, Words(FreeText("New.")), expected=1, command=command()
            )
        )
        with pytest.raises(Stale):
            clinic.run(
                signing.sign_note(clinic.desk, who, case, note, expected=1, command=command())
            )

    def test_an_expected_version_is_told_after_permission_alone(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        reopened = cases.reopen_case(
            clinic.desk, clinic.who(clinic.people.bartek), case, expected=99, command=command()
        )
        assert refusal(clinic, reopened) == NOT_THERE

    def test_what_is_so_already_is_not_written_again(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        before = clinic.last_position()
        clinic.join_team(case, clinic.people.bartek)
        assert clinic.last_position() == before

    def test_a_card_shows_the_version_that_a_correction_must_follow(
        self, clinic: SmallClinic
    ) -> None:
        client = clinic.people.client
        clinic.open_case()
        who = clinic.who(clinic.people.reception)
        opening, _ = clinic.run(registration.look_at_identity(clinic.desk, who, client))
        clinic.catch_up()
        shown = clinic.views.name_cards.of(client, opening)
        assert shown is not None
        corrected = ClientIdentified(
            given_name="Klara",
            family_name="Kowalczyk",
            birth_date=clinic.clock.now().date(),
            sex=Sex.UNSPECIFIED,
        )
        clinic.run(
            registration.identify(
                clinic.desk, who, client, corrected, expected=shown.version, command=command()
            )
        )
        assert clinic.version(client) == shown.version + 1

    @pytest.mark.parametrize("ahead", [timedelta(milliseconds=1), timedelta(days=365)])
    def test_what_lies_ahead_has_not_happened(self, clinic: SmallClinic, ahead: timedelta) -> None:
        case, later = clinic.open_case(), clinic.clock.now() + ahead
        session = clinic.schedule_session(case)
        before = clinic.last_position()
        who = clinic.who(clinic.people.anna)
        new = NewNote(NoteKind.SESSION, later, FreeText("Tomorrow."))
        span = (later - timedelta(minutes=50), later)
        for work in (
            notes.draft_note(clinic.desk, who, case, new, command=command()),
            process_notes.write_process_note(
                clinic.desk, who, case, later, FreeText("Tomorrow."), command=command()
            ),
            sessions.hold_session(
                clinic.desk, who, case, session, span, expected=1, command=command()
            ),
            sessions.miss_session(clinic.desk, who, case, session, expected=1, command=command()),
        ):
            assert refusal(clinic, work)[0] is InTheFuture
        assert clinic.last_position() == before

    def test_a_note_keeps_both_times_and_is_marked_late(self, clinic: SmallClinic) -> None:
        case, happened = clinic.open_case(), clinic.clock.now()
        clinic.clock.move(timedelta(days=4))
        who = clinic.who(clinic.people.anna)
        new = NewNote(NoteKind.SESSION, happened, FreeText("Late."))
        receipt = clinic.run(notes.draft_note(clinic.desk, who, case, new, command=command()))
        _, line = look_at_note(clinic, case, NoteId(receipt.named("note")))
        assert (line.occurred_at, line.recorded_at, line.late) == (
            happened,
            clinic.clock.now(),
            True,
        )


class TestRoles:
    def test_whoever_departed_is_refused_on_her_very_next_look(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        note = clinic.draft_note(case)
        look_at_note(clinic, case, note)
        depart(clinic, clinic.people.anna)
        who = clinic.who(clinic.people.anna)
        looked = notes.look_at_note(clinic.desk, who, case, note)
        assert refusal(clinic, looked)[0] is NotPermitted

    def test_whoever_left_the_team_is_refused_on_her_very_next_look(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        who = clinic.who(clinic.people.bartek)
        clinic.run(cases.look_at_case(clinic.desk, who, case))
        clinic.leave_team(case, clinic.people.bartek)
        assert refusal(clinic, cases.look_at_case(clinic.desk, who, case)) == NOT_THERE

    def test_nobody_changes_her_own_roles(self, clinic: SmallClinic) -> None:
        boss = clinic.people.administrator
        changed = administrator.change_roles(
            clinic.desk,
            clinic.who(boss),
            boss,
            (Role.ADMINISTRATOR, Role.COMPLIANCE),
            expected=1,
            command=command(),
        )
        assert refusal(clinic, changed)[0] is Invalid

    def test_a_change_of_roles_needs_an_administrator(self, clinic: SmallClinic) -> None:
        changed = administrator.change_roles(
            clinic.desk,
            clinic.who(clinic.people.anna),
            clinic.people.bartek,
            (Role.ADMINISTRATOR,),
            expected=1,
            command=command(),
        )
        assert refusal(clinic, changed)[0] is NotPermitted

    def test_an_administrator_sees_nobodys_record(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.administrator)
        client = clinic.people.client
        for work in (
            cases.look_at_case(clinic.desk, who, case),
            registration.look_at_identity(clinic.desk, who, client),
            compliance.look_at_access_log(clinic.desk, who, client),
            compliance.admit_to_audit_trail(clinic.desk, who),
        ):
            assert refusal(clinic, work)[0] is NotPermitted

    def test_a_usual_purpose_is_not_any_purpose(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.anna, PurposeOfUse.HOPERAT)
        assert refusal(clinic, cases.look_at_case(clinic.desk, who, case))[0] is NotPermitted


class TestProcessNotes:
    def test_a_process_note_opens_for_its_author(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        note = clinic.write_process_note(case, "I was impatient.")
        assert read_process_note(clinic, case, note) == "I was impatient."

    def test_a_process_note_stays_its_authors_when_she_leaves_the_team(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        note = clinic.write_process_note(case, "Mine.", by=clinic.people.bartek)
        clinic.leave_team(case, clinic.people.bartek)
        assert read_process_note(clinic, case, note, by=clinic.people.bartek) == "Mine."
        who = clinic.who(clinic.people.bartek)
        clinic.run(process_notes.look_at_own_process_notes(clinic.desk, who, case))

    def test_a_process_note_is_nothing_to_anybody_else(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        note = clinic.write_process_note(case)
        who = clinic.who(clinic.people.bartek)
        for each in (note, NoteId(missing())):
            for work in (
                process_notes.look_at_process_note(clinic.desk, who, case, each),
                notes.look_at_note(clinic.desk, who, case, each),
                process_notes.amend_process_note(
                    clinic.desk, who, case, each, FreeText("x"), expected=1, command=command()
                ),
            ):
                assert refusal(clinic, work) == NOT_THERE
        denied = reasons(clinic.access_log(clinic.people.client))
        assert denied == [NO_SUCH_RECORD] * 3 + ["deny.relationship.none"] * 3

    def test_nobody_learns_of_a_case_by_asking_for_process_notes_on_it(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.bartek)
        looked = process_notes.look_at_own_process_notes(clinic.desk, who, case)
        assert refusal(clinic, looked) == NOT_THERE

    @pytest.mark.parametrize("room", [Format.INDIVIDUAL, Format.COUPLE])
    def test_neither_the_clients_nor_the_cases_opening_opens_a_process_note(
        self, clinic: SmallClinic, room: Format
    ) -> None:
        clients = [clinic.people.client]
        if room is Format.COUPLE:
            clients.append(clinic.register_client())
        case = clinic.open_case(*clients, room=room)
        note = clinic.write_process_note(case)
        text, cell, place = sealed_process_note(clinic, case, note)
        who = clinic.who(clinic.people.anna)
        clinical, _ = clinic.run(cases.look_at_case(clinic.desk, who, case))
        officers, _ = clinic.officers_look(clinic.people.client)
        identity, _ = clinic.run(
            registration.look_at_identity(clinic.desk, who, clinic.people.client)
        )
        for opening in (clinical, officers, identity):
            with pytest.raises(NotThere):
                opening.words(text)
            with pytest.raises(NotThere):
                opening.cell(cell, place)

    def test_one_authors_opening_does_not_open_anothers_process_note(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        text, cell, place = sealed_process_note(clinic, case, clinic.write_process_note(case))
        own = clinic.write_process_note(case, by=clinic.people.bartek)
        who = clinic.who(clinic.people.bartek)
        for looking in (
            process_notes.look_at_process_note(clinic.desk, who, case, own),
            process_notes.look_at_own_process_notes(clinic.desk, who, case),
        ):
            opening, _ = clinic.run(looking)
            with pytest.raises(NotThere):
                opening.words(text)
            with pytest.raises(NotThere):
                opening.cell(cell, place)

    @pytest.mark.parametrize("on_team", [True, False])
    def test_no_line_of_any_log_tells_a_process_note_from_a_draft(
        self, clinic: SmallClinic, on_team: bool
    ) -> None:
        case = clinic.open_case()
        if on_team:
            clinic.join_team(case, clinic.people.bartek)
        who = clinic.who(clinic.people.anna)
        told = []
        for write, work in (
            (clinic.draft_note, notes.look_at_note),
            (clinic.write_process_note, process_notes.look_at_process_note),
        ):
            note = write(case)
            clinic.run(work(clinic.desk, who, case, note))
            refusal(clinic, work(clinic.desk, clinic.who(clinic.people.bartek), case, note))
            lines = [
                each for each in clinic.access_log(clinic.people.client) if each.object == note
            ]
            told.append([without_names(each) for each in lines])
        assert told[0] == told[1]
        assert [each.kind for each in told[0]] == ["DENY", "READ", "CREATE"]

    def test_a_look_at_ones_process_notes_is_told_as_a_look_at_the_case(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        who = clinic.who(clinic.people.anna)
        clinic.run(cases.look_at_case(clinic.desk, who, case))
        clinic.run(process_notes.look_at_own_process_notes(clinic.desk, who, case))
        _, own, whole, *_ = clinic.access_log(clinic.people.client)
        assert without_names(own) == without_names(whole)


class TestCompliance:
    def test_an_officers_own_look_is_the_first_line_that_she_sees(
        self, clinic: SmallClinic
    ) -> None:
        _, receipt = looked = clinic.officers_look(clinic.people.client)
        first = clinic.views.access_log.of(clinic.people.client, looked[0])[0]
        assert (first.position, first.kind, first.actor) == (
            receipt.last,
            "AUDIT_READ",
            clinic.people.officer,
        )

    def test_an_officer_cannot_open_what_is_clinical(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        _, line = look_at_note(clinic, case, clinic.draft_note(case))
        opening, _ = clinic.officers_look(clinic.people.client)
        with pytest.raises(NotThere):
            opening.words(line.texts[0])
        with pytest.raises(NotThere):
            clinic.views.case_states.of(case, opening)
        with pytest.raises(NotThere):
            card(clinic, clinic.people.client, opening)

    def test_an_officer_reads_one_clients_log_and_no_others(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        opening, _ = clinic.officers_look(clinic.people.client)
        with pytest.raises(NotThere):
            clinic.views.access_log.of(zofia, opening)

    def test_a_client_reads_her_own_log(self, clinic: SmallClinic) -> None:
        client = clinic.people.client
        looking = compliance.look_at_access_log(clinic.desk, clinic.who(client), client)
        opening, receipt = clinic.run(looking)
        clinic.catch_up()
        first = clinic.views.access_log.of(client, opening)[0]
        assert (first.position, first.actor, first.mode) == (receipt.last, client, "self")

    def test_another_clients_log_is_like_no_log(self, clinic: SmallClinic) -> None:
        zofia = clinic.register_client()
        who = clinic.who(clinic.people.client)
        for client in (zofia, ClientId(missing())):
            looked = compliance.look_at_access_log(clinic.desk, who, client)
            assert refusal(clinic, looked) == NOT_THERE

    def test_a_page_of_the_trail_opens_what_it_shows(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.draft_note(case)
        lines = staff_lines(clinic, clinic.people.administrator)
        assert {each.object_type for each in lines} <= {"practitioner"}


class TestErroneousNotes:
    def test_an_erroneous_note_stays_readable_to_the_team_and_marked(
        self, clinic: SmallClinic
    ) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        note = clinic.draft_note(case, "Wrong client.")
        clinic.sign_note(case, note)
        who = clinic.who(clinic.people.anna)
        clinic.run(
            notes.mark_note_erroneous(
                clinic.desk,
                who,
                case,
                note,
                FreeText("Written into the wrong file."),
                expected=2,
                command=command(),
            )
        )
        opening, line = look_at_note(clinic, case, note, by=clinic.people.bartek)
        assert line.status == "erroneous"
        assert opening.words(line.texts[0]) == "Wrong client."
        assert line.erroneous_because is not None
        assert opening.words(line.erroneous_because) == "Written into the wrong file."

    def test_a_signed_note_cannot_be_revised(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        who = clinic.who(clinic.people.anna)
        with pytest.raises(WrongState):
            clinic.run(
                notes.revise_note(
                    clinic.desk,
                    who,
                    case,
                    note,
                    Words(FreeText("x")),
                    expected=2,
                    command=command(),
                )
            )
