"""Everybody in the demonstration, all invented: who works here and who comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.events.client import ClientContactChanged, ClientIdentified, Sex
from domain.use_cases.administrator import NewPractitioner
from domain.use_cases.registration import Registration as NewClient
from domain.values import (
    ActorId,
    ActorKind,
    Address,
    PurposeOfUse,
    Registration,
    RegistrationKind,
    Role,
    School,
)

_NONE = Registration(RegistrationKind.NONE)


def _certificate(number: str) -> Registration:
    return Registration(
        RegistrationKind.CERTIFICATE, number, "Szkoła Psychoterapii „Przęsło” (wymyślona)"
    )


STAFF = {
    "halina": NewPractitioner(
        "Halina", "Brzezicka", "administratorka", _NONE, (Role.ADMINISTRATOR,)
    ),
    "agnieszka": NewPractitioner(
        "Agnieszka",
        "Lipska-Wrona",
        "mgr, psychoterapeutka",
        _certificate("118/2014"),
        (Role.CLINICIAN,),
        School.COGNITIVE_BEHAVIOURAL,
    ),
    "eleanor": NewPractitioner(
        "Eleanor",
        "Whitcombe",
        "MSc, psychotherapist",
        _certificate("241/2009"),
        (Role.CLINICIAN,),
        School.HUMANISTIC_EXISTENTIAL,
    ),
    "jakub": NewPractitioner(
        "Jakub",
        "Sarnowski",
        "mgr, psychoterapeuta w trakcie szkolenia",
        Registration(RegistrationKind.IN_TRAINING),
        (Role.CLINICIAN,),
        School.SYSTEMIC,
    ),
    "marek": NewPractitioner(
        "Marek",
        "Dębicki",
        "dr, psychoterapeuta",
        _certificate("007/1996"),
        (Role.CLINICIAN,),
        School.PSYCHODYNAMIC,
    ),
    "zuzanna": NewPractitioner("Zuzanna", "Kmieć", "recepcja", _NONE, (Role.RECEPTION,)),
    "bogdan": NewPractitioner(
        "Bogdan", "Jaworek", "specjalista ds. zgodności", _NONE, (Role.COMPLIANCE,)
    ),
    # She works elsewhere, comes last, and sees requests for erasure alone.
    "renata": NewPractitioner("Renata", "Osiecka", "radczyni prawna", _NONE, (Role.CUSTODIAN,)),
}


def _client(
    given_name: str,
    family_name: str,
    birth_date: date,
    sex: Sex,
    contact: ClientContactChanged,
    pesel: str | None = None,
) -> NewClient:
    return NewClient(ClientIdentified(
        given_name=given_name,
        family_name=family_name,
        birth_date=birth_date,
        sex=sex,
        pesel=pesel,
    ), contact)  # fmt: skip


def _contact(
    phone: str, email: str | None = None, address: Address | None = None
) -> ClientContactChanged:
    return ClientContactChanged(phone=phone, email=email, address=address)


CLIENTS = {
    # A number with the right check digit and a month that no calendar has: nobody's.
    "karolina": _client(
        "Karolina",
        "Zych",
        date(1991, 5, 14),
        Sex.FEMALE,
        _contact("+48 500 000 114", "k.zych@poczta.example"),
        pesel="91605504178",
    ),
    "miriam": _client(
        "Miriam",
        "Hale",
        date(1967, 3, 10),
        Sex.FEMALE,
        _contact("+48 500 000 203", address=Address("ul. Introligatorska 4/2", "00-000", "Zawory")),
    ),
    "iwona": _client("Iwona", "Gajda", date(1985, 11, 2), Sex.FEMALE, _contact("+48 500 000 318")),
    "pawel": _client("Paweł", "Gajda", date(1983, 1, 27), Sex.MALE, _contact("+48 500 000 319")),
    "szymon": _client("Szymon", "Kruk", date(1979, 8, 8), Sex.MALE, _contact("+48 500 000 422")),
    "norbert": _client(
        "Norbert", "Wilga", date(1990, 2, 19), Sex.MALE, _contact("+48 500 000 501")
    ),
    "kinga": _client("Kinga", "Sroka", date(1994, 7, 30), Sex.FEMALE, _contact("+48 500 000 502")),
    "teresa": _client(
        "Teresa", "Olszak", date(1972, 12, 5), Sex.FEMALE, _contact("+48 500 000 503")
    ),
    "oskar": _client("Oskar", "Lenart", date(1998, 4, 21), Sex.MALE, _contact("+48 500 000 504")),
    "beata": _client("Beata", "Furman", date(1981, 9, 16), Sex.FEMALE, _contact("+48 500 000 505")),
    "marta": _client(
        "Marta", "Jodłowska", date(1988, 6, 3), Sex.FEMALE, _contact("+48 500 000 506")
    ),
}
GROUP = ("norbert", "kinga", "teresa", "oskar", "beata")
"""With whom the group begins; one of them leaves, and Marta comes."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the story in the record: an actor, with the purpose that she acts for."""

    key: str
    name: str
    id: ActorId
    kind: ActorKind
    purpose: PurposeOfUse
    address: str


def purpose_of(role: Role) -> PurposeOfUse:
    """What somebody in this role ordinarily acts for."""
    match role:
        case Role.CLINICIAN:
            return PurposeOfUse.TREAT
        case Role.COMPLIANCE:
            return PurposeOfUse.ACCESS_REVIEW
        case Role.ADMINISTRATOR | Role.SYSTEM:
            return PurposeOfUse.HSYSADMIN
        case Role.CLIENT:
            return PurposeOfUse.PATRQT
        case Role.RECEPTION | Role.INTEGRATION | Role.CUSTODIAN:
            return PurposeOfUse.HOPERAT


def names() -> tuple[str, ...]:
    """Every given and family name, for whoever looks for traces of one."""
    staff = [each for new in STAFF.values() for each in (new.given_name, new.family_name)]
    clients = [
        each
        for new in CLIENTS.values()
        for each in (new.identity.given_name, new.identity.family_name)
    ]
    return tuple(dict.fromkeys(staff + clients))
