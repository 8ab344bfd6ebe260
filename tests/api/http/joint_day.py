"""A day of groups, couples, families and minors at the door: every operation once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from httpx2 import Response

from domain.values import Format
from tests.api.http.support import Office
from tests.support.joint_acts import aliases_of

Did = Callable[[str, Response], Response]
PLAN = {"kind": "open", "least": 2, "most": 8, "inclusion": "Adults after a loss."}
EARLIER = "2026-03-02T08:00:00Z"


def made(response: Response, what: str) -> str:
    """The id of what was created."""
    assert response.status_code == 201, response.text
    return str(response.json()["created"][what])


def form_groups(office: Office, did: Did) -> None:
    """A group of Bartek's, from its plan to its end."""
    bartek, clinic = office.bartek, office.clinic
    new = {"clients": [], "format": "group", "school": "integrative"}
    where = f"/v1/cases/{made(bartek.post('/v1/cases', new), 'case')}"
    group = made(did("openGroup", bartek.post(f"{where}/groups", PLAN)), "group")

    def change(name: str, what: str, of: str, body: Any) -> Response:
        sent = bartek.post(f"{where}/{what}", body, version=office.version(of))
        return did(name, sent)

    ours = f"groups/{group}"
    change("reviseGroup", f"{ours}:revise", group, {**PLAN, "kind": "closed"})
    change("makeGroupAgreement", f"{ours}:make-agreement", group, {"words": "It stays here."})
    candidates = []
    for name in ("Ada", "Ewa"):
        client = clinic.register_client(name)
        named = bartek.post(f"{where}/candidates", {"client": client})
        candidate = made(did("nameCandidate", named), "candidate")
        talk = {"occurred_at": EARLIER, "suitability": "suitable", "words": "She listens."}
        hers = f"candidates/{candidate}"
        change("screenCandidate", f"{hers}:screen", candidate, talk)
        asked = {"decision": "knows-nobody", "knows": []}
        change("checkAcquaintances", f"{hers}:check-acquaintances", candidate, asked)
        change("waitlistCandidate", f"{hers}:waitlist", candidate, {"place": 1})
        change("acceptCandidate", f"{hers}:accept", candidate, {"words": "The group needs her."})
        agreed = {"occurred_at": EARLIER, "terms": 3}
        change("acceptGroupAgreement", f"{hers}:accept-agreement", candidate, agreed)
        case = where.rpartition("/")[2]
        member = f"{where}/members/{client}"
        assert bartek.put(member, version=office.version(case)).status_code == 200
        candidates.append(candidate)
    for name, verb in (("declineCandidate", "decline"), ("withdrawCandidate", "withdraw")):
        client = clinic.register_client("Iga")
        other = made(bartek.post(f"{where}/candidates", {"client": client}), "candidate")
        change(name, f"candidates/{other}:{verb}", other, {"words": "It is too early."})
    met = {"occurred_at": EARLIER, "present": candidates}
    change("holdPreparatoryMeeting", f"{ours}:hold-meeting", group, met)
    change("beginGroup", f"{ours}:begin", group, {"occurred_at": EARLIER})
    closed = change("closeGroup", f"{ours}:close", group, {"words": "It has come to its end."})
    did("readGroups", bartek.get(f"{where}/groups", after=closed))
    did("readCandidates", bartek.get(f"{where}/candidates"))
    did("readComposition", bartek.get(f"{where}/composition?on=2026-03-02"))


def agree(office: Office, did: Did) -> None:
    """A couple of Bartek's: secrets, who is who, a release; a mark."""
    bartek, clinic = office.bartek, office.clinic
    one, other = (clinic.register_client(name) for name in ("Ada", "Jan"))
    case = clinic.open_case(one, other, by=bartek.id, room=Format.COUPLE)
    where, (mine, his) = f"/v1/cases/{case}", sorted(aliases_of(clinic, case))
    terms = {"policy": "no-secrets", "agreed_by": [mine], "occurred_at": EARLIER}
    agreed = did("agreeOnSecrecy", bartek.post(f"{where}/secrecy-agreements", terms))
    path = f"{where}/secrecy-agreements/{made(agreed, 'secrecy')}:revise"
    both = {**terms, "agreed_by": [mine, his]}
    did("reviseSecrecy", bartek.post(path, both, version=1))
    role = bartek.put(f"{where}/participants/{mine}/role", {"part": "partner"})
    did("recordRole", role)
    wish = {"recipient": "The court.", "content": "Last year's sessions."}
    release = made(did("proposeRelease", bartek.post(f"{where}/releases", wish)), "release")
    path, word = f"{where}/releases/{release}", {"alias": mine, "occurred_at": EARLIER}
    did("consentToRelease", bartek.post(f"{path}:consent", word, version=1))
    did("withdrawReleaseConsent", bartek.post(f"{path}:withdraw-consent", word, version=2))
    mark = {"item": release, "kind": "domestic-violence", "words": "He must not read it."}
    marked = made(did("markItem", bartek.post(f"{where}/marks", mark)), "mark")
    reason = {"words": "She lives elsewhere now."}
    lifted = did("liftMark", bartek.post(f"{where}/marks/{marked}:lift", reason, version=1))
    did("readSecrecy", bartek.get(f"{where}/secrecy-agreements", after=lifted))
    did("readParticipants", bartek.get(f"{where}/participants"))
    did("readReleases", bartek.get(f"{where}/releases"))
    did("readMarks", bartek.get(f"{where}/marks"))


def guard(office: Office, did: Did) -> None:
    """A representative of one of Bartek's clients is limited by a court, for a time."""
    bartek, clinic = office.bartek, office.clinic
    client = clinic.register_client("Lena")
    clinic.open_case(client, by=bartek.id)
    where = f"/v1/clients/{client}"
    speaker = {
        "authority": "holder-of-parental-authority",
        "given_name": "Piotr",
        "family_name": "Z",
    }
    version = office.version(client)
    father = made(
        office.reception.post(f"{where}/representatives", speaker, version=version),
        "representative",
    )
    order = {"ground": "court-order", "forbids": ["contact"], "since": "2026-01-10"}
    path = f"{where}/representatives/{father}/limits"
    limited = did("limitRepresentative", bartek.post(path, order, version=version + 1))
    path = f"{where}/limits/{made(limited, 'limit')}:end"
    ended = did("endLimit", bartek.post(path, {"on": "2026-02-28"}, version=version + 2))
    did("readGuardianship", bartek.get(f"{where}/guardianship", after=ended))


def sit(office: Office, did: Did) -> None:
    """All of it."""
    form_groups(office, did)
    agree(office, did)
    guard(office, did)
