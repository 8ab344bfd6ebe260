"""A day's erasing at the door: asked for, approved by two, carried out, told; holds; misfilings."""

from __future__ import annotations

from collections.abc import Callable

from httpx2 import Response

from domain.values import PurposeOfUse, Role
from tests.api.http.support import Office, Person, actor
from tests.support.erasing import Erasing

Did = Callable[[str, Response], Response]


def custodian(office: Office, person: str) -> Person:
    """A custodian, signed in to approve."""
    return office.staff(person, PurposeOfUse.HCOMPL)


def note_of(office: Office, person: Person, case: str, words: str) -> str:
    """A signed note of somebody's."""
    new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": words}
    drafted = person.post(f"/v1/cases/{case}/notes", new)
    note = str(drafted.json()["created"]["note"])
    signed = person.post(f"/v1/cases/{case}/notes/{note}:sign", version=1)
    assert signed.status_code == 200, signed.text
    office.settle()
    return note


def approve(office: Office, erasing: Erasing, erasure: str, number: int) -> Response:
    """A custodian signs what she is shown."""
    person = (erasing.bartek, erasing.outsider)[number - 1]
    who = custodian(office, person)
    shown = who.get(f"/v1/erasures/{erasure}/statement")
    assert shown.status_code == 200, shown.text
    signature = {"signature": erasing.line(number, shown.json()["statement"])}
    version = shown.headers["ETag"].strip('"')
    return who.post(f"/v1/erasures/{erasure}/approvals", signature, version=version)


def erase(office: Office, erasing: Erasing, did: Did) -> None:
    """Everything that has to do with erasing, once."""
    boss, officer, anna = office.administrator, office.officer, office.anna
    another = actor(office, Role.CUSTODIAN)
    key = {"number": 3, "key": "clinic.example/custodian-3+0+AQ=="}
    did("appointCustodian", boss.put(f"/v1/practitioners/{another}/custodian", key, version=1))
    _hold(office, did)
    client = office.clinic.register_client("Hanna")
    case = office.clinic.open_case(client)
    note = note_of(office, anna, case, "He admitted a theft.")
    wish = {"scope": "item", "ground": "art-51", "case": case, "item": note}
    asked = did("requestErasure", anna.post("/v1/erasures", wish))
    path = f"/v1/erasures/{asked.json()['created']['erasure']}"
    erasure = path.rpartition("/")[2]
    bartek = custodian(office, erasing.bartek)
    did("readStatement", bartek.get(f"{path}/statement"))
    did("approveErasure", approve(office, erasing, erasure, 1))
    assert approve(office, erasing, erasure, 2).status_code == 201
    office.settle()
    did("completeErasure", officer.post(f"{path}:complete", version=3))
    did("readErasure", anna.get(path))
    did("readErasures", officer.get("/v1/erasures", after=anna.post("/v1/erasures", wish)))
    did("readProtocol", officer.get(f"{path}/protocol"))
    _move(office, did, case)


def _hold(office: Office, did: Did) -> None:
    officer = office.officer
    where = f"/v1/clients/{office.clinic.register_client('Iga')}/holds"
    found = did("readHolds", officer.get(where))
    version = found.json()["version"]
    new = {"ground": "court", "review_on": "2027-06-01"}
    placed = did("placeHold", officer.post(where, new, version=version))
    hold = placed.json()["created"]["hold"]
    did("liftHold", officer.post(f"{where}/{hold}:lift", version=version + 1))


def _move(office: Office, did: Did, case: str) -> None:
    anna, officer = office.anna, office.officer
    right = office.clinic.open_case(office.clinic.register_client("Julia"))
    note = note_of(office, anna, case, "Her brother drinks.")
    moved = anna.post(f"/v1/cases/{case}/notes/{note}:move", {"belongs_to": right}, version=2)
    did("moveNote", moved)
    erasure = moved.json()["created"]["erasure"]
    did("readReaders", officer.get(f"/v1/erasures/{erasure}/readers"))
    did("withdrawErasure", officer.post(f"/v1/erasures/{erasure}:withdraw", version=1))
