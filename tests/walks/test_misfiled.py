"""A note under the wrong client: moved, shown there no more, and unreadable there (SIG-05)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from domain.erasure import Status
from domain.errors import (
    Invalid,
    NotPermitted,
    NotThere,
    Refusal,
    Sealed,
    Stale,
    WrongState,
)
from domain.events.erasure import ErasureGround
from domain.note import NewAmendment
from domain.use_cases import cases, misfiled, notes
from domain.use_cases.misfiled import Misfiled
from domain.values import (
    CaseId,
    ClientId,
    ErasureId,
    Format,
    FreeText,
    NoteId,
    PractitionerId,
    Receipt,
)
from projections.case_lines import NoteLine
from tests.support.clinic import command
from tests.support.erasing import Erasing

WORDS, ADDED = "Her brother drinks.", "He stopped in May."


class Mistake:
    """Anna's note on Klara, which is about Zofia."""

    def __init__(self, erasing: Erasing) -> None:
        self.erasing = erasing
        self.clinic = erasing.clinic
        self.anna = self.clinic.people.anna
        self.klara, self.zofia = self.clinic.people.client, self.clinic.register_client("Zofia")
        self.wrong = self.clinic.open_case(self.klara)
        self.right = self.clinic.open_case(self.zofia)
        self.note = self.clinic.draft_note(self.wrong, WORDS)
        self.clinic.sign_note(self.wrong, self.note)
        self.signed_at = self.clinic.clock.now()

    def amend(self) -> None:
        """Add to it."""
        amending = notes.amend_note(
            self.clinic.desk,
            self.clinic.who(self.anna),
            self.wrong,
            self.note,
            NewAmendment(FreeText("I forgot."), FreeText(ADDED)),
            expected=self.clinic.version(self.note),
            command=command(),
        )
        self.clinic.run(amending)

    def moving(
        self,
        *,
        by: PractitionerId | None = None,
        note: NoteId | None = None,
        to: CaseId | None = None,
        expected: int | None = None,
    ) -> Coroutine[Any, Any, Receipt]:
        """Somebody moves it."""
        which = note or self.note
        return misfiled.move_note(
            self.clinic.desk,
            self.clinic.who(by or self.anna),
            Misfiled(self.wrong, which, to or self.right),
            expected=self.clinic.version(which) if expected is None else expected,
            command=command(),
        )

    def line(self, case: CaseId, note: NoteId) -> tuple[NoteLine, list[str]]:
        """What Anna finds of a note, and its words."""
        looking = notes.look_at_note(self.clinic.desk, self.clinic.who(self.anna), case, note)
        opening, _ = self.clinic.run(looking)
        self.clinic.catch_up()
        line = self.clinic.views.case_states.note(case, note, opening)
        assert line is not None
        texts = (*line.texts, *(each.text for each in line.amendments if each.text is not None))
        return line, [opening.words(each) for each in texts]


@pytest.fixture
def mistake(erasing: Erasing) -> Mistake:
    """It has happened."""
    return Mistake(erasing)


def refused(mistake: Mistake, work: Coroutine[Any, Any, object]) -> type[Refusal]:
    """How somebody is refused."""
    with pytest.raises(Refusal) as found:
        mistake.clinic.run(work)
    return type(found.value)


def test_a_moved_note_stands_where_it_belongs_with_its_author_and_her_signature(
    mistake: Mistake,
) -> None:
    mistake.amend()
    before, _ = mistake.line(mistake.wrong, mistake.note)
    receipt = mistake.clinic.run(mistake.moving())
    line, words = mistake.line(mistake.right, NoteId(receipt.named("note")))
    assert words == [WORDS, ADDED]
    assert line.id != mistake.note
    assert (line.author, line.status, line.signature) == (
        mistake.anna,
        "signed",
        before.signature,
    )
    assert (line.occurred_at, line.recorded_at) == (before.occurred_at, before.recorded_at)


def test_where_it_stood_a_marker_without_words_stays(mistake: Mistake) -> None:
    mistake.clinic.run(mistake.moving())
    line, words = mistake.line(mistake.wrong, mistake.note)
    assert (line.status, words, line.erroneous_because) == ("moved", [], None)


