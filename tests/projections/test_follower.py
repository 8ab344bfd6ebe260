"""The follower: each projection sees what it may, in the order of the log, once."""

from __future__ import annotations

from itertools import pairwise

from domain.confidentiality import KeyPurpose
from domain.ports import Recorded
from domain.rows import Table
from infrastructure.stores.views_memory import MemoryViews
from projections.follower import Followed
from projections.projection import Rows
from tests.support.clinic import SmallClinic
from tests.support.life import Life
from tests.support.rows import follower


class Witness:
    """A projection that keeps nothing but what it was shown."""

    name = "witness-1"
    tables: tuple[Table, ...] = ()

    def __init__(self, *purposes: KeyPurpose) -> None:
        self.purposes = frozenset(purposes)
        self.seen: list[Recorded] = []

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Remember the event."""
        del rows
        self.seen.append(recorded)


def test_a_projection_sees_events_of_its_purposes_alone_whoever_follows_beside_it(
    life: Life,
) -> None:
    frames, everything = Witness(KeyPurpose.RELATIONSHIP), Witness(*KeyPurpose)
    followed = [Followed(each, MemoryViews()) for each in (frames, everything)]
    follower(life.clinic).catch_up(followed)
    assert {each.label.purpose for each in frames.seen} == {KeyPurpose.RELATIONSHIP}
    assert frames.seen == [
        each for each in everything.seen if each.label.purpose is KeyPurpose.RELATIONSHIP
    ]


def test_events_come_in_the_order_of_the_log_each_once(life: Life) -> None:
    witness = Witness(*KeyPurpose)
    step, followed = follower(life.clinic), [Followed(witness, MemoryViews())]
    while step.step(followed, limit=7):
        pass
    positions = [each.position for each in witness.seen]
    assert all(one < other for one, other in pairwise(positions))
    assert all(each.event is not None for each in witness.seen)


def test_a_batch_without_events_of_a_projections_purposes_moves_it_all_the_same(
    life: Life,
) -> None:
    nothing = Witness()
    store = MemoryViews()
    follower(life.clinic).catch_up([Followed(nothing, store)])
    assert nothing.seen == []
    assert store.position() == life.clinic.last_position()


def test_whoever_is_furthest_behind_is_brought_on_first(life: Life) -> None:
    ahead, behind = MemoryViews(), MemoryViews()
    witness = Witness(*KeyPurpose)
    step = follower(life.clinic)
    step.step([Followed(witness, ahead)], limit=50)
    step.step([Followed(witness, ahead), Followed(witness, behind)], limit=20)
    assert (ahead.position(), behind.position()) == (49, 19)


def test_a_follower_goes_no_further_than_it_is_told(life: Life) -> None:
    store = MemoryViews()
    followed = [Followed(Witness(*KeyPurpose), store)]
    step = follower(life.clinic)
    step.catch_up(followed, until=33)
    assert store.position() == 33
    assert step.step(followed, until=33) == 0


def test_nothing_new_is_nothing_done(clinic: SmallClinic) -> None:
    followed = [Followed(Witness(*KeyPurpose), MemoryViews())]
    step = follower(clinic)
    step.catch_up(followed)
    assert step.step(followed) == 0
    assert step.step([]) == 0
