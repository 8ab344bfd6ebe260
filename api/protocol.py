"""The destruction record (*protokół zniszczenia*), as text to print, sign and hand over.

It says what was destroyed, when, by whom, how and by what right (RET-03). Whose record it was
stands there by a pseudonym that nobody can resolve any more, and no content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from domain.erasure import DestructionRecord
from domain.events.erasure import ErasureGround, ErasureScope, HandOver

Language = Literal["pl", "en"]

_TITLE = {"pl": "PROTOKÓŁ ZNISZCZENIA", "en": "DESTRUCTION RECORD"}
_METHOD = {
    "pl": (
        "trwałe zniszczenie kluczy szyfrujących; szyfrogram pozostaje w dzienniku i nie da się"
        " odczytać"
    ),
    "en": (
        "the encryption keys were destroyed for good; the ciphertext stays in the log and cannot"
        " be read"
    ),
}
_SCOPES: dict[ErasureScope, Mapping[Language, str]] = {
    ErasureScope.ITEM: {"pl": "jeden wpis lub jego część", "en": "one entry, or a part of it"},
    ErasureScope.PURPOSE: {
        "pl": "dokumentacja kliniczna jednej osoby",
        "en": "the clinical record of one person",
    },
    ErasureScope.CLIENT: {
        "pl": "dokumentacja jednej osoby w całości",
        "en": "the whole record of one person",
    },
    ErasureScope.MEMBER: {
        "pl": "udział jednej osoby w dokumentacji wspólnej",
        "en": "one person's parts of a joint record",
    },
    ErasureScope.LOG_AGE: {
        "pl": "dziennik dostępu z jednego roku",
        "en": "the access log of one year",
    },
}
_GROUNDS: dict[ErasureGround, Mapping[Language, str]] = {
    ErasureGround.RETENTION_EXPIRED: {
        "pl": (
            "upływ okresu przechowywania (art. 29 ustawy o prawach pacjenta; art. 28 ustawy"
            " o zawodzie psychologa)"
        ),
        "en": (
            "the retention period has ended (Act on Patients' Rights, art. 29; Act on the"
            " Profession of Psychologist, art. 28)"
        ),
    },
    ErasureGround.ART_51: {
        "pl": "art. 51 ustawy o ochronie zdrowia psychicznego",
        "en": "Mental Health Protection Act, art. 51",
    },
    ErasureGround.WRONG_CLIENT: {
        "pl": "wpis w dokumentacji niewłaściwej osoby (art. 5 ust. 1 lit. d RODO)",
        "en": "an entry in the wrong person's record (GDPR art. 5(1)(d))",
    },
    ErasureGround.UNLAWFUL_RECORDING: {
        "pl": "utrwalenie niezgodne z prawem (art. 17 ust. 1 lit. d RODO)",
        "en": "unlawful recording (GDPR art. 17(1)(d))",
    },
    ErasureGround.CONSENT_WITHDRAWN: {
        "pl": "cofnięcie zgody (art. 17 ust. 1 lit. b RODO)",
        "en": "consent withdrawn (GDPR art. 17(1)(b))",
    },
    ErasureGround.MEMBER_ERASED: {
        "pl": "usunięcie danych jednego z uczestników (art. 17 RODO)",
        "en": "erasure of one participant (GDPR art. 17)",
    },
    ErasureGround.LOG_EXPIRED: {
        "pl": "upływ okresu przechowywania dziennika dostępu",
        "en": "the access log's retention period has ended",
    },
}
_HAND_OVERS: dict[HandOver, Mapping[Language, str]] = {
    HandOver.TAKEN: {"pl": "wydano osobie, której dotyczy", "en": "handed over to the client"},
    HandOver.DECLINED: {"pl": "osoba nie chciała odebrać", "en": "the client declined it"},
    HandOver.UNREACHABLE: {
        "pl": "z osobą nie było kontaktu",
        "en": "the client could not be reached",
    },
}
_WORDS: dict[str, Mapping[Language, str]] = {
    "clinic": {"pl": "Placówka", "en": "Clinic"},
    "request": {"pl": "Numer wniosku", "en": "Request"},
    "what": {"pl": "Co zniszczono", "en": "What was destroyed"},
    "clients": {"pl": "Oznaczenie osoby", "en": "Pseudonym of the client"},
    "case": {"pl": "Oznaczenie procesu", "en": "Pseudonym of the case"},
    "item": {"pl": "Oznaczenie wpisu", "en": "Pseudonym of the entry"},
    "part": {"pl": "Część wpisu", "en": "Part of the entry"},
    "author": {"pl": "Autor wpisu", "en": "Author of the entry"},
    "year": {"pl": "Rok", "en": "Year"},
    "ground": {"pl": "Podstawa", "en": "Ground"},
    "hand_over": {"pl": "Oferta wydania", "en": "Offer to hand over"},
    "when": {"pl": "Kiedy (UTC)", "en": "When (UTC)"},
    "requester": {"pl": "Na wniosek", "en": "Asked for by"},
    "custodian": {"pl": "Zatwierdził(a), klucz", "en": "Approved by, key"},
    "method": {"pl": "Sposób", "en": "Method"},
    "keys": {"pl": "Zniszczone klucze", "en": "Keys destroyed"},
    "proof": {"pl": "Pozycja w dzienniku", "en": "Position in the log"},
    "final_by": {"pl": "Kopie zapasowe kluczy wygasają do", "en": "Backups of keys expire by"},
    "signatures": {"pl": "Podpisy", "en": "Signatures"},
}


def render(
    record: DestructionRecord, origin: str, language: Language, names: Mapping[str, str]
) -> str:
    """The destruction record in a language; ``names`` are those of staff, by their ids."""

    def person(staff_id: str) -> str:
        name = names.get(staff_id)
        return staff_id if name is None else f"{name} ({staff_id})"

    target, gone = record.target, record.destroyed
    lines: list[tuple[str, object]] = [
        ("clinic", origin),
        ("request", record.erasure),
        ("what", _SCOPES[record.scope][language]),
        *(("clients", each) for each in target.clients),
        ("case", target.case),
        ("item", target.item),
        ("part", target.text_version),
        ("author", target.author and person(target.author)),
        ("year", target.year),
        ("ground", _GROUNDS[record.ground][language]),
        ("hand_over", record.hand_over and _HAND_OVERS[record.hand_over][language]),
        ("when", record.destroyed_at.strftime("%Y-%m-%d %H:%M:%S")),
        ("requester", person(record.requester)),
        *(("custodian", f"{person(each)}, {number}") for each, number in record.approvers),
        ("method", _METHOD[language]),
        ("keys", gone.keys + gone.items),
        ("proof", gone.position),
        ("final_by", gone.final_by and gone.final_by.isoformat()),
    ]
    told = [f"{_WORDS[word][language]}: {value}" for word, value in lines if value is not None]
    signatures = f"{_WORDS['signatures'][language]}: {'_' * 24}   {'_' * 24}"
    return "\n".join([_TITLE[language], "", *told, "", signatures, ""])
