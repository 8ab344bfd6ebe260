"""A case pack lies under the keys of whom it is about, and goes with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import NotThere, Sealed
from domain.events.case_pack import CasePackDrafted, CasePackLinked, PackAlias
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.events.supervision import SupervisionForm
from domain.ports import STREAM
from domain.pseudonyms import Known, Person
from domain.use_cases import case_packs, supervision
from domain.use_cases.case_packs import Prepared
from domain.use_cases.erasures import NewErasure
from domain.use_cases.supervision import NewSupervision
from domain.values import FreeText, ItemId, PurposeOfUse, Section
from infrastructure.errors import KeyGone
from projections.supervision import SupervisionProjection
from tests.support.clinic import SmallClinic, command
from tests.support.erasing import Erasing
from tests.support.opened import words


def drafted(clinic: SmallClinic, case: str, text: str = "[A] was silent.") -> ItemId:
    """A pack of Anna's for Bartek, confirmed and issued."""
    desk, people = clinic.desk, clinic.people
    who, now = clinic.who(people.anna), clinic.clock.now()
    new = NewSupervision(SupervisionForm.INDIVIDUAL, (people.anna,), now.date(), people.bartek)
    arranged = clinic.run(supervision.arrange_supervision(desk, who, new, command=command()))
    frame, _ = desk.case(case)  # type: ignore[arg-type]  # an id is a text
    assert frame is not None
    prepared = Prepared(
        supervision=ItemId(arranged.named("supervision")),
        items=(ItemId("1" * 32),),
        sections=(Section("note", FreeText(text)),),
        known=Known((Person("A", ("Zofia", "Zielińska")),), offset=-timedelta(weeks=9)),
        aliases=(PackAlias("A", frame.clients[0]),),
    )
    made = clinic.run(case_packs.draft_case_pack(desk, who, frame.id, prepared, command=command()))
    pack = ItemId(made.named("case_pack"))
    for version, step in (
        (1, case_packs.confirm_case_pack(desk, who, frame.id, pack, expected=1, command=command())),
        (
            2,
            case_packs.issue_case_pack(
                desk,
                who,
                frame.id,
                pack,
                now + timedelta(days=80),
                expected=2,
                command=command(),
            ),
        ),
    ):
        assert clinic.run(step).versions == (version + 1,)
    clinic.catch_up()
    return pack


def test_how_a_pack_leads_back_to_the_record_stands_apart_under_its_authors_own_key(
    clinic: SmallClinic,
) -> None:
    pack = drafted(clinic, clinic.open_case())
    record, index = clinic.clinic.folder.record, clinic.desk.index
    link = index.fingerprint(STREAM, f"case-pack/{pack}")
    (linked,) = record.read(link)
    assert isinstance(linked.event, CasePackLinked)
    assert linked.owner.id == clinic.people.anna
    assert (linked.event.offset_days, linked.concerning) == (-63, ())
    first = record.read(pack)[0]
    assert isinstance(first.event, CasePackDrafted)
    assert first.owner.id == clinic.people.client
    bartek = clinic.who(clinic.people.bartek, PurposeOfUse.SUPERVISION)
    _, opening, _ = clinic.run(case_packs.look_at_case_pack(clinic.desk, bartek, pack))
    views = clinic.views.supervisions
    assert views.open(clinic.people.bartek, [pack], opening)
    assert views.link(clinic.people.bartek, pack, opening) is None
    with pytest.raises(NotThere):
        views.link(clinic.people.anna, pack, opening)


def test_after_the_clients_erasure_her_pack_is_unreadable_too(erasing: Erasing) -> None:
    clinic, people = erasing.clinic, erasing.clinic.people
    client = clinic.register_client("Zofia")
    pack = drafted(clinic, clinic.open_case(client))
    (first, *_) = clinic.clinic.folder.record.read(pack)
    assert isinstance(first.event, CasePackDrafted)
    text = first.event.sections[0].text
    assert words(clinic.clinic.folder, text) == "[A] was silent."
    clinic.clock.move(timedelta(days=366 * 21))
    new = NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=client,
        hand_over=HandOver.DECLINED,
    )
    erasure_id = erasing.request(people.officer, new).named("erasure")
    erasing.approve(erasure_id, erasing.bartek, 1)
    erasing.approve(erasure_id, erasing.outsider, 2)
    erasing.complete(erasure_id)
    with pytest.raises((KeyGone, Sealed)):
        words(clinic.clinic.folder, text)
    clinic.catch_up()
    rows = clinic.views.supervisions.readings(people.anna)
    assert pack not in {each.item for each in rows}
    assert clinic.clinic.rebuild(SupervisionProjection.name).equal
