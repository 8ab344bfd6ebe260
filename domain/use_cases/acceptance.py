"""Who may join a group's case: somebody who was accepted for the group, as it stands now."""

from domain import candidate as candidate_file, group as group_file
from domain.candidate import Candidate
from domain.case import Case
from domain.errors import NotThere
from domain.group import Group
from domain.use_cases.desk import Desk
from domain.values import ClientId


def group_of(desk: Desk, case: Case) -> Group:
    """The group of a case, for a command on it.

    Raises:
        NotThere: It has none that can be read.
    """
    state = None if case.group is None else desk.record.fold(case.group, group_file.fold)[0]
    if state is None:
        raise NotThere
    return state


def candidacies(desk: Desk, case: Case, client: ClientId) -> list[Candidate]:
    """How somebody was considered for the case's group, each time, the newest last."""
    streams = (candidate for each, candidate in case.candidates if each == client)
    folded = (desk.record.fold(each, candidate_file.fold)[0] for each in streams)
    return [state for state in folded if state is not None]


def must_be_let_in(desk: Desk, case: Case, client: ClientId) -> None:
    """Refuse to let somebody join a group's case who was not accepted for the group.

    A case without a group of its own takes people in as couples and families do.

    Raises:
        WrongState: She was not, or the group takes nobody now.
    """
    if case.group is None or client in case.clients:
        return
    found = candidacies(desk, case, client)
    newest = found[-1] if found else None
    candidate_file.must_be_let_in(newest, group_of(desk, case), len(case.clients))
