"""Requests of a wrong form: refused clearly, and without a word of what was sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from api.http.limits import MOST_BODY
from tests.api.http.asking import example
from tests.api.http.support import Office, Person, operations, problem
from tests.api.http.world import World, build

SECRET = "Zbigniew-was-here"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


@pytest.fixture
def silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of what was sent may reach the log."""
    caplog.set_level(logging.DEBUG)
    yield
    ours = "\n".join(each.getMessage() for each in caplog.records if each.name != "httpx2")
    assert SECRET not in ours
    assert SECRET not in caplog.text


def refused(response: Response, field: str | None = None) -> None:
    """Refused for its form, and nothing of it is repeated."""
    assert response.status_code == 422, response.text
    assert problem(response) == "validation"
    assert SECRET not in response.text + str(response.headers)
    if field is not None:
        assert response.json()["field"] == field


def raw(who: Person, path: str, content: bytes, **headers: str) -> Response:
    """A body as it is."""
    sent = {
        "Authorization": f"Bearer {who.token}",
        "Purpose-Of-Use": who.purpose,
        "Idempotency-Key": uuid4().hex,
        "If-Match": '"1"',
        **JSON,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return who.door.request("POST", path, content=content, headers=sent)


@pytest.mark.usefixtures("silent")
class TestABody:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"kind": "session", "occurred_at": "2026-03-02T08:00:00Z"}, "text"),
            ({"kind": SECRET, "occurred_at": "2026-03-02T08:00:00Z", "text": "x"}, "body.kind"),
            ({"kind": "session", "occurred_at": SECRET, "text": "x"}, "body.occurred_at"),
            (
                {"kind": "session", "occurred_at": "2026-03-02T08:00:00", "text": SECRET},
                "body.occurred_at",
            ),
            ({"kind": "session", "occurred_at": 1e300, "text": SECRET}, "body.occurred_at"),
            (
                {"kind": "session", "occurred_at": "0001-01-01T00:00:00+14:00", "text": SECRET},
                "body.occurred_at",
            ),
            ({"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": [SECRET]}, None),
            ({"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": ""}, "body.text"),
            (
                {
                    "kind": "session",
                    "occurred_at": "2026-03-02T08:00:00Z",
                    "text": "x",
                    "session": SECRET,
                },
                "body.session",
            ),
            ([SECRET], "body"),
            (SECRET, "body"),
            (None, "body"),
        ],
    )
    def test_of_a_wrong_form_is_refused_by_the_name_of_its_field(
        self, office: Office, world: World, body: object, field: str | None
    ) -> None:
        events = office.events()
        path = f"/v1/cases/{world.case}/notes"
        refused(raw(office.anna, path, json.dumps(body).encode()), field)
        assert office.events() == events

    def test_that_says_nothing_is_refused(self, office: Office, world: World) -> None:
        new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": " \n "}
        found = office.anna.post(f"/v1/cases/{world.case}/notes", new)
        refused(found, "text")

    def test_with_a_field_that_nobody_knows_is_refused_without_its_name(
        self, office: Office, world: World
    ) -> None:
        for method, path, told in operations(office.app).values():
            body = example(office, told)
            if body is None:
                continue
            body[SECRET] = SECRET
            filled = path
            for name, value in {**world.ids(), "practitioner_id": office.people.anna}.items():
                filled = filled.replace(f"{{{name}}}", value)
            refused(office.anna.ask(method, filled, body, version=1), "body")

    @pytest.mark.parametrize("name", [SECRET, "\ud800", "a\0b", "ą" * 500, ""])
    def test_with_a_strange_field_deep_inside_is_refused(self, office: Office, name: str) -> None:
        identity = {
            "given_name": "J",
            "family_name": "P",
            "birth_date": "1988-04-12",
            "sex": "female",
        }
        body = {"identity": {**identity, name: SECRET}}
        refused(office.reception.post("/v1/clients", body), "body.identity")

    @pytest.mark.parametrize(
        "text", ["\ud800", f"{SECRET}\udfff", f"{SECRET}\0", f"\x1b[2J{SECRET}"]
    )
    def test_with_characters_that_are_none_is_refused(
        self, office: Office, world: World, text: str
    ) -> None:
        note = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": text}
        refused(office.anna.post(f"/v1/cases/{world.case}/notes", note), "body.text")
        identity = {
            "given_name": text,
            "family_name": "P",
            "birth_date": "1988-04-12",
            "sex": "female",
        }
        found = office.reception.post("/v1/clients", {"identity": identity})
        refused(found, "body.identity.given_name")

    @pytest.mark.parametrize("name", [f"{SECRET}\nTREAT", f"{SECRET}\r", f"\x85{SECRET}", "\u0007"])
    def test_with_a_line_of_several_lines_is_refused(self, office: Office, name: str) -> None:
        # At either end white space is taken away; inside it would forge a line.
        identity = {
            "given_name": f"a{name}b",
            "family_name": "P",
            "birth_date": "1988-04-12",
            "sex": "female",
        }
        found = office.reception.post("/v1/clients", {"identity": identity})
        refused(found, "body.identity.given_name")

    def test_keeps_the_lines_and_the_letters_of_a_text(self, office: Office, world: World) -> None:
        text = "Zażółć\tgęślą –\n„jaźń” 🪶\r\n日本"
        note = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": text}
        path = f"/v1/cases/{world.case}/notes"
        written = office.anna.post(path, note)
        found = office.anna.get(f"{path}/{written.json()['created']['note']}", after=written)
        assert found.json()["text"] == text

    def test_holds_as_much_as_a_note_may_say(self, office: Office, world: World) -> None:
        new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "ż" * 200_000}
        path = f"/v1/cases/{world.case}/notes"
        body = json.dumps(new, ensure_ascii=False).encode()
        note = raw(office.anna, path, body).json()["created"]["note"]
        assert office.anna.post(f"{path}/{note}:sign", version=1).status_code == 200
        more = {"reason": "ż" * 200_000, "text": "ż" * 200_000}
        body = json.dumps(more, ensure_ascii=False).encode()
        amended = raw(office.anna, f"{path}/{note}/amendments", body, If_Match='"2"')
        assert amended.status_code == 201, amended.text
        found = office.anna.get(f"{path}/{note}", after=amended).json()
        assert found["added"][0]["text"] == "ż" * 200_000
        new["text"] += "ż"
        body = json.dumps(new, ensure_ascii=False).encode()
        refused(raw(office.anna, path, body), "body.text")

    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", 422),
            (b"{", 422),
            (SECRET.encode(), 422),
            (b'{"kind": "' + SECRET.encode(), 422),
            (b"\xff\xfe" + SECRET.encode(), 400),
            (b"[" * 100_000, 400),
            (b'{"text":' * 50_000 + b"1" + b"}" * 50_000, 400),
            (b"1" * 5000, 400),
            (b"NaN", 422),
            (b"null", 422),
        ],
    )
    def test_that_is_not_json_is_refused(
        self, office: Office, world: World, content: bytes, status: int
    ) -> None:
        found = raw(office.anna, f"/v1/cases/{world.case}/notes", content)
        assert found.status_code == status, found.text
        assert problem(found) in ("validation", "http-400")
        assert SECRET not in found.text

    @pytest.mark.parametrize("kind", ["text/plain", "", "multipart/form-data; boundary=x", "json"])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_of_another_type_is_not_read(self, office: Office, kind: str, *, chunked: bool) -> None:
        content = json.dumps({"name": SECRET, "password": SECRET}).encode()
        sent: Any = (each for each in [content]) if chunked else content
        found = office.door.post("/v1/sign-in", content=sent, headers={"Content-Type": kind})
        assert (found.status_code, problem(found)) == (415, "unsupported-media-type")
        assert SECRET not in found.text

    @pytest.mark.parametrize("chunked", [False, True])
    def test_that_is_too_large_is_not_read_to_its_end(
        self, office: Office, world: World, *, chunked: bool
    ) -> None:
        path = f"/v1/cases/{world.case}/notes"
        taken = 0

        def endless() -> Iterator[bytes]:
            nonlocal taken
            for _ in range(64):
                taken += 1
                yield SECRET.encode() * 4096

        events = office.events()
        content: Any = endless() if chunked else b" " * (MOST_BODY + 1)
        found = raw(office.anna, path, content)
        assert (found.status_code, problem(found)) == (413, "too-large")
        assert SECRET not in found.text
        assert office.events() == events

    @pytest.mark.parametrize("length", ["x", "-1", "1" * 5000])
    def test_of_an_impossible_length_is_not_read(self, office: Office, length: str) -> None:
        headers = {**JSON, "Content-Length": length}
        found = office.door.post("/v1/sign-in", content=b"{}", headers=headers)
        assert (found.status_code, problem(found)) == (413, "too-large")


