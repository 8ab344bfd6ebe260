"""The file of an attachment: any bytes come back whole, and whatever was done to it is noticed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from domain import attachment as attachment_file
from domain.errors import IntegrityIncident, Invalid, NotThere, WrongState
from domain.use_cases import attachments
from domain.values import CaseId, ItemId
from infrastructure.attachments import place as place_module
from infrastructure.attachments.place import Place
from infrastructure.errors import Broken
from infrastructure.vault.envelope import sealed_chunk_size
from infrastructure.verify import verify_folder
from tests.support.attachments import (
    allow,
    begin,
    digest_of,
    look,
    noise,
    put,
    read,
    send,
    state_of,
    store,
    stored,
    tape,
)
from tests.support.clinic import SmallClinic, command

SMALL = 1024
ONE_FIXTURE = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Let chunks be smaller, so that a few bytes are many of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attachment_file, "CHUNK", size)
        patch.setattr(place_module, "_FULL", sealed_chunk_size(size))
        yield


@pytest.fixture
def case(clinic: SmallClinic) -> CaseId:
    return clinic.open_case()


def whole(clinic: SmallClinic, attachment: ItemId) -> Path:
    return clinic.clinic.folder.layout.attachments / attachment


@given(st.integers(1, 5000), st.sampled_from((512, 1000, 1024, 4096)))
@ONE_FIXTURE
def test_any_bytes_in_chunks_of_any_size_come_back_whole(
    clinic: SmallClinic, case: CaseId, size: int, chunk: int
) -> None:
    data = noise(size, seed=size)
    with chunks_of(chunk):
        attachment = stored(clinic, case, data)
        assert read(clinic, case, attachment) == data
        for first in range(1, state_of(clinic, attachment).chunks + 1):
            assert read(clinic, case, attachment, first=first) == data[(first - 1) * chunk :]


def test_real_chunks_come_back_too_and_nothing_plain_is_on_the_disk(
    clinic: SmallClinic, case: CaseId
) -> None:
    data = noise(3 * 1024 * 1024 + 17)
    attachment = stored(clinic, case, data)
    assert read(clinic, case, attachment) == data
    folder = clinic.clinic.folder.layout.folder
    marks = [data[at : at + 24] for at in range(0, len(data) - 24, 500_000)]
    for each in folder.rglob("*"):
        if each.is_file():
            found = each.read_bytes()
            assert not any(mark in found for mark in marks), each.name
    assert [each.name for each in folder.joinpath("attachments").iterdir()] == [attachment]


def test_chunks_may_come_in_any_order_and_more_than_once(clinic: SmallClinic, case: CaseId) -> None:
    data = noise(5 * SMALL + 9)
    with chunks_of(SMALL):
        attachment = begin(clinic, case, len(data))
        order = [*range(1, 7), 3, 3]
        Random(4).shuffle(order)
        send(clinic, case, attachment, data, *order)
        store(clinic, case, attachment, data)
        assert read(clinic, case, attachment) == data


def _flip(data: bytes, rest: bytes, at: int) -> bytes:
    del rest
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _swap(data: bytes, rest: bytes, at: int) -> bytes:
    del rest
    one, other = at // FULL % 3, (at // FULL + 1) % 3
    pieces = [data[each : each + FULL] for each in range(0, len(data), FULL)]
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return b"".join(pieces)


def _drop(data: bytes, rest: bytes, at: int) -> bytes:
    del rest
    start = at // FULL * FULL
    return data[:start] + data[start + FULL :]


def _double(data: bytes, rest: bytes, at: int) -> bytes:
    del rest
    start = at // FULL * FULL
    return data[: start + FULL] + data[start:]


def _truncate(data: bytes, rest: bytes, at: int) -> bytes:
    del rest
    return data[:at]


def _extend(data: bytes, rest: bytes, at: int) -> bytes:
    return data + rest[: at + 1]


def _of_another(data: bytes, rest: bytes, at: int) -> bytes:
    start = at // FULL * FULL
    return data[:start] + rest[start : start + FULL] + data[start + FULL :]


FULL = sealed_chunk_size(SMALL)
DAMAGE = (_flip, _swap, _drop, _double, _truncate, _extend, _of_another)


@given(st.sampled_from(DAMAGE), st.integers(0, 4 * FULL - 1))
@settings(ONE_FIXTURE, max_examples=30)
def test_whatever_is_done_to_a_file_is_noticed(
    clinic: SmallClinic, case: CaseId, how: object, at: int
) -> None:
    data = noise(3 * SMALL + SMALL)
    folder = clinic.clinic.folder
    with chunks_of(SMALL):
        attachment, other = stored(clinic, case, data), stored(clinic, case, data)
        path = whole(clinic, attachment)
        good, rest = path.read_bytes(), whole(clinic, other).read_bytes()
        assert len(good) == len(rest) == 4 * FULL
        damaged = how(good, rest, at)  # type: ignore[operator]  # one of the functions above
        path.write_bytes(damaged)
        with pytest.raises(IntegrityIncident):
            read(clinic, case, attachment)
        with pytest.raises(Broken):
            verify_folder(folder)
        assert folder.guard.incidents.frozen(attachment) is not None
        assert folder.guard.incidents.halted() is None
        path.write_bytes(good)
        assert read(clinic, case, attachment) == data


def test_a_missing_file_is_an_incident_of_its_own_stream_and_nothing_else_stops(
    clinic: SmallClinic, case: CaseId
) -> None:
    attachment = stored(clinic, case, b"words")
    assert verify_folder(clinic.clinic.folder).attachments == 1
    whole(clinic, attachment).unlink()
    with pytest.raises(IntegrityIncident):
        read(clinic, case, attachment)
    with pytest.raises(Broken, match="E-LEAF"):
        verify_folder(clinic.clinic.folder)
    assert clinic.draft_note(case)


def test_an_older_sealing_of_a_chunk_is_noticed_before_the_last_one_leaves(
    clinic: SmallClinic, case: CaseId
) -> None:
    first, second = noise(3 * SMALL, seed=1), noise(3 * SMALL, seed=2)
    with chunks_of(SMALL):
        attachment = begin(clinic, case, len(first))
        send(clinic, case, attachment, first)
        place = Place(clinic.clinic.folder.layout.attachments)
        old = place.chunk(attachment, 2, len(first))
        assert old is not None
        send(clinic, case, attachment, second)
        store(clinic, case, attachment, second)
        path = whole(clinic, attachment)
        sealed = path.read_bytes()
        path.write_bytes(sealed[:FULL] + old + sealed[2 * FULL :])
        state, opening = look(clinic, case, attachment)
        got = []

        async def every() -> None:
            async for each in attachments.read_bytes(clinic.clinic.attachments, state, opening):
                got.append(each)  # noqa: PERF401 - what came before it broke counts

        with pytest.raises(IntegrityIncident):
            clinic.run(every())
        assert len(got) == 2


class TestAnUpload:
    def test_tells_what_is_missing_and_is_stored_only_whole(
        self, clinic: SmallClinic, case: CaseId
    ) -> None:
        data = noise(3 * SMALL)
        with chunks_of(SMALL):
            attachment = begin(clinic, case, len(data))
            send(clinic, case, attachment, data, 1, 3)
            files, who = clinic.clinic.attachments, clinic.who(clinic.people.anna)
            _, missing = clinic.run(
                attachments.missing_chunks(clinic.desk, files, who, case, attachment)
            )
            assert missing == (2,)
            with pytest.raises(WrongState, match="Not every chunk"):
                store(clinic, case, attachment, data)
            send(clinic, case, attachment, data, 2)
            store(clinic, case, attachment, data)
            assert read(clinic, case, attachment) == data

    def test_with_another_digest_is_kept_to_be_sent_again(
        self, clinic: SmallClinic, case: CaseId
    ) -> None:
        data, wrong = noise(2 * SMALL), noise(2 * SMALL, seed=8)
        with chunks_of(SMALL):
            attachment = begin(clinic, case, len(data))
            send(clinic, case, attachment, wrong, 1)
            send(clinic, case, attachment, data, 2)
            with pytest.raises(Invalid, match="sha256"):
                store(clinic, case, attachment, data)
            assert not whole(clinic, attachment).exists()
            send(clinic, case, attachment, data, 1)
            store(clinic, case, attachment, data)
            assert read(clinic, case, attachment) == data

    def test_whose_chunk_was_damaged_on_the_disk_asks_for_it_again(
        self, clinic: SmallClinic, case: CaseId
    ) -> None:
        data = noise(3 * SMALL)
        with chunks_of(SMALL):
            attachment = begin(clinic, case, len(data))
            send(clinic, case, attachment, data)
            place = Place(clinic.clinic.folder.layout.attachments)
            path = place.upload(attachment) / "00000002"
            path.write_bytes(_flip(path.read_bytes(), b"", 200))
            with pytest.raises(WrongState, match="send it again"):
                store(clinic, case, attachment, data)
            assert place.missing(attachment, len(data)) == (2,)
            send(clinic, case, attachment, data, 2)
            store(clinic, case, attachment, data)

    @pytest.mark.parametrize("crash", ["making", "put together", "written down"])
    def test_that_was_cut_off_by_a_crash_is_gone_on_with(
        self, clinic: SmallClinic, case: CaseId, crash: str
    ) -> None:
        data = noise(3 * SMALL)
        with chunks_of(SMALL):
            attachment = begin(clinic, case, len(data))
            send(clinic, case, attachment, data)
            folder = clinic.clinic.folder.layout.attachments
            match crash:
                case "making":
                    (folder / f"{attachment}.making").write_bytes(b"half of it")
                case "put together":
                    files, who = clinic.clinic.attachments, clinic.who(clinic.people.anna)
                    state = attachments.sealed_file(state_of(clinic, attachment))
                    clinic.run(files.close(state, digest_of(data), who))
                    clinic.run(files.settle(attachment))
                case _:
                    store(clinic, case, attachment, data)
                    place = Place(folder)
                    place.keep(attachment, 1, b"left over")
            store(clinic, case, attachment, data)
            assert read(clinic, case, attachment) == data
            clinic.clinic.attachments.sweep()
            assert [each.name for each in folder.iterdir()] == [attachment]

    def test_belongs_to_whoever_began_it(self, clinic: SmallClinic, case: CaseId) -> None:
        attachment = begin(clinic, case, 5)
        clinic.join_team(case, clinic.people.bartek)
        with pytest.raises(NotThere):
            send(clinic, case, attachment, b"words", by=clinic.people.bartek)

    def test_that_nobody_finished_is_swept_after_a_day(
        self, clinic: SmallClinic, case: CaseId
    ) -> None:
        kept = stored(clinic, case, b"other words")
        attachment = begin(clinic, case, 5)
        send(clinic, case, attachment, b"words")
        folder = clinic.clinic.folder.layout.attachments
        clinic.clock.move(timedelta(hours=24, minutes=30))
        assert clinic.clinic.attachments.sweep() == 0
        with pytest.raises(WrongState, match="within a day"):
            store(clinic, case, attachment, b"words")
        clinic.clock.move(timedelta(hours=1))
        assert clinic.clinic.attachments.sweep() == 1
        assert [each.name for each in folder.iterdir()] == [kept]

    def test_that_is_given_up_leaves_nothing(self, clinic: SmallClinic, case: CaseId) -> None:
        attachment = begin(clinic, case, 5)
        send(clinic, case, attachment, b"words")
        clinic.run(
            attachments.abandon_attachment(
                clinic.desk,
                clinic.clinic.attachments,
                clinic.who(clinic.people.anna),
                case,
                attachment,
                expected=clinic.version(attachment),
                command=command(),
            )
        )
        assert not list(clinic.clinic.folder.layout.attachments.iterdir())
        with pytest.raises(WrongState, match="given up"):
            send(clinic, case, attachment, b"words")
        with pytest.raises(NotThere):
            read(clinic, case, attachment)


def test_memory_stays_flat_whatever_the_size(clinic: SmallClinic, case: CaseId) -> None:
    chunk, count = attachment_file.CHUNK, 64
    piece = noise(chunk)
    allow(clinic, clinic.people.client)
    attachment = begin(clinic, case, count * chunk, tape(clinic.people.anna))
    digest = digest_of(*([piece] * count))
    tracemalloc.start()
    try:
        for number in range(1, count + 1):
            put(clinic, case, attachment, number, piece)
        store(clinic, case, attachment, digest)
        assert _size_read(clinic, case, attachment) == count * chunk
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * chunk


def _size_read(clinic: SmallClinic, case: CaseId, attachment: ItemId) -> int:
    state, opening = look(clinic, case, attachment)

    async def every() -> int:
        read_ = attachments.read_bytes(clinic.clinic.attachments, state, opening)
        return sum([len(each) async for each in read_])

    return clinic.run(every())
