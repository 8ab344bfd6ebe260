"""Caseload, calendar, name cards, process notes, and the pages of the two logs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.events.session import CancelledBy
from domain.use_cases import caseload, process_notes, registration, sessions
from domain.values import Format
from projections.audit_trail import AuditTrail, Filter
from tests.support.clinic import SmallClinic, command
from tests.support.life import Life
from tests.support.rows import follower


class TestCaseload:
    def test_a_caseload_is_whom_somebody_cares_for_now(self, clinic: SmallClinic) -> None:
        case, bartek = clinic.open_case(), clinic.people.bartek
        clinic.join_team(case, bartek)
        clinic.catch_up()
        assert [each.case for each in clinic.views.caseload.of(bartek)] == [case]
        clinic.leave_team(case, bartek)
        clinic.catch_up()
        assert clinic.views.caseload.of(bartek) == []

    def test_whoever_comes_back_cares_for_a_case_since_then(self, clinic: SmallClinic) -> None:
        case, bartek = clinic.open_case(), clinic.people.bartek
        clinic.join_team(case, bartek)
        clinic.leave_team(case, bartek)
        clinic.clock.move(timedelta(days=30))
        clinic.join_team(case, bartek)
        clinic.catch_up()
        (line,) = clinic.views.caseload.of(bartek)
        assert line.since == clinic.clock.now()

    def test_a_caseload_is_what_the_frames_say(self, life: Life) -> None:
        life.clinic.catch_up()
        for person in (life.clinic.people.anna, life.clinic.people.bartek):
            who = life.clinic.who(person)
            lines = life.clinic.views.caseload.of(person)
            cases = caseload.own_cases(life.clinic.desk, who, life.cases)
            assert {each.case: each.open for each in lines} == {
                name: case.open for name, case in cases.items()
            }


class TestCalendar:
    def test_a_day_shows_its_sessions_and_no_others(self, clinic: SmallClinic) -> None:
        session = clinic.schedule_session(clinic.open_case())
        clinic.catch_up()
        morning = clinic.clock.now().replace(hour=0) + timedelta(days=1)
        (row,) = clinic.views.calendar.between(morning, morning + timedelta(days=1))
        slot = clinic.views.calendar.slot(row)
        assert (slot.session, slot.client, slot.status) == (
            session,
            clinic.people.client,
            "scheduled",
        )
        assert clinic.views.calendar.between(morning - timedelta(days=1), morning) == []

    def test_a_couple_stands_in_the_calendar_as_any_room_that_is_taken(
        self, clinic: SmallClinic
    ) -> None:
        couple = (clinic.people.client, clinic.register_client())
        clinic.schedule_session(clinic.open_case(*couple, room=Format.COUPLE))
        clinic.catch_up()
        now = clinic.clock.now()
        (row,) = clinic.views.calendar.between(now, now + timedelta(days=2))
        slot = clinic.views.calendar.slot(row)
        assert (slot.client, slot.therapist) == (None, clinic.people.anna)

    def test_a_cancelled_session_says_so_and_not_by_whom(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        session = clinic.schedule_session(case)
        clinic.run(
            sessions.cancel_session(
                clinic.desk,
                clinic.who(clinic.people.anna),
                case,
                session,
                CancelledBy.CLIENT,
                expected=1,
                command=command(),
            )
        )
        clinic.catch_up()
        now = clinic.clock.now()
        (row,) = clinic.views.calendar.between(now, now + timedelta(days=2))
        assert clinic.views.calendar.slot(row).status == "cancelled"


class TestNameCards:
    def test_a_card_stands_at_its_files_version(self, life: Life) -> None:
        life.clinic.catch_up()
        opening = follower(life.clinic)._opening
        people = life.clinic.people
        for person in (*life.clients, people.anna, people.bartek):
            card = life.clinic.views.name_cards.of(person, opening)
            assert card is not None
            assert card.version == life.clinic.version(person)
            assert card.name.strip()


class TestProcessNotes:
    def test_each_author_has_a_list_of_her_own(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        clinic.join_team(case, clinic.people.bartek)
        written = {
            person: clinic.write_process_note(case, by=person)
            for person in (clinic.people.anna, clinic.people.bartek)
        }
        for person, note in written.items():
            looking = process_notes.look_at_own_process_notes(clinic.desk, clinic.who(person), case)
            opening, _ = clinic.run(looking)
            clinic.catch_up()
            (line,) = clinic.views.process_notes.of(person, case, opening)
            assert line.id == note
            assert opening.words(line.texts[0]) == "I was impatient."


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    def test_pages_of_the_trail_together_are_the_trail(self, life: Life, limit: int) -> None:
        """A page that ended within a couple's event would lose the other one's line for good."""
        life.clinic.catch_up()
        trail = life.clinic.views.audit_trail
        whole = trail.lines(Filter(limit=100_000))
        pages, before = [], None
        while page := trail.lines(Filter(before=before, limit=limit)):
            pages += page
            before = int(page[-1].key[0])
        assert pages == whole

    def test_the_trail_can_be_asked_for_an_actor_or_a_client(self, life: Life) -> None:
        life.clinic.catch_up()
        trail = life.clinic.views.audit_trail
        whole = trail.lines(Filter(limit=100_000))
        bartek, client = life.clinic.people.bartek, life.clients[0]
        of_bartek = trail.lines(Filter(actor=bartek, limit=100_000))
        assert of_bartek == [row for row in whole if row.clear[1] == bartek]
        of_client = trail.lines(Filter(client=client, limit=100_000))
        assert of_client == [row for row in whole if row.key[1] == client]

    def test_the_trail_opens_with_a_recorded_look_at_what_it_shows(self, life: Life) -> None:
        life.clinic.catch_up()
        trail = life.clinic.views.audit_trail
        lines = trail.lines(Filter(limit=100_000))
        assert [each.position for each in trail.open(lines, follower(life.clinic)._opening)] == [
            row.key[0] for row in lines
        ]
        clients, owners = AuditTrail.concerning(lines)
        assert set(clients) == set(life.clients)
        assert {owner.id for owner in owners} >= {life.clinic.people.bartek}

    def test_pages_of_an_access_log_together_are_the_log(self, life: Life) -> None:
        clinic, client = life.clinic, life.clients[0]
        opening, _ = clinic.officers_look(client)
        log = clinic.views.access_log
        whole = log.of(client, opening, limit=100_000)
        pages, before = [], None
        while page := log.of(client, opening, before=before, limit=7):
            pages += page
            before = page[-1].position
        assert pages == whole
        assert len(whole) > 30

    def test_every_event_of_a_client_stands_in_her_log(self, life: Life) -> None:
        clinic, client = life.clinic, life.clients[0]
        looking = registration.look_at_identity(
            clinic.desk, clinic.who(clinic.people.reception), client
        )
        clinic.run(looking)
        opening, _ = clinic.officers_look(client)
        whole = clinic.views.access_log.of(client, opening, limit=100_000)
        record = clinic.clinic.folder.record
        events = record.follow(-1, 100_000, clinic.views.followed[1].projection.purposes)[0]
        about = [each.position for each in events if client in each.concerning]
        assert [each.position for each in reversed(whole)] == about
