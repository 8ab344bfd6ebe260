"""Erasing, from the word to the tombstone: the gate, two custodians, what stays readable."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.confidentiality import Class
from domain.erasure import Status
from domain.errors import (
    Invalid,
    NotPermitted,
    NotThere,
    RecordUnavailable,
    Refusal,
    Sealed,
    Stale,
    WrongState,
)
from domain.events.client import HoldGround
from domain.events.erasure import ErasureGround, ErasureScope, HandOver, RefusalGround
from domain.note import NewAmendment
from domain.note_forms import Words
from domain.ports import CONTENT, Opening
from domain.use_cases import (
    administrator,
    cases,
    erasure_looks,
    erasures,
    holds,
    notes,
    problems,
)
from domain.use_cases.erasing import destruction
from domain.use_cases.erasures import NewErasure
from domain.use_cases.holds import NewHold
from domain.values import (
    ClientId,
    ErasureId,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Role,
)
from tests.support.clinic import SmallClinic, command
from tests.support.erasing import Erasing, admission, appoint
from tests.support.joint import Family, a_family

YEARS = timedelta(days=366)


def refused(clinic: SmallClinic, work: Coroutine[Any, Any, object]) -> type[Refusal]:
    """How somebody is refused."""
    with pytest.raises(Refusal) as found:
        clinic.run(work)
    return type(found.value)


def looked(group: Family, note: NoteId) -> Opening:
    """Anna's look at a joint note."""
    clinic = group.clinic
    who = clinic.who(clinic.people.anna)
    opening, _ = clinic.run(notes.look_at_note(clinic.desk, who, group.case, note))
    clinic.catch_up()
    return opening


def whole(client: ClientId) -> NewErasure:
    """A client's record whose time has come."""
    return NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=client,
        hand_over=HandOver.DECLINED,
    )


