"""Several people in one record: who takes part, by what alias, and what is whose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.confidentiality import Class, KeyPurpose, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale, WrongState
from domain.events.case import CaseAliasesDrawn, CaseMemberJoined, CaseMemberLeft, CaseOpened
from domain.events.client import ClientAliasGiven
from domain.events.note import NotePartsAdded
from domain.events.session import SessionPartRecorded
from domain.note import NewAmendment
from domain.note_forms import Words
from domain.ports import Recorded
from domain.use_cases import cases, joint, members, notes, problems
from domain.values import ClientId, Format, FreeText
from domain.wording import texts_of
from tests.support.clinic import SmallClinic, command
from tests.support.joint import Family, a_family, destroy_content
from tests.support.opened import words


@pytest.fixture
def family(clinic: SmallClinic) -> Family:
    """Three who came together."""
    return a_family(clinic)


def stream(clinic: SmallClinic, name: str) -> list[Recorded]:
    """The events of a stream."""
    return clinic.clinic.folder.record.read(name)


def every_event(clinic: SmallClinic) -> list[Recorded]:
    """The events of the whole record."""
    found, _ = clinic.clinic.folder.record.follow(-1, 100_000, frozenset(KeyPurpose))
    return found


def key_ids(clinic: SmallClinic, name: str) -> list[bytes]:
    """Under which keys the records of a stream lie."""
    return [row.key_id for row in clinic.clinic.folder.store.stream(bytes.fromhex(name))]


class TestAliases:
    def test_everybody_gets_one_when_a_joint_case_begins(self, family: Family) -> None:
        aliases = {family.alias(each) for each in family.people}
        assert len(aliases) == len(family.people)

    def test_whose_it_is_stands_in_her_own_stream_and_nowhere_else(self, family: Family) -> None:
        clinic = family.clinic
        for each in every_event(clinic):
            if isinstance(each.event, ClientAliasGiven):
                assert each.owner == Owner(OwnerKind.CLIENT, each.stream)
                assert each.concerning == (each.stream,)
        drawn = [
            each for each in stream(clinic, family.case) if isinstance(each.event, CaseAliasesDrawn)
        ]
        assert [each.label.purpose for each in drawn] == [KeyPurpose.CASE]
        assert not any(client in repr(each.event) for each in drawn for client in (*family.people,))

    def test_one_persons_case_has_none(self, clinic: SmallClinic) -> None:
        clinic.open_case()
        kinds = {type(each.event) for each in every_event(clinic)}
        assert not kinds & {CaseAliasesDrawn, ClientAliasGiven}

    def test_a_number_says_nothing_about_the_order_of_coming(self, clinic: SmallClinic) -> None:
        in_their_order = 0
        for _ in range(12):
            family = a_family(clinic)
            numbers = [int(family.alias(each)[1:]) for each in family.people]
            in_their_order += numbers == sorted(numbers)
        # By chance one in six is; all twelve of them, once in two thousand million.
        assert in_their_order < 12

    def test_a_case_lists_them_in_an_order_that_is_not_that_of_its_clients(
        self, family: Family
    ) -> None:
        events = [each.event for each in stream(family.clinic, family.case)]
        (drawn,) = [each for each in events if isinstance(each, CaseAliasesDrawn)]
        assert list(drawn.aliases) == sorted(drawn.aliases, key=lambda alias: int(alias[1:]))

    def test_none_is_given_a_second_time_even_when_its_owner_is_erased(
        self, family: Family
    ) -> None:
        gone = family.alias(family.people[1])
        destroy_content(family.clinic, family.people[1])
        for number in range(4):
            family.join(family.clinic.register_client(f"Nowa {number}"))
        newcomers = family.clinic.desk.case(family.case)[0]
        assert newcomers is not None
        given = [family.alias(each) for each in newcomers.clients[3:]]
        assert len({gone, *given}) == 5


class TestMembers:
    def test_whoever_joins_is_in_the_case_and_gets_an_alias_of_her_own(
        self, family: Family
    ) -> None:
        nina = family.clinic.register_client("Nina")
        before = {family.alias(each) for each in family.people}
        family.join(nina)
        frame, _ = family.clinic.desk.case(family.case)
        assert frame is not None
        assert frame.clients == (*family.people, nina)
        assert family.alias(nina) not in before
        file, _ = family.clinic.desk.client(nina)
        assert file is not None
        assert file.cases == (family.case,)

    def test_whoever_comes_back_keeps_her_alias(self, family: Family) -> None:
        somebody = family.people[2]
        alias = family.alias(somebody)
        family.leave(somebody)
        family.join(somebody)
        assert family.alias(somebody) == alias
        drawn = [
            each
            for each in stream(family.clinic, family.case)
            if isinstance(each.event, CaseAliasesDrawn)
        ]
        assert len(drawn) == 1

    @pytest.mark.parametrize("change", ["join", "leave"])
    def test_the_cases_keys_begin_a_new_epoch(self, family: Family, change: str) -> None:
        clinic = family.clinic
        nina = clinic.register_client("Nina")
        before = key_ids(clinic, clinic.draft_note(family.case, "Before."))
        if change == "join":
            family.join(nina)
        else:
            family.leave(family.people[0])
        after = key_ids(clinic, clinic.draft_note(family.case, "After."))
        assert before != after
        keyring = clinic.clinic.folder.vault.keyring
        places = [keyring.place(each[0]) for each in (before, after)]
        epochs = [each.epoch for each in places if each is not None]
        assert epochs == [1, 2]
        drawn = [
            keyring.place(key_id)
            for key_id, each in zip(
                key_ids(clinic, family.case), stream(clinic, family.case), strict=True
            )
            if isinstance(each.event, CaseAliasesDrawn)
        ]
        assert [each.epoch for each in drawn if each] == ([1, 2] if change == "join" else [1])

    def test_both_stand_in_the_logs_of_all(self, family: Family) -> None:
        clinic, nina = family.clinic, family.clinic.register_client("Nina")
        family.join(nina)
        family.leave(family.people[0])
        joined, left = (
            next(each for each in stream(clinic, family.case) if isinstance(each.event, kind))
            for kind in (CaseMemberJoined, CaseMemberLeft)
        )
        assert set(joined.concerning) == {*family.people, nina} == set(left.concerning)

    def test_what_is_written_after_she_left_does_not_concern_her(self, family: Family) -> None:
        family.leave(family.people[0])
        note = family.clinic.draft_note(family.case, "Without her.")
        assert stream(family.clinic, note)[0].concerning == family.people[1:]

    def test_a_look_at_the_case_stands_in_the_log_of_everybody_who_ever_took_part(
        self, family: Family
    ) -> None:
        clinic, gone = family.clinic, family.people[0]
        family.leave(gone)
        who = clinic.who(clinic.people.anna)
        clinic.run(cases.look_at_case(clinic.desk, who, family.case))
        for client in family.people:
            seen = [each for each in clinic.access_log(client) if each.object_type == "case"]
            assert (seen[0].kind, seen[0].object) == ("READ", family.case)

    def test_a_couple_waits_for_another_partner_and_has_no_room_for_a_third(
        self, clinic: SmallClinic
    ) -> None:
        couple = a_family(clinic, size=2, room=Format.COUPLE)
        nina = clinic.register_client("Nina")
        with pytest.raises(WrongState):
            couple.join(nina)
        couple.leave(couple.people[0])
        with pytest.raises(WrongState):
            couple.leave(couple.people[1])
        couple.join(nina)

    def test_only_the_care_team_changes_it_and_whoever_asks_hears_nothing(
        self, family: Family
    ) -> None:
        nina = family.clinic.register_client("Nina")
        with pytest.raises(NotThere):
            family.join(nina, by=family.clinic.people.bartek)
        denied = family.clinic.access_log(family.people[2])[1]
        assert (denied.kind, denied.reason) == ("DENY", "deny.relationship.none")

    def test_nobody_joins_who_has_no_file_or_was_erased(self, family: Family) -> None:
        with pytest.raises(NotThere):
            family.join(ClientId("f" * 32))
        nina = family.clinic.register_client("Nina")
        destroy_content(family.clinic, nina)
        with pytest.raises(WrongState):
            family.join(nina)

    def test_a_change_follows_the_version_that_was_seen_and_a_retry_changes_nothing(
        self, family: Family
    ) -> None:
        clinic, nina = family.clinic, family.clinic.register_client("Nina")
        desk, who, again = clinic.desk, clinic.who(clinic.people.anna), command("join", "join")
        with pytest.raises(Stale):
            clinic.run(
                members.join_case(desk, who, family.case, nina, expected=1, command=command())
            )
        version = clinic.version(family.case)
        for repeated in (False, True):
            receipt = clinic.run(
                members.join_case(desk, who, family.case, nina, expected=version, command=again)
            )
            assert receipt.repeated is repeated
        family.join(nina)
        assert clinic.version(family.case) == version + 2


class TestJointNotes:
    def test_the_common_words_lie_under_the_cases_key_and_each_part_under_her_own(
        self, family: Family
    ) -> None:
        clinic, (klara, zofia, _) = family.clinic, family.people
        first = clinic.last_position() + 1
        note = family.write("All were quiet.", {klara: "She wept.", zofia: "She left early."})
        written = [each for each in every_event(clinic) if each.position >= first]
        common = [each for each in written if each.stream == note]
        assert {each.owner for each in common} == {Owner(OwnerKind.CASE, family.case)}
        assert {each.label.purpose for each in common} == {KeyPurpose.CASE}
        parts = [each for each in written if isinstance(each.event, SessionPartRecorded)]
        assert {each.owner.id for each in parts} == {klara, zofia}
        assert all(each.concerning == (each.owner.id,) for each in parts)
        for each in parts:
            assert each.label.purpose is KeyPurpose.CLINICAL
            assert each.label.cls is Class.JOINT
            assert isinstance(each.event, SessionPartRecorded)
            assert each.event.alias == family.alias(ClientId(each.owner.id))
            part = words(clinic.clinic.folder, each.event.text)
            assert part == ("She wept." if each.owner.id == klara else "She left early.")
            # No client's id stands in what the case says of its members.
            assert each.owner.id not in repr(each.event)
        (added,) = [each.event for each in common if isinstance(each.event, NotePartsAdded)]
        assert {each.alias for each in added.parts} == {
            family.alias(each) for each in (klara, zofia)
        }

    def test_all_of_it_is_written_or_nothing(self, family: Family) -> None:
        before = family.clinic.last_position()
        stranger = "p1" if "p1" not in tokens_of(family) else "p2"
        for parts in (
            {stranger: FreeText("Whose?")},
            {family.alias(family.people[0]): FreeText("")},
        ):
            with pytest.raises(Invalid):
                family.record("All were quiet.", parts)
        assert family.clinic.last_position() == before

    def test_it_is_one_transaction(self, family: Family) -> None:
        receipt = family.record(
            "All were quiet.", {family.alias(each): FreeText("Hers.") for each in family.people}
        )
        clinic = family.clinic
        last = clinic.clinic.folder.store.rows(receipt.last, 1)[0]
        assert (last.position, len(receipt.leaves)) == (receipt.last, 2 + len(family.people))

    def test_it_is_signed_as_any_note(self, family: Family) -> None:
        note = family.write("All were quiet.", {family.people[0]: "She wept."})
        family.clinic.sign_note(family.case, note)

    def test_a_look_at_the_joint_case_opens_her_part_and_not_what_is_hers_alone(
        self, family: Family
    ) -> None:
        clinic, klara = family.clinic, family.people[0]
        alone = clinic.draft_note(clinic.open_case(klara), "Alone she says more.")
        joint_note = family.write("All were quiet.", {klara: "She wept."})
        (own,) = [
            each.event
            for each in every_event(clinic)
            if isinstance(each.event, SessionPartRecorded) and each.event.note == joint_note
        ]
        who = clinic.who(clinic.people.anna)
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, family.case))
        assert opening.words(own.text) == "She wept."
        drafted = stream(clinic, alone)[0].event
        with pytest.raises(NotThere):
            opening.words(*texts_of(drafted))
        own_case = clinic.open_case(klara)
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, own_case))
        with pytest.raises(NotThere):
            opening.words(own.text)

    def test_one_persons_case_has_no_parts(self, clinic: SmallClinic) -> None:
        alone = Family(clinic, clinic.open_case(), (clinic.people.client,))
        with pytest.raises(WrongState):
            alone.record("She was quiet.", {})

    def test_a_text_that_names_somebody_whom_the_case_never_had_is_refused(
        self, family: Family
    ) -> None:
        clinic, case = family.clinic, family.case
        stranger = next(
            token
            for number in range(1, 9)
            if (token := f"{{{{p{number}}}}}") not in {family.token(each) for each in family.people}
        )
        desk, who = clinic.desk, clinic.who(clinic.people.anna)
        note = clinic.draft_note(case, f"{family.token(family.people[0])} slept.")
        text = FreeText(f"{stranger} slept.")
        before = clinic.last_position()
        acts = (
            notes.revise_note(desk, who, case, note, Words(text), expected=1, command=command()),
            problems.state_problem(
                desk, who, case, text, None, expected=clinic.version(case), command=command()
            ),
        )
        for act in acts:
            with pytest.raises(Invalid, match="never had"):
                clinic.run(act)
        with pytest.raises(Invalid, match="never had"):
            clinic.draft_note(case, f"{stranger} slept.")
        with pytest.raises(Invalid, match="never had"):
            family.write("All were quiet.", {family.people[0]: f"{stranger} was not there."})
        clinic.sign_note(case, note)
        added = NewAmendment(text, FreeText("So."))
        amended = notes.amend_note(desk, who, case, note, added, expected=2, command=command())
        with pytest.raises(Invalid, match="never had"):
            clinic.run(amended)
        erroneous = notes.mark_note_erroneous(
            desk, who, case, note, text, expected=2, command=command()
        )
        with pytest.raises(Invalid, match="never had"):
            clinic.run(erroneous)
        assert clinic.last_position() == before + 1

    def test_in_one_persons_case_braces_are_braces(self, clinic: SmallClinic) -> None:
        assert clinic.draft_note(clinic.open_case(), "She writes {{p3}} in her letters.")

    def test_somebody_who_left_or_was_erased_may_still_be_named(self, family: Family) -> None:
        gone, erased = family.token(family.people[1]), family.token(family.people[2])
        family.leave(family.people[1])
        destroy_content(family.clinic, family.people[2])
        assert family.clinic.draft_note(family.case, f"{gone} and {erased} are missed.")

    def test_nobody_writes_a_part_for_somebody_who_was_erased(self, family: Family) -> None:
        alias = family.alias(family.people[2])
        destroy_content(family.clinic, family.people[2])
        with pytest.raises(Invalid):
            family.record("All were quiet.", {alias: FreeText("Her own.")})


class TestAttendance:
    def test_who_was_there_is_hers(self, family: Family) -> None:
        session = family.held_session()
        receipt = family.attended(
            session, {each: each != family.people[1] for each in family.people}
        )
        found = [each for each in every_event(family.clinic) if each.position > receipt.last - 3]
        assert {each.owner.id for each in found} == set(family.people)
        assert {each.label.cls for each in found} == {Class.JOINT}

    def test_it_is_recorded_of_a_session_that_was_held_in_this_case(self, family: Family) -> None:
        clinic, klara = family.clinic, family.people[0]
        with pytest.raises(WrongState):
            family.attended(clinic.schedule_session(family.case), {klara: True})
        with pytest.raises(NotThere):
            family.attended(clinic.schedule_session(clinic.open_case()), {klara: True})
        with pytest.raises(Invalid):
            family.attended(family.held_session(), {})

    def test_of_a_stranger_it_says_nothing(self, family: Family) -> None:
        clinic, session = family.clinic, family.held_session()
        who = clinic.who(clinic.people.anna)
        present = {"p999": True}
        with pytest.raises(Invalid):
            clinic.run(
                joint.record_attendance(
                    clinic.desk, who, family.case, session, present, command=command()
                )
            )


class TestErasure:
    def test_the_others_go_on(self, family: Family) -> None:
        clinic, erased = family.clinic, family.people[1]
        family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        destroy_content(clinic, erased)
        family.write("Two were quiet.", {family.people[0]: "Hers."})
        family.leave(erased)
        family.join(clinic.register_client("Nina"))
        session = family.held_session()
        family.attended(session, {family.people[0]: True})
        who = clinic.who(clinic.people.anna)
        clinic.run(cases.look_at_case(clinic.desk, who, family.case))

    def test_a_look_at_the_case_still_stands_in_her_log(self, family: Family) -> None:
        clinic, erased = family.clinic, family.people[1]
        destroy_content(clinic, erased)
        who = clinic.who(clinic.people.anna)
        clinic.run(cases.look_at_case(clinic.desk, who, family.case))
        seen = [each for each in clinic.access_log(erased) if each.object_type == "case"]
        assert (seen[0].kind, seen[0].object) == ("READ", family.case)

    def test_nothing_in_the_case_says_any_more_whose_alias_was_whose(self, family: Family) -> None:
        clinic, erased = family.clinic, family.people[1]
        alias = family.alias(erased)
        destroy_content(clinic, erased)
        for each in every_event(clinic):
            says = repr(each.event)
            if f"'{alias}'" in says:
                assert isinstance(each.event, CaseAliasesDrawn)
            if erased in says:
                assert not isinstance(each.event, CaseAliasesDrawn)
                assert isinstance(each.event, CaseOpened) or each.stream != family.case


def tokens_of(family: Family) -> Iterator[str]:
    """The aliases of a family."""
    return (family.alias(each) for each in family.people)
