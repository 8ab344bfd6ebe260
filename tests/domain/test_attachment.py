"""An attachment: what may be begun, what an upload takes, who sees a recording and how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import attachment
from domain.attachment import (
    CHUNK,
    LONGEST_KEPT,
    Attachment,
    Description,
    Limits,
    NewAttachment,
    Origin,
    Status,
    Withheld,
)
from domain.confidentiality import Class
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.attachment import AttachmentBegun, AttachmentStored, MediaType
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BARTEK = PractitionerId("a" * 32), PractitionerId("b" * 32)
CLIENT, CASE, ITEM = ClientId("c" * 32), CaseId("d" * 32), ItemId("e" * 32)
LETTER = NewAttachment(MediaType.PDF, 3 * CHUNK + 7, FreeText("A letter"))
TAPE = NewAttachment(MediaType.AUDIO_OGG, 5, FreeText("Hour 12"), viewers=(BARTEK,))
TOLD = Description("f" * 64, NOW)
SEAL = "5" * 64


def begun(new: NewAttachment = LETTER, now: datetime = NOW) -> AttachmentBegun:
    (event,) = attachment.begin(
        None, ITEM, CASE, new, author=ANNA, clients=(CLIENT,), limits=Limits(), now=now
    )
    assert isinstance(event, AttachmentBegun)
    return event


def state_of(new: NewAttachment = LETTER) -> Attachment:
    found = attachment.fold((begun(new),))
    assert found is not None
    return found


def stored(new: NewAttachment, told: Description) -> AttachmentStored:
    _, event = attachment.store(state_of(new), told, SEAL, now=NOW)
    assert isinstance(event, AttachmentStored)
    return event


class TestWhatMayBeBegun:
    def test_a_document_is_clinical_unless_it_is_said_otherwise(self) -> None:
        assert begun().cls is Class.CLINICAL
        assert begun(replace(LETTER, cls=Class.LEGAL)).cls is Class.LEGAL

    def test_what_sounds_or_moves_is_a_recording_whatever_is_said(self) -> None:
        assert begun(TAPE).cls is Class.RECORDING
        assert begun(replace(TAPE, media_type=MediaType.VIDEO_MP4)).cls is Class.RECORDING

    def test_a_recording_is_kept_for_ninety_days_at_most(self) -> None:
        assert begun(TAPE).delete_on == NOW.date() + LONGEST_KEPT
        soon = NOW.date() + timedelta(days=1)
        assert begun(replace(TAPE, delete_on=soon)).delete_on == soon

    @pytest.mark.parametrize(
        ("new", "field"),
        [
            (replace(LETTER, size=0), "size"),
            (replace(LETTER, size=50 * CHUNK + 1), "size"),
            (replace(TAPE, size=2048 * CHUNK + 1), "size"),
            (replace(LETTER, title=FreeText(" ")), "text"),
            (replace(LETTER, title=FreeText("x" * 201)), "title"),
            (replace(LETTER, cls=Class.RECORDING), "class"),
            (replace(LETTER, cls=Class.PROCESS_NOTE), "class"),
            (replace(LETTER, viewers=(ANNA,)), "viewers"),
            (replace(LETTER, delete_on=date(2026, 4, 1)), "viewers"),
            (replace(TAPE, viewers=()), "viewers"),
            (replace(TAPE, delete_on=NOW.date()), "delete_on"),
            (replace(TAPE, delete_on=NOW.date() + timedelta(days=91)), "delete_on"),
        ],
    )
    def test_what_could_never_be_stored_is_refused_at_once(
        self, new: NewAttachment, field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            begun(new)
        assert refused.value.field == field

    def test_a_recording_may_be_larger_than_a_document(self) -> None:
        assert begun(replace(TAPE, size=2048 * CHUNK)).size == 2048 * CHUNK


class TestAnUpload:
    @given(st.integers(1, 2**42))
    def test_is_the_sum_of_its_chunks(self, size: int) -> None:
        count = attachment.chunks_of(size)
        last = attachment.size_of_chunk(size, count)
        assert (count - 1) * CHUNK + last == size
        assert 0 < last <= CHUNK

    @pytest.mark.parametrize(("number", "size"), [(0, CHUNK), (5, 7), (4, 8), (4, CHUNK), (1, 7)])
    def test_takes_no_chunk_that_is_none_of_it(self, number: int, size: int) -> None:
        with pytest.raises(Invalid):
            attachment.must_be_chunk(state_of(), number, size)
        attachment.must_be_chunk(state_of(), 4, 7)

    def test_lapses_after_a_day(self) -> None:
        attachment.must_take(state_of(), NOW + timedelta(days=1))
        with pytest.raises(WrongState, match="begin it anew"):
            attachment.must_take(state_of(), NOW + timedelta(days=1, seconds=1))
        late = NOW + timedelta(days=2)
        with pytest.raises(WrongState):
            attachment.store(state_of(), TOLD, SEAL, now=late)

    def test_takes_nothing_once_it_was_given_up(self) -> None:
        state = replace(state_of(), status=Status.ABANDONED)
        with pytest.raises(WrongState, match="given up"):
            attachment.must_take(state, NOW)


class TestWhatIsStored:
    def test_keeps_where_a_foreign_document_comes_from(self) -> None:
        origin = Origin(FreeText("Another clinic"), date(2026, 2, 1), FreeText("Dr. Nobody"))
        event = stored(LETTER, replace(TOLD, origin=origin))
        assert (event.origin_organisation, event.origin_author) == (
            origin.organisation,
            origin.author,
        )
        assert (event.origin_on, event.digest) == (origin.on, FreeText("f" * 64))

    def test_says_of_a_recording_what_it_was_made_for(self) -> None:
        event = stored(TAPE, replace(TOLD, purpose=FreeText("Supervision")))
        assert event.purpose == FreeText("Supervision")
        assert (event.viewers, event.delete_on) == ((BARTEK,), NOW.date() + LONGEST_KEPT)

    @pytest.mark.parametrize(
        ("new", "told", "refusal"),
        [
            (TAPE, TOLD, Invalid),
            (LETTER, replace(TOLD, purpose=FreeText("To be kept")), Invalid),
            (LETTER, replace(TOLD, occurred_at=NOW + timedelta(hours=1)), InTheFuture),
            (
                LETTER,
                replace(TOLD, origin=Origin(FreeText("A clinic"), date(2026, 3, 4))),
                InTheFuture,
            ),
            (
                TAPE,
                replace(
                    TOLD,
                    purpose=FreeText("Supervision"),
                    origin=Origin(FreeText("A clinic"), date(2026, 2, 1)),
                ),
                Invalid,
            ),
        ],
    )
    def test_is_refused_where_its_description_does_not_fit(
        self, new: NewAttachment, told: Description, refusal: type[Refusal]
    ) -> None:
        with pytest.raises(refusal):
            attachment.store(state_of(new), told, SEAL, now=NOW)


class TestARecording:
    def test_is_for_its_author_and_those_whom_she_named(self) -> None:
        state = state_of(TAPE)
        assert attachment.may_view(state, ANNA)
        assert attachment.may_view(state, BARTEK)
        assert not attachment.may_view(state, PractitionerId("9" * 32))

    def test_closes_when_somebody_in_it_allows_it_no_more(self) -> None:
        state, today = state_of(TAPE), NOW.date()
        assert attachment.withheld(state, allowed=True, today=today) is None
        assert attachment.withheld(state, allowed=False, today=today) is Withheld.CONSENT

    def test_closes_on_its_day(self) -> None:
        state = state_of(TAPE)
        eve = NOW.date() + LONGEST_KEPT - timedelta(days=1)
        assert attachment.withheld(state, allowed=True, today=eve) is None
        day = eve + timedelta(days=1)
        assert attachment.withheld(state, allowed=True, today=day) is Withheld.TIME

    def test_a_document_needs_no_consent_and_has_no_day(self) -> None:
        late = date(2100, 1, 1)
        assert attachment.withheld(state_of(), allowed=False, today=late) is None


class AnAttachmentsLife(RuleBasedStateMachine):
    """Commands in any order, each of them twice: no impossible state, no second event."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.now = NOW

    @property
    def state(self) -> Attachment | None:
        return attachment.fold(self.events)

    def _twice(self, decide: Any) -> None:
        try:
            self.events += decide(self.state)
        except Refusal:
            return
        assert decide(self.state) == ()

    @rule(new=st.sampled_from((LETTER, TAPE)))
    def begin(self, new: NewAttachment) -> None:
        self._twice(
            lambda state: attachment.begin(
                state, ITEM, CASE, new, author=ANNA, clients=(CLIENT,), limits=Limits(), now=NOW
            )
        )

    @rule(purpose=st.none() | st.just(FreeText("Supervision")))
    def store(self, purpose: FreeText | None) -> None:
        told = replace(TOLD, purpose=purpose)
        if self.state is not None:
            self._twice(lambda state: attachment.store(state, told, SEAL, now=self.now))

    @rule()
    def abandon(self) -> None:
        if self.state is not None:
            self._twice(attachment.abandon)

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def it_is_never_both_stored_and_given_up(self) -> None:
        state = self.state
        if state is None:
            assert not self.events
            return
        names = [each.NAME for each in self.events]
        assert (state.status is Status.STORED) == ("attachment.stored" in names)
        assert (state.seal is not None) == (state.status is Status.STORED)
        assert len(names) == len(set(names))
        assert not {"attachment.stored", "attachment.abandoned"} <= set(names)
        assert state.is_recording == bool(state.viewers)


TestAnAttachmentsLife = AnAttachmentsLife.TestCase
