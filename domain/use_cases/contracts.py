"""The therapeutic contract of a case: agreed on, renegotiated, its budget extended and used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain import case as case_file, contract as contract_file
from domain.contract import Contract
from domain.events import Event
from domain.events.contract import PartyKind, Terms
from domain.ports import Write
from domain.use_cases.desk import Desk
from domain.use_cases.members import by_alias
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_item import begin, change
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
    Section,
    SessionId,
)

KIND = "contract"


@dataclass(frozen=True, slots=True)
class NewContract:
    """What was agreed on, and when."""

    occurred_at: datetime
    terms: Terms
    sections: tuple[Section, ...]

    def texts(self) -> Iterable[FreeText]:
        """Its words."""
        return (each.text for each in self.sections)


async def agree_on_contract(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewContract, *, command: Command
) -> Receipt:
    """Record what was agreed on; a case has one contract. The receipt names the ``contract``."""

    def decide(admitted: OnCase, contract: ItemId) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        _must_know_parties(desk, admitted, new.terms)
        return contract_file.agree(
            None,
            contract,
            case_id,
            new.terms,
            new.sections,
            author=PractitionerId(admitted.who.actor.id),
            occurred_at=new.occurred_at,
            now=desk.clock.now(),
        )

    def link(admitted: OnCase, contract: ItemId) -> Iterable[Write]:
        linked = case_file.link_contract(admitted.case, contract)
        return (admitted.write(case_id, linked, admitted.version),)

    return await begin(
        desk, who, case_id, KIND, decide, command=command, texts=new.texts(), beside=link
    )


async def renegotiate_contract(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    contract_id: ItemId,
    new: NewContract,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that other terms were agreed on; the ones before stay readable."""

    def decide(admitted: OnCase, state: Contract) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        _must_know_parties(desk, admitted, new.terms)
        return contract_file.renegotiate(
            state,
            new.terms,
            new.sections,
            author=PractitionerId(admitted.who.actor.id),
            occurred_at=new.occurred_at,
            now=desk.clock.now(),
        )

    return await change(
        desk,
        who,
        case_id,
        contract_id,
        KIND,
        contract_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=new.texts(),
    )


async def extend_budget(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    contract_id: ItemId,
    budget: int,
    reason: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let there be so many sessions altogether."""

    def decide(admitted: OnCase, state: Contract) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        author = PractitionerId(admitted.who.actor.id)
        return contract_file.extend_budget(state, budget, reason, author=author)

    return await change(
        desk,
        who,
        case_id,
        contract_id,
        KIND,
        contract_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(reason,),
    )


def must_have_contract(desk: Desk, admitted: OnCase) -> None:
    """Refuse what the clinic lets nobody do without a therapeutic contract.

    Raises:
        WrongState: The clinic demands one, and the case has none.
    """
    contract_file.must_be_agreed(admitted.case.contract, desk.settings)


def contract_of(desk: Desk, admitted: OnCase) -> Contract | None:
    """The contract of an admitted case, for a command to decide on; ``None`` where it has none."""
    contract = admitted.case.contract
    return None if contract is None else desk.record.fold(contract, contract_file.fold)[0]


def drawn_from_budget(desk: Desk, admitted: OnCase, session: SessionId) -> Iterable[Write]:
    """What a held session writes in the contract beside it: that one more of its budget is used.

    Many may hold sessions at once, so the write follows no version.
    """
    contract = contract_of(desk, admitted)
    drawn = () if contract is None else contract_file.draw(contract, session)
    return (admitted.write(contract.id, drawn, None),) if contract and drawn else ()


def _must_know_parties(desk: Desk, admitted: OnCase, terms: Terms) -> None:
    """Refuse a party by an alias that nobody has in the case.

    Raises:
        Invalid: There is one.
    """
    aliases = [each.who or "" for each in terms.agreed_by if each.kind is PartyKind.PARTICIPANT]
    if aliases:
        by_alias(desk, admitted.case, aliases)
