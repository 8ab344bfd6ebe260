"""Whatever JSON is sent to whatever operation: it never ends in an unexpected error."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from domain.values import PurposeOfUse, Role
from infrastructure.ledger.note import ED25519, Signer
from tests.api.http.asking import example, stream_of
from tests.api.http.support import Office, Person, actor, operations
from tests.api.http.world import World, build

INSTANTS = st.sampled_from(
    ["2026-03-02T08:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "now", ""]
)
TEXTS = st.text(max_size=30) | st.text(st.characters(categories=["Cc", "Cs", "Zs"]), max_size=5)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | INSTANTS
    | st.sampled_from(["0" * 32, "client", "given", "couple", "44051401359", "1988-04-12"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


ENDS = {"changeRoles", "transferCase", "closeCase", "acceptTransfer"}
"""After these, somebody whom the others need has no longer anything to say."""


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


@pytest.fixture(scope="module")
def people(office: Office, world: World) -> dict[str, Person]:
    """Those who may do something, and so reach what stands behind the policy."""
    boss = office.staff(actor(office, Role.ADMINISTRATOR)).id
    custodian = office.staff(actor(office, Role.CUSTODIAN), PurposeOfUse.HCOMPL)
    key = {"number": 1, "key": Signer("a/custodian-1", ED25519, bytes(32)).verifier.vkey()}
    where = f"/v1/practitioners/{custodian.id}/custodian"
    assert office.administrator.put(where, key, version=1).status_code == 200
    return {
        "custodian": custodian,
        "compliance officer": office.officer,
        "clinician": office.anna,
        "front desk": office.reception,
        "administrator": office.administrator,
        "everyone": Person(office.door, boss, "none", "TREAT"),
    }


@st.composite
def bodies(draw: st.DrawFn, whole: dict[str, Any]) -> object:
    """A body of the right form in which something is wrong, or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    return draw(_bent(whole))


@st.composite
def _bent(draw: st.DrawFn, whole: dict[str, Any]) -> object:
    bent = dict(whole)
    for name in draw(st.lists(st.sampled_from(sorted(whole)), max_size=3)):
        inner = whole[name]
        if isinstance(inner, dict) and draw(st.booleans()):
            bent[name] = draw(_bent(inner))
        elif draw(st.integers(0, 5)) == 0:
            bent.pop(name, None)
        else:
            bent[name] = draw(ANYTHING)
    return bent


def test_no_body_ends_in_an_unexpected_error(
    office: Office,
    world: World,
    people: dict[str, Person],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "httpx2")
    asked = {
        name: each
        for name, each in operations(office.app).items()
        if example(office, each[2]) and name not in ENDS
    }
    theirs = {
        "reviseNote": {"note_id": world.draft},
        "amendProcessNote": {"note_id": world.process_note},
    }

    @settings(max_examples=500, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def fuzz(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(asked)))
        method, path, told = asked[name]
        whole = example(office, told)
        assert whole is not None
        body = data.draw(bodies(whole))
        who = people[told["x-audience"].partition(",")[0]]
        here = {**world.ids(name), "practitioner_id": office.people.anna, **theirs.get(name, {})}
        stream = stream_of(path, here)
        version = office.version(stream) if stream else None
        found = who.ask(method, path.format(**here), body, version=version)
        assert found.status_code < 500, (name, json.dumps(body), found.text)
        assert found.status_code != 401 or told["x-audience"] == "everyone", name

    fuzz()
    # Nothing of it stops a projection.
    office.settle()
    assert office.clinic.clinic.trouble is None


def test_no_header_ends_in_an_unexpected_error(office: Office, world: World) -> None:
    names = ["Purpose-Of-Use", "If-Match", "Idempotency-Key", "Consistency-Token", "Prefer"]
    names += ["Authorization", "X-Request-Id", "Accept", "Host", "Content-Type"]
    values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
    anna = office.anna
    paths = {
        "GET": f"/v1/cases/{world.case}",
        "POST": f"/v1/cases/{world.case}/problems",
    }

    @settings(max_examples=100, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.sampled_from(sorted(paths)),
        st.dictionaries(st.sampled_from(names), values, max_size=4),
    )
    def fuzz(method: str, headers: dict[str, str]) -> None:
        sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        whole = {
            b"Authorization": f"Bearer {anna.token}".encode(),
            b"Purpose-Of-Use": b"TREAT",
            b"If-Match": b'"1"',
            **sent,
        }
        content = b'{"words": "x"}' if method == "POST" else None
        found = anna.door.request(
            method, paths[method], content=content, headers=list(whole.items())
        )
        assert found.status_code < 500, (method, headers, found.text)

    fuzz()
