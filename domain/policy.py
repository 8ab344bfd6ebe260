"""Who may do what, to whose record, for which purpose: one table, read from top to bottom.

A rule admits when the actor has its role, the act is among its acts, the stated purpose among its
purposes, and the relation holds. What no rule admits is denied. A process note exists for its
author alone; nobody else has a rule for it. Nothing here is cached: a change of role or of a care
team decides the very next request (compliance.md ACC-01, ACC-02).
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from domain.values import ActingMode, Actor, Circumstances, PurposeOfUse, Role

VERSION = 4
"""Stands in every recorded event; a new table gets a new number."""


class Act(StrEnum):
    """What somebody can want to do."""

    REGISTER_CLIENT = "register a client"
    READ_IDENTITY = "read identity and contact"
    CHANGE_IDENTITY = "change identity and contact"
    OPEN_CASE = "open a case"
    READ_CASE = "read a case"
    READ_CHART = "read the chart of a case"
    WRITE_CASE = "write in a case"
    SCHEDULE_SESSION = "schedule or cancel a session"
    SETTLE_SESSION = "settle a session"
    READ_CALENDAR = "read the calendar"
    READ_NOTE = "read a signed note"
    READ_DRAFT = "read a draft"
    WRITE_NOTE = "write a note"
    USE_PROCESS_NOTE = "read or write a process note"
    READ_CONSENTS = "read consents"
    RECORD_CONSENT = "record a consent"
    READ_CASELOAD = "read a caseload"
    READ_WORKLIST = "read what waits for somebody"
    FIND_CLIENT = "find any client"
    FIND_OWN_CLIENT = "find one's own client"
    SEARCH_RECORD = "search in a record"
    MOVE_NOTE = "move a misfiled note"
    REQUEST_ITEM_ERASURE = "ask for the erasure of one item"
    REQUEST_ERASURE = "ask for the erasure of a record or an old log"
    READ_ERASURE = "read a request for erasure"
    WITHDRAW_ERASURE = "withdraw a request for erasure"
    APPROVE_ERASURE = "approve an erasure"
    COMPLETE_ERASURE = "carry out an approved erasure"
    HOLD_RECORD = "place or lift a hold"
    READ_ACCESS_LOG = "read a client's access log"
    READ_AUDIT_TRAIL = "read the audit trail"
    READ_LOG = "read entries of the log"
    READ_INCIDENTS = "read incidents"
    MANAGE_STAFF = "manage staff and sign-ins"
    MANAGE_PROJECTIONS = "manage projections"


class Relation(Enum):
    """What must hold between the actor and the record."""

    CLINIC = "works for the clinic"
    CARE_TEAM = "is on the care team of the case, or of one of the client's cases"
    AUTHOR = "is the author"
    OWN = "it is about herself"
    SCOPE = "holds the scope that names it"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    id: str
    role: Role
    relation: Relation
    acts: frozenset[Act]
    purposes: frozenset[PurposeOfUse]
    mode: ActingMode


def _rule(
    name: str,
    role: Role,
    relation: Relation,
    mode: ActingMode,
    acts: set[Act],
    purposes: set[PurposeOfUse],
) -> Rule:
    return Rule(name, role, relation, frozenset(acts), frozenset(purposes), mode)


_CARE = {PurposeOfUse.TREAT}
_RUNNING = {PurposeOfUse.HOPERAT, PurposeOfUse.TREAT}
_REVIEW = {PurposeOfUse.ACCESS_REVIEW, PurposeOfUse.HCOMPL}

RULES: tuple[Rule, ...] = (
    _rule(
        "clinician.begins",
        Role.CLINICIAN,
        Relation.CLINIC,
        ActingMode.CARE,
        {Act.REGISTER_CLIENT, Act.OPEN_CASE},
        _CARE,
    ),
    _rule(
        "clinician.care-team",
        Role.CLINICIAN,
        Relation.CARE_TEAM,
        ActingMode.CARE,
        {
            Act.READ_IDENTITY,
            Act.CHANGE_IDENTITY,
            Act.READ_CASE,
            Act.READ_CHART,
            Act.WRITE_CASE,
            Act.SCHEDULE_SESSION,
            Act.SETTLE_SESSION,
            Act.READ_NOTE,
            Act.WRITE_NOTE,
            Act.READ_CONSENTS,
            Act.RECORD_CONSENT,
            Act.SEARCH_RECORD,
            Act.MOVE_NOTE,
            Act.REQUEST_ITEM_ERASURE,
        },
        _CARE,
    ),
    _rule(
        "clinician.author",
        Role.CLINICIAN,
        Relation.AUTHOR,
        ActingMode.CARE,
        {Act.READ_DRAFT, Act.USE_PROCESS_NOTE, Act.MOVE_NOTE},
        _CARE,
    ),
    _rule(
        "clinician.own-caseload",
        Role.CLINICIAN,
        Relation.OWN,
        ActingMode.CARE,
        {
            Act.READ_CASELOAD,
            Act.READ_CALENDAR,
            Act.READ_WORKLIST,
            Act.FIND_OWN_CLIENT,
            Act.READ_ERASURE,
            Act.WITHDRAW_ERASURE,
        },
        _CARE,
    ),
    _rule(
        "reception.front-desk",
        Role.RECEPTION,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {
            Act.REGISTER_CLIENT,
            Act.FIND_CLIENT,
            Act.READ_IDENTITY,
            Act.CHANGE_IDENTITY,
            Act.READ_CALENDAR,
        },
        _RUNNING,
    ),
    _rule(
        "compliance.review",
        Role.COMPLIANCE,
        Relation.CLINIC,
        ActingMode.PRIVACY,
        {Act.READ_ACCESS_LOG, Act.READ_AUDIT_TRAIL, Act.READ_LOG, Act.READ_INCIDENTS},
        _REVIEW,
    ),
    _rule(
        "compliance.erasure",
        Role.COMPLIANCE,
        Relation.CLINIC,
        ActingMode.PRIVACY,
        {
            Act.REQUEST_ITEM_ERASURE,
            Act.REQUEST_ERASURE,
            Act.READ_ERASURE,
            Act.WITHDRAW_ERASURE,
            Act.COMPLETE_ERASURE,
            Act.HOLD_RECORD,
        },
        _REVIEW,
    ),
    _rule(
        "custodian.erasure",
        Role.CUSTODIAN,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {Act.READ_ERASURE, Act.APPROVE_ERASURE, Act.COMPLETE_ERASURE},
        {PurposeOfUse.HOPERAT, PurposeOfUse.HCOMPL},
    ),
    _rule(
        "administrator.staff",
        Role.ADMINISTRATOR,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {Act.MANAGE_STAFF, Act.MANAGE_PROJECTIONS, Act.READ_INCIDENTS},
        {PurposeOfUse.HSYSADMIN, PurposeOfUse.HOPERAT},
    ),
    _rule(
        "client.own-access-log",
        Role.CLIENT,
        Relation.OWN,
        ActingMode.SELF,
        {Act.READ_ACCESS_LOG},
        {PurposeOfUse.PATRQT},
    ),
    _rule(
        "integration.scope",
        Role.INTEGRATION,
        Relation.SCOPE,
        ActingMode.SYSTEM,
        {Act.READ_CASE, Act.READ_CASELOAD, Act.READ_CALENDAR},
        {PurposeOfUse.TREAT, PurposeOfUse.HOPERAT, PurposeOfUse.HQUALIMP},
    ),
)

SCOPES = {
    Act.READ_CASE: "case-state:read",
    Act.READ_CASELOAD: "caseload:read",
    Act.READ_CALENDAR: "calendar:read",
}
"""The scope that an integration needs for an act."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts about the actor and the record that a decision may use."""

    on_care_team: bool = False
    is_author: bool = False
    is_own: bool = False


