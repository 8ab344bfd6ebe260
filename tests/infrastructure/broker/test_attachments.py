"""Attachments in a worker without custody: the broker seals and opens, and keeps the keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.compose import broker as brokers
from domain.errors import IntegrityIncident, NotThere, RecordUnavailable
from infrastructure.broker.protocol import Ask
from infrastructure.verify import verify
from tests.support.attachments import (
    CHUNK,
    allow,
    begin,
    look,
    noise,
    read,
    send,
    store,
    stored,
    tape,
)
from tests.support.brokers import PASSPHRASE, House, Prepared, house

DATA = noise(2 * CHUNK + 99)


@pytest.fixture(scope="module")
def shared_home(
    founded_house: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house that these tests share."""
    with house(founded_house, tmp_path_factory.mktemp("house")) as found:
        yield found


def test_what_a_worker_uploads_it_reads_and_every_release_has_its_entry(shared_home: House) -> None:
    with shared_home.worker() as clinic:
        case = clinic.open_case()
        attachment = stored(clinic, case, DATA)
        allow(clinic, clinic.people.client)
        recording = stored(clinic, case, b"voice", tape(clinic.people.anna))
        assert read(clinic, case, attachment) == DATA
        assert read(clinic, case, attachment, first=2) == DATA[CHUNK:]
        assert read(clinic, case, recording) == b"voice"
    found = brokers.reconcile(shared_home.socket)
    assert found["releases without an entry"] == 0
    assert brokers.alarms(shared_home.socket) == []
    assert verify(shared_home.data, PASSPHRASE).attachments == 2


def test_an_upload_goes_on_in_another_process_and_with_another_broker(shared_home: House) -> None:
    with shared_home.worker() as clinic:
        case = clinic.open_case()
        attachment = begin(clinic, case, len(DATA))
        send(clinic, case, attachment, DATA, 1)
    shared_home.stop()
    shared_home.start()
    with shared_home.worker() as clinic:
        send(clinic, case, attachment, DATA, 2, 3)
    with shared_home.worker() as first, shared_home.worker() as second:
        store(first, case, attachment, DATA)
        assert read(second, case, attachment) == DATA


def test_a_grant_opens_no_chunk_of_what_its_entry_leaves_out(shared_home: House) -> None:
    with shared_home.worker() as clinic:
        case = clinic.open_case()
        other = clinic.open_case(clinic.register_client("Iga"))
        hers, not_hers = stored(clinic, case, b"words"), stored(clinic, other, b"other words")
        _, opening = look(clinic, case, hers)
        sealed = (clinic.clinic.folder.layout.attachments / not_hers).read_bytes()
        own = (clinic.clinic.folder.layout.attachments / hers).read_bytes()
        assert opening.chunk(own)[:5] == b"words"  # type: ignore[attr-defined]  # infrastructure's
        with pytest.raises(NotThere):
            opening.chunk(sealed)  # type: ignore[attr-defined]  # the same
    assert "not-in-entry" in {each["code"] for each in brokers.alarms(shared_home.socket)}


def test_a_chunk_is_not_opened_in_nobodys_name(shared_home: House) -> None:
    with shared_home.worker() as clinic:
        case = clinic.open_case()
        attachment = stored(clinic, case, b"words")
        sealed = (clinic.clinic.folder.layout.attachments / attachment).read_bytes()
    line = shared_home.line()
    with pytest.raises(RecordUnavailable):
        line.ask(Ask.FOLD_CHUNKS, ["0" * 32, "a request"], [sealed])
    line.close()


def test_a_broken_file_is_an_incident_there_too(shared_home: House) -> None:
    with shared_home.worker() as clinic:
        case = clinic.open_case()
        attachment = stored(clinic, case, DATA)
        path = clinic.clinic.folder.layout.attachments / attachment
        sealed = bytearray(path.read_bytes())
        sealed[2000] ^= 1
        path.write_bytes(sealed)
        with pytest.raises(IntegrityIncident):
            read(clinic, case, attachment)
        assert clinic.clinic.incidents.frozen(attachment) is not None
