"""Recordings and documents over HTTP: streamed in and out, for whom they are and no longer."""

from __future__ import annotations

import base64
import socket
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest

from domain.attachment import CHUNK
from domain.values import ClientId, Format
from infrastructure.vault.envelope import sealed_chunk_size
from tests.api.http.support import Office, failing_store, problem
from tests.api.http.uploading import LETTER, Uploading, to_destroy
from tests.support.attachments import allow, disallow, noise
from tests.support.witnesses import serving


@pytest.fixture
def client(office: Office) -> ClientId:
    return office.clinic.register_client()


@pytest.fixture
def anna(office: Office, client: ClientId) -> Uploading:
    """Anna, with a case of somebody's of whom nothing is known in other tests."""
    return Uploading(office.anna, f"/v1/cases/{office.clinic.open_case(client)}/attachments")


def lying(office: Office) -> set[str]:
    """What lies in the folder of attachments."""
    folder = folder_of(office)
    return {each.name for each in folder.iterdir()} if folder.exists() else set()


def folder_of(office: Office) -> Path:
    return office.clinic.clinic.folder.layout.attachments


class TestADocument:
    def test_is_uploaded_described_and_read_back(self, office: Office, anna: Uploading) -> None:
        data = noise(2 * CHUNK + 333)
        origin = {"organisation": "Another clinic", "on": "2026-02-01", "author": "Dr. Nobody"}
        attachment = anna.stored(data, told={"origin": origin}, confidentiality="third-party")
        office.settle()
        found = anna.who.get(f"{anna.path}/{attachment}")
        assert found.status_code == 200, found.text
        told = found.json()
        assert (told["title"], told["kind"]) == (LETTER["title"], "document")
        assert (told["organisation"], told["written_by"]) == ("Another clinic", "Dr. Nobody")
        assert (told["written_on"], told["sha256"]) == ("2026-02-01", sha256(data).hexdigest())
        assert (told["confidentiality"], told["size"]) == ("third-party", len(data))
        assert anna.who.get(anna.path).json()["attachments"] == [told]
        read = anna.content(attachment)
        assert (read.status_code, read.content == data) == (200, True)
        assert read.headers["Content-Length"] == str(len(data))
        assert read.headers["Content-Type"] == "application/pdf"
        assert read.headers["Cache-Control"] == "no-store"
        assert LETTER["title"] not in str(read.headers)

    def test_leaves_a_line_in_the_log_before_its_first_byte(
        self, office: Office, anna: Uploading, client: ClientId
    ) -> None:
        attachment = anna.stored(b"words")
        events = office.events()
        assert anna.content(attachment).content == b"words"
        assert office.events() == events + 1
        _, entry = office.log(client)[:2]
        assert (entry["kind"], entry["object"], entry["object_type"]) == (
            "READ",
            attachment,
            "record",
        )

    def test_is_gone_on_with_where_a_transfer_was_cut_off(self, anna: Uploading) -> None:
        data = noise(2 * CHUNK + 5)
        attachment = anna.stored(data)
        for begin in (1, CHUNK - 1, CHUNK, len(data) - 1):
            rest = anna.content(attachment, Range=f"bytes={begin}-")
            assert (rest.status_code, rest.content == data[begin:]) == (206, True)
            last = len(data) - 1
            assert rest.headers["Content-Range"] == f"bytes {begin}-{last}/{len(data)}"
        for odd in ("bytes=5-9", "bytes=-5", f"bytes={len(data)}-", "words=1-"):
            assert anna.content(attachment, Range=odd).status_code == 200

    def test_is_not_there_for_whoever_does_not_care_for_the_case(
        self, office: Office, anna: Uploading
    ) -> None:
        attachment = anna.stored(b"words")
        stranger = Uploading(office.bartek, anna.path)
        for answer in (
            stranger.content(attachment),
            stranger.who.get(f"{anna.path}/{attachment}"),
            stranger.who.get(anna.path),
            stranger.chunk(attachment, 1, b"words"),
            stranger.who.get(f"{anna.path}/{attachment}/upload"),
            stranger.begin(5),
        ):
            assert (answer.status_code, problem(answer)) == (404, "not-found")
        assert office.reception.get(anna.path).status_code == 403

    def test_belongs_to_its_case_alone(self, office: Office, anna: Uploading) -> None:
        attachment = anna.stored(b"words")
        other = office.clinic.open_case(office.clinic.register_client("Iga"))
        elsewhere = Uploading(anna.who, f"/v1/cases/{other}/attachments")
        assert elsewhere.content(attachment).status_code == 404
        assert elsewhere.chunk(attachment, 1, b"words").status_code == 404

    def test_shows_nothing_when_the_look_cannot_be_recorded(
        self, office: Office, anna: Uploading
    ) -> None:
        attachment = anna.stored(b"words of hers")
        with failing_store(office):
            failed = anna.content(attachment)
        assert (failed.status_code, problem(failed)) == (503, "record-unavailable")
        assert b"words" not in failed.content


