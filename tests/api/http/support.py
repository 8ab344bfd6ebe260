"""A small clinic behind its HTTP door, and people who hold live tokens.

Tokens are put into ``accounts.db`` as a sign-in would, without the password: nobody waits for
Argon2 but the tests of signing in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from secrets import token_hex, token_urlsafe
from time import monotonic, sleep
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from api.compose import Accounts
from api.http.app import create_app
from domain.use_cases import administrator
from domain.values import ActorId, ActorKind, ClientId, PurposeOfUse, Role
from infrastructure.anchor import checkpointer
from infrastructure.layout import structure
from infrastructure.ledger.trust import Trust
from infrastructure.stores.contract import Outcome, RecordStore, Submission
from tests.support.clinic import Founded, HandClock, People, SmallClinic, command, small_clinic

NOBODY = "0" * 32
LONG = timedelta(days=3650)
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the door, with a live token and the purpose that is usual for her."""

    door: TestClient = field(repr=False)
    id: str
    token: str
    purpose: str

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: int | str | None = None,
        key: str | None = None,
        after: Response | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Response:
        """Send a request with everything that a careful caller sends."""
        sent: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "Purpose-Of-Use": self.purpose,
        }
        if method != "GET":
            sent["Idempotency-Key"] = key or token_hex(8)
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if after is not None:
            sent["Consistency-Token"] = after.headers["Consistency-Token"]
        sent.update(headers or {})
        kept = {name: value for name, value in sent.items() if value is not None}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            kept.setdefault("Content-Type", "application/json")
        return self.door.request(method, path, content=content, headers=kept)

    def get(self, path: str, **more: Any) -> Response:
        """Look."""
        return self.ask("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> Response:
        """Write something new."""
        return self.ask("POST", path, body, **more)

    def put(self, path: str, body: object = None, **more: Any) -> Response:
        """Write something anew."""
        return self.ask("PUT", path, body, **more)


@dataclass(frozen=True, slots=True)
class Office:
    """A small clinic behind its door."""

    clinic: SmallClinic
    app: FastAPI
    door: TestClient

    @property
    def people(self) -> People:
        """Who is there from the first day."""
        return self.clinic.people

    @property
    def clock(self) -> HandClock:
        """The clock of the server."""
        return self.clinic.clock

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""
        return self.clinic.clinic.accounts

    def staff(self, actor: str, purpose: PurposeOfUse = PurposeOfUse.TREAT) -> Person:
        """Somebody who works here, signed in."""
        return self._person(ActorKind.STAFF, actor, purpose)

    def client(self, actor: str) -> Person:
        """A client, signed in to read her own access log."""
        return self._person(ActorKind.CLIENT, actor, PurposeOfUse.PATRQT)

    def program(self, *scopes: str) -> Person:
        """A program with scopes, signed in."""
        who = self.clinic.who(self.people.administrator)
        receipt = self.clinic.run(
            administrator.register_integration(
                self.clinic.desk, who, "A display", scopes, command=command()
            )
        )
        actor = receipt.named("integration")
        return self._person(ActorKind.INTEGRATION, actor, PurposeOfUse.HOPERAT)

    @property
    def anna(self) -> Person:
        """The clinician whose clients these are."""
        return self.staff(self.people.anna)

    @property
    def bartek(self) -> Person:
        """A clinician who has nothing to do with them."""
        return self.staff(self.people.bartek)

    @property
    def reception(self) -> Person:
        """The front desk."""
        return self.staff(self.people.reception, PurposeOfUse.HOPERAT)

    @property
    def officer(self) -> Person:
        """The compliance officer."""
        return self.staff(self.people.officer, PurposeOfUse.ACCESS_REVIEW)

    @property
    def administrator(self) -> Person:
        """The administrator."""
        return self.staff(self.people.administrator, PurposeOfUse.HSYSADMIN)

    def _person(self, kind: ActorKind, actor: str, purpose: PurposeOfUse) -> Person:
        token = live_token(self.accounts, kind, actor, self.clock)
        return Person(self.door, actor, token, purpose.value)

    def log(self, client: ClientId, *, officer: Person | None = None) -> list[dict[str, Any]]:
        """A client's access log as the officer reads it, the newest line first."""
        found = (officer or self.officer).get(f"/v1/clients/{client}/access-log")
        assert found.status_code == 200, found.text
        entries: list[dict[str, Any]] = found.json()["entries"]
        return entries

    def settle(self) -> None:
        """Wait until every projection shows everything that is in the record."""
        until = monotonic() + 20
        while self.clinic.views.position() < self.clinic.last_position():
            assert monotonic() < until, "nobody follows"
            sleep(0.002)

    def events(self) -> int:
        """How many events the record holds."""
        return self.clinic.last_position() + 1

    def version(self, stream: str) -> int:
        """How many events a stream has."""
        return self.clinic.version(stream)


def live_token(accounts: Accounts, kind: ActorKind, actor: str, clock: HandClock) -> str:
    """A token as a sign-in gives it, with a life that outlasts every test."""
    token, until = token_urlsafe(32), int((clock.now() + LONG).timestamp())
    tag, holder = accounts._tag(f"{actor} {next(_NUMBERS)}"), bytes.fromhex(actor)
    account = (tag, kind.value, holder, "no password opens this")
    with accounts._lock:
        accounts._db.execute("INSERT INTO account VALUES(?, ?, ?, ?, 0, 0, 0)", account)
        accounts._db.execute(
            "INSERT INTO token VALUES(?, ?, ?, ?, ?, ?, ?)",
            (sha256(token.encode()).digest(), tag, token_hex(8), kind.value, holder, until, until),
        )
    return token


@contextmanager
def open_office(founded: Founded, folder: Path, *, follow: bool = True) -> Iterator[Office]:
    """A copy of the founded clinic behind its door, open until the end of the block."""
    with small_clinic(founded, folder) as clinic:
        app = create_app(clinic.clinic, follow=follow)
        with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as door:
            yield Office(clinic, app, door)


def actor(office: Office, *roles: Role) -> str:
    """Somebody who joins the clinic in these roles."""
    new = {
        "given_name": "Nina",
        "family_name": "Nowa",
        "title": "mgr",
        "registration": {"kind": "in-training"},
        "roles": [each.value for each in roles],
    }
    found = office.administrator.post("/v1/practitioners", new)
    assert found.status_code == 201, found.text
    return ActorId(found.json()["created"]["practitioner"])


def publish(office: Office) -> Trust:
    """Let a checkpointer, set up the first time, publish what there is; whom its policy trusts."""
    folder = office.clinic.clinic.folder
    layout = folder.layout
    place = layout.folder.with_name("checkpointer")
    if not place.exists():
        vkey = checkpointer.create(place, folder.vault.lineage, folder.append_key)
        layout.policy.write_text(f"log {vkey}\nquorum none\n")
    trust = Trust.parse(layout.policy.read_bytes())
    with (
        closing(structure(layout.record)) as store,
        closing(checkpointer.Checkpointer(place, store, layout.log, trust)) as at_work,
    ):
        at_work.step()
    return trust


class Failing:
    """A record store whose disk fails at every commit."""

    def __init__(self, store: RecordStore, error: Exception) -> None:
        self._store = store
        self._error = error

    def commit(self, submissions: list[Submission]) -> list[Outcome]:
        """Write nothing."""
        raise self._error


@contextmanager
def failing_store(office: Office, error: Exception | None = None) -> Iterator[None]:
    """Let every commit of the record fail until the end of the block."""
    committer = office.clinic.clinic.folder.committer
    whole = committer._store
    committer._store = Failing(whole, error or sqlite3.OperationalError("disk I/O error"))  # type: ignore[assignment]  # commits are all that it is asked for
    try:
        yield
    finally:
        committer._store = whole


def without_trace(response: Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Everything that an answer tells, but which request it belongs to."""
    body = response.json()
    assert body.pop("trace_id") == response.headers["X-Trace-Id"]
    headers = dict(response.headers)
    del headers["x-trace-id"], headers["content-length"]
    return response.status_code, body, headers


def problem(response: Response) -> str:
    """The code of a problem, which is one, whole."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert body["trace_id"] == response.headers["X-Trace-Id"]
    assert response.headers["Cache-Control"] == "no-store"
    known = {"type", "title", "status", "detail", "trace_id", "field", "missing", "current_version"}
    assert set(body) <= known
    prefix, _, code = body["type"].rpartition(":")
    assert prefix == "urn:powiernik:problem"
    return str(code)


def operations(app: FastAPI) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation of the API by its id: method, path, description."""
    return {
        each["operationId"]: (method.upper(), path, each)
        for path, methods in app.openapi()["paths"].items()
        for method, each in methods.items()
    }