@pytest.mark.usefixtures("silent")
class TestAPath:
    @pytest.mark.parametrize(
        "name", ["1", "0" * 31, "0" * 33, "A" * 32, "x" * 32, "%00" * 32, SECRET]
    )
    def test_with_a_malformed_identifier_is_refused(
        self, office: Office, world: World, name: str
    ) -> None:
        for operation, (_, path, _) in operations(office.app).items():
            # A place in the log is a number, and no field: what is none is not there.
            if "{" not in path or path.startswith("/v1/log/"):
                continue
            ids = dict.fromkeys((*world.ids(), "practitioner_id"), name)
            told = _asked(office, operation, ids)
            refused(told)
            assert told.json()["field"].startswith("path."), operation

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1",
            "/v1/",
            "/v1/cases",
            "/v1/cases/",
            f"/v1/clients/{'0' * 32}/",
            "/v1/clients:search",
            f"/v1/{SECRET}",
            "/docs",
            "/redoc",
            "/openapi.json",
            "/admin",
            "//v1/caseload",
        ],
    )
    def test_that_nobody_knows_is_not_there(self, office: Office, path: str) -> None:
        found = office.anna.get(f"http://testserver{path}")
        if found.status_code == 405:
            assert problem(found) == "http-405"
            return
        assert (found.status_code, problem(found)) == (404, "not-found")
        assert SECRET not in found.text + str(found.headers)

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "DELETE"])
    def test_takes_no_other_method(self, office: Office, world: World, method: str) -> None:
        found = office.anna.ask(method, f"/v1/cases/{world.case}")
        assert found.status_code == 405
        assert found.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?from=2026-03-02T08:00:00Z",
            f"?from={SECRET}&to={SECRET}",
            "?from=2026-03-02T08:00:00&to=2026-03-03T08:00:00",
            "?from=2026-03-02T08:00:00Z&to=2026-03-02T08:00:00Z",
            "?from=2026-03-02T08:00:00Z&to=2026-04-30T08:00:00Z",
            "?from=0001-01-01T00:00:00%2B14:00&to=0001-01-02T00:00:00%2B14:00",
        ],
    )
    def test_of_a_calendar_names_a_span_of_a_month_at_most(
        self, office: Office, query: str
    ) -> None:
        refused(office.reception.get(f"/v1/calendar{query}"))

    @pytest.mark.parametrize("query", ["limit=0", "limit=201", "before=-1", "limit=x", "actor=x"])
    def test_of_the_audit_trail_has_bounds(self, office: Office, query: str) -> None:
        refused(office.officer.get(f"/v1/audit-trail?{query}"))