def test_its_words_become_unreadable_there_and_not_where_it_belongs(mistake: Mistake) -> None:
    who = mistake.clinic.who(mistake.anna)
    looking = notes.look_at_note(mistake.clinic.desk, who, mistake.wrong, mistake.note)
    opening, _ = mistake.clinic.run(looking)
    mistake.clinic.catch_up()
    line = mistake.clinic.views.case_states.note(mistake.wrong, mistake.note, opening)
    assert line is not None
    assert opening.words(line.texts[0]) == WORDS
    receipt = mistake.clinic.run(mistake.moving())
    erasure_id = ErasureId(receipt.named("erasure"))
    state = mistake.erasing.state(erasure_id)
    assert (state.ground, state.status) == (ErasureGround.WRONG_CLIENT, Status.REQUESTED)
    assert state.target.clients == (mistake.klara,)
    mistake.erasing.approve_both(erasure_id)
    mistake.erasing.complete(erasure_id)
    with pytest.raises(Sealed):
        opening.words(line.texts[0])
    left, _ = mistake.line(mistake.wrong, mistake.note)
    assert left.status == "moved"
    _, words = mistake.line(mistake.right, NoteId(receipt.named("note")))
    assert words == [WORDS]


def test_neither_record_says_of_whom_the_other_is(mistake: Mistake) -> None:
    receipt = mistake.clinic.run(mistake.moving())
    record = mistake.clinic.desk.record
    there = record.history(mistake.note)[-1]
    here = record.history(receipt.named("note"))[0]
    assert there.concerning == (mistake.klara,)
    assert here.concerning == (mistake.zofia,)
    for stranger in (mistake.zofia, mistake.right, receipt.named("note")):
        assert stranger not in repr(there.event)
    for stranger in (mistake.klara, mistake.wrong, mistake.note):
        assert stranger not in repr(here.event)


def test_who_had_it_in_hands_is_told_to_the_officer_alone(mistake: Mistake) -> None:
    clinic, people = mistake.clinic, mistake.clinic.people
    clinic.join_team(mistake.wrong, people.bartek)
    clinic.run(
        notes.look_at_note(clinic.desk, clinic.who(people.bartek), mistake.wrong, mistake.note)
    )
    receipt = clinic.run(mistake.moving())
    erasure_id = ErasureId(receipt.named("erasure"))
    looking = misfiled.look_at_readers(clinic.desk, clinic.who(people.officer), erasure_id)
    state, until, opening, _ = clinic.run(looking)
    clinic.catch_up()
    log = clinic.views.access_log.of(mistake.klara, opening, before=until)
    had = {each.actor for each in log if each.object == state.target.item}
    assert had == {people.anna, people.bartek}
    for person in (people.anna, people.reception):
        asking = misfiled.look_at_readers(clinic.desk, clinic.who(person), erasure_id)
        assert refused(mistake, asking) is NotPermitted


def test_whoever_moves_it_cares_for_both_or_wrote_it_and_cares_for_the_other(
    mistake: Mistake,
) -> None:
    clinic, bartek = mistake.clinic, mistake.clinic.people.bartek
    assert refused(mistake, mistake.moving(by=bartek)) is NotThere
    clinic.join_team(mistake.wrong, bartek)
    assert refused(mistake, mistake.moving(by=bartek)) is NotThere
    clinic.leave_team(mistake.wrong, bartek)
    clinic.join_team(mistake.right, bartek)
    assert refused(mistake, mistake.moving(by=bartek)) is NotThere
    clinic.join_team(mistake.wrong, bartek)
    clinic.run(mistake.moving(by=bartek))


def test_what_cannot_be_moved_stays_where_it_is(mistake: Mistake) -> None:
    clinic = mistake.clinic
    draft = clinic.draft_note(mistake.wrong)
    own = clinic.write_process_note(mistake.wrong)
    partner = ClientId(clinic.register_client("Adam"))
    same = clinic.open_case(mistake.klara, partner, room=Format.COUPLE)
    assert refused(mistake, mistake.moving(note=draft)) is WrongState
    assert refused(mistake, mistake.moving(note=own)) is NotThere
    assert refused(mistake, mistake.moving(to=same)) is Invalid
    assert refused(mistake, mistake.moving(to=mistake.wrong)) is Invalid
    assert refused(mistake, mistake.moving(expected=1)) is Stale
    clinic.run(mistake.moving())
    assert refused(mistake, mistake.moving()) is WrongState


def test_nothing_of_it_is_found_in_the_wrong_case_any_more(mistake: Mistake) -> None:
    clinic = mistake.clinic
    clinic.run(mistake.moving())
    looking = cases.look_at_case(clinic.desk, clinic.who(mistake.anna), mistake.wrong)
    opening, _ = clinic.run(looking)
    clinic.catch_up()
    found = clinic.views.case_states.of(mistake.wrong, opening)
    assert found is not None
    (line,) = found.notes
    assert (line.texts, line.amendments) == ((), ())
