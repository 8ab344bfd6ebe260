"""The description of the API: complete, stable in its names, and true."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from pydantic import TypeAdapter

from api.http import schemas as schemas_package
from domain.events.access import AccessKind
from tests.api.http.support import Office, operations

WRITES = {"CREATE", "AMEND"}
SHOWS_NOBODY = (
    "/v1/sign-in:renew",
    "/v1/sign-out",
    "/v1/log/checkpoint",
    "/v1/log/policy",
    "/v1/log/receipt-key",
    "/v1/log/tile/{tile}",
    "/v1/log/proofs/consistency",
    "/v1/incidents",
    "/v1/cases/{case_id}/attachments/{attachment_id}/upload",
    "/v1/cases/{case_id}/attachments/{attachment_id}/chunks/{number}",
    "/v1/note-templates",
)
MAY_SAY_NOTHING = {"signNote"}
"""A body says who is to sign as well, and most signatures need nobody."""
PLACES_IN_THE_LOG = {"position", "tile", "bundle", "controls", "number"}
"""Numbers, read by rules of their own; that of a chunk among them."""


@pytest.fixture(scope="module")
def described(office: Office) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation under ``/v1``."""
    every = operations(office.app).items()
    return {name: each for name, each in every if each[1].startswith("/v1")}


Described = dict[str, tuple[str, str, dict[str, Any]]]


def test_every_operation_says_which_access_event_it_leaves_and_for_whom_it_is(
    described: Described,
) -> None:
    assert len(described) > 45
    events = {each.value for each in AccessKind} | WRITES | {"none"}
    for name, (method, path, told) in described.items():
        assert told["x-access-event"] in events, name
        assert told["x-audience"], name
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name), name
        assert told["description"], name
        assert told["tags"], name
        if told["x-access-event"] == "none":
            assert path in SHOWS_NOBODY, name
        elif method == "GET" or name == "issueCrisisSheet":
            # A sheet shows many records at once, and takes a passphrase that no address may hold.
            assert told["x-access-event"] in {"READ", "LIST", "AUDIT_READ"}, name
        else:
            assert told["x-access-event"] in {*WRITES, "AUTHN", "SEARCH"}, name


def test_every_operation_says_how_it_refuses(office: Office, described: Described) -> None:
    for name, (_, _, told) in described.items():
        refusals = {status for status in told["responses"] if status.startswith("4")}
        assert {"400", "401", "403", "404", "422"} <= refusals, name
        for status in refusals:
            ((_, answer),) = told["responses"][status]["content"].items()
            schema = answer["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (name, status)
    assert set(office.app.openapi()["components"]["schemas"]["Problem"]["required"]) == {
        "type",
        "title",
        "status",
        "detail",
        "trace_id",
    }


def test_every_body_has_an_example_that_is_taken(office: Office, described: Described) -> None:
    schemas = office.app.openapi()["components"]["schemas"]
    modules = [
        import_module(f"api.http.schemas.{each.name}")
        for each in iter_modules(schemas_package.__path__)
    ]
    models = {
        name: each
        for module in modules
        for name, each in vars(module).items()
        if getattr(each, "__module__", None) == module.__name__
    }
    asked = 0
    for name, (method, _, told) in described.items():
        if "requestBody" not in told:
            continue
        assert method in ("POST", "PUT"), name
        assert told["requestBody"].get("required") or name in MAY_SAY_NOTHING, name
        (media,) = told["requestBody"]["content"].items()
        if media[0] == "application/octet-stream":
            # A piece of an attachment.
            continue
        assert media[0] == "application/json"
        model = media[1]["schema"]["$ref"].rsplit("/", 1)[1]
        TypeAdapter(models[model]).validate_python(schemas[model]["example"])
        assert schemas[model]["additionalProperties"] is False, model
        asked += 1
    assert asked > 20


def test_every_identifier_has_a_form(described: Described) -> None:
    for name, (_, _, told) in described.items():
        for each in told.get("parameters", ()):
            if each["in"] == "path" and each["name"] == "alias":
                assert each["schema"]["pattern"] == "^p[1-9][0-9]{0,5}$", name
            elif each["in"] == "path" and each["name"] not in PLACES_IN_THE_LOG:
                assert each["schema"]["pattern"] == "^[0-9a-f]{32}$", name


def test_nothing_of_a_person_is_asked_for_in_an_address(described: Described) -> None:
    known = {"from", "to", "as_of", "at_position", "before", "limit", "actor", "client", "entry"}
    # An instant, an item or a kind of task: words of a calendar, a cursor, a closed list.
    known |= {"at", "after", "kind", "on"}
    for name, (_, _, told) in described.items():
        asked = {each["name"] for each in told.get("parameters", ()) if each["in"] == "query"}
        assert asked <= known, name


def test_is_served_to_whoever_builds_a_client(office: Office) -> None:
    found = office.door.get("/v1/openapi.json")
    assert found.json() == office.app.openapi()
    assert found.headers["Cache-Control"] == "no-store"