class TestOneNote:
    def test_goes_and_leaves_a_tombstone(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note, other = clinic.draft_note(case, "He admitted a theft."), clinic.draft_note(case)
        clinic.sign_note(case, note)
        clinic.sign_note(case, other)
        erasure_id = erasing.erase(people.anna, admission(case, note))
        state = erasing.state(erasure_id)
        assert state.status is Status.COMPLETED
        assert state.target.item == ItemId(note)
        assert state.target.author == people.anna
        assert [each.custodian for each in state.approvals] == [people.bartek, erasing.outsider]
        assert state.destroyed_at == clinic.clock.now()
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, clinic.who(people.anna), case))
        clinic.catch_up()
        found = clinic.views.case_states.of(case, opening)
        assert found is not None
        assert {each.id: each.status for each in found.notes} == {note: "erased", other: "signed"}
        (left,) = [each for each in found.notes if each.id == other]
        assert opening.words(left.texts[0]) == "She slept better."

    def test_takes_every_draft_and_amendment_with_it(self, erasing: Erasing) -> None:
        clinic, anna = erasing.clinic, erasing.clinic.people.anna
        case = clinic.open_case()
        note = clinic.draft_note(case, "first words")
        who = clinic.who(anna)
        clinic.run(
            notes.revise_note(
                clinic.desk,
                who,
                case,
                note,
                Words(FreeText("second words")),
                expected=1,
                command=command(),
            )
        )
        clinic.sign_note(case, note)
        clinic.run(
            notes.amend_note(
                clinic.desk,
                who,
                case,
                note,
                NewAmendment(FreeText("a reason"), FreeText("third words")),
                expected=3,
                command=command(),
            )
        )
        opening, _ = clinic.run(notes.look_at_note(clinic.desk, who, case, note))
        clinic.catch_up()
        line = clinic.views.case_states.note(case, note, opening)
        assert line is not None
        (amended,) = line.amendments
        assert amended.text is not None
        texts = (*line.texts, amended.reason, amended.text)
        assert [opening.words(each) for each in texts][-1] == "third words"
        erasing.erase(anna, admission(case, note))
        for each in texts:
            with pytest.raises(Sealed):
                opening.words(each)

    def test_stands_in_the_clients_log_as_a_deletion_with_those_who_did_it(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        erasing.erase(people.anna, admission(case, note))
        log = clinic.access_log(people.client)
        (gone,) = [each for each in log if each.action == "D"]
        assert (gone.kind, gone.object, gone.actor) == ("SHRED", note, people.officer)
        about = [
            each.actor for each in log if each.object_type == "erasure" and each.action in "CU"
        ]
        assert set(about) == {people.anna, people.bartek, erasing.outsider}

    def test_with_an_admission_is_removed_at_its_authors_word_alone(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        clinic.join_team(case, people.bartek)
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        receipt = erasing.request(people.bartek, admission(case, note))
        assert receipt.named("refused") == RefusalGround.NOT_THE_AUTHOR
        assert erasing.state(receipt.named("erasure")).status is Status.REFUSED

    def test_is_kept_under_retention_and_the_refusal_says_until_when(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        wish = replace(admission(case, note), ground=ErasureGround.CONSENT_WITHDRAWN)
        receipt = erasing.request(people.officer, wish)
        state = erasing.state(receipt.named("erasure"))
        assert state.refusal is not None
        assert state.refusal.ground is RefusalGround.RETENTION_MEDICAL
        assert state.refusal.until == date(clinic.clock.now().year + 20, 12, 31)

    def test_of_somebody_elses_case_is_not_there(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        draft = clinic.draft_note(case)
        clinic.sign_note(case, note)
        process_note = clinic.write_process_note(case)
        archive = erasing.archive()
        for who, item in (
            (people.bartek, note),
            (people.reception, note),
            (people.officer, draft),
            (people.anna, process_note),
            (people.anna, case),
        ):
            asking = erasures.request_erasure(
                clinic.desk,
                archive,
                clinic.who(who),
                admission(case, NoteId(item)),
                command=command(),
            )
            expected = NotPermitted if who == people.reception else NotThere
            assert refused(clinic, asking) is expected

    def test_may_be_one_text_of_a_case_and_it_is_said_which(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        clinic.join_team(case, people.bartek)
        for who, words in ((people.anna, "She fears trams."), (people.bartek, "He stole.")):
            stating = problems.state_problem(
                clinic.desk,
                clinic.who(who),
                case,
                FreeText(words),
                None,
                expected=clinic.version(case),
                command=command(),
            )
            clinic.run(stating)
        wish = admission(case, NoteId(case))
        asking = erasures.request_erasure(
            clinic.desk, erasing.archive(), clinic.who(people.bartek), wish, command=command()
        )
        assert refused(clinic, asking) is Invalid
        for who, text_version in ((people.anna, 4), (people.bartek, 3)):
            receipt = erasing.request(who, replace(wish, text_version=text_version))
            assert receipt.named("refused") == RefusalGround.NOT_THE_AUTHOR
        erasing.erase(people.bartek, replace(wish, text_version=4))
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, clinic.who(people.anna), case))
        clinic.catch_up()
        found = clinic.views.case_states.of(case, opening)
        assert found is not None
        first, second = found.problems
        assert opening.words(first.words) == "She fears trams."
        with pytest.raises(Sealed):
            opening.words(second.words)

    def test_is_another_clients_only_once_it_has_been_moved(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        wish = replace(admission(case, note), ground=ErasureGround.WRONG_CLIENT)
        asking = erasures.request_erasure(
            clinic.desk, erasing.archive(), clinic.who(people.anna), wish, command=command()
        )
        assert refused(clinic, asking) is WrongState


class TestCustodians:
    def asked(self, erasing: Erasing) -> ErasureId:
        clinic = erasing.clinic
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        receipt = erasing.request(clinic.people.anna, admission(case, note))
        return ErasureId(receipt.named("erasure"))

    def approving(
        self, erasing: Erasing, erasure_id: ErasureId, person: PractitionerId, signature: str
    ) -> type[Refusal]:
        clinic = erasing.clinic
        approving = erasures.approve_erasure(
            clinic.desk,
            erasing.archive(),
            erasing.custodian(person),
            erasure_id,
            signature,
            expected=clinic.version(erasure_id),
            command=command(),
        )
        return refused(clinic, approving)

    def test_are_two(self, erasing: Erasing) -> None:
        erasure_id = self.asked(erasing)
        erasing.approve(erasure_id, erasing.bartek, 1)
        with pytest.raises(WrongState):
            erasing.complete(erasure_id)
        assert erasing.asked == []

    def test_sign_with_their_own_key_what_would_be_destroyed(self, erasing: Erasing) -> None:
        erasure_id = self.asked(erasing)
        for number, text in ((2, erasing.statement(erasure_id)), (1, "something else\n")):
            with pytest.raises(Invalid):
                erasing.approve(erasure_id, erasing.bartek, number, text)
        assert self.approving(erasing, erasure_id, erasing.bartek, "no line at all") is Invalid
        assert erasing.state(erasure_id).approvals == ()

    def test_are_never_the_officer_nor_anybody_without_a_key(self, erasing: Erasing) -> None:
        clinic, erasure_id = erasing.clinic, self.asked(erasing)
        for person in (clinic.people.officer, clinic.people.anna):
            assert self.approving(erasing, erasure_id, person, "a line") is NotPermitted
        with pytest.raises(Invalid):
            appoint(clinic, clinic.people.officer, 3, erasing.signers[0])

    def test_who_became_an_officer_meanwhile_approve_no_more(self, erasing: Erasing) -> None:
        clinic, erasure_id = erasing.clinic, self.asked(erasing)
        changing = administrator.change_roles(
            clinic.desk,
            clinic.who(clinic.people.administrator),
            erasing.outsider,
            (Role.CUSTODIAN, Role.COMPLIANCE),
            expected=clinic.version(erasing.outsider),
            command=command(),
        )
        clinic.run(changing)
        assert self.approving(erasing, erasure_id, erasing.outsider, "a line") is NotPermitted

    def test_see_the_request_and_nothing_else(self, erasing: Erasing) -> None:
        clinic, erasure_id = erasing.clinic, self.asked(erasing)
        who = erasing.custodian(erasing.outsider)
        state, _, _ = clinic.run(erasure_looks.look_at_erasure(clinic.desk, who, erasure_id))
        case = state.target.case
        assert case is not None
        looking = cases.look_at_case(clinic.desk, who, case)
        assert refused(clinic, looking) is NotPermitted

    def test_approve_the_version_that_they_saw(self, erasing: Erasing) -> None:
        erasure_id = self.asked(erasing)
        clinic = erasing.clinic
        approving = erasures.approve_erasure(
            clinic.desk,
            erasing.archive(),
            erasing.custodian(erasing.bartek),
            erasure_id,
            "a line",
            expected=99,
            command=command(),
        )
        assert refused(clinic, approving) is Stale

    def test_sign_anew_once_something_else_would_be_destroyed(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        receipt = erasing.request(people.anna, admission(case, note))
        erasure_id = receipt.named("erasure")
        erasing.approve_both(erasure_id)
        amending = notes.amend_note(
            clinic.desk,
            clinic.who(people.anna),
            case,
            note,
            NewAmendment(FreeText("why"), FreeText("and more")),
            expected=2,
            command=command(),
        )
        clinic.run(amending)
        with pytest.raises(WrongState):
            erasing.complete(erasure_id)
        erasing.approve_both(erasure_id)
        erasing.complete(erasure_id)
        assert erasing.state(erasure_id).status is Status.COMPLETED


class TestOneClient:
    def test_is_kept_until_her_time_has_come_and_then_gone(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        early = erasing.request(people.officer, whole(people.client))
        assert early.named("refused") == RefusalGround.RETENTION_MEDICAL
        clinic.clock.move(21 * YEARS)
        erasure_id = erasing.erase(people.officer, whole(people.client))
        (what,) = erasing.asked
        assert what.purposes == CONTENT
        assert erasing.state(erasure_id).status is Status.COMPLETED
        looking = notes.look_at_note(clinic.desk, clinic.who(people.anna), case, note)
        assert refused(clinic, looking) is NotThere
        opening, _ = clinic.run(cases.look_at_case(clinic.desk, clinic.who(people.anna), case))
        clinic.catch_up()
        assert clinic.views.case_states.of(case, opening) is None
        assert clinic.views.erasures.erased(people.client)
        assert not clinic.views.erasures.erased(case)
        # Her log, and with it who erased her, stands.
        assert any(each.action == "D" for each in clinic.access_log(people.client))

    def test_takes_the_words_of_process_notes_on_her_with_her(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.write_process_note(clinic.open_case())
        clinic.clock.move(21 * YEARS)
        erasing.erase(people.officer, whole(people.client))
        (what,) = erasing.asked
        assert len(what.texts) == 1

    def test_under_a_hold_is_kept_and_let_go_when_it_is_lifted(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.clock.move(21 * YEARS)
        officer = clinic.who(people.officer)
        review = clinic.clock.now().date() + timedelta(days=90)
        receipt = clinic.run(
            holds.place_hold(
                clinic.desk,
                officer,
                people.client,
                NewHold(HoldGround.COURT, review),
                expected=clinic.version(people.client),
                command=command(),
            )
        )
        kept = erasing.request(people.officer, whole(people.client))
        assert kept.named("refused") == RefusalGround.HOLD
        frame, _ = clinic.desk.client(people.client)
        assert frame is not None
        (hold,) = frame.holds
        assert (hold.id, hold.setter) == (receipt.named("hold"), people.officer)
        clinic.run(
            holds.lift_hold(
                clinic.desk,
                officer,
                people.client,
                hold.id,
                expected=clinic.version(people.client),
                command=command(),
            )
        )
        erasing.erase(people.officer, whole(people.client))

    def test_a_hold_that_came_after_the_approvals_stops_it(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.clock.move(21 * YEARS)
        erasure_id = erasing.request(people.officer, whole(people.client)).named("erasure")
        erasing.approve_both(erasure_id)
        review = clinic.clock.now().date() + timedelta(days=90)
        placing = holds.place_hold(
            clinic.desk,
            clinic.who(people.officer),
            people.client,
            NewHold(HoldGround.PROSECUTOR, review),
            expected=clinic.version(people.client),
            command=command(),
        )
        clinic.run(placing)
        assert erasing.complete(erasure_id).named("refused") == RefusalGround.HOLD
        assert erasing.state(erasure_id).status is Status.REFUSED
        assert erasing.asked == []

    def test_a_new_entry_resets_the_clock(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        clinic.clock.move(21 * YEARS)
        clinic.draft_note(case)
        receipt = erasing.request(people.officer, whole(people.client))
        assert receipt.named("refused") == RefusalGround.RETENTION_MEDICAL

    def test_is_not_a_clinicians_to_ask_for(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.open_case()
        asking = erasures.request_erasure(
            clinic.desk,
            erasing.archive(),
            clinic.who(people.anna),
            whole(people.client),
            command=command(),
        )
        assert refused(clinic, asking) is NotPermitted


class TestOneMember:
    def test_who_was_here_for_the_group_alone_is_gone_and_the_others_are_whole(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        group = a_family(clinic)
        klara, jan, zofia = group.people
        note = group.write(
            f"Both {group.token(klara)} and {group.token(jan)} spoke.",
            {klara: "Her mother.", jan: "His work."},
        )
        clinic.clock.move(21 * YEARS)
        erasing.erase(people.officer, self.wish(jan, group))
        (what,) = erasing.asked
        assert ([each.id for each in what.owners], what.classes) == ([jan], ())
        clinic.catch_up()
        opening = looked(group, note)
        line = clinic.views.case_states.note(group.case, note, opening)
        assert line is not None
        assert "spoke" in opening.words(line.texts[0])
        left = {each.alias: each.text for each in line.parts}
        assert len(left) == 2
        (her,) = [text for text in left.values() if text is not None]
        assert opening.words(her) == "Her mother."
        assert clinic.views.name_cards.name(jan, opening) is None
        assert clinic.views.name_cards.name(zofia, opening) is not None

    def test_who_has_a_record_of_her_own_keeps_it(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        group = a_family(clinic)
        klara, *_ = group.people
        note = group.write("They spoke.", {klara: "Her mother."})
        case = clinic.open_case(klara)
        own = clinic.draft_note(case)
        clinic.sign_note(case, own)
        clinic.clock.move(21 * YEARS)
        erasing.erase(people.officer, self.wish(klara, group))
        (what,) = erasing.asked
        assert (what.classes, len(what.texts)) == ((Class.JOINT,), 1)
        clinic.catch_up()
        opening = looked(group, note)
        line = clinic.views.case_states.note(group.case, note, opening)
        assert line is not None
        assert [each.text for each in line.parts] == [None]
        looking = notes.look_at_note(clinic.desk, clinic.who(people.anna), case, own)
        opening, _ = clinic.run(looking)
        line = clinic.views.case_states.note(case, own, opening)
        assert line is not None
        assert opening.words(line.texts[0]) == "She slept better."

    def test_who_takes_part_in_two_joint_cases_loses_words_of_the_one_alone(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        group = a_family(clinic)
        klara, jan, _ = group.people
        note = group.write("They spoke.", {klara: "Her mother.", jan: "His work."})
        clinic.open_case(klara, jan, room=Format.COUPLE)
        clinic.clock.move(21 * YEARS)
        erasing.erase(people.officer, self.wish(klara, group))
        (what,) = erasing.asked
        assert (what.owners, len(what.texts)) == ((), 1)
        clinic.catch_up()
        opening = looked(group, note)
        line = clinic.views.case_states.note(group.case, note, opening)
        assert line is not None
        texts = [each.text for each in line.parts if each.text is not None]
        with pytest.raises(Sealed):
            opening.words(texts[0])
        assert opening.words(texts[1]) == "His work."

    def test_is_one_of_the_case(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        stranger, group = clinic.register_client("Adam"), a_family(clinic)
        asking = erasures.request_erasure(
            clinic.desk,
            erasing.archive(),
            clinic.who(people.officer),
            self.wish(stranger, group),
            command=command(),
        )
        assert refused(clinic, asking) is NotThere

    def wish(self, client: ClientId, group: Family) -> NewErasure:
        """A member's wish to have been in a group no more."""
        return NewErasure(
            ErasureScope.MEMBER, ErasureGround.MEMBER_ERASED, client=client, case=group.case
        )


class TestAnOldLog:
    def test_goes_after_its_floor_and_spares_who_is_held(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        zofia = clinic.register_client("Zofia")
        old = NewErasure(
            ErasureScope.LOG_AGE, ErasureGround.LOG_EXPIRED, year=clinic.clock.now().year
        )
        early = erasing.request(people.officer, old)
        assert early.named("refused") == RefusalGround.LOG_FLOOR
        clinic.clock.move(5 * YEARS)
        placing = holds.place_hold(
            clinic.desk,
            clinic.who(people.officer),
            people.client,
            NewHold(HoldGround.COURT, clinic.clock.now().date() + timedelta(days=1)),
            expected=clinic.version(people.client),
            command=command(),
        )
        clinic.run(placing)
        erasing.erase(people.officer, old)
        (what,) = erasing.asked
        assert [each.id for each in what.spared] == [people.client]
        assert (what.owners, what.purposes, what.texts) == ((), (), ())

        def years(client: ClientId) -> set[int]:
            return {each.recorded_at.year for each in clinic.access_log(client)}

        assert old.year in years(people.client)
        assert old.year not in years(zofia)


class TestInTheMiddle:
    def test_a_destruction_that_was_not_recorded_is_recorded_and_not_repeated(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.open_case()
        clinic.clock.move(21 * YEARS)
        erasure_id = erasing.request(people.officer, whole(people.client)).named("erasure")
        erasing.approve_both(erasure_id)
        archive, state = erasing.archive(), erasing.state(erasure_id)
        what = destruction(clinic.desk, archive, state)
        note = erasures.signed_note(
            erasing.shredder.statement(what), [each.signature for each in state.approvals]
        )
        clinic.run(erasing.shredder.destroy(what, note))
        erasing.complete(erasure_id)
        assert erasing.state(erasure_id).status is Status.COMPLETED
        assert len(erasing.asked) == 1

    def test_a_shredder_that_fails_leaves_the_approved_request(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        clinic.clock.move(21 * YEARS)
        erasure_id = erasing.request(people.officer, whole(people.client)).named("erasure")
        erasing.approve_both(erasure_id)
        erasing.shredder.fails = True
        with pytest.raises(RecordUnavailable):
            erasing.complete(erasure_id)
        assert erasing.state(erasure_id).status is Status.APPROVED
        erasing.shredder.fails = False
        erasing.complete(erasure_id)
        erasing.complete(erasure_id)
        assert len(erasing.asked) == 1

    def test_a_request_is_withdrawn_by_whoever_made_it_or_the_officer(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        erasure_id = ErasureId(erasing.request(people.anna, admission(case, note)).named("erasure"))

        def withdrawing(who: PractitionerId) -> Coroutine[Any, Any, object]:
            return erasures.withdraw_erasure(
                clinic.desk,
                clinic.who(who),
                erasure_id,
                expected=clinic.version(erasure_id),
                command=command(),
            )

        assert refused(clinic, withdrawing(people.bartek)) is NotThere
        clinic.run(withdrawing(people.anna))
        assert erasing.state(erasure_id).status is Status.WITHDRAWN
        with pytest.raises(WrongState):
            erasing.complete(erasure_id)