@pytest.mark.usefixtures("silent")
class TestATime:
    def test_in_the_future_is_not_one_that_has_passed(self, office: Office, world: World) -> None:
        anna, path, later = office.anna, f"/v1/cases/{world.case}", "2026-03-02T09:00:00.001Z"
        note = {"kind": "session", "occurred_at": later, "text": SECRET}
        refused(anna.post(f"{path}/notes", note), "occurred_at")
        own = {"occurred_at": later, "text": SECRET}
        refused(anna.post(f"{path}/process-notes", own), "occurred_at")
        span = {"started_at": "2026-03-02T08:30:00Z", "ended_at": later}
        held = anna.post(f"{path}/sessions/{world.session}:hold", span, version=1)
        refused(held, "ended_at")

    def test_after_a_session_lies_behind_its_start(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}/sessions"
        for start, end in (("09:00", "08:00"), ("09:00", "09:00"), ("08:00", "20:01")):
            span = {"starts_at": f"2026-03-09T{start}:00Z", "ends_at": f"2026-03-09T{end}:00Z"}
            refused(office.anna.post(path, {**span, "room": SECRET}), "ends_at")

    @pytest.mark.parametrize("year", ["0001", "1899", "9999"])
    def test_that_nobody_can_count_with_does_not_stop_the_clinic(
        self, office: Office, world: World, year: str
    ) -> None:
        zone = "+14:00" if year == "0001" else "-14:00"
        span = {
            "starts_at": f"{year}-01-01T00:00:00{zone}",
            "ends_at": f"{year}-01-01T00:50:00{zone}",
            "room": SECRET,
        }
        refused(office.anna.post(f"/v1/cases/{world.case}/sessions", span), "body.starts_at")
        office.settle()