NONE = Standing()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy said, by which rule; a denial says whether any record could have helped.

    ``by_role`` is true where no rule admits this role and purpose to the act at all: then the
    answer may say so, since it is the same for every record, existing or not.
    """

    permitted: bool
    rule: str
    role: Role | None
    mode: ActingMode | None
    by_role: bool = False

    def stamp(self, who: Circumstances) -> Circumstances:
        """The circumstances with what was decided."""
        return Circumstances(
            actor=who.actor,
            purpose=who.purpose,
            request=who.request,
            session_reference=who.session_reference,
            network_address=who.network_address,
            application=who.application,
            role=self.role,
            mode=self.mode,
            rule=self.rule,
            policy_version=VERSION,
        )


def permit(
    actor: Actor, act: Act, purpose: PurposeOfUse | None, standing: Standing = NONE
) -> Decision:
    """Decide; the first rule that admits is the one that is recorded."""
    candidates = [rule for rule in RULES if rule.role in actor.roles and act in rule.acts]
    fitting = [rule for rule in candidates if purpose in rule.purposes]
    for rule in fitting:
        if _holds(rule, actor, act, standing):
            return Decision(permitted=True, rule=rule.id, role=rule.role, mode=rule.mode)
    if fitting:
        return _deny("deny.relationship.none", fitting[0].role)
    if candidates:
        return _deny("deny.purpose", candidates[0].role, by_role=True)
    return _deny("deny.role", next(iter(actor.roles), None), by_role=True)


def _deny(reason: str, role: Role | None, *, by_role: bool = False) -> Decision:
    return Decision(permitted=False, rule=reason, role=role, mode=None, by_role=by_role)


def _holds(rule: Rule, actor: Actor, act: Act, standing: Standing) -> bool:
    match rule.relation:
        case Relation.CLINIC:
            return True
        case Relation.CARE_TEAM:
            return standing.on_care_team
        case Relation.AUTHOR:
            return standing.is_author
        case Relation.OWN:
            return standing.is_own
        case Relation.SCOPE:
            return SCOPES.get(act) in actor.scopes
