"""Any operation of the API, asked with the example that it gives of its body."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from httpx2 import Response

from tests.api.http.joint_day import EARLIER
from tests.api.http.support import Office, Person, operations
from tests.api.http.uploading import send_chunk


def ask(
    office: Office,
    who: Person,
    operation: str,
    ids: Mapping[str, str],
    otherwise: Mapping[str, Any] | None = None,
    version: int | None = None,
    **more: Any,
) -> Response:
    """An operation with an example of its body, and the version that is current."""
    method, path, told = operations(office.app)[operation]
    filled = path.format(**ids)
    if "calendar" in path:
        filled += "?from=2026-02-23T00:00:00Z&to=2026-03-03T00:00:00Z"
    if path.endswith("/difference"):
        filled += "?at=2026-02-23T00:00:00Z"
    stream = stream_of(path, ids)
    if version is None and stream:
        version = office.version(stream)
    if "application/octet-stream" in told.get("requestBody", {}).get("content", {}):
        return send_chunk(who, filled, b"a letter", **more.get("headers", {}))
    body = example(office, told)
    if body is not None:
        here = {"therapist": office.people.bartek, "occurred_at": EARLIER}
        body |= {name: value for name, value in here.items() if name in body}
        body |= otherwise or {}
    return who.ask(method, filled, body, version=version, **more)


def example(office: Office, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The example of an operation's body, if it takes one."""
    if "application/json" not in told.get("requestBody", {}).get("content", {}):
        return None
    reference = told["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = office.app.openapi()["components"]["schemas"][reference.rsplit("/", 1)[1]]
    found: dict[str, Any] = deepcopy(schema["example"])
    return found


def stream_of(path: str, ids: Mapping[str, str]) -> str | None:
    """The stream whose version a change of this path follows."""
    for name in (
        "attachment_id",
        "complaint_id",
        "contract_id",
        "enquiry_id",
        "formulation_id",
        "intake_id",
        "item_id",
        "rating_id",
        "series_id",
        "pack_id",
        "supervision_id",
        "note_id",
        "session_id",
        "case_id",
        "client_id",
        "practitioner_id",
        "erasure_id",
    ):
        if f"{{{name}}}" in path:
            return ids[name]
    return ids["integration_id"] if "{integration_id}" in path else None