class TestWords:
    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("/v1/practitioners", {"roles": ["client"]}, "roles"),
            ("/v1/practitioners", {"roles": ["clinician", "clinician"]}, "roles"),
            ("/v1/practitioners", {"registration": {"kind": "none"}}, "registration"),
            ("/v1/practitioners", {"registration": {"kind": "register"}}, "registration.number"),
            ("/v1/practitioners", {"given_name": " "}, "body.given_name"),
            ("/v1/integrations", {"scopes": []}, "body.scopes"),
            ("/v1/clients", {"identity": {"pesel": "44051401358"}}, "pesel"),
            ("/v1/clients", {"identity": {"pesel": "4405140135"}}, "body.identity.pesel"),
            ("/v1/clients", {"identity": {"birth_date": "1988-02-30"}}, "body.identity.birth_date"),
        ],
    )
    def test_that_cannot_be_are_refused_by_the_name_of_their_field(
        self, office: Office, path: str, body: dict[str, Any], field: str
    ) -> None:
        who = office.reception if path == "/v1/clients" else office.administrator
        told = office.app.openapi()["paths"][path]["post"]
        asked = example(office, told)
        assert asked is not None
        for name, value in body.items():
            asked[name] = {**asked[name], **value} if isinstance(value, dict) else value
            if name == "registration":
                asked[name] = value
        refused(who.post(path, asked), field)

    def test_of_a_case_have_as_many_clients_as_its_format(
        self, office: Office, world: World
    ) -> None:
        new = {"clients": [world.client], "format": "couple", "school": "systemic"}
        refused(office.anna.post("/v1/cases", new), "clients")
        new["clients"] = [world.client, world.client]
        refused(office.anna.post("/v1/cases", new), "clients")
        new["clients"] = [world.client, uuid4().hex]
        missing = office.anna.post("/v1/cases", new)
        assert (missing.status_code, problem(missing)) == (404, "not-found")

    def test_that_make_no_sense_now_are_refused(self, office: Office, world: World) -> None:
        anna, path = office.anna, f"/v1/cases/{world.case}"
        version = office.version(world.note)
        revised = anna.put(f"{path}/notes/{world.note}/draft", {"text": "x"}, version=version)
        assert (revised.status_code, problem(revised)) == (409, "wrong-state")
        own = anna.post(f"{path}/notes/{world.note}:countersign", version=version)
        assert (own.status_code, problem(own)) == (409, "wrong-state")
        stranger = {"therapist": uuid4().hex}
        version = office.version(world.case)
        refused(anna.post(f"{path}:transfer", stranger, version=version), "practitioner")
        unknown = f"/v1/clients/{world.client}/consents/{uuid4().hex}:withdraw"
        assert anna.post(unknown, {"form": "oral"}).status_code == 409


class TestAnUnexpectedError:
    @pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), OSError(SECRET)])
    def test_tells_nothing_but_where_to_find_it(
        self,
        office: Office,
        world: World,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        caplog.set_level(logging.DEBUG)

        def fails(*_: object) -> None:
            raise error

        monkeypatch.setattr(office.clinic.views, "case_states", _Fails(error))
        found = office.anna.get(f"/v1/cases/{world.case}")
        assert (found.status_code, problem(found)) == (500, "internal")
        assert SECRET not in found.text
        ours = [each for each in caplog.records if each.name == "powiernik"]
        (line,) = ours
        trace = found.headers["X-Trace-Id"]
        assert line.getMessage() == f"unexpected {type(error).__name__} trace {trace}"
        assert line.exc_info is None
        assert SECRET not in caplog.text

    def test_of_a_broken_record_is_an_incident_and_shows_nothing(
        self, own_office: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        office = own_office
        case = office.clinic.open_case()
        note = office.clinic.draft_note(case, SECRET)
        office.settle()
        views = office.clinic.views.stores["case_state-3"]._current()
        views._writer.execute("UPDATE items SET cell = zeroblob(200)")
        found = office.anna.get(f"/v1/cases/{case}/notes/{note}")
        assert (found.status_code, problem(found)) == (500, "integrity-failure")
        assert SECRET not in found.text + caplog.text
        assert found.headers["X-Trace-Id"] in caplog.text


class _Fails:
    """A projection that breaks in somebody's hands."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        raise self._error


def _asked(office: Office, operation: str, ids: dict[str, str]) -> Response:
    method, path, told = operations(office.app)[operation]
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    if "calendar" in path:
        path += "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"
    return office.anna.ask(method, path, example(office, told), version=1)