class TestAnUpload:
    def test_is_gone_on_with_after_it_was_cut_off(self, anna: Uploading) -> None:
        data = noise(3 * CHUNK)
        begun = anna.begin(len(data)).json()["created"]["attachment"]
        where = f"{anna.path}/{begun}/upload"
        found = anna.who.get(where).json()
        assert (found["chunk_size"], found["chunks"], found["missing"]) == (CHUNK, 3, [1, 2, 3])
        assert anna.chunk(begun, 2, data[CHUNK : 2 * CHUNK]).status_code == 204
        assert anna.who.get(where).json()["missing"] == [1, 3]
        early = anna.store(begun, data)
        assert (early.status_code, problem(early)) == (409, "wrong-state")
        anna.send(begun, data)
        assert anna.store(begun, data).status_code == 200
        assert anna.content(begun).content == data

    @pytest.mark.parametrize(
        ("size", "media", "status"),
        [(50 * CHUNK + 1, "application/pdf", 422), (2048 * CHUNK + 1, "video/mp4", 409)],
    )
    def test_over_the_limit_is_refused_before_its_first_byte(
        self, office: Office, anna: Uploading, size: int, media: str, status: int
    ) -> None:
        events, before = office.events(), lying(office)
        refused = anna.begin(size, media_type=media)
        assert refused.status_code == status
        assert office.events() == events
        assert lying(office) == before

    def test_takes_no_chunk_that_is_none_of_it(self, anna: Uploading) -> None:
        begun = anna.begin(CHUNK + 3).json()["created"]["attachment"]
        assert problem(anna.chunk(begun, 3, b"abc")) == "validation"
        assert problem(anna.chunk(begun, 2, b"abcd")) == "validation"
        assert problem(anna.chunk(begun, 1, b"abc")) == "validation"
        assert anna.chunk(begun, 0, b"abc").status_code == 422
        wrong = f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"
        answer = anna.chunk(begun, 2, b"abc", **{"Content-Digest": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "Content-Digest")
        missing = anna.chunk(begun, 2, b"abc", **{"Content-Digest": None})
        assert (missing.status_code, missing.json()["field"]) == (422, "Content-Digest")

    def test_takes_bytes_and_nothing_else_and_no_more_than_a_chunk(self, anna: Uploading) -> None:
        begun = anna.begin(3 * CHUNK).json()["created"]["attachment"]
        as_json = anna.chunk(begun, 1, b"{}", **{"Content-Type": "application/json"})
        assert (as_json.status_code, problem(as_json)) == (415, "unsupported-media-type")
        large = anna.chunk(begun, 1, bytes(CHUNK + 1))
        assert (large.status_code, problem(large)) == (413, "too-large")
        octets = {"Content-Type": "application/octet-stream"}
        other = anna.who.post(anna.path, {**LETTER, "size": 1}, headers=octets)
        assert (other.status_code, problem(other)) == (415, "unsupported-media-type")

    def test_with_another_digest_is_refused_and_kept(self, anna: Uploading) -> None:
        begun = anna.begin(5).json()["created"]["attachment"]
        anna.send(begun, b"words")
        wrong = anna.store(begun, b"other")
        assert (wrong.status_code, wrong.json()["field"]) == (422, "sha256")
        assert anna.store(begun, b"words").status_code == 200

    def test_that_is_retried_is_stored_once(self, office: Office, anna: Uploading) -> None:
        begun = anna.begin(5).json()["created"]["attachment"]
        anna.send(begun, b"words")
        told = {"sha256": sha256(b"words").hexdigest(), "occurred_at": "2026-03-02T08:00:00Z"}
        path = f"{anna.path}/{begun}:store"
        once, again = (anna.who.post(path, told, version=1, key="the-same") for _ in range(2))
        assert (once.status_code, again.status_code) == (200, 200)
        assert again.json()["repeated"]
        assert office.version(begun) == 3

    def test_given_up_leaves_nothing(self, office: Office, anna: Uploading) -> None:
        begun = anna.begin(5).json()["created"]["attachment"]
        anna.send(begun, b"words")
        given_up = anna.who.post(f"{anna.path}/{begun}:abandon", version=1)
        assert given_up.status_code == 200, given_up.text
        assert not any(each.startswith(begun) for each in lying(office))
        assert problem(anna.chunk(begun, 1, b"words")) == "wrong-state"
        assert anna.content(begun).status_code == 404


class TestARecording:
    TAPE: ClassVar[dict[str, Any]] = {"media_type": "audio/ogg", "title": "Hour twelve"}
    TOLD: ClassVar[dict[str, Any]] = {"told": {"purpose": "Supervision of the hour"}}

    def test_needs_the_clients_consent(
        self, office: Office, anna: Uploading, client: ClientId
    ) -> None:
        tape = {**self.TAPE, "viewers": [office.people.bartek]}
        refused = anna.begin(5, **tape)
        assert (refused.status_code, problem(refused)) == (409, "wrong-state")
        allow(office.clinic, client)
        assert anna.begin(5, **tape).status_code == 201

    def test_of_a_couple_needs_the_consent_of_both(self, office: Office, client: ClientId) -> None:
        clinic, first = office.clinic, client
        second = clinic.register_client("Jan")
        couple = clinic.open_case(first, second, room=Format.COUPLE)
        anna = Uploading(office.anna, f"/v1/cases/{couple}/attachments")
        tape = {**self.TAPE, "viewers": [office.people.anna]}
        allow(clinic, first)
        assert problem(anna.begin(5, **tape)) == "wrong-state"
        consent = allow(clinic, second)
        attachment = anna.stored(b"voice", **self.TOLD, **tape)
        assert anna.content(attachment).content == b"voice"
        disallow(clinic, second, consent)
        assert problem(anna.content(attachment)) == "wrong-state"

    def test_is_for_its_author_and_those_whom_she_named(
        self, office: Office, client: ClientId
    ) -> None:
        clinic, people = office.clinic, office.people
        case = clinic.open_case(client)
        clinic.join_team(case, people.bartek)
        allow(clinic, client)
        path = f"/v1/cases/{case}/attachments"
        anna, bartek = (Uploading(each, path) for each in (office.anna, office.bartek))
        own = anna.stored(b"voice", **self.TOLD, **self.TAPE, viewers=[people.anna])
        shared = anna.stored(b"voice", **self.TOLD, **self.TAPE, viewers=[people.bartek])
        office.settle()
        assert bartek.content(shared).content == b"voice"
        assert bartek.content(own).status_code == 404
        assert bartek.who.get(f"{path}/{own}").status_code == 404
        listed = bartek.who.get(path).json()["attachments"]
        assert [each["id"] for each in listed] == [shared]
        clinic.leave_team(case, people.bartek)
        assert bartek.content(shared).content == b"voice"
        assert anna.content(own).content == b"voice"

    def test_names_only_people_who_work_here(
        self, office: Office, anna: Uploading, client: ClientId
    ) -> None:
        allow(office.clinic, client)
        refused = anna.begin(5, **self.TAPE, viewers=["9" * 32])
        assert (refused.status_code, refused.json()["field"]) == (422, "viewers")

    def test_closes_the_moment_consent_is_withdrawn_and_waits_to_be_destroyed(
        self, office: Office, anna: Uploading, client: ClientId
    ) -> None:
        clinic, people = office.clinic, office.people
        consent = allow(clinic, client)
        tape = {**self.TAPE, "viewers": [people.anna]}
        attachment = anna.stored(b"voice", **self.TOLD, **tape)
        office.settle()
        assert attachment not in to_destroy(anna.who)
        disallow(clinic, client, consent)
        closed = anna.content(attachment)
        assert (closed.status_code, problem(closed)) == (409, "wrong-state")
        office.settle()
        assert attachment in to_destroy(anna.who)
        (told,) = anna.who.get(anna.path).json()["attachments"]
        assert (told["closed"], told["title"], told["purpose"]) == (True, None, None)
        reasons = {each["reason"] for each in office.log(client)}
        assert "deny.no-consent-to-recording" in reasons

    def test_closes_on_its_day(self, own_office: Office) -> None:
        office, anna = own_office, alone(own_office)
        allow(office.clinic, office.people.client)
        tape = {**self.TAPE, "viewers": [office.people.anna], "delete_on": "2026-03-20"}
        attachment = anna.stored(b"voice", **self.TOLD, **tape)
        office.settle()
        office.clock.move(timedelta(days=17))
        assert anna.content(attachment).content == b"voice"
        assert to_destroy(anna.who) == []
        office.clock.move(timedelta(days=2))
        assert problem(anna.content(attachment)) == "wrong-state"
        assert to_destroy(anna.who) == [attachment]


class TestABrokenFile:
    def test_altogether_is_refused_in_words(self, own_office: Office) -> None:
        anna = alone(own_office)
        attachment = anna.stored(b"words")
        path = folder_of(own_office) / attachment
        path.write_bytes(bytes(path.stat().st_size))
        refused = anna.content(attachment)
        assert (refused.status_code, problem(refused)) == (503, "integrity-incident")
        assert refused.headers["Record-Integrity"]

    def test_in_its_middle_ends_the_transfer_before_its_length(self, own_office: Office) -> None:
        data, anna = noise(3 * CHUNK), alone(own_office)
        attachment = anna.stored(data)
        path = folder_of(own_office) / attachment
        sealed = bytearray(path.read_bytes())
        sealed[sealed_chunk_size(CHUNK) + 5000] ^= 1
        path.write_bytes(sealed)
        with serving(own_office.app) as port:
            got, length = raw_get(port, anna, attachment)
        assert length == len(data)
        assert data.startswith(got)
        assert CHUNK <= len(got) < 2 * CHUNK
        assert own_office.clinic.clinic.incidents.frozen(attachment) is not None

    def test_a_whole_one_comes_whole_over_a_real_socket(self, own_office: Office) -> None:
        data, anna = noise(3 * CHUNK + 1), alone(own_office)
        attachment = anna.stored(data)
        with serving(own_office.app) as port:
            assert raw_get(port, anna, attachment) == (data, len(data))


def alone(office: Office) -> Uploading:
    """Anna at work in an office that the test may break."""
    return Uploading(office.anna, f"/v1/cases/{office.clinic.open_case()}/attachments")


def raw_get(port: int, anna: Uploading, attachment: str) -> tuple[bytes, int]:
    """What comes over the socket until it closes, and the length that was stated."""
    request = (
        f"GET {anna.path}/{attachment}/content HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n"
        f"Authorization: Bearer {anna.who.token}\r\nPurpose-Of-Use: {anna.who.purpose}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request.encode())
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    (length,) = (
        int(each.split(b":")[1])
        for each in head.split(b"\r\n")
        if each.lower().startswith(b"content-length")
    )
    return body, length
