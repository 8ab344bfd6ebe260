"""The HTTP day of one clinic whose server has no passphrase and no key-encryption key."""

from __future__ import annotations

from api.compose import broker as brokers
from infrastructure.verify import verify
from tests.support.brokers import PASSPHRASE, House


def test_a_clinic_works_whose_keys_are_with_the_broker(home: House) -> None:
    with home.office() as office:
        anna, officer, client = office.anna, office.officer, office.people.client
        new = {"clients": [client], "format": "individual", "school": "integrative"}
        opened = anna.post("/v1/cases", new)
        assert opened.status_code == 201, opened.text
        case = opened.json()["created"]["case"]
        words = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "She slept."}
        drafted = anna.post(f"/v1/cases/{case}/notes", words)
        assert drafted.status_code == 201, drafted.text
        note = drafted.json()["created"]["note"]
        theirs = f"/v1/cases/{case}/notes/{note}"
        signed = anna.post(f"{theirs}:sign", version=1)
        assert signed.status_code == 200, signed.text
        found = anna.get(theirs, after=signed)
        assert found.status_code == 200, found.text
        assert "She slept." in found.text
        past = anna.get(f"/v1/cases/{case}?at_position={office.clinic.last_position()}")
        assert past.status_code == 200, past.text
        log = office.log(client, officer=officer)
        assert {"READ", "CREATE", "AUDIT_READ"} <= {each["kind"] for each in log}
        office.settle()
    found_by = brokers.reconcile(home.socket)
    assert found_by["releases without an entry"] == 0
    assert brokers.alarms(home.socket) == []
    home.stop()
    assert verify(home.data, PASSPHRASE).contents > 0
