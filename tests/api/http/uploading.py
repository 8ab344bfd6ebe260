"""Somebody who uploads, chunk by chunk, as a client program does it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from httpx2 import Response

from domain.attachment import CHUNK
from tests.api.http.support import Person

LETTER = {"media_type": "application/pdf", "title": "A letter about the river"}


def send_chunk(who: Person, path: str, data: bytes, **headers: str | None) -> Response:
    """Send a chunk of an attachment with its digest."""
    digest = base64.b64encode(sha256(data).digest()).decode()
    sent = {
        "Authorization": f"Bearer {who.token}",
        "Purpose-Of-Use": who.purpose,
        "Content-Type": "application/octet-stream",
        "Content-Digest": f"sha-256=:{digest}:",
        **headers,
    }
    kept = {name: value for name, value in sent.items() if value is not None}
    return who.door.put(path, content=data, headers=kept)


@dataclass(frozen=True, slots=True)
class Uploading:
    """Somebody at work on the attachments of a case."""

    who: Person
    path: str

    def begin(self, size: int, **more: Any) -> Response:
        return self.who.post(self.path, {**LETTER, "size": size, **more})

    def chunk(self, attachment: str, number: int, data: bytes, **headers: str | None) -> Response:
        return send_chunk(self.who, f"{self.path}/{attachment}/chunks/{number}", data, **headers)

    def send(self, attachment: str, data: bytes) -> None:
        for number, at in enumerate(range(0, len(data), CHUNK), start=1):
            sent = self.chunk(attachment, number, data[at : at + CHUNK])
            assert sent.status_code == 204, sent.text

    def store(self, attachment: str, data: bytes, **more: Any) -> Response:
        told = {
            "sha256": sha256(data).hexdigest(),
            "occurred_at": "2026-03-02T08:00:00Z",
            **more,
        }
        return self.who.post(f"{self.path}/{attachment}:store", told, version=1)

    def stored(self, data: bytes, *, told: dict[str, Any] | None = None, **new: Any) -> str:
        begun = self.begin(len(data), **new)
        assert begun.status_code == 201, begun.text
        attachment = str(begun.json()["created"]["attachment"])
        self.send(attachment, data)
        stored = self.store(attachment, data, **(told or {}))
        assert stored.status_code == 200, stored.text
        return attachment

    def content(self, attachment: str, **headers: str) -> Response:
        return self.who.get(f"{self.path}/{attachment}/content", headers=headers)


def to_destroy(who: Person) -> list[str]:
    """The recordings that wait to be destroyed."""
    tasks = who.get("/v1/worklist?kind=recording").json()["tasks"]
    assert {each["kind"] for each in tasks} <= {"recording"}
    return [each["item"] for each in tasks]
