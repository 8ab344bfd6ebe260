"""What of a group lies under whose key, and in whose log a look at it stands."""

from __future__ import annotations

import pytest

from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere, WrongState
from domain.use_cases import candidates, members, on_item
from domain.values import CaseId, ItemId
from tests.support.clinic import SmallClinic, command
from tests.support.group_acts import bring_in, form_group
from tests.support.joint import destroy_content

TO_ACCEPTANCE = (0, 1, 2)


def considered(clinic: SmallClinic, case: CaseId) -> ItemId:
    """The client of the first day is considered."""
    receipt = clinic.run(
        candidates.name_candidate(
            clinic.desk,
            clinic.who(clinic.people.anna),
            case,
            clinic.people.client,
            None,
            command=command(),
        )
    )
    return ItemId(receipt.named("candidate"))


def join(clinic: SmallClinic, case: CaseId) -> None:
    """She joins, if she may."""
    clinic.run(
        members.join_case(
            clinic.desk,
            clinic.who(clinic.people.anna),
            case,
            clinic.people.client,
            expected=clinic.version(case),
            command=command(),
        )
    )


def test_what_is_said_of_a_candidate_is_hers_and_the_groups_own_is_the_cases(
    clinic: SmallClinic,
) -> None:
    case, group = form_group(clinic, clinic.people.anna)
    item = considered(clinic, case)
    bring_in(clinic, case, item, 0, clinic.people.anna)
    read = clinic.clinic.folder.record.read
    assert {each.owner for each in read(group)} == {Owner(OwnerKind.CASE, case)}
    own = read(item)
    assert {each.owner.id for each in own} == {clinic.people.client}
    assert {(each.label.cls, each.concerning) for each in own} == {
        (Class.JOINT, (clinic.people.client,))
    }
    # Her id is in the frame of the case; in what was said of her it is not.
    assert clinic.people.client not in repr([each.event for each in own])


def test_nobody_joins_who_was_not_accepted(clinic: SmallClinic) -> None:
    case, _ = form_group(clinic, clinic.people.anna)
    with pytest.raises(WrongState, match="accepted"):
        join(clinic, case)
    item = considered(clinic, case)
    for step in TO_ACCEPTANCE:
        with pytest.raises(WrongState, match="accepted"):
            join(clinic, case)
        bring_in(clinic, case, item, step, clinic.people.anna)
    join(clinic, case)
    frame, _ = clinic.desk.case(case)
    assert frame is not None
    assert frame.clients == (clinic.people.client,)


def test_a_candidate_is_named_once_and_seen_by_the_team_alone(clinic: SmallClinic) -> None:
    case, _ = form_group(clinic, clinic.people.anna)
    considered(clinic, case)
    with pytest.raises(WrongState):
        considered(clinic, case)
    stranger = clinic.who(clinic.people.bartek)
    with pytest.raises(NotThere):
        clinic.run(candidates.look_at_candidates(clinic.desk, stranger, case))


def test_a_look_at_candidates_is_in_her_log_and_one_at_an_empty_group_in_the_readers_own(
    clinic: SmallClinic,
) -> None:
    case, group = form_group(clinic, clinic.people.anna)
    item, who = considered(clinic, case), clinic.who(clinic.people.anna)
    clinic.catch_up()
    _, opening, _ = clinic.run(on_item.look_at_chart(clinic.desk, who, case))
    chart = clinic.views.chart
    assert [each.id for each in chart.items(case, opening)] == [group]
    with pytest.raises(NotThere):
        chart.item(item, item, opening)
    assert not [each for each in clinic.access_log(clinic.people.client) if each.kind == "READ"]
    who = clinic.who(clinic.people.anna)
    _, opening, _ = clinic.run(candidates.look_at_candidates(clinic.desk, who, case))
    found = chart.item(item, item, opening)
    assert found is not None
    assert found.content["standing"] == "named"
    looks = [each for each in clinic.access_log(clinic.people.client) if each.kind == "READ"]
    assert [each.object_type for each in looks] == ["case"]


def test_of_an_erased_candidate_nothing_is_decided_any_more(clinic: SmallClinic) -> None:
    case, _ = form_group(clinic, clinic.people.anna)
    item = considered(clinic, case)
    destroy_content(clinic, clinic.people.client)
    with pytest.raises(NotThere):
        bring_in(clinic, case, item, 0, clinic.people.anna)
