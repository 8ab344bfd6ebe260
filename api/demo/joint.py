"""A group is formed, a family agrees, a court limits a father: joint work at the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain import candidate as candidate_file
from domain.candidate import Candidate
from domain.events.client import Authority, ClientIdentified, ClientRepresentativeAdded, Sex
from domain.events.group import (
    Acquaintance,
    CandidateEvent,
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    GroupKind,
    GroupPreparatoryMeetingHeld,
    Size,
    Suitability,
)
from domain.events.guardianship import ClientRepresentativeLimited, LimitGround, Matter
from domain.events.joint import Overlay, PartInSystem, SecrecyPolicy
from domain.group import Group
from domain.use_cases import agreements, candidates, groups, guarding, registration
from domain.use_cases.agreements import NewMark, Terms, Word
from domain.use_cases.groups import Plan
from domain.use_cases.on_case import OnCase
from domain.use_cases.registration import Registration
from domain.values import CaseId, Format, FreeText, ItemId, School

Decide = Callable[[OnCase, Candidate, Group], tuple[CandidateEvent, ...]]
_AGE = 15
ELEANOR, JAKUB = "eleanor", "jakub"


def text(case: str, what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words(case, what))


async def tell(play: Play, weeks: Weeks) -> None:
    """Both scenes."""
    play.move(weeks.at(5, 4, 16, 0))
    await _group_for_the_bereaved(play)
    await _family_agrees(play)


async def _group_for_the_bereaved(play: Play) -> None:
    await play.open_case(ELEANOR, "loss", (), (Format.GROUP, School.HUMANISTIC_EXISTENTIAL))
    case = play.cases["loss"]
    plan = Plan(GroupKind.OPEN, Size(2, 6), text("loss", "inclusion"), text("loss", "exclusion"))
    opening = groups.open_group(
        play.desk, play.who(ELEANOR), case, plan, command=command_of("joint", "group")
    )
    group = ItemId((await play.did("group", opening)).named("group"))
    closed = Plan(GroupKind.CLOSED, Size(2, 6), text("loss", "inclusion"))
    revising = groups.revise_group(
        play.desk,
        play.who(ELEANOR),
        case,
        group,
        closed,
        expected=1,
        command=command_of("joint", "closed"),
    )
    await play.did("group", revising)
    agreeing = groups.make_agreement(
        play.desk,
        play.who(ELEANOR),
        case,
        group,
        text("loss", "agreement"),
        expected=2,
        command=command_of("joint", "group agreement"),
    )
    await play.did("group", agreeing)
    considered = [await _candidate(play, case, each) for each in ("miriam", "teresa")]
    for each in ("miriam", "teresa"):
        await play.take_in(ELEANOR, "loss", each)
    await _who_does_not_join(play, case)
    held = GroupPreparatoryMeetingHeld(
        group=group,
        case=case,
        author=play.practitioner(ELEANOR),
        occurred_at=play.clinic.clock.now(),
        present=tuple(considered),
        words=text("loss", "meeting"),
    )
    meeting = groups.hold_meeting(
        play.desk, play.who(ELEANOR), held, expected=3, command=command_of("joint", "meeting")
    )
    await play.did("group", meeting)
    beginning = groups.begin_group(
        play.desk,
        play.who(ELEANOR),
        case,
        group,
        play.clinic.clock.now(),
        expected=4,
        command=command_of("joint", "begin group"),
    )
    await play.did("group", beginning)
    closing = groups.close_group(
        play.desk,
        play.who(ELEANOR),
        case,
        group,
        text("loss", "closing"),
        expected=5,
        command=command_of("joint", "close group"),
    )
    await play.did("group", closing)


async def _candidate(play: Play, case: CaseId, client: str) -> ItemId:
    """Somebody is considered, screened, asked whom she knows, accepted, and agrees."""
    item = await _named(play, case, client)
    by, now = play.practitioner(ELEANOR), play.clinic.clock.now()
    waiting = GroupCandidateWaitlisted(candidate=item, case=case, author=by, place=1)
    screened = GroupCandidateScreened(
        candidate=item,
        case=case,
        author=by,
        occurred_at=now,
        suitability=Suitability.SUITABLE,
        words=text("loss", f"screening_{client}"),
    )
    checked = GroupAcquaintancesChecked(
        candidate=item, case=case, author=by, decision=Acquaintance.KNOWS_NOBODY, knows=()
    )
    accepted = GroupCandidateAccepted(
        candidate=item, case=case, author=by, words=text("loss", "accepted")
    )

    def accept(admitted: OnCase, state: Candidate, group: Group) -> tuple[CandidateEvent, ...]:
        return candidate_file.accept(state, accepted, group, len(admitted.case.clients))

    def agree(_: OnCase, state: Candidate, group: Group) -> tuple[CandidateEvent, ...]:
        agreed = GroupAgreementAccepted(
            candidate=item, case=case, author=by, occurred_at=now, terms=group.terms or 0
        )
        return candidate_file.accept_agreement(state, agreed, group, now=now)

    steps: tuple[Decide, ...] = (
        lambda _, state, __: candidate_file.waitlist(state, waiting),
        lambda _, state, __: candidate_file.screen(state, screened, now=now),
        lambda _, state, __: candidate_file.check_acquaintances(state, checked, ()),
        accept,
        agree,
    )
    for number, decide in enumerate(steps, start=1):
        await _step(play, case, item, decide, number)
    return item


async def _who_does_not_join(play: Play, case: CaseId) -> None:
    """One is declined, and one does not want it after all."""
    by = play.practitioner(ELEANOR)
    szymon, norbert = [await _named(play, case, each) for each in ("szymon", "norbert")]
    declined = GroupCandidateDeclined(
        candidate=szymon, case=case, author=by, words=text("loss", "declined")
    )
    withdrew = GroupCandidateWithdrew(candidate=norbert, case=case, author=by)
    await _step(play, case, szymon, lambda _, state, __: candidate_file.decline(state, declined), 1)
    await _step(
        play, case, norbert, lambda _, state, __: candidate_file.withdraw(state, withdrew), 1
    )


async def _step(play: Play, case: CaseId, item: ItemId, decide: Decide, number: int) -> None:
    act = candidates.change_candidate(
        play.desk,
        play.who(ELEANOR),
        case,
        item,
        decide,
        expected=number,
        command=command_of("joint", "candidate", item, str(number)),
    )
    await play.did("candidate", act)


async def _named(play: Play, case: CaseId, client: str) -> ItemId:
    act = candidates.name_candidate(
        play.desk,
        play.who(ELEANOR),
        case,
        play.client(client),
        text("loss", "wish") if client == "miriam" else None,
        command=command_of("joint", "candidate", client),
    )
    return ItemId((await play.did("candidate", act)).named("candidate"))


async def _family_agrees(play: Play) -> None:
    today = play.clinic.clock.now().date()
    born = date(today.year - _AGE, 1, 2)
    daughter = ClientIdentified(
        given_name="Lena", family_name="Rzepka", birth_date=born, sex=Sex.FEMALE
    )
    mother = ClientIdentified(
        given_name="Dorota", family_name="Rzepka", birth_date=date(1979, 6, 11), sex=Sex.FEMALE
    )
    await play.register("zuzanna", "lena", Registration(daughter))
    await play.register("zuzanna", "dorota", Registration(mother))
    await play.open_case(JAKUB, "family", ("lena", "dorota"), (Format.FAMILY, School.SYSTEMIC))
    first, second = [await _parent(play, each) for each in ("Dorota", "Tomasz")]
    await _court(play, second)
    await _secrets(play)
    await _release(play, first)


async def _parent(play: Play, name: str) -> ItemId:
    """A holder of parental authority, each of them a person of her own."""
    added = ClientRepresentativeAdded(
        representative=ItemId(play.desk.identifiers.new()),
        authority=Authority.PARENTAL_AUTHORITY,
        given_name=name,
        family_name="Rzepka",
    )
    _, version = play.desk.client(play.client("lena"))
    act = registration.add_representative(
        play.desk,
        play.who("zuzanna"),
        play.client("lena"),
        added,
        expected=version,
        command=command_of("joint", "parent", name),
    )
    await play.did("client", act)
    return added.representative


async def _court(play: Play, father: ItemId) -> None:
    """A court forbids the father contact; later it ends."""
    today = play.clinic.clock.now().date()
    limited = ClientRepresentativeLimited(
        limit=ItemId(play.desk.identifiers.new()),
        representative=father,
        author=play.practitioner(JAKUB),
        ground=LimitGround.COURT_ORDER,
        forbids=(Matter.CONTACT, Matter.CONSENT),
        since=today,
        court="Sąd Rejonowy w Zaworach",
        words=text("family", "order"),
    )
    client = play.client("lena")
    _, version = play.desk.client(client)
    act = guarding.limit_representative(
        play.desk,
        play.who(JAKUB),
        client,
        limited,
        expected=version,
        command=command_of("joint", "limit"),
    )
    await play.did("client", act)
    end = guarding.end_limit(
        play.desk,
        play.who(JAKUB),
        client,
        limited.limit,
        date(today.year + 1, 6, 30),
        expected=version + 1,
        command=command_of("joint", "limit ends"),
    )
    await play.did("client", end)


async def _secrets(play: Play) -> None:
    """What one tells alone is decided case by case; who is who; a mark on the agreement."""
    case, now, desk = play.cases["family"], play.clinic.clock.now(), play.desk
    aliases = {each: play.alias("family", each) for each in ("lena", "dorota")}
    first = Terms(SecrecyPolicy.NO_SECRETS, (aliases["dorota"],), now)
    agreeing = agreements.agree_on_secrecy(
        desk, play.who(JAKUB), case, first, command=command_of("joint", "secrecy")
    )
    item = ItemId((await play.did("agreement", agreeing)).named("secrecy"))
    both = Terms(
        SecrecyPolicy.CASE_BY_CASE, tuple(aliases.values()), now, text("family", "secrecy")
    )
    revising = agreements.revise_secrecy(
        desk,
        play.who(JAKUB),
        case,
        item,
        both,
        expected=1,
        command=command_of("joint", "secrecy again"),
    )
    await play.did("agreement", revising)
    for client, part in (("lena", PartInSystem.CHILD), ("dorota", PartInSystem.MOTHER)):
        role = agreements.record_role(
            desk,
            play.who(JAKUB),
            case,
            aliases[client],
            part,
            None,
            command=command_of("joint", "role", client),
        )
        await play.did("agreement", role)
    mark = NewMark(item, Overlay.MINOR_CONFIDENTIAL, text("family", "mark"), aliases["lena"])
    marking = agreements.mark_item(
        desk, play.who(JAKUB), case, mark, command=command_of("joint", "mark")
    )
    marked = ItemId((await play.did("agreement", marking)).named("mark"))
    lifting = agreements.lift_mark(
        desk,
        play.who(JAKUB),
        case,
        marked,
        text("family", "mark_lifted"),
        expected=1,
        command=command_of("joint", "mark lifted"),
    )
    await play.did("agreement", lifting)


async def _release(play: Play, mother: ItemId) -> None:
    """The mother consents for her daughter, and thinks better of it."""
    case, now, desk = play.cases["family"], play.clinic.clock.now(), play.desk
    wish = (text("family", "recipient"), text("family", "content"))
    asking = agreements.propose_release(
        desk, play.who(JAKUB), case, wish, command=command_of("joint", "release")
    )
    item = ItemId((await play.did("agreement", asking)).named("release"))
    word = Word(play.alias("family", "lena"), now, mother)
    for number, (what, say) in enumerate(
        (
            ("yes", agreements.consent_to_release),
            ("no", agreements.withdraw_consent_to_release),
        ),
        start=1,
    ):
        act = say(
            desk,
            play.who(JAKUB),
            case,
            item,
            word,
            expected=number,
            command=command_of("joint", "release", what),
        )
        await play.did("agreement", act)
