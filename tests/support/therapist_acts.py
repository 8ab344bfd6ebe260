"""What therapists do about themselves in a clinic's life: portfolio, conflicts, supervision."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from domain import portfolio as portfolio_file
from domain.events.case_pack import CasePackHandedOver, PackAlias
from domain.events.conflict import ConflictKind
from domain.events.portfolio import (
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    OwnTherapyAttested,
    QualificationKind,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.events.supervision import OutsideSupervisor, SupervisionForm
from domain.pseudonyms import Known, Person
from domain.use_cases import brought, case_packs, conflicts, portfolio, supervision
from domain.use_cases.case_packs import Prepared
from domain.use_cases.conflicts import Somebody
from domain.use_cases.supervision import NewMeeting, NewSupervision
from domain.values import CaseId, Format, FreeText, ItemId, PractitionerId, Section
from tests.support.clinic import command

if TYPE_CHECKING:
    from tests.support.life import Life

_FEW = 4
_DAY = date(2026, 1, 17)


def _recent(life: Life, what: str, chance: int) -> tuple[CaseId, ItemId]:
    """One of the last few; without any, nothing is done."""
    things = life.things[what]
    return things[-1 - chance % min(len(things), _FEW)]


def keep(life: Life, chance: int) -> None:
    """Record something in Anna's portfolio."""
    own, now = life.clinic.people.anna, life.clinic.clock.now().date()
    expires = now + timedelta(days=chance % 400 + 50)
    named = {"title": f"Title {chance}", "issuer": "PTP"}

    def decide(state: portfolio_file.Portfolio, item: ItemId) -> tuple:  # type: ignore[type-arg]
        match chance // 11 % 5:
            case 0:
                qualified = QualificationRecorded(
                    qualification=item,
                    practitioner=own,
                    kind=QualificationKind.OTHER,
                    obtained_on=_DAY,
                    **named,
                )
                return portfolio_file.record_qualification(state, qualified, today=now)
            case 1:
                certified = CertificateGranted(
                    certificate=item,
                    practitioner=own,
                    granted_on=_DAY,
                    expires_on=expires,
                    **named,
                )
                return portfolio_file.grant_certificate(state, certified, today=now)
            case 2:
                trained = TrainingCompleted(
                    training=item,
                    practitioner=own,
                    title=f"Training {chance}",
                    provider="A centre",
                    completed_on=_DAY,
                    minutes=chance + 1,
                    points=3,
                )
                return portfolio_file.complete_training(state, trained, today=now)
            case 3:
                attested = OwnTherapyAttested(
                    attestation=item, practitioner=own, first_on=_DAY, last_on=_DAY, hours=20
                )
                return portfolio_file.attest_own_therapy(state, attested, today=now)
            case _:
                room = Format.FAMILY if chance % 2 else None
                youngest = None if room else 40
                limit = LimitDeclared(limit=item, practitioner=own, format=room, youngest=youngest)
                return portfolio_file.declare_limit(state, limit)

    who = life.clinic.who(own)
    work = portfolio.keep(life.clinic.desk, who, "item", decide, command=command())
    item = ItemId(life.clinic.run(work).named("item"))
    life.things["certificate" if chance // 11 % 5 == 1 else "limit"].append((CaseId(""), item))


def renew(life: Life, chance: int) -> object:
    """Renew a certificate, or lift a limit: whichever of the two it is."""
    own, now = life.clinic.people.anna, life.clinic.clock.now().date()
    certificate = _recent(life, "certificate", chance)[1]
    limit = _recent(life, "limit", chance)[1]
    renewed = CertificateRenewed(
        certificate=certificate,
        practitioner=own,
        renewed_on=now,
        expires_on=now + timedelta(days=chance % 900),
    )
    lifted = LimitLifted(limit=limit, practitioner=own)
    return portfolio.keep(
        life.clinic.desk,
        life.clinic.who(own),
        "item",
        lambda state, _: (
            portfolio_file.lift_limit(state, lifted)
            if chance % 3 == 0
            else portfolio_file.renew_certificate(state, renewed, today=now)
        ),
        command=command(),
    )


def declare(life: Life, chance: int) -> None:
    """Bartek declares a conflict, mostly with nobody who is here."""
    somebody = Somebody(email=f"{chance}@example.invalid", named=("A", f"B{chance}", _DAY))
    who = life.clinic.who(life.clinic.people.bartek)
    kind = list(ConflictKind)[chance % len(ConflictKind)]
    person = FreeText(f"Somebody {chance}")
    work = conflicts.declare_conflict(
        life.clinic.desk, who, kind, somebody, person, command=command()
    )
    conflict = ItemId(life.clinic.run(work).named("conflict"))
    life.things["conflict"].append((CaseId(""), conflict))


def withdraw(life: Life, chance: int) -> object:
    """Bartek withdraws a conflict."""
    who, (_, conflict) = (
        life.clinic.who(life.clinic.people.bartek),
        _recent(life, "conflict", chance),
    )
    return conflicts.withdraw_conflict(life.clinic.desk, who, conflict, command=command())


def arrange(life: Life, chance: int) -> None:
    """Anna arranges supervision with Bartek, or with somebody outside."""
    people = life.clinic.people
    outside = OutsideSupervisor("Dr Hanna Example", "certified", "agreement", _DAY)
    new = NewSupervision(
        form=SupervisionForm.INDIVIDUAL,
        supervisees=(people.anna,),
        starts_on=_DAY,
        supervisor=people.bartek if chance % 2 else None,
        outside=None if chance % 2 else outside,
    )
    who = life.clinic.who(people.anna)
    work = supervision.arrange_supervision(life.clinic.desk, who, new, command=command())
    item = ItemId(life.clinic.run(work).named("supervision"))
    life.things["supervision"].append((CaseId(""), item))


def meet(life: Life, chance: int) -> object:
    """They meet, with a pack or without, or stop meeting."""
    desk, who = life.clinic.desk, life.clinic.who(life.clinic.people.anna)
    _, item = _recent(life, "supervision", chance)
    if chance // 11 % 5 == 0:
        return supervision.end_supervision(
            desk,
            who,
            item,
            life.clinic.clock.now().date(),
            expected=life.clinic.version(item),
            command=command(),
        )
    packs = (_recent(life, "case_pack", chance)[1],) if chance % 3 == 0 else ()
    new = NewMeeting(life.clinic.clock.now(), 45 + chance % 90, (life.clinic.people.anna,), packs)
    return supervision.hold_supervision(desk, who, item, new, command=command())


def bring(life: Life, chance: int) -> object:
    """Mark a case, bring it, or write down what was advised about it."""
    desk, case = life.clinic.desk, life.cases[chance % len(life.cases)]
    who, words = life.clinic.who(life.clinician(chance, case)), FreeText(f"Question {chance}")
    match chance // 11 % 3:
        case 0:
            work = brought.mark_case(desk, who, case, words, command=command())
            mark = ItemId(life.clinic.run(work).named("mark"))
            life.things["mark"].append((case, mark))
            return None
        case 1:
            case, mark = _recent(life, "mark", chance)
            return brought.bring_case(desk, who, case, mark, command=command())
        case _:
            _, item = _recent(life, "supervision", chance)
            return brought.record_advice(desk, who, case, item, words, command=command())


def pack(life: Life, chance: int) -> None:
    """Anna puts a pack together."""
    case = life.cases[chance % len(life.cases)]
    frame, _ = life.clinic.desk.case(case)
    assert frame is not None
    prepared = Prepared(
        supervision=_recent(life, "supervision", chance)[1],
        items=(ItemId(f"{chance:032x}"),),
        sections=(Section("note", FreeText(f"[A] {chance}")),),
        known=Known((Person("A", ("Zofia",)),), offset=-timedelta(weeks=chance % 50 + 3)),
        aliases=(PackAlias("A", frame.clients[0]),),
    )
    who = life.clinic.who(life.clinic.people.anna)
    work = case_packs.draft_case_pack(life.clinic.desk, who, case, prepared, command=command())
    item = ItemId(life.clinic.run(work).named("case_pack"))
    life.things["case_pack"].append((case, item))
    if chance % 3:
        desk, until = life.clinic.desk, life.clinic.clock.now() + timedelta(days=20)
        confirmed = case_packs.confirm_case_pack(
            desk, who, case, item, expected=1, command=command()
        )
        life.clinic.run(confirmed)
        issued = case_packs.issue_case_pack(
            desk, who, case, item, until, expected=2, command=command()
        )
        life.clinic.run(issued)


def change_pack(life: Life, chance: int) -> object:
    """Anna confirms, issues, hands over or revokes a pack; or looks at it."""
    desk, (case, item) = life.clinic.desk, _recent(life, "case_pack", chance)
    anna: PractitionerId = life.clinic.people.anna
    who, now, version = life.clinic.who(anna), life.clinic.clock.now(), life.clinic.version(item)
    match chance // 11 % 6:
        case 0 | 1:
            return case_packs.confirm_case_pack(
                desk, who, case, item, expected=version, command=command()
            )
        case 2 | 3:
            until = now + timedelta(days=20)
            return case_packs.issue_case_pack(
                desk, who, case, item, until, expected=version, command=command()
            )
        case 4:
            handed = CasePackHandedOver(
                pack=item,
                case=case,
                author=anna,
                entry=ItemId(f"{chance:032x}"),
                recipient="Dr Hanna Example",
                occurred_at=now,
                page="0" * 64,
            )
            return case_packs.hand_over_case_pack(
                desk, who, handed, expected=version, command=command()
            )
        case _:
            if chance % 3 == 0:
                return case_packs.look_at_case_pack(desk, who, item)
            return case_packs.revoke_case_pack(
                desk, who, case, item, expected=version, command=command()
            )


ACTS = (
    *(keep, keep, renew, declare, withdraw),
    *(arrange, meet, meet, bring, bring),
    *(pack, change_pack, change_pack, change_pack),
)
