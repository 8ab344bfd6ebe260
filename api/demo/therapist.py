"""Therapists about themselves at the demonstration: portfolio, a conflict, supervision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from api.case_page import digest, page
from api.demo.cast import CLIENTS
from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain import portfolio as portfolio_file
from domain.events.case_pack import CasePackHandedOver, PackAlias
from domain.events.conflict import ConflictKind
from domain.events.portfolio import (
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    OwnTherapyAttested,
    PortfolioEvent,
    QualificationKind,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.events.supervision import OutsideSupervisor, SupervisionForm
from domain.portfolio import Portfolio
from domain.pseudonyms import Known, Person, pseudonymised
from domain.use_cases import brought, case_packs, conflicts, portfolio, supervision
from domain.use_cases.case_packs import Prepared
from domain.use_cases.conflicts import Somebody
from domain.use_cases.supervision import NewMeeting, NewSupervision
from domain.values import Format, FreeText, ItemId, PurposeOfUse, School, Section

BY, CASE, CLIENT, SUPERVISOR = "agnieszka", "panic", "karolina", "eleanor"
OUTSIDE = OutsideSupervisor(
    "dr Hanna Przykładowa", "certyfikat superwizora 12", "umowa z 2 stycznia", date(2026, 1, 2)
)


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("supervision", what))


async def tell(play: Play, weeks: Weeks) -> None:
    """What she keeps of herself, and what she brings to supervision."""
    play.move(weeks.at(5, 4, 18, 0))
    await _portfolio(play)
    await _conflict(play)
    await _inside(play)
    await _outside(play)


async def _keep(
    play: Play,
    what: str,
    decide: Callable[[Portfolio, ItemId], tuple[PortfolioEvent, ...]],
    item: ItemId | None = None,
) -> ItemId:
    act = portfolio.keep(
        play.desk,
        play.who(BY),
        "item",
        decide,
        command=command_of("therapist", "therapist", what),
        item=item,
    )
    return ItemId((await play.did("portfolio", act)).named("item"))


async def _portfolio(play: Play) -> None:
    own, today = play.practitioner(BY), play.clinic.clock.now().date()
    past = today - timedelta(days=400)
    named = {"title": "Psychoterapia poznawczo-behawioralna", "issuer": "Szkoła psychoterapii"}
    await _keep(
        play,
        "qualification",
        lambda state, item: portfolio_file.record_qualification(
            state,
            QualificationRecorded(
                qualification=item,
                practitioner=own,
                kind=QualificationKind.TRAINING_SCHOOL,
                obtained_on=past,
                **named,
            ),
            today=today,
        ),
    )
    until = today + timedelta(days=60)
    certificate = await _keep(
        play,
        "certificate",
        lambda state, item: portfolio_file.grant_certificate(
            state,
            CertificateGranted(
                certificate=item,
                practitioner=own,
                granted_on=past,
                number="417",
                expires_on=until,
                **named,
            ),
            today=today,
        ),
    )
    renewed = CertificateRenewed(
        certificate=certificate,
        practitioner=own,
        renewed_on=today,
        expires_on=until + timedelta(days=365 * 5),
    )
    await _keep(
        play,
        "renewal",
        lambda state, _: portfolio_file.renew_certificate(state, renewed, today=today),
        certificate,
    )
    await _keep(
        play,
        "training",
        lambda state, item: portfolio_file.complete_training(
            state,
            TrainingCompleted(
                training=item,
                practitioner=own,
                title="Ekspozycja w praktyce",
                provider="Ośrodek szkoleniowy",
                completed_on=past,
                minutes=480,
                points=8,
            ),
            today=today,
        ),
    )
    await _keep(
        play,
        "own therapy",
        lambda state, item: portfolio_file.attest_own_therapy(
            state,
            OwnTherapyAttested(
                attestation=item, practitioner=own, first_on=past, last_on=today, hours=60
            ),
            today=today,
        ),
    )
    limit = await _keep(
        play,
        "limit",
        lambda state, item: portfolio_file.declare_limit(
            state, LimitDeclared(limit=item, practitioner=own, oldest=50)
        ),
    )
    # Beyond her own limit: she is reminded, and begins all the same.
    held = (Format.INDIVIDUAL, School.COGNITIVE_BEHAVIOURAL)
    await play.open_case(BY, "beyond a limit", ("teresa",), held)
    lifted = LimitLifted(limit=limit, practitioner=own)
    await _keep(play, "lifting", lambda state, _: portfolio_file.lift_limit(state, lifted), limit)


async def _conflict(play: Play) -> None:
    somebody = Somebody(phone="+48 500 000 999")
    act = conflicts.declare_conflict(
        play.desk,
        play.who(BY),
        ConflictKind.RELATIVE,
        somebody,
        text("person"),
        command=command_of("therapist", "therapist", "conflict"),
    )
    conflict = ItemId((await play.did("conflict", act)).named("conflict"))
    withdrawing = conflicts.withdraw_conflict(
        play.desk,
        play.who(BY),
        conflict,
        command=command_of("therapist", "therapist", "no conflict"),
    )
    await play.did("conflict", withdrawing)


async def _arrange(play: Play, what: str, new: NewSupervision) -> ItemId:
    act = supervision.arrange_supervision(
        play.desk, play.who(BY), new, command=command_of("therapist", "therapist", "arrange", what)
    )
    return ItemId((await play.did("supervision", act)).named("supervision"))


async def _inside(play: Play) -> None:
    desk, case, own = play.desk, play.cases[CASE], play.practitioner(BY)
    now = play.clinic.clock.now()
    form, day = SupervisionForm.INDIVIDUAL, now.date() - timedelta(days=30)
    new = NewSupervision(form, (own,), day, play.practitioner(SUPERVISOR))
    arranged = await _arrange(play, "inside", new)
    marking = brought.mark_case(
        desk,
        play.who(BY),
        case,
        text("question"),
        command=command_of("therapist", "therapist", "mark"),
    )
    mark = ItemId((await play.did("supervision", marking)).named("mark"))
    pack = await _pack(play, "inside", arranged)
    await play.reach(play.last)
    reader = play.who(SUPERVISOR, PurposeOfUse.SUPERVISION)
    pack_seen, _, _ = await case_packs.look_at_case_pack(desk, reader, pack)
    meeting = supervision.hold_supervision(
        desk,
        play.who(BY),
        arranged,
        NewMeeting(now, 90, (own,), (pack_seen.id,)),
        command=command_of("therapist", "therapist", "meeting"),
    )
    await play.did("supervision", meeting)
    advising = brought.record_advice(
        desk,
        play.who(BY),
        case,
        arranged,
        text("advice"),
        command=command_of("therapist", "therapist", "advice"),
    )
    await play.did("supervision", advising)
    bringing = brought.bring_case(
        desk, play.who(BY), case, mark, command=command_of("therapist", "therapist", "brought")
    )
    await play.did("supervision", bringing)
    revoking = case_packs.revoke_case_pack(
        desk,
        play.who(BY),
        case,
        pack,
        expected=3,
        command=command_of("therapist", "therapist", "revoke"),
    )
    await play.did("case pack", revoking)


async def _outside(play: Play) -> None:
    desk, case, own = play.desk, play.cases[CASE], play.practitioner(BY)
    now = play.clinic.clock.now()
    form, day = SupervisionForm.INDIVIDUAL, now.date() - timedelta(days=30)
    arranged = await _arrange(play, "outside", NewSupervision(form, (own,), day, outside=OUTSIDE))
    pack = await _pack(play, "outside", arranged)
    entry = ItemId(desk.identifiers.new())
    handed = CasePackHandedOver(
        pack=pack,
        case=case,
        author=own,
        entry=entry,
        recipient=OUTSIDE.name,
        occurred_at=play.clinic.clock.now(),
        page=digest(page(entry, OUTSIDE.name, [("note", _shown(play).text.words or "")])),
    )
    handing = case_packs.hand_over_case_pack(
        desk,
        play.who(BY),
        handed,
        expected=3,
        command=command_of("therapist", "therapist", "hand over"),
    )
    await play.did("case pack", handing)
    ending = supervision.end_supervision(
        desk,
        play.who(BY),
        arranged,
        now.date(),
        expected=1,
        command=command_of("therapist", "therapist", "end supervision"),
    )
    await play.did("supervision", ending)


def _known(play: Play) -> Known:
    identity = CLIENTS[CLIENT].identity
    person = Person("A", (identity.given_name, identity.family_name), identity.birth_date)
    today = play.clinic.clock.now().date()
    return Known((person,), offset=-timedelta(weeks=17), today=today)


def _shown(play: Play) -> Section:
    known = _known(play)
    return Section("note", FreeText(pseudonymised(words(CASE, "second"), known, known.today)))


async def _pack(play: Play, what: str, arranged: ItemId) -> ItemId:
    """A pack of one note: drafted, confirmed, issued."""
    desk, case = play.desk, play.cases[CASE]
    prepared = Prepared(
        supervision=arranged,
        items=(ItemId(play.notes["panic second"].id),),
        sections=(_shown(play),),
        known=_known(play),
        aliases=(PackAlias("A", play.client(CLIENT)),),
    )
    drafting = case_packs.draft_case_pack(
        desk,
        play.who(BY),
        case,
        prepared,
        command=command_of("therapist", "therapist", "pack", what),
    )
    pack = ItemId((await play.did("case pack", drafting)).named("case_pack"))
    confirming = case_packs.confirm_case_pack(
        desk,
        play.who(BY),
        case,
        pack,
        expected=1,
        command=command_of("therapist", "therapist", "confirm", what),
    )
    await play.did("case pack", confirming)
    issuing = case_packs.issue_case_pack(
        desk,
        play.who(BY),
        case,
        pack,
        play.clinic.clock.now() + timedelta(days=30),
        expected=2,
        command=command_of("therapist", "therapist", "issue", what),
    )
    await play.did("case pack", issuing)
    return pack
