"""Sign-ins for trying the clinic out after the play: one person of each role."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.compose import Clinic
from api.demo.play import Played


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user name with its one-time password, which is shown once and kept nowhere."""

    name: str
    person: str
    role: str
    password: str = field(repr=False)


_ROLES = {
    "agnieszka": "clinician",
    "zuzanna": "reception",
    "bogdan": "compliance",
    "halina": "administrator",
}


def sign_ins(clinic: Clinic, played: Played) -> tuple[SignIn, ...]:
    """An account for each; slow on purpose, so call it outside an event loop.

    Raises:
        PasswordRefused: There are such accounts already.
    """
    client = played.client
    found = []
    for key, role in (*_ROLES.items(), (client.key, "client")):
        person = played.people[key]
        password = clinic.accounts.add(key, person.kind, person.id)
        found.append(SignIn(key, person.name, role, password))
    return tuple(found)
