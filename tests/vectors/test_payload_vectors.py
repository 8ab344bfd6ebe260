"""Golden payloads: what was ever stored means for ever what it meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest

from domain.events import VOCABULARY
from domain.events.practitioner import PractitionerRegistered
from domain.values import Registration, RegistrationKind
from infrastructure import codec
from infrastructure.errors import Broken
from tests.vectors import make_payloads

VECTORS: dict[str, dict[str, Any]] = json.loads(make_payloads.FILE.read_text())
CURRENT = [
    title for title, each in VECTORS.items() if each["version"] == VOCABULARY[each["name"]].VERSION
]


def holds(says: Any, found: Any) -> bool:
    """Whether everything that was said is still found; new fields may have come since."""
    if isinstance(says, dict):
        return isinstance(found, dict) and all(
            name in found and holds(each, found[name]) for name, each in says.items()
        )
    return bool(says == found)


def registered(title: str) -> PractitionerRegistered:
    event = codec.decode(bytes.fromhex(VECTORS[title]["payload"])).event
    assert isinstance(event, PractitionerRegistered)
    return event


def test_every_version_of_every_event_has_a_vector() -> None:
    known = {(each["name"], each["version"]) for each in VECTORS.values()}
    wanted = {
        (name, version)
        for name, kind in VOCABULARY.items()
        for version in range(1, kind.VERSION + 1)
    }
    assert wanted <= known


def test_a_way_leads_from_every_old_version_and_from_nowhere_else() -> None:
    old = {
        (name, version) for name, kind in VOCABULARY.items() for version in range(1, kind.VERSION)
    }
    assert set(codec.UPCASTERS) == old


@pytest.mark.parametrize("title", VECTORS)
def test_a_stored_payload_means_what_it_meant(title: str) -> None:
    vector = VECTORS[title]
    payload = bytes.fromhex(vector["payload"])
    found = make_payloads.decoded(payload)
    assert vector["name"] == found.event.NAME
    assert holds(vector["says"], make_payloads.said(payload))
    assert found.occurred_at == datetime(2026, 11, 23, 9, 15, 30, 123456, tzinfo=UTC)


@pytest.mark.parametrize("title", CURRENT)
def test_a_current_event_is_still_stored_in_the_same_bytes(title: str) -> None:
    payload = VECTORS[title]["payload"]
    assert make_payloads.as_stored_now(title, payload) == payload


def test_a_register_number_of_old_becomes_a_registration() -> None:
    assert registered("practitioner.registered 1").registration == Registration(
        RegistrationKind.REGISTER, "PTP 1234"
    )


def test_a_practitioner_of_old_without_a_number_has_no_registration() -> None:
    found = registered("practitioner.registered 1 without a number")
    assert found.registration == Registration(RegistrationKind.NONE)


def test_the_other_fields_of_old_stay_as_they_were() -> None:
    old, new = (registered(f"practitioner.registered {version}") for version in (1, 2))
    unlike = [name for name in new.__slots__ if getattr(old, name) != getattr(new, name)]
    assert unlike == ["registration"]


def test_an_old_payload_out_of_order_is_refused() -> None:
    raw = codec.unpack(bytes.fromhex(VECTORS["practitioner.registered 1"]["payload"]))
    state = dict(reversed(raw[codec.STATE].items()))
    with pytest.raises(Broken, match="E-PARSE"):
        codec.decode(msgpack.packb({**raw, codec.STATE: state}))


def test_the_maker_overwrites_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    copy = tmp_path / "payloads.json"
    title = "client.case_linked 1"
    altered = VECTORS[title] | {"payload": VECTORS[title]["payload"] + "00"}
    copy.write_text(json.dumps(VECTORS | {title: altered}))
    before = copy.read_text()
    monkeypatch.setattr(make_payloads, "FILE", copy)
    with pytest.raises(SystemExit, match=title):
        make_payloads.main()
    assert copy.read_text() == before


def test_the_maker_finds_nothing_to_add() -> None:
    before = make_payloads.FILE.read_bytes()
    make_payloads.main()
    assert make_payloads.FILE.read_bytes() == before
